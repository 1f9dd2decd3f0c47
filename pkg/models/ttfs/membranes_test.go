package ttfs

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// oneLayer is a layer of random neurons of a form, whose windows are as long as their
// greatest value over random inputs times margin, and a readout of nothing.
func oneLayer(r *rand.Rand, form Form, in, out int, margin float64, x []float64, trials int) *Network[float64] {
	a := &relu.Network[float64]{Input: relu.Vector(in), Layers: []relu.Named[float64]{
		{Name: "dense", Layer: &relu.Dense[float64]{Weights: normal(r, math.Sqrt(2/float64(in)), in, out), Bias: normal(r, 0.3, out)}},
		{Name: "relu", Layer: &relu.ReLU[float64]{}},
		{Name: "readout", Layer: &relu.Dense[float64]{Weights: tensor.New[float64](out, 1), Bias: tensor.New[float64](1)}},
	}}
	c, err := Convert(a, Options{Form: form, High: 1, Zeta: margin - 1, Threads: 1,
		Sample: func(f func([]float64, int) error) error { return f(x, trials) }})
	if err != nil {
		panic(err)
	}
	return c.Network
}

// euler steps the membranes of the first layer of a network by dt from t_min_prev on, and
// tests the threshold from t_min on; alpha neurons without a spike are made to fire at the
// end of their window.
func euler(n *Network[float64], coded []float64, dt float64) []float64 {
	l := n.Stages[0].(*Neurons[float64])
	w := l.Synapses.(*Dense[float64]).Weights
	x := make([]float64, w.Shape[1])
	thresholds := l.Thresholds(n.Form, inputWindow)
	for i := range x {
		v, fired := 0.0, false
		for step := 0; !fired; step++ {
			t := float64(step) * dt // from t_min_prev on
			if t >= inputWindow+l.Window {
				break
			}
			if t >= inputWindow && v >= thresholds[i] {
				x[i], fired = inputWindow+l.Window-t, true
			}
			slope := 0.0
			if n.Form == Alpha {
				slope = Drive
			}
			for j, c := range coded {
				if t >= inputWindow-c && (c > 0 || n.Form == Alpha) {
					slope += w.Data[j*len(x)+i]
				}
			}
			if n.Form == B1 && t >= inputWindow {
				slope = 1
			}
			v += dt * slope
		}
	}
	return x
}

// Oracle 3: a fine-step simulation converges to the event-driven one, with an error of O(dt).
func TestEulerConvergesToMembranes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, form := range []Form{B1, Alpha} {
		const in, out = 10, 8
		x := uniform(r, 0, 1, in)
		x[0] = 0
		n := oneLayer(r, form, in, out, 1.5, x, 1)
		m, err := NewMembranes(n, 1)
		if err != nil {
			t.Fatal(err)
		}
		want := m.Run(x, 1).Values[0]
		var errors []float64
		for _, dt := range []float64{1e-2, 1e-3, 1e-4} {
			worst := 0.0
			for i, got := range euler(n, x, dt) {
				worst = max(worst, math.Abs(got-want[i]))
			}
			errors = append(errors, worst/dt)
		}
		// The weights sum to some units, and so does the number of late steps.
		for i, e := range errors {
			if e > 40 || e < 1e-3 {
				t.Errorf("form %s: error/dt of step 1e-%d is %g, expected of order 1", form, i+2, e)
			}
		}
	}
}

// Section 9.1: a potential crosses early where Σ W_ij [x_j - d]₊ reaches B_n - b_i (b1), or
// Σ W_ij [x_j - d]₊ + b_i reaches B_n + (1 - S_i) d (alpha), for some d ≥ 0 before t_min. With
// windows just above the greatest value it does, and more often in form b1.
func TestEarlyCrossings(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	early := map[Form]int64{}
	for range 60 {
		for _, form := range []Form{B1, Alpha} {
			const in, out = 20, 10
			x := uniform(r, 0, 1, in)
			n := oneLayer(r, form, in, out, 1.05, x, 1)
			m, err := NewMembranes(n, 1)
			if err != nil {
				t.Fatal(err)
			}
			m.Run(x, 1)
			l := n.Stages[0].(*Neurons[float64])
			w, slopes := l.Synapses.(*Dense[float64]).Weights, l.Slopes(form)
			want := int64(0)
			for i := range out {
				crosses := false
				for _, d := range x { // the kinks of the potential
					sum, all := 0.0, 0.0
					for j, xj := range x {
						weight := w.Data[j*out+i] / slopes[i]
						sum += weight * max(0, xj-d)
						all += weight
					}
					limit := l.Window - l.Bias.Data[i]
					if form == Alpha {
						limit += (1 - all) * d
					}
					crosses = crosses || sum >= limit
				}
				if crosses {
					want++
				}
			}
			if m.Early[0] != want {
				t.Fatalf("form %s: %d early crossings, want %d", form, m.Early[0], want)
			}
			early[form] += want
		}
	}
	if early[B1] == 0 || early[Alpha] >= early[B1] {
		t.Errorf("%d early crossings of b1 and %d of alpha, expected some, and fewer of alpha", early[B1], early[Alpha])
	}
}

// Windows that are bounds leave no room for early crossings, nor for values beyond them.
func TestBoundedWindowsAreNeverCrossedEarly(t *testing.T) {
	for seed := range uint64(60) {
		r := newRandomNetwork(seed)
		const trials = 4
		x := uniform(r.Rand, -1, 2, trials*r.Network.Input.Size())
		for _, form := range []Form{B1, Alpha} {
			c, err := Convert(r.Network, Options{Form: form, Low: -1, High: 2, Threads: 1})
			if err != nil {
				t.Fatal(err)
			}
			m, err := NewMembranes(c.Network, 1)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, "bounded windows", r.Network, c, m, x, trials)
			for i, n := range m.Early {
				if n > 0 {
					t.Fatalf("network %d, form %s: %d early crossings in %s", seed, form, n, c.Network.name(i))
				}
			}
		}
	}
}
