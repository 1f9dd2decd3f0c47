package eprop3

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/learning/optim"
)

// fixture is a network of synthetic gradients with boundaries drawn at random.
func fixture(rows int) (s *Synthetic[float64], in []float64) {
	p := kinds["lstm"](1)
	s = NewSynthetic(&p.net.Params, 1, 1)
	r := rng.Stream(1, "fixture", 0, 0)
	in = s.Boundaries(rows)
	for i := range in {
		in[i] = r.NormFloat64()
	}
	return s, in
}

// At first nothing is predicted.
func TestSyntheticGradientsBeginAtZero(t *testing.T) {
	s, _ := fixture(5)
	near(t, "g", s.Predict(), make([]float64, 5*s.size), 0)
}

func TestSyntheticGradientsByFiniteDifferences(t *testing.T) {
	s, in := fixture(5)
	r := rng.Stream(2, "fixture", 0, 0)
	wanted := make([]float64, len(in))
	for i := range wanted {
		wanted[i] = r.NormFloat64()
	}
	for _, w := range [][]float64{s.Weights.W2, s.Weights.B1, s.Weights.B2} {
		for i := range w {
			w[i] = r.NormFloat64()
		}
	}
	loss := func() float64 {
		s.Predict()
		s.Forget()
		return s.Learn(wanted, 1)
	}
	loss()
	grads := SyntheticWeights[float64]{append([]float64{}, s.Grads.W1...), append([]float64{}, s.Grads.B1...),
		append([]float64{}, s.Grads.W2...), append([]float64{}, s.Grads.B2...)}
	const h = 1e-6
	for name, m := range map[string][2][]float64{
		"W1": {s.Weights.W1, grads.W1}, "b1": {s.Weights.B1, grads.B1}, "W2": {s.Weights.W2, grads.W2}, "b2": {s.Weights.B2, grads.B2},
	} {
		for i, at := range m[0] {
			m[0][i] = at + h
			above := loss()
			m[0][i] = at - h
			below := loss()
			m[0][i] = at
			if slope := (above - below) / (2 * h); math.Abs(slope-m[1][i]) > 1e-6*max(1, math.Abs(slope)) {
				t.Fatalf("%s[%d]: gradient %g, finite differences give %g", name, i, m[1][i], slope)
			}
		}
	}
}

// They learn a gradient that the state determines.
func TestSyntheticGradientsLearn(t *testing.T) {
	s, in := fixture(200)
	wanted := make([]float64, len(in))
	for row := range 200 {
		x, g := in[row*s.size:], wanted[row*s.size:]
		g[0], g[1], g[2] = math.Abs(x[0]), x[1], -x[2]
	}
	params := []*optim.Param[float64]{
		{Value: s.Weights.W1, Grad: s.Grads.W1}, {Value: s.Weights.B1, Grad: s.Grads.B1},
		{Value: s.Weights.W2, Grad: s.Grads.W2}, {Value: s.Weights.B2, Grad: s.Grads.B2},
	}
	o := &optim.Adam[float64]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
	var first, last float64
	for step := range 600 {
		s.Predict()
		s.Forget()
		last = s.Learn(wanted, 1)
		if step == 0 {
			first = last
		}
		o.Step(params, step+1, 0.01)
	}
	if last > 0.05*first {
		t.Errorf("the loss fell from %g to %g only", first, last)
	}
}
