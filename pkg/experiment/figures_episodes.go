package experiment

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/metrics"
)

// draw draws the error within the test episodes, what the network takes the function of
// the first of them for, and what it does in some trials of it.
func (e *episodic[F]) draw(dir string) error {
	return errors.Join(e.drawErrors(dir), e.drawFunction(dir), e.drawTrials(dir))
}

// drawErrors draws the mean squared error of each trial, and its standard error over the
// episodes, for the network and the baselines.
func (e *episodic[F]) drawErrors(dir string) error {
	_, learners, err := e.follow("test", 0)
	if err != nil {
		return err
	}
	names := map[string]string{"": "network, fixed weights", "mean_": "running mean", "linear_": "linear regression", "backprop_": "back-propagation, all examples so far", "online_backprop_": "back-propagation, the newest example"}
	trials := make([]float64, e.data.Trials)
	for k := range trials {
		trials[k] = float64(k + 1)
	}
	panel := plot.Panel{YLabel: "mean squared error", LogY: true}
	for _, l := range learners {
		mean, deviation := metrics.ByTrial(l.errors)
		panel.Series = append(panel.Series, plot.Series{Name: names[l.name], X: trials, Y: mean, Errors: deviation, Band: true})
	}
	chart := plot.Chart{Title: fmt.Sprintf("Error within %d new episodes", len(learners[0].errors)), XLabel: "trial", Panels: []plot.Panel{panel}}
	return chart.Write(filepath.Join(dir, "error-by-trial.svg"))
}

// probes is the number of inputs at which drawFunction asks the network.
const probes = 48

// drawFunction draws, along the first input, the function of the first test episode and
// what the network says of it after none and after all but one of the trials.
func (e *episodic[F]) drawFunction(dir string) error {
	chart := plot.Chart{Title: "The function of the first test episode, and what the network takes it for", XLabel: "x1"}
	others := []float64{-0.8, 0, 0.8} // of the second input, if there is one
	inputs := len(e.Source.Populations()) - 1
	if inputs == 1 {
		others = others[:1]
	}
	for _, other := range others {
		x, along := make([][]float64, probes), make([]float64, probes)
		for i := range x {
			along[i] = -1 + 2*float64(i)/(probes-1)
			x[i] = []float64{along[i], other}[:inputs]
		}
		panel := plot.Panel{YLabel: "y", Range: [2]float64{-0.05, 1.05}}
		if inputs > 1 {
			panel.YLabel = fmt.Sprintf("y at x2 = %g", other)
		}
		var batch datasets.Batch
		for _, examples := range []int{0, e.data.Trials - 1} {
			if err := e.episodes.Probe(&batch, "test", 0, examples, x); err != nil {
				return err
			}
			said := make([]float64, probes)
			for i, y := range e.Answer(&batch) {
				said[i] = float64(y)
			}
			panel.Series = append(panel.Series, plot.Series{Name: fmt.Sprintf("network after %d examples", examples), X: along, Y: said})
		}
		panel.Series = append(panel.Series, plot.Series{Name: "function", X: along, Y: wanted(batch.Targets, 1, 0), Dashed: true})
		chart.Panels = append(chart.Panels, panel)
	}
	return chart.Write(filepath.Join(dir, "function.svg"))
}

// shownTrials is how many trials drawTrials shows.
const shownTrials = 20

// drawTrials draws spikes, two neurons and the output in the first trials of the first test
// episode.
func (e *episodic[F]) drawTrials(dir string) error {
	rec, batch, err := e.Record("test", 0)
	if err != nil {
		return err
	}
	trials := min(shownTrials, e.data.Trials)
	steps := trials * e.data.TrialMS
	spikes := rec.Spikes[:steps]
	batch.Groups[0].Spikes.T, batch.Groups[0].Spikes.Words = steps, batch.Groups[0].Spikes.Words[:steps*batch.Groups[0].Spikes.N]
	batch.Decisions = nil
	picture := trialPicture(e.Source.Populations(), batch, spikes, e.Layer.Network.LIF)
	picture.Title = fmt.Sprintf("The first %d trials of the first test episode", trials)
	for _, p := range populations(e.Layer.Network.LIF, e.Layer.Network.Neurons()) {
		j := busiest(spikes, p.first, p.last)
		picture.Neurons = append(picture.Neurons, neuronTrace(spikes, rec.V, rec.A, j, p.label(j)))
	}
	target := make([]float64, steps)
	for t := range target {
		target[t] = float64(batch.Targets[t/e.data.TrialMS])
	}
	picture.Readout = []plot.Trace{
		{Name: "output, of which the mean over a trial counts", Values: slices.Clip(e.Readout(rec)[0][:steps])},
		{Name: "target", Values: target},
	}
	return picture.Write(filepath.Join(dir, "trials.svg"))
}
