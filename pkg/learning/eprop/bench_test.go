package eprop

import (
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// evidence is a network and batch of the size of evidence accumulation.
func evidence() (p Params, w Weights[float32], inputs []tensor.Input, c *Classification[float32]) {
	p = Params{
		Inputs: 40, LIF: 50, ALIF: 50, Outputs: 2, TauMembrane: 20, TauAdaptation: []float64{2000}, TauReadout: 20,
		Threshold: 0.6, Beta: 0.01742, Refractory: 5, Dampening: 0.3,
	}
	l := lsnn.InitialWeights[float32](&lsnn.Params{Inputs: 40, LIF: 50, ALIF: 50}, 1)
	w = Weights[float32]{In: l.In, Rec: l.Rec, Out: lsnn.GlorotUniform[float32](100, 2, 1)}
	r := rng.Stream(1, "evidence", 0, 0)
	var d []datasets.Decision
	for group := range 4 {
		in := tensor.Input{Trials: lanes, Spikes: tensor.NewSpikes(2250, 40)}
		for l := range lanes {
			for t := range 2250 {
				for i := range 40 {
					// The cues, the recall, and noise throughout.
					if on := i < 20 && t < 1050 || i >= 20 && i < 30 && t >= 2100; on && r.Float64() < 0.013 || i >= 30 && r.Float64() < 0.01 {
						in.Spikes.Set(t, i, l)
					}
				}
			}
			d = append(d, datasets.Decision{Trial: group*lanes + l, Start: 2100, End: 2250, Class: l % 2})
		}
		inputs = append(inputs, in)
	}
	c = new(Classification[float32])
	c.Reset(d, 4, 2)
	return p, w, inputs, c
}

func BenchmarkGradient(b *testing.B) {
	p, w, inputs, c := evidence()
	for _, m := range []struct {
		name   string
		method Method
	}{{"online", OnlineTraces}, {"filtered", FilteredSignal}, {"adjoint", LocalAdjoint}, {"BPTT", BPTT}} {
		b.Run(m.name, func(b *testing.B) {
			net := NewNetwork[float32](p, 1)
			var g Gradients
			var r Result
			for b.Loop() {
				r = net.Gradient(&g, w, inputs, c, Penalty{1, 0.01}, m.method)
			}
			b.ReportMetric(float64(r.Spikes)/(64*2.25*100), "Hz")
		})
	}
	b.Run("forward", func(b *testing.B) {
		net := NewNetwork[float32](p, 1)
		for b.Loop() {
			net.Evaluate(w, inputs, c, Penalty{})
		}
	})
}
