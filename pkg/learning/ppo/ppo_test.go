package ppo

import (
	"math"
	"math/rand/v2"
	"testing"
)

func closeTo(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*max(1, math.Abs(b)) }

// Equations (3) to (5) against the sums that they stand for, and for λ = 1 against the
// discounted rewards up to the cut and the value there.
func TestAdvantagesAreTheirDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, lambda := range []float64{0, 0.7, 0.99, 1} {
		for steps := 2; steps < 40; steps += 7 {
			c := Constants{Discount: 0.9, Lambda: lambda}
			rewards, values := make([]float64, steps), make([]float64, steps)
			for i := range rewards {
				rewards[i], values[i] = r.NormFloat64(), r.NormFloat64()
			}
			advantages, returns := make([]float64, steps-1), make([]float64, steps-1)
			c.Advantages(advantages, returns, rewards, values)
			for i := range advantages {
				var want, discounted float64
				for k := i; k < steps-1; k++ {
					delta := rewards[k] + c.Discount*values[k+1] - values[k]
					want += math.Pow(c.Discount*lambda, float64(k-i)) * delta
					discounted += math.Pow(c.Discount, float64(k-i)) * rewards[k]
				}
				discounted += math.Pow(c.Discount, float64(steps-1-i)) * values[steps-1]
				if !closeTo(advantages[i], want, 1e-12) || !closeTo(returns[i], want+values[i], 1e-12) {
					t.Fatalf("λ %v, step %d of %d: advantage %v, want %v; return %v", lambda, i, steps, advantages[i], want, returns[i])
				}
				if lambda == 1 && !closeTo(returns[i], discounted, 1e-12) {
					t.Fatalf("step %d of %d: return %v, want %v", i, steps, returns[i], discounted)
				}
			}
		}
	}
}

// aStep draws a step whose policy has moved on since it was acted.
func aStep(r *rand.Rand) (s sample, y [outputs]float64, logStd [actions]float64) {
	var before [actions]float64
	for d := range before {
		before[d], logStd[d] = r.NormFloat64(), r.NormFloat64()/2
		s.action[d] = math.Tanh(before[d]) + math.Exp(logStd[d])*r.NormFloat64()
		y[d] = before[d] + 0.2*r.NormFloat64()
	}
	s.logOld = logDensity(s.action, before, logStd)
	s.advantage, s.target, y[value] = 2*r.NormFloat64(), r.NormFloat64(), r.NormFloat64()
	return s, y, logStd
}

func TestLossFiniteDifferences(t *testing.T) {
	c := Constants{Clip: 0.2, Value: 0.7}
	r := rand.New(rand.NewPCG(3, 4))
	var clipped, free int
	for range 2000 {
		s, y, logStd := aStep(r)
		g := c.surrogate(&s, y, logStd)
		if math.Abs(g.ratio-1-c.Clip) < 1e-3 || math.Abs(g.ratio-1+c.Clip) < 1e-3 {
			continue // a corner
		}
		if g.clipped {
			clipped++
		} else {
			free++
		}
		const h = 1e-6
		slope := func(x *float64) float64 {
			at := *x
			*x = at + h
			up := c.surrogate(&s, y, logStd)
			*x = at - h
			down := c.surrogate(&s, y, logStd)
			*x = at
			return (up.policy + up.value - down.policy - down.value) / (2 * h)
		}
		for k := range y {
			if want := slope(&y[k]); !closeTo(g.outputs[k], want, 1e-6) {
				t.Fatalf("∂L/∂y_%d = %v, finite difference %v", k, g.outputs[k], want)
			}
		}
		for d := range logStd {
			if want := slope(&logStd[d]); !closeTo(g.logStd[d], want, 1e-6) {
				t.Fatalf("∂L/∂log σ_%d = %v, finite difference %v", d, g.logStd[d], want)
			}
		}
	}
	if clipped < 100 || free < 100 {
		t.Errorf("%d steps were clipped, %d were not", clipped, free)
	}
}

// Where the policy is the one that has acted, ρ = 1 and the gradient is that of the
// policy gradient, -Â ∇ log π. It does not depend on ε.
func TestSurrogateBeginsAsThePolicyGradient(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		s, y, logStd := aStep(r)
		mean := [actions]float64(y[:actions])
		s.logOld = logDensity(s.action, mean, logStd)
		c := Constants{Clip: r.Float64() + 0.01}
		g := c.surrogate(&s, y, logStd)
		if g.ratio != 1 || g.clipped || g.policy != -s.advantage {
			t.Fatalf("ρ = %v, clipped %v, loss %v, want %v", g.ratio, g.clipped, g.policy, -s.advantage)
		}
		const h = 1e-6
		for d := range mean {
			up, down := mean, mean
			up[d] += h
			down[d] -= h
			score := (logDensity(s.action, up, logStd) - logDensity(s.action, down, logStd)) / (2 * h)
			if !closeTo(g.outputs[d], -s.advantage*score, 1e-6) {
				t.Fatalf("∂L/∂y_%d = %v, want %v", d, g.outputs[d], -s.advantage*score)
			}
		}
	}
}

// A step that has moved further than ε in the direction of its advantage gives no more
// gradient; one that has moved the other way does.
func TestClippingIsOneSided(t *testing.T) {
	c := Constants{Clip: 0.2}
	for _, s := range []struct {
		ratio, advantage float64
		clipped          bool
	}{{1.5, 1, true}, {1.5, -1, false}, {0.5, 1, false}, {0.5, -1, true}, {1.1, 1, false}, {0.9, -1, false}} {
		var y [outputs]float64
		var logStd [actions]float64
		x := sample{action: [actions]float64{0.3, 0}, advantage: s.advantage}
		x.logOld = logDensity(x.action, [actions]float64{}, logStd) - math.Log(s.ratio)
		g := c.surrogate(&x, y, logStd)
		if g.clipped != s.clipped || (g.outputs[0] == 0) != s.clipped {
			t.Errorf("ρ = %v, Â = %v: clipped %v, gradient %v", s.ratio, s.advantage, g.clipped, g.outputs[0])
		}
		limited := s.ratio * s.advantage
		if s.clipped {
			limited = min(max(s.ratio, 0.8), 1.2) * s.advantage
		}
		if !closeTo(g.policy, -limited, 1e-12) {
			t.Errorf("ρ = %v, Â = %v: loss %v, want %v", s.ratio, s.advantage, g.policy, -limited)
		}
	}
}

// H is the mean of -log π over the actions that π draws.
func TestEntropyIsThatOfThePolicy(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	logStd, y := [actions]float64{-0.5, 0.3}, [actions]float64{0.4, -1}
	const n = 200000
	mean := 0.0
	for range n {
		_, log := gaussian(logStd)(r, y)
		mean -= log / n
	}
	if math.Abs(mean-entropy(logStd)) > 5/math.Sqrt(n) {
		t.Errorf("H = %v, mean of -log π %v", entropy(logStd), mean)
	}
}

func TestNormalise(t *testing.T) {
	x := []float64{1, 2, 6}
	normalise(x)
	if math.Abs(x[0]+x[1]+x[2]) > 1e-12 || !closeTo(x[0]*x[0]+x[1]*x[1]+x[2]*x[2], 3, 1e-12) || !(x[0] < x[1] && x[1] < x[2]) {
		t.Errorf("normalised to %v", x)
	}
	same := []float64{4, 4}
	if normalise(same); same[0] != 0 || same[1] != 0 {
		t.Errorf("equal numbers became %v", same)
	}
}
