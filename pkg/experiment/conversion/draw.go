package conversion

import (
	"errors"
	"path/filepath"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
)

// draw makes the pictures of a converted network: when its neurons fire in the first
// trial, and how its values fill the windows.
func draw(n *ttfs.Network[float64], v *comparison, largest []float64, dir string) error {
	return errors.Join(drawSpikes(n, v, filepath.Join(dir, "spikes.svg")), drawActivations(n, v, largest, filepath.Join(dir, "activations.svg")))
}

// drawSpikes shows each layer's spikes in its window, in absolute time.
func drawSpikes(n *ttfs.Network[float64], v *comparison, path string) error {
	picture := plot.SpikeTimes{Title: "The first input in spikes", XLabel: "time (τc)", End: n.Latency()}
	add := func(name string, x []float64, window ttfs.Interval) {
		layer := plot.FiringLayer{Name: name, Neurons: len(x), Window: [2]float64{window.Min, window.Max}}
		for i, value := range x {
			if value > 0 {
				layer.Spikes = append(layer.Spikes, plot.FiringTime{Time: window.Max - value, Neuron: i})
			}
		}
		picture.Layers = append(picture.Layers, layer)
	}
	add("input", v.first.Coded, ttfs.Interval{Min: 0, Max: 1})
	for i, stage := range n.Stages {
		if neurons, ok := stage.(*ttfs.Neurons[float64]); ok {
			add(neurons.Name, v.first.Values[i], n.Windows()[i])
		}
	}
	return picture.Write(path)
}

// drawActivations shows how often each value occurs, against the window.
func drawActivations(n *ttfs.Network[float64], v *comparison, largest []float64, path string) error {
	picture := plot.Histograms{Title: "Values carried by spikes, and the windows that hold them", XLabel: "value, as a fraction of the window"}
	for i, stage := range n.Stages {
		neurons, ok := stage.(*ttfs.Neurons[float64])
		if !ok {
			continue
		}
		h := v.activations[i]
		panel := plot.Histogram{Name: neurons.Name, Counts: h.bins}
		if largest != nil && neurons.Window > 0 {
			panel.Marks = append(panel.Marks, plot.Mark{Label: "greatest of the calibration", X: largest[i] / neurons.Window})
		}
		panel.Marks = append(panel.Marks, plot.Mark{Label: "window", X: 1})
		picture.Panels = append(picture.Panels, panel)
	}
	return picture.Write(path)
}
