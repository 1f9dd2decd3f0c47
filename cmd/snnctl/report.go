package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/experiment"
)

// printPlan says what a training will take.
func printPlan(a *app, to io.Writer, e *config.Experiment, p *experiment.Plan) error {
	if a.json {
		return a.printJSON(p)
	}
	table := newTable(to, "PLAN", e.Name)
	for _, sentence := range p.Data {
		table.row("data", sentence)
	}
	table.row("parameters", fmt.Sprint(p.Parameters))
	table.row("memory", formatBytes(p.Bytes()))
	for _, b := range p.Buffers {
		table.row("  "+b.Name, formatBytes(b.Bytes))
	}
	table.row("iterations", fmt.Sprintf("%d of %d trials", e.Train.Iterations, e.Train.BatchSize))
	table.row("time", fmt.Sprintf("about %v (%.3g s a step), without evaluations",
		time.Duration(p.TotalTime*float64(time.Second)).Round(time.Second), p.StepTime))
	return table.flush()
}

// printResult prints where a run arrived, beside the paper.
func printResult(a *app, r *experiment.Result) error {
	if a.json {
		return a.printJSON(map[string]any{"run": r.Dir.Path(), "step": r.Summary.Step,
			"metrics": r.Summary.Metrics, "reference": r.Summary.Reference})
	}
	table := newTable(a.stdout, "METRIC", "VALUE", "PAPER")
	for _, name := range r.Summary.Metrics.Names() {
		paper := ""
		if ref := r.Summary.Reference; ref != nil && ref.Metric == name {
			paper = fmt.Sprintf("%s (%s)", number(ref.Value), ref.Source)
		}
		table.row(name, number(r.Summary.Metrics[name]), paper)
	}
	if err := table.flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "run: %s\n", r.Dir.Path())
	return err
}

func formatBytes(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB"}
	x, u := float64(n), 0
	for x >= 1024 && u < len(units)-1 {
		x /= 1024
		u++
	}
	return fmt.Sprintf("%.4g %s", x, units[u])
}

// cpuModel names the processor where the system tells.
func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
