package lsnn

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// within compares numbers to a tolerance relative to the largest of them.
func within[F tensor.Float](t failer, name string, got []F, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d numbers, want %d", name, len(got), len(want))
	}
	largest := 0.0
	for _, x := range want {
		largest = max(largest, math.Abs(x))
	}
	for i := range got {
		if !(math.Abs(float64(got[i])-want[i]) <= tolerance*largest) {
			t.Fatalf("%s[%d] = %.15g, want %.15g (largest %g)", name, i, got[i], want[i], largest)
		}
	}
}

func agree[F tensor.Float](t failer, got answer[F], want answer[float64], tolerance float64) {
	t.Helper()
	if got.spikes != want.spikes {
		t.Fatalf("%d spikes, want %d", got.spikes, want.spikes)
	}
	within(t, "rates", got.rates, want.rates, tolerance)
	within(t, "features", got.features, want.features, tolerance)
	within(t, "∂E/∂Win", got.in, want.in, tolerance)
	within(t, "∂E/∂Wrec", got.rec, want.rec, tolerance)
}

// In float64 the network computes what the reference does, whatever its
// constants, sizes, delays, input and start.
func TestNetworkEqualsReference(t *testing.T) {
	spikes, gradients := int64(0), 0
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		want, _ := p.solveReference()
		net, w, states := network[float64](p, 1)
		var tr Trace[float64]
		var grads Gradients[float64]
		agree(t, solve(p, net, &tr, &grads, w, states), want, 1e-9)
		spikes += want.spikes
		for _, g := range append(want.in, want.rec...) {
			if g != 0 {
				gradients++
			}
		}
	})
	if spikes < 1000 || gradients < 100 {
		t.Errorf("only %d spikes and %d gradients that are not zero", spikes, gradients)
	}
}

// Record gives every number of every step as the reference does.
func TestRecordEqualsReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		net, w, states := network[float64](p, 1)
		i := rapid.IntRange(0, min(p.trials, tensor.Lanes)-1).Draw(t, "trial")
		h := p.reference().run(p.trial(i))
		var start *State[float64]
		if states != nil {
			start = states[0]
		}
		rec := net.Record(w, &p.inputs[0], start, i, p.step)
		for step, row := range rec.Spikes {
			for j, fired := range row {
				if fired != (h.z[h.past+step][j] != 0) {
					t.Fatalf("z_%d[%d] = %v", j, step, fired)
				}
			}
		}
		within(t, "v", rec.V.Data, flatten(h.v), 1e-12)
		within(t, "A", rec.A.Data, flatten(h.a), 1e-12)
		within(t, "b", rec.B.Data, flatten(h.b), 1e-12)
		within(t, "z̄", rec.Filtered.Data, flatten(h.zbar), 1e-12)
	})
}

// In float32 too, up to rounding, as long as no neuron comes so close to its
// threshold that rounding decides whether it fires.
func TestSinglePrecisionEqualsReference(t *testing.T) {
	const margin, wanted = 1e-4, 60
	decided := func(p *problem, histories []*history) bool {
		for _, h := range histories {
			for _, row := range h.u {
				for _, u := range row {
					if math.Abs(u) < margin {
						return false
					}
				}
			}
		}
		return true
	}
	compared, spikes := 0, int64(0)
	for seed := uint64(0); seed < 10*wanted && compared < wanted; seed++ {
		r := rng.Stream(seed, "single", 0, 0)
		p := &problem{Params: Params{
			Inputs: 1 + r.IntN(5), LIF: r.IntN(5), ALIF: 1 + r.IntN(4), Refractory: r.IntN(4), DelaySlots: 1 + r.IntN(12),
			ResetAtSpike: r.IntN(3) == 0, DetachReset: r.IntN(3) == 0,
		}, seed: seed, trials: 1 + r.IntN(5), steps: 1 + r.IntN(100)}
		if r.IntN(3) == 0 {
			p.Noise = 0.5
		}
		analogue := r.IntN(3) == 0
		p.fill(r, analogue, r.IntN(2) == 0)
		if r.IntN(2) == 0 {
			p.drawStates(r, analogue)
		}
		p.drawWindows(r, 10)
		want, histories := p.solveReference()
		if !decided(p, histories) {
			continue
		}
		compared++
		spikes += want.spikes
		net, w, states := network[float32](p, 1)
		var tr Trace[float32]
		var grads Gradients[float32]
		agree(t, solve(p, net, &tr, &grads, w, states), want, 1e-4)
	}
	if compared < wanted || spikes < 1000 {
		t.Errorf("compared %d problems with %d spikes, want %d", compared, spikes, wanted)
	}
}

// Apply is Forward and Backward as one operation of the tape: gradients are
// added to those that are there.
func TestLayerEqualsReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		want, _ := p.solveReference()
		net, w, states := network[float64](p, 1)
		layer := Layer[float64]{Network: net}
		n := p.Neurons()
		in := autodiff.NewVar(&tensor.Dense[float64]{Shape: []int{p.Inputs, n}, Data: w.In})
		rec := autodiff.NewVar(&tensor.Dense[float64]{Shape: []int{n, n}, Data: w.Rec})
		for round := range 2 {
			var tape autodiff.Tape[float64]
			features, rates := layer.Apply(&tape, in, rec, p.inputs, p.windows, states, p.step)
			tape.Record(func() {
				copy(features.Grad.Data, p.gFeatures)
				copy(rates.Grad.Data, p.gRates)
			})
			tape.Backward(autodiff.NewVar(tensor.New[float64](1)))
			sum := want
			sum.in, sum.rec = append([]float64(nil), want.in...), append([]float64(nil), want.rec...)
			for i := range sum.in {
				sum.in[i] *= float64(round + 1)
			}
			for i := range sum.rec {
				sum.rec[i] *= float64(round + 1)
			}
			agree(t, answer[float64]{features.Value.Data, rates.Value.Data, in.Grad.Data, rec.Grad.Data, layer.Trace.Spikes}, sum, 1e-9)
		}
	})
}
