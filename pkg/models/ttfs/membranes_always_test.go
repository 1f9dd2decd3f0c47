package ttfs

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// Neurons whose threshold is always tested fire when their potential, followed in
// small steps of time, first reaches it; with windows that are long enough that is the
// closed form, unless excitation comes first and inhibition later.
func TestThresholdsThatAreAlwaysTested(t *testing.T) {
	const inputs, outputs, trials, steps = 6, 40, 5, 6000
	for _, window := range []float64{8, 0.6, 0.2} {
		r := rng.Stream(4, "always", 0, 0)
		n := &Network[float64]{Input: relu.Vector(inputs), High: 1, Form: Alpha}
		w, b := tensor.New[float64](inputs, outputs), tensor.New[float64](outputs)
		for i := range w.Data {
			w.Data[i] = 0.5 * r.NormFloat64()
		}
		for i := range b.Data {
			b.Data[i] = 0.3 * r.Float64()
		}
		layer := &Neurons[float64]{Name: "a", Synapses: &Dense[float64]{w}, Bias: b, Window: window}
		for i, s := range layer.Slopes(Alpha) {
			if s < 0.2 {
				for j := range inputs {
					w.Row(j)[i] = math.Abs(w.Row(j)[i])
				}
			}
		}
		n.Stages = []Stage[float64]{layer, &Readout[float64]{Name: "out", Synapses: &Dense[float64]{tensor.New[float64](outputs, 1)}, Bias: tensor.New[float64](1)}}
		m, err := NewMembranes(n, 2)
		if err != nil {
			t.Fatal(err)
		}
		m.Always = true
		x := make([]float64, inputs*trials)
		for i := range x {
			x[i] = r.Float64()
		}
		response := m.Run(x, trials)
		theta := layer.Thresholds(Alpha, 1)
		early := 0
		for trial := range trials {
			for i := range outputs {
				want, v, last := 0.0, 0.0, 1+window
				for step := range steps {
					now := last * float64(step) / steps
					slope := Drive
					for j := range inputs {
						if now >= 1-x[trial*inputs+j] {
							slope += w.Row(j)[i]
						}
					}
					v += slope * last / steps
					if v >= theta[i] {
						want = last - now
						break
					}
				}
				got := response.Values[0][trial*outputs+i]
				if math.Abs(got-want) > 4*last/steps*(1+math.Abs(theta[i])) {
					t.Errorf("window %v: neuron %d of trial %d carries %v, followed in steps %v", window, i, trial, got, want)
				}
				if got > window {
					early++
				}
			}
		}
		if (window < 0.3) != (early > 0) && window != 0.6 {
			t.Errorf("window %v: %d neurons fired before it", window, early)
		}
	}
}
