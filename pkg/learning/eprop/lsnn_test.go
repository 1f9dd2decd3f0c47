package eprop

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// backPropagate computes p's gradients with package lsnn, whose loss is given by
// ∂E/∂z̄ and ∂E/∂rate. Its neurons are refractory for one step more, its voltage
// gain is 1-α and its reset is by A, so p must be of the form LSNN, or of LIF
// neurons; of the form UnitGain are weights that the gain makes larger.
func backPropagate(t *testing.T, p *problem, detached bool) *Gradients {
	t.Helper()
	n, scale := p.Neurons(), 1.0
	if p.Form == UnitGain {
		scale = 1 / (1 - math.Exp(-1/p.TauMembrane))
	}
	net := lsnn.NewNetwork[float64](lsnn.Params{
		Inputs: p.Inputs, LIF: p.LIF, ALIF: p.ALIF, TauMembrane: p.TauMembrane, TauAdaptation: p.TauAdaptation,
		TauReadout: p.TauReadout, Threshold: p.Threshold, Beta: p.Beta, Refractory: max(p.Refractory-1, 0), DelaySlots: p.slots(),
		Dampening: p.Dampening, DetachReset: detached,
	}, 0, 1)
	net.DelayIn, net.DelayRec = p.delayIn, p.delayRec
	scaled := func(x []float64) []float64 {
		y := make([]float64, len(x))
		for i := range x {
			y[i] = scale * x[i]
		}
		return y
	}
	var windows []lsnn.Window
	for trial := range p.trials {
		for step := range p.steps {
			windows = append(windows, lsnn.Window{Trial: trial, Start: step, End: step + 1})
		}
	}
	var tr lsnn.Trace[float64]
	net.Forward(&tr, lsnn.Weights[float64]{In: scaled(p.in), Rec: scaled(p.rec)}, p.inputs, windows, nil, 0)
	features := tensor.New[float64](len(windows), n)
	for row := range windows {
		zbar := tr.Features.Row(row)
		for k := range p.Outputs {
			y := p.bias[k]
			for j := range n {
				y += p.out[j*p.Outputs+k] * zbar[j]
			}
			for j := range n {
				features.Row(row)[j] += p.out[j*p.Outputs+k] * (y - p.wanted.Data[row*p.Outputs+k])
			}
		}
	}
	rates := make([]float64, n)
	for j, r := range tr.Rates {
		rates[j] = 2 * p.penalty.Strength * (r - p.penalty.Target)
	}
	var g lsnn.Gradients[float64]
	net.Backward(&g, &tr, features, rates)
	return &Gradients{In: scaled(g.In), Rec: scaled(g.Rec)}
}

// Where the two models are the same, so is back-propagation.
func TestBPTTEqualsPackageLSNN(t *testing.T) {
	for seed := range uint64(40) {
		p := draw(seed, func(p *problem) {
			p.Form, p.UnitReadout = []Form{UnitGain, Light, LSNN}[seed%3], false
			if p.Form != LSNN {
				p.ALIF, p.TauAdaptation = 0, p.TauAdaptation[:1]
			}
			p.TauAdaptation = p.TauAdaptation[:1]
		})
		got, _ := solve[float64](p, 1, BPTT)
		want := backPropagate(t, p, false)
		near(t, "dWin", got.In, want.In, 1e-12)
		near(t, "dWrec", got.Rec, want.Rec, 1e-12)
	}
}

// Without recurrence and without a gradient through the reset, symmetric e-prop
// is back-propagation (oracle 4), with adaptation and all.
func TestUnconnectedNeuronsLearnByBackPropagation(t *testing.T) {
	for seed := range uint64(30) {
		p := draw(seed, func(p *problem) {
			p.Form, p.UnitReadout, p.TauAdaptation = LSNN, false, p.TauAdaptation[:1]
		})
		clear(p.rec)
		p.feedback = p.out
		want := backPropagate(t, p, true)
		for name, method := range methods {
			got, _ := solve[float64](p, 1, method)
			near(t, name+": dWin", got.In, want.In, 1e-12)
		}
	}
}

// Within one step there is nothing to approximate (oracle 4).
func TestOneStepIsExact(t *testing.T) {
	for seed := range uint64(30) {
		p := draw(seed, func(p *problem) { p.steps = 1 })
		p.feedback = p.out
		want, _ := solve[float64](p, 1, BPTT)
		got, _ := solve[float64](p, 1, LocalAdjoint)
		same(t, "e-prop", got, want, 1e-15)
	}
}
