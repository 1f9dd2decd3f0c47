package experiment

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/learning/bptt"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
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
	} {
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
	return chart.Write(filepath.Join(l.Dir.PlotsPath(), "learning-curves.svg"))
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
	net := t.Layer.Network
	steps, n := batch.Groups[0].Steps(), net.Neurons()
	picture := plot.Trial{Title: "The first test trial after training", Steps: steps}
	if x := batch.Groups[0].Spikes; x != nil {
		first := 0
		for _, p := range t.Source.Populations() {
			picture.Input = append(picture.Input, plot.NewRaster(p.Name, x, 0, first, p.Lines))
			first += p.Lines
		}
	}
	for _, population := range []struct {
		name        string
		first, last int
	}{{"LIF", 0, net.LIF}, {"ALIF", net.LIF, n}} {
		if population.first == population.last {
			continue
		}
		raster := plot.Raster{Name: population.name, Neurons: population.last - population.first}
		for step, fired := range rec.Spikes {
			for j := population.first; j < population.last; j++ {
				if fired[j] {
					raster.Spikes = append(raster.Spikes, plot.Spike{Step: step, Neuron: j - population.first})
				}
			}
		}
		picture.Recurrent = append(picture.Recurrent, raster)
		j := busiest(rec, population.first, population.last)
		picture.Neurons = append(picture.Neurons, neuronTrace(rec, j, fmt.Sprintf("%s %d", population.name, j-population.first)))
	}
	for k, y := range t.Readout(rec) {
		picture.Readout = append(picture.Readout, plot.Trace{Name: fmt.Sprint(k), Values: y})
	}
	for _, d := range batch.Decisions {
		if d.Trial == 0 {
			picture.Windows = append(picture.Windows, plot.Window{Start: d.Start, End: d.End, Target: d.Class})
		}
	}
	return picture.Write(filepath.Join(dir, "trial.svg"))
}

// busiest is the neuron in [first, last) whose number of spikes is highest
// among those that are not above twice the median: typical, and not silent.
func busiest[F tensor.Float](rec *lsnn.Recording[F], first, last int) int {
	counts := make([]int, last-first)
	for _, fired := range rec.Spikes {
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

func neuronTrace[F tensor.Float](rec *lsnn.Recording[F], j int, name string) plot.Neuron {
	trace := plot.Neuron{Name: name}
	for step, fired := range rec.Spikes {
		trace.Potential = append(trace.Potential, float64(rec.V.Row(step)[j]))
		trace.Threshold = append(trace.Threshold, float64(rec.A.Row(step)[j]))
		if fired[j] {
			trace.Spikes = append(trace.Spikes, step)
		}
	}
	return trace
}
