package experiment

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/experiment/run"
	"github.com/snnctl/snnctl/pkg/learning/bptt"
)

// drawCurves writes the learning curves as far as they go.
func (l *Loop) drawCurves() error {
	records, err := l.Dir.ReadMetrics()
	if err != nil {
		return err
	}
	chart := plot.Chart{Title: l.Config.Name, XLabel: "iteration"}
	objective := l.Experiment.Objective.Metric
	for _, c := range []struct{ metric, label string }{
		{"loss", "loss"}, {objective, strings.ReplaceAll(objective, "_", " ")}, {"rate_hz", "firing rate (Hz)"},
		{"spikes_per_neuron", "spikes per neuron"}, {"latency", "latency (τ_c)"},
	} {
		if len(chart.Panels) > 0 && chart.Panels[0].YLabel == c.label { // the objective is the loss
			continue
		}
		panel := plot.Panel{YLabel: c.label}
		for _, split := range []string{"train", "validation", "test"} {
			s := plot.Series{Name: split, Noisy: split == "train", Markers: split == "test"}
			for _, r := range records {
				if y, ok := r.Values[c.metric]; ok && r.Split == split {
					s.X, s.Y = append(s.X, float64(r.Step)), append(s.Y, y)
				}
			}
			if len(s.X) > 0 {
				panel.Series = append(panel.Series, s)
			}
		}
		if len(panel.Series) == 0 {
			continue
		}
		if ref := l.Config.Reference; ref != nil && c.metric == "accuracy" {
			panel.References = referenceLines(ref)
		}
		chart.Panels = append(chart.Panels, panel)
	}
	chart.Panels = append(chart.Panels, layerCurves(records, "loss", "loss of each layer")...)
	return chart.Write(filepath.Join(l.Dir.PlotsPath(), "learning-curves.svg"))
}

// layerCurves is a panel of the metrics METRIC_1, METRIC_2, … of training, one for each layer; none where there are
// no such metrics.
func layerCurves(records []run.Record, metric, label string) []plot.Panel {
	panel := plot.Panel{YLabel: label}
	for layer := 1; ; layer++ {
		s := plot.Series{Name: fmt.Sprintf("layer %d", layer), Noisy: true}
		for _, r := range records {
			if y, ok := r.Values[fmt.Sprintf("%s_%d", metric, layer)]; ok && r.Split == "train" {
				s.X, s.Y = append(s.X, float64(r.Step)), append(s.Y, y)
			}
		}
		if len(s.X) == 0 {
			break
		}
		panel.Series = append(panel.Series, s)
	}
	if len(panel.Series) == 0 {
		return nil
	}
	return []plot.Panel{panel}
}

// drawModel draws what the experiment calls for.
func (l *Loop) drawModel() error {
	x, dir := l.Experiment, l.Dir.PlotsPath()
	var first, second error
	if x.draw != nil {
		first = x.draw(dir)
	}
	if x.drawLearning != nil {
		var checkpoints []run.Checkpoint
		if checkpoints, second = l.Dir.Checkpoints(); second == nil {
			second = x.drawLearning(checkpoints, dir)
		}
	}
	return errors.Join(first, second)
}

// referenceLines shows the paper's result among the accuracies.
func referenceLines(ref *config.Reference) []plot.Reference {
	switch ref.Metric {
	case "test_accuracy", "validation_accuracy":
		return []plot.Reference{{Label: "paper", Y: ref.Value}}
	case "recall_error", "test_error":
		return []plot.Reference{{Label: "paper", Y: 1 - ref.Value}}
	}
	return nil
}

// drawLSNN draws what the trained network does in the first test trial.
func drawLSNN[F tensor.Float](t *bptt.Trainer[F], dir string) error {
	rec, batch, err := t.Record("test", 0)
	if err != nil {
		return err
	}
	picture := trialPicture(t.Source.Populations(), batch, rec.Spikes, t.Layer.Network.LIF)
	for _, p := range populations(t.Layer.Network.LIF, t.Layer.Network.Neurons()) {
		j := busiest(rec.Spikes, p.first, p.last)
		picture.Neurons = append(picture.Neurons, neuronTrace(rec.Spikes, rec.V, rec.A, j, p.label(j)))
	}
	for k, y := range t.Readout(rec) {
		picture.Readout = append(picture.Readout, plot.Trace{Name: fmt.Sprint(k), Values: y})
	}
	return picture.Write(filepath.Join(dir, "trial.svg"))
}

// population is the neurons [first, last) of one kind.
type population struct {
	name        string
	first, last int
}

// populations are those that have neurons.
func populations(lif, n int) []population {
	return slices.DeleteFunc([]population{{"LIF", 0, lif}, {"ALIF", lif, n}}, func(p population) bool { return p.first == p.last })
}

func (p population) label(j int) string { return fmt.Sprintf("%s %d", p.name, j-p.first) }

// trialPicture is input, spikes and decisions of a trial that is alone in its batch.
func trialPicture(lines []datasets.Population, batch *datasets.Batch, spikes [][]bool, lif int) plot.Trial {
	picture := plot.Trial{Title: "The first test trial after training", Steps: len(spikes)}
	if x := batch.Groups[0].Spikes; x != nil {
		first := 0
		for _, p := range lines {
			picture.Input = append(picture.Input, plot.NewRaster(p.Name, x, 0, first, p.Lines))
			first += p.Lines
		}
	}
	for _, p := range populations(lif, len(spikes[0])) {
		raster := plot.Raster{Name: p.name, Neurons: p.last - p.first}
		for step, fired := range spikes {
			for j := p.first; j < p.last; j++ {
				if fired[j] {
					raster.Spikes = append(raster.Spikes, plot.Spike{Step: step, Neuron: j - p.first})
				}
			}
		}
		picture.Recurrent = append(picture.Recurrent, raster)
	}
	for _, d := range batch.Decisions {
		picture.Windows = append(picture.Windows, plot.Window{Start: d.Start, End: d.End, Target: d.Class})
	}
	return picture
}

// busiest is the neuron in [first, last) whose number of spikes is highest
// among those that are not above twice the median: typical, and not silent.
func busiest(spikes [][]bool, first, last int) int {
	counts := make([]int, last-first)
	for _, fired := range spikes {
		for j := first; j < last; j++ {
			if fired[j] {
				counts[j-first]++
			}
		}
	}
	sorted := slices.Sorted(slices.Values(counts))
	limit := max(2*sorted[len(sorted)/2], 1)
	best := 0
	for j, c := range counts {
		if c <= limit && (c > counts[best] || counts[best] > limit) {
			best = j
		}
	}
	return first + best
}

func neuronTrace[F tensor.Float](spikes [][]bool, v, a *tensor.Dense[F], j int, name string) plot.Neuron {
	trace := plot.Neuron{Name: name}
	for step, fired := range spikes {
		trace.Potential = append(trace.Potential, float64(v.Row(step)[j]))
		trace.Threshold = append(trace.Threshold, float64(a.Row(step)[j]))
		if fired[j] {
			trace.Spikes = append(trace.Spikes, step)
		}
	}
	return trace
}
