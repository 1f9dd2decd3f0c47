package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/samplemeasure"
)

// drawRSNN draws what the data do beside what the fitted network does on its own.
func drawRSNN[F tensor.Float](t *samplemeasure.Trainer[F], dir string) error {
	c, err := t.Compare("test")
	if err != nil {
		return err
	}
	noise := plot.Scatter{Title: "Noise correlations of pairs, test trials", XLabel: "data", YLabel: "network on its own", Diagonal: true,
		Series: []plot.Points{{X: c.DataNoise, Y: c.ModelNoise}}}
	return errors.Join(
		psthPicture(t, c).Write(filepath.Join(dir, "psth.svg")),
		rasterPicture(t, c).Write(filepath.Join(dir, "rasters.svg")),
		noise.Write(filepath.Join(dir, "noise-correlations.svg")),
		couplingPicture(t).Write(filepath.Join(dir, "connectivity.svg")),
	)
}

// psthNeurons is how many neurons a picture of PSTHs shows at most.
const psthNeurons = 6

// psthPicture shows the neurons that fire most.
func psthPicture[F tensor.Float](t *samplemeasure.Trainer[F], c *samplemeasure.Compared) plot.Chart {
	n := t.Net.Visible
	rates, order := make([]float64, n), make([]int, n)
	for i, x := range c.DataPSTH {
		rates[i%n] += x
	}
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rates[b], rates[a]) })
	order = order[:min(n, psthNeurons)]
	slices.Sort(order)
	chart := plot.Chart{Title: "Mean response over test trials, with its 95 % confidence", XLabel: "time (s)"}
	for _, i := range order {
		data, model := plot.Series{Name: "data", Band: true}, plot.Series{Name: "network on its own"}
		for step := range len(c.DataPSTH) / n {
			x := float64(c.History+step) * t.Trials.Bin
			data.X, data.Y = append(data.X, x), append(data.Y, c.DataPSTH[step*n+i]/t.Trials.Bin)
			p := c.DataPSTH[step*n+i]
			data.Errors = append(data.Errors, 1.96*math.Sqrt(p*(1-p)/float64(len(c.DataTrials)))/t.Trials.Bin)
			model.X, model.Y = append(model.X, x), append(model.Y, c.ModelPSTH[step*n+i]/t.Trials.Bin)
		}
		chart.Panels = append(chart.Panels, plot.Panel{YLabel: neuronLabel(t.Trials.Areas[i], t.Trials.Neurons[i]) + " (Hz)", Series: []plot.Series{data, model}})
	}
	return chart
}

func neuronLabel(area, name string) string {
	if area == "" {
		return name
	}
	return area + " " + name
}

// rasterPicture shows the first test trials, those of the network above those of the data.
func rasterPicture[F tensor.Float](t *samplemeasure.Trainer[F], c *samplemeasure.Compared) plot.Session {
	const trials = 3
	ms := func(bins int) int { return int(1000 * float64(bins) * t.Trials.Bin) }
	p := plot.Session{Title: "Test trials, and as many of the network on its own", Duration: ms(c.History + t.Trials.Steps)}
	add := func(name string, r *tensor.Raster, first int) {
		raster := plot.Raster{Name: name, Neurons: t.Net.Visible}
		for step := range r.Steps() {
			for _, i := range r.At(step) {
				if int(i) < t.Net.Visible {
					raster.Spikes = append(raster.Spikes, plot.Spike{Step: ms(first + step), Neuron: int(i)})
				}
			}
		}
		p.Populations = append(p.Populations, raster)
	}
	for k := range min(trials, len(c.DataTrials)) {
		add(fmt.Sprint("data ", k), &c.DataTrials[k], 0)
	}
	for k := range min(trials, len(c.ModelTrials)) {
		add(fmt.Sprint("network ", k), &c.ModelTrials[k], c.History)
	}
	return p
}

// couplingPicture shows the weights between recorded neurons, beside the true ones where
// these are known.
func couplingPicture[F tensor.Float](t *samplemeasure.Trainer[F]) plot.Matrices {
	n := t.Net.Visible
	p := plot.Matrices{Title: "Weights between recorded neurons, summed over delays", XLabel: "from neuron", YLabel: "to neuron"}
	if truth := t.Trials.Truth; truth != nil {
		p.Matrices = append(p.Matrices, plot.Matrix{Name: "true", Rows: n, Columns: n, Values: truth.Coupling()})
	}
	p.Matrices = append(p.Matrices, plot.Matrix{Name: "fitted", Rows: n, Columns: n, Values: t.Coupling()})
	for i := 1; i < n; i++ {
		if t.Trials.Areas[i] != t.Trials.Areas[i-1] {
			p.Borders = append(p.Borders, i)
		}
	}
	return p
}
