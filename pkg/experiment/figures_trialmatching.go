package experiment

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/trialmatch"
)

const recorded, simulated = "recorded", "simulated"

// drawTrialMatching draws what simulated trials look like beside recorded ones.
func drawTrialMatching[F tensor.Float](t *trialmatch.Trainer[F], dir string) error {
	p := t.Portrait()
	metrics, err := t.Evaluate("test", 0)
	if err != nil {
		return err
	}
	errs := []error{drawTrialResponses(p, dir), drawTrialTypes(t, p, metrics, dir), drawAreaWeights(p, dir)}
	if p.Session != "" {
		errs = append(errs, drawTrialPair(p, t.Net.StepMS, dir))
	}
	if p.Components[0][0] != nil {
		errs = append(errs, drawTrialFeatures(p, dir))
	}
	return errors.Join(errs...)
}

// drawTrialResponses draws mean responses of areas and neurons over the test trials.
func drawTrialResponses(p *trialmatch.Portrait, dir string) error {
	chart := plot.Chart{Title: "Mean responses over test trials", XLabel: "time after the event (ms)"}
	for _, r := range p.Responses {
		chart.Panels = append(chart.Panels, plot.Panel{YLabel: r.Name + " (Hz)", Series: []plot.Series{
			{Name: recorded, X: p.TimesMS, Y: r.Recorded}, {Name: simulated, X: p.TimesMS, Y: r.Simulated}}})
	}
	return chart.Write(filepath.Join(dir, "responses.svg"))
}

// drawTrialPair draws a recorded trial and the simulated one that it is matched with.
func drawTrialPair(p *trialmatch.Portrait, stepMS float64, dir string) error {
	picture := plot.Session{Title: "A recorded test trial of " + p.Session + " and its match"}
	for _, of := range []struct {
		name  string
		trial *tensor.Raster
	}{{simulated, &p.Simulated}, {recorded, &p.Recorded}} {
		raster := plot.Raster{Name: of.name, Neurons: p.Neurons}
		for step := range of.trial.Steps() {
			for _, i := range of.trial.At(step) {
				raster.Spikes = append(raster.Spikes, plot.Spike{Step: int(float64(step) * stepMS), Neuron: int(i)})
			}
		}
		picture.Duration = int(float64(of.trial.Steps()) * stepMS)
		picture.Populations = append(picture.Populations, raster)
	}
	return picture.Write(filepath.Join(dir, "trial-pair.svg"))
}

// drawTrialFeatures draws the features of trials by their first principal components,
// those of the recorded trials.
func drawTrialFeatures(p *trialmatch.Portrait, dir string) error {
	picture := plot.Scatter{Title: "Features of single trials, " + p.Session, XLabel: "first principal component of the recorded trials", YLabel: "second principal component"}
	for kind, name := range p.TypeNames {
		points := plot.Points{Name: recorded + " " + name}
		for k, x := range p.Components[0][0] {
			if p.Types[k] == kind {
				points.X, points.Y = append(points.X, x), append(points.Y, p.Components[0][1][k])
			}
		}
		picture.Series = append(picture.Series, points)
	}
	picture.Series = append(picture.Series, plot.Points{Name: simulated, X: p.Components[1][0], Y: p.Components[1][1]})
	return picture.Write(filepath.Join(dir, "trial-features.svg"))
}

// drawTrialTypes draws the fractions of trials of each type, with bands of 95 %.
func drawTrialTypes[F tensor.Float](t *trialmatch.Trainer[F], p *trialmatch.Portrait, metrics map[string]float64, dir string) error {
	chart := plot.Chart{Title: "Fractions of trial types"}
	ways := []struct{ prefix, name string }{{"recorded_", recorded}, {"template_", simulated + ", by templates"}, {"lick_", simulated + ", by licks"}}
	tests := 0
	for i := range t.Set.Sessions {
		tests += len(t.Set.Sessions[i].Test)
	}
	for kind, slug := range p.TypeSlugs {
		panel := plot.Panel{YLabel: p.TypeNames[kind], Range: [2]float64{-0.02, 1.02}}
		at := 0.0
		add := func(name string, fraction float64, trials int) {
			at++
			panel.Series = append(panel.Series, plot.Series{Name: name, X: []float64{at}, Y: []float64{fraction}, Errors: []float64{trialmatch.Band(fraction, trials)}, Markers: true})
		}
		for _, way := range ways {
			if f, ok := metrics[way.prefix+slug]; ok {
				add(way.name, f, map[bool]int{true: tests, false: t.EvaluationTrials}[way.name == recorded])
			}
		}
		if h := t.Threshold; h != nil {
			f := metrics["hit_fraction"]
			if kind != h.Type {
				f = 1 - f
			}
			add(simulated+", by the threshold", f, t.EvaluationTrials)
		}
		chart.Panels = append(chart.Panels, panel)
	}
	chart.XLabel = fmt.Sprintf("ways to tell types; %d simulated, %d recorded test trials", t.EvaluationTrials, tests)
	return chart.Write(filepath.Join(dir, "trial-types.svg"))
}

// drawAreaWeights draws the recurrent weights.
func drawAreaWeights(p *trialmatch.Portrait, dir string) error {
	n := 0
	for n*n < len(p.Weights) {
		n++
	}
	return plot.Matrices{Title: "Recurrent weights: excitatory neurons of each area, then inhibitory ones", XLabel: "from neuron", YLabel: "to neuron", Borders: p.Borders,
		Matrices: []plot.Matrix{{Rows: n, Columns: n, Values: p.Weights}}}.Write(filepath.Join(dir, "connectivity.png"))
}
