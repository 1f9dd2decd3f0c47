package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/snnctl/snnctl/pkg/config"
)

// trainingProgress shows a training on stderr: a bar on a terminal, elsewhere a plain
// line an evaluation.
type trainingProgress struct {
	a         *app
	total     int
	objective string // the metric to show beside the loss
	bar       *progressbar.ProgressBar
	start     time.Time
	first     int // steps done when this process began, -1 before it has
	train     map[string]float64
}

func newTrainingProgress(a *app, e *config.Experiment, objective string) *trainingProgress {
	p := &trainingProgress{a: a, total: e.Train.Iterations, objective: objective, start: time.Now(), first: -1}
	if f, ok := a.stderr.(*os.File); ok && !a.quiet && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(p.total, progressbar.OptionSetWriter(f), progressbar.OptionShowCount(),
			progressbar.OptionShowIts(), progressbar.OptionSetItsString("steps"), progressbar.OptionThrottle(200*time.Millisecond),
			progressbar.OptionSetWidth(20), progressbar.OptionUseANSICodes(os.Getenv("NO_COLOR") == ""), progressbar.OptionClearOnFinish())
	}
	return p
}

// Step implements experiment.Observer.
func (p *trainingProgress) Step(done int, metrics map[string]float64) {
	if p.first < 0 {
		p.first = done - 1
	}
	p.train = metrics
	if p.bar != nil {
		p.bar.Describe(p.describe(metrics, 3))
		_ = p.bar.Set(done)
	}
}

// Evaluated implements experiment.Observer.
func (p *trainingProgress) Evaluated(done int, split string, metrics map[string]float64) {
	if p.a.quiet {
		return
	}
	line := fmt.Sprintf("step %d/%d  %s %s", done, p.total, split, p.describe(metrics, 4))
	if taken := done - p.first; p.train != nil && taken > 0 {
		perStep := time.Since(p.start).Seconds() / float64(taken)
		line += fmt.Sprintf("  train loss %.4f  %.2f s/step", p.train["loss"], perStep)
		if left := p.total - done; left > 0 {
			line += fmt.Sprintf("  %v left", time.Duration(perStep*float64(left)*float64(time.Second)).Round(time.Second))
		}
	}
	p.println(line)
}

// describe tells what matters of metrics in so many decimals.
func (p *trainingProgress) describe(metrics map[string]float64, decimals int) string {
	var parts []string
	for _, name := range []string{"loss", p.objective} {
		if v, ok := metrics[name]; ok {
			parts = append(parts, fmt.Sprintf("%s %.*f", name, decimals, v))
		}
	}
	line := strings.Join(parts, " ")
	if rate, ok := metrics["rate_hz"]; ok {
		line += fmt.Sprintf("  rate %.1f Hz", rate)
	}
	return line
}

// Warn implements experiment.Observer.
func (p *trainingProgress) Warn(message string) { p.println("warning: " + message) }

func (p *trainingProgress) println(line string) {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	fmt.Fprintln(p.a.stderr, strings.TrimRight(line, "\n"))
}

func (p *trainingProgress) close() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
