package alif

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

var params = Params{LIF: 2, ALIF: 2, TauMembrane: 20, TauAdaptation: []float64{100}, Threshold: 0.6, Beta: 0.3, Refractory: 3, Dampening: 0.3}

// A neuron driven hard spikes each n_ref steps, as no shorter interval is
// allowed; while it may not spike, nothing is learned from it.
func TestRefractoriness(t *testing.T) {
	for refractory := range 5 {
		p := params
		p.Refractory, p.Beta = refractory, 0
		c := New[float64](p)
		n := c.Units()
		s, z := make([]float64, states*n), make([]float64, n)
		last := -1
		for step := range 40 {
			u := make([]float64, n)
			for j := range u {
				u[j] = 50 - p.Threshold*z[j]
			}
			blocked := s[silence*n] > 0
			c.Step(u, s, s, z)
			if blocked && u[0] != 0 {
				t.Errorf("n_ref %d: ψ = %g in a step in which the neuron is blocked", refractory, u[0])
			}
			if z[0] == 0 {
				continue
			}
			if interval := step - last; last >= 0 && interval != max(refractory, 1) {
				t.Errorf("n_ref %d: an interval of %d steps", refractory, interval)
			}
			last = step
		}
	}
}

// A spike raises the threshold of adaptive neurons for as long as τ_a says.
func TestAdaptation(t *testing.T) {
	c := New[float64](params)
	n := c.Units()
	s, z := make([]float64, states*n), make([]float64, n)
	drive := func(current float64) []float64 {
		u := []float64{current, current, current, current}
		c.Step(u, s, s, z)
		return append([]float64{}, z...)
	}
	for _, spike := range drive(0.7) {
		if spike != 1 {
			t.Fatalf("z = %v above the threshold at rest", z)
		}
	}
	for range 5 {
		drive(0)
	}
	for j := range n { // as if reset
		s[j] = 0
	}
	if z := drive(0.7); z[0] != 1 || z[n-1] != 0 {
		t.Errorf("z = %v, want spikes of the LIF neurons only: the others have adapted", z)
	}
	want := math.Exp(-6.0/100) * 1
	if got := s[adaptation*n+n-1]; math.Abs(got-want) > 1e-12 {
		t.Errorf("adaptation = %g six steps after the spike, want %g", got, want)
	}
}

// The adjoint is the transposed Jacobian: of s and z with respect to s before
// and u.
func TestAdjointIsTheTransposedJacobian(t *testing.T) {
	c := New[float64](params)
	n := c.Units()
	r := rng.Stream(1, "alif", 0, 0)
	for range 50 {
		before, after := make([]float64, states*n), make([]float64, states*n)
		u, z, gz := make([]float64, n), make([]float64, n), make([]float64, n)
		gs := make([]float64, states*n)
		for j := range n {
			u[j], gz[j] = 0.6*r.NormFloat64(), r.NormFloat64()
			before[j], before[n+j], before[2*n+j] = 0.3*r.NormFloat64(), r.Float64(), float64(r.IntN(2))
			gs[j], gs[n+j] = r.NormFloat64(), r.NormFloat64()
		}
		c.Step(u, before, after, z)
		jac := make([]float64, (states+1)*(states+1)*n)
		c.Jacobian(jac, u, before, after)
		got, gu := append([]float64{}, gs...), make([]float64, n)
		c.Adjoint(gu, got, gz, u, before, after, nil)
		for j := range n {
			for column := range states + 1 {
				want := gz[j] * jac[(states*(states+1)+column)*n+j]
				for row := range states {
					want += gs[row*n+j] * jac[(row*(states+1)+column)*n+j]
				}
				have := gu[j]
				if column < states {
					have = got[column*n+j]
				}
				if math.Abs(have-want) > 1e-14 {
					t.Fatalf("adjoint %d of neuron %d = %g, the Jacobian gives %g", column, j, have, want)
				}
			}
		}
	}
}
