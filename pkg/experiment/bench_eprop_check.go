package experiment

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
)

// EPropCheck is the gradient of a small case, in float64, by one way to compute it.
type EPropCheck struct {
	Loss   float64   `json:"loss"`
	Spikes int64     `json:"spikes"`
	In     []float64 `json:"w_in"`  // [n_in][n]
	Rec    []float64 `json:"w_rec"` // [n][n]
	Out    []float64 `json:"w_out"` // [n][2]
}

// CheckEProp computes the small case in all ways: 6 lines and 4 LIF + 4 ALIF neurons of
// the form unit-gain, 120 steps, 3 trials. Input and weights follow formulas that other
// programs can follow too, as benchmarks/eprop_step.py does.
func CheckEProp() map[string]*EPropCheck {
	const inputs, lif, alif, steps, trials = 6, 4, 4, 120, 3
	const n = lif + alif
	in := tensor.Input{Trials: trials, Spikes: tensor.NewSpikes(steps, inputs)}
	var decisions []datasets.Decision
	for b := range trials {
		for t := range steps {
			for i := range inputs {
				if (7*t+13*b+29*i+t*i)%11 == 0 {
					in.Spikes.Set(t, i, b)
				}
			}
		}
		decisions = append(decisions, datasets.Decision{Trial: b, Start: steps - 40, End: steps, Class: b % 2})
	}
	formula := func(size, period, offset int, scale float64) []float64 {
		w := make([]float64, size)
		for k := range w {
			w[k] = scale * float64((37*k+11*k*k)%period-offset) / float64(period)
		}
		return w
	}
	w := eprop.Weights[float64]{In: formula(inputs*n, 127, 45, 1), Rec: formula(n*n, 113, 60, 0.5),
		Out: formula(n*2, 31, 15, 1), Feedback: formula(n*2, 37, 18, 1)}
	for j := range n {
		w.Rec[j*n+j] = 0
	}
	params := eprop.Params{Inputs: inputs, LIF: lif, ALIF: alif, Outputs: 2, Form: eprop.UnitGain, TauMembrane: 20,
		TauAdaptation: []float64{200}, TauReadout: 20, Threshold: 0.6, Beta: 0.1, Refractory: 5, Dampening: 0.3}
	checks := map[string]*EPropCheck{}
	for name, method := range epropMethods {
		var target eprop.Classification[float64]
		target.Reset(decisions, 1, 2)
		var g eprop.Gradients
		r := eprop.NewNetwork[float64](params, 1).Gradient(&g, w, []tensor.Input{in}, &target, eprop.Penalty{Strength: 1, Target: 0.01}, method)
		checks[name] = &EPropCheck{Loss: r.Loss + r.Penalty, Spikes: r.Spikes, In: g.In, Rec: g.Rec, Out: g.Out}
	}
	return checks
}
