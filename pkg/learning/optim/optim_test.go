package optim

import (
	"math"
	"testing"
)

func param(x ...float64) *Param[float64] {
	return &Param[float64]{Name: "x", Shape: []int{len(x)}, Value: x, Grad: make([]float64, len(x))}
}

// TestOptimizersReachTheMinimum of Σ c_i (x_i - 1)², badly scaled.
func TestOptimizersReachTheMinimum(t *testing.T) {
	for name, o := range map[string]Optimizer[float64]{
		"sgd": &SGD[float64]{}, "momentum": &SGD[float64]{Momentum: 0.9}, "nesterov": &SGD[float64]{Momentum: 0.9, Nesterov: true},
		"adam": &Adam[float64]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8},
	} {
		p := param(-3, 4)
		rate := LinearDecay(0.02, 0, 3000)
		for step := range 3000 {
			for i, c := range []float64{10, 1} {
				p.Grad[i] = 2 * c * (p.Value[i] - 1)
			}
			o.Step([]*Param[float64]{p}, step+1, rate(step))
		}
		for i, x := range p.Value {
			if math.Abs(x-1) > 1e-3 {
				t.Errorf("%s: x[%d] = %g, want 1", name, i, x)
			}
		}
	}
}

// TestAdamsFirstStepIsTheRate: whatever the gradient's size, by the bias correction.
func TestAdamsFirstStepIsTheRate(t *testing.T) {
	for _, g := range []float64{1e-3, 1, 1e6} {
		p := param(0)
		p.Grad[0] = g
		(&Adam[float64]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-12}).Step([]*Param[float64]{p}, 1, 0.01)
		if math.Abs(p.Value[0]+0.01) > 1e-9 {
			t.Errorf("gradient %g moved x by %g, want -0.01", g, p.Value[0])
		}
	}
}

// TestAdamWDecaysWithoutGradient: x shrinks by the factor 1-ηλ exactly.
func TestAdamWDecaysWithoutGradient(t *testing.T) {
	p := param(2)
	o := &Adam[float64]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.1}
	o.Step([]*Param[float64]{p}, 1, 0.5)
	if want := 2 * (1 - 0.05); math.Abs(p.Value[0]-want) > 1e-15 {
		t.Errorf("x = %g, want %g", p.Value[0], want)
	}
}

func TestClipNormKeepsTheDirection(t *testing.T) {
	p := param(0, 0)
	p.Grad = []float64{3, 4}
	if norm := ClipNorm([]*Param[float64]{p}, 1); norm != 5 {
		t.Errorf("norm = %g, want 5", norm)
	}
	if math.Abs(p.Grad[0]-0.6) > 1e-15 || math.Abs(p.Grad[1]-0.8) > 1e-15 {
		t.Errorf("clipped gradient = %v, want [0.6 0.8]", p.Grad)
	}
	ClipNorm([]*Param[float64]{p}, 2)
	if math.Abs(math.Hypot(p.Grad[0], p.Grad[1])-1) > 1e-15 {
		t.Error("a short gradient was changed")
	}
}

func TestSchedules(t *testing.T) {
	for _, c := range []struct {
		name string
		s    Schedule
		want map[int]float64
	}{
		{"constant", Constant(0.1), map[int]float64{0: 0.1, 1000: 0.1}},
		{"step", StepDecay(1, 0.5, 10), map[int]float64{0: 1, 9: 1, 10: 0.5, 29: 0.25}},
		{"step, and in inverse time", InverseTime(StepDecay(1, 0.5, 10), 0.1), map[int]float64{0: 1, 5: 1 / 1.5, 10: 0.25, 20: 0.25 / 3}},
		{"linear", LinearDecay(1, 0.2, 5), map[int]float64{0: 1, 2: 0.6, 4: 0.2, 99: 0.2}},
		{"ramp", Ramp(2, 5), map[int]float64{0: 0, 1: 0.5, 4: 2, 99: 2}},
		{"exponential", ExponentialDecay(2, 0.81, 10), map[int]float64{0: 2, 5: 1.8, 10: 1.62, 20: 2 * 0.81 * 0.81}},
		{"a fall in the last two of four", FinalDecay(Constant(2), 0.5, 0.1, 4), map[int]float64{0: 2, 1: 2, 2: 2, 3: 0.2, 9: 0.2}},
		{"no fall", FinalDecay(Constant(2), 0, 0.1, 4), map[int]float64{3: 2, 9: 2}},
		{"linear, one update", LinearDecay(1, 0.2, 1), map[int]float64{0: 1}},
	} {
		for at, want := range c.want {
			if got := c.s(at); math.Abs(got-want) > 1e-12 {
				t.Errorf("%s: rate of update %d = %g, want %g", c.name, at, got, want)
			}
		}
	}
}

// TestNesterovIsTheGradientAhead: with y = x - ημ m the method is momentum whose gradient
// is taken where the momentum alone would lead, y ← y + …, as in Sutskever et al. (2013):
//
//	v ← μ v - η g(y + μ v),  y ← y + v.
func TestNesterovIsTheGradientAhead(t *testing.T) {
	const mu, eta = 0.9, 0.05
	gradient := func(x float64) float64 { return x*x*x - 2*x + 0.3 }
	p := param(1.7) // x = y + μ v
	y, v := 1.7, 0.0
	o := &SGD[float64]{Momentum: mu, Nesterov: true}
	for step := range 20 {
		v = mu*v - eta*gradient(y+mu*v)
		y += v
		p.Grad[0] = gradient(p.Value[0])
		o.Step([]*Param[float64]{p}, step+1, eta)
		if want := y + mu*v; math.Abs(p.Value[0]-want) > 1e-12 {
			t.Fatalf("step %d: x = %.15g, want %.15g", step, p.Value[0], want)
		}
	}
}
