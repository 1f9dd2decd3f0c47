package experiment

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/neulvm"
)

// draw draws what the spikes of the test split say of the populations, a free run of the
// fitted network, and its parameters.
func (x *neulvmTrainee) draw(dir string) error {
	return errors.Join(x.drawActivity(dir), x.drawFreeRun(dir), x.drawParameters(dir), x.drawPulses(dir))
}

// shownSmoothing is the width of the smoothed spikes that are drawn beside, s.
const shownSmoothing = 0.1

// drawActivity draws inferred and true activities of the training and the test window.
func (x *neulvmTrainee) drawActivity(dir string) error {
	for _, split := range []string{"train", "test"} {
		r, err := x.infer(split)
		if err != nil {
			return err
		}
		truth := x.hidden.truth(split)
		chart := plot.Chart{Title: "Activity of the populations, inferred from the spikes of a few neurons (" + split + ")", XLabel: "time (s)"}
		for p := range r.Mean {
			z := metrics.SmoothGaussian(r.Mean[p], comparisonSigma/x.hidden.dt)
			n := len(z)
			time, inferred, spread := make([]float64, n), make([]float64, n), make([]float64, n)
			for t := range z {
				time[t], inferred[t], spread[t] = float64(t)*x.hidden.dt, z[t]/x.hidden.dt, r.Deviation[p][t]/x.hidden.dt
			}
			panel := plot.Panel{YLabel: fmt.Sprintf("population %d (Hz)", p)}
			if truth != nil {
				known := metrics.SmoothGaussian(truth[p], comparisonSigma/x.hidden.dt)
				for t := range known {
					known[t] /= x.hidden.dt
				}
				panel.Series = append(panel.Series, plot.Series{Name: "true, smoothed by 50 ms", X: time, Y: known})
			}
			smoothed := r.data.Smoothed(shownSmoothing / x.hidden.dt)[p][r.data.History:]
			for t := range smoothed {
				smoothed[t] /= x.hidden.dt
			}
			panel.Series = append(panel.Series,
				plot.Series{Name: "inferred, smoothed too; band: a bin's deviation", X: time, Y: inferred, Errors: spread, Band: true},
				plot.Series{Name: "spikes smoothed by 100 ms", X: time, Y: smoothed, Dashed: true})
			chart.Panels = append(chart.Panels, panel)
		}
		if err := chart.Write(filepath.Join(dir, "activity-"+split+".svg")); err != nil {
			return err
		}
	}
	return nil
}

// shownFreeRun is how much of a free run is drawn, s.
const shownFreeRun = 100

// drawFreeRun draws what the fitted network does on its own.
func (x *neulvmTrainee) drawFreeRun(dir string) error {
	if x.rule.FreeRunS == 0 {
		return nil
	}
	a, err := neulvm.FreeRun(x.Best().Network, x.hidden.grid, x.Data.Rates(), freeRunSkip, min(x.rule.FreeRunS, shownFreeRun), x.seed, 0)
	if err != nil {
		return err
	}
	chart := plot.Chart{Title: "The fitted network on its own", XLabel: "time (s)"}
	if len(a) == 1 {
		frequency, power := metrics.PowerSpectrum(a[0], spectrumSegment, x.hidden.dt)
		chart.XLabel = "frequency (Hz)"
		panel := plot.Panel{YLabel: "power (Hz²/Hz)", LogY: true, Series: []plot.Series{{Name: "fitted network", X: frequency, Y: power}}}
		if truth := x.hidden.truth("train"); truth != nil {
			var known []float64
			for _, z := range truth[0] {
				known = append(known, z/x.hidden.dt)
			}
			f, p := metrics.PowerSpectrum(known, spectrumSegment, x.hidden.dt)
			panel.Series = append(panel.Series, plot.Series{Name: "training data", X: f, Y: p, Dashed: true})
		}
		chart.Panels = []plot.Panel{panel}
		return chart.Write(filepath.Join(dir, "free-run.svg"))
	}
	for p := range a {
		time := make([]float64, len(a[p]))
		for t := range time {
			time[t] = float64(t) * x.hidden.dt
		}
		chart.Panels = append(chart.Panels, plot.Panel{YLabel: fmt.Sprintf("population %d (Hz)", p),
			Series: []plot.Series{{Name: "smoothed by 100 ms", X: time, Y: metrics.SmoothGaussian(a[p], 0.1/x.hidden.dt)}}})
	}
	return chart.Write(filepath.Join(dir, "free-run.svg"))
}

// drawParameters draws the fitted parameters of all restarts, as ratios to the reference.
func (x *neulvmTrainee) drawParameters(dir string) error {
	names := x.Options.Parameters.Names()
	place := make([]float64, len(names))
	legend := "parameter:"
	for i, name := range names {
		place[i] = float64(i + 1)
		legend += " " + name
	}
	panel := plot.Panel{YLabel: "ratio", References: []plot.Reference{{Label: "reference", Y: 1}}}
	for k, ratios := range x.Ratios() {
		name, counts := "other restarts", slices.Contains(x.Counting(), k)
		switch {
		case x.rule.Average && counts:
			name = "restarts, each with couplings of its own"
		case counts:
			name = "best restart"
		}
		panel.Series = append(panel.Series, plot.Series{Name: name, X: place, Y: ratios, Markers: true, Dashed: !counts})
	}
	return plot.Chart{Title: "Fitted parameters, as ratios to the reference", XLabel: legend, Panels: []plot.Panel{panel}}.Write(filepath.Join(dir, "parameters.svg"))
}

// drawPulses draws the chance that a pulse makes the second population win.
func (x *neulvmTrainee) drawPulses(dir string) error {
	if len(x.rule.PulseAmplitudes) == 0 {
		return nil
	}
	fitted, made, err := x.pulses()
	if err != nil {
		return err
	}
	panel := plot.Panel{YLabel: "part of trials", Range: [2]float64{-0.02, 1.02}, Series: []plot.Series{{Name: "fitted network", X: x.rule.PulseAmplitudes, Y: fitted, Markers: true}}}
	if made != nil {
		panel.Series = append(panel.Series, plot.Series{Name: "true network", X: x.rule.PulseAmplitudes, Y: made, Markers: true, Dashed: true})
	}
	return plot.Chart{Title: "How often the second population takes over after a pulse", XLabel: "input (1/s)", Panels: []plot.Panel{panel}}.Write(filepath.Join(dir, "pulse.svg"))
}
