package eprop

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

// With spikes replaced by ∫ψ du the loss has a derivative, and finite differences
// show what the rule is: the derivative of the loss in which z[t-1] and R are
// constants in equation (3), but not in (1) (oracle 3). With nothing held constant they
// show the exact factorisation.
func TestReferenceByFiniteDifferences(t *testing.T) {
	for seed := range uint64(6) {
		for _, detached := range []bool{true, false} {
			p := draw(seed, func(p *problem) {
				p.steps, p.trials, p.Form = 25, 1, Form(seed%3)
				if !detached {
					p.Form = Form(seed % 2) // the factorisation lacks the threshold in LSNN's reset
				}
			})
			p.feedback = p.out
			r := newReference(p)
			r.smooth = func(t, j int) bool { return (7*t+5*j)%11 == 0 }
			x := p.x(0)
			h := r.run(x)
			if detached {
				r.constant = h
			}
			delta, R := zeros(p.steps, p.Outputs), make([]float64, p.Neurons())
			for step := range delta {
				for k := range delta[step] {
					delta[step][k] = h.y[step][k] - p.wanted.Data[step*p.Outputs+k]
				}
				for j, z := range h.z[step] {
					R[j] += z / float64(p.steps)
				}
			}
			loss := func() float64 {
				h, rates, sum := r.run(x), make([]float64, p.Neurons()), 0.0
				for step := range delta {
					for k := range delta[step] {
						sum += math.Pow(h.y[step][k]-p.wanted.Data[step*p.Outputs+k], 2) / 2
					}
					for j, z := range h.z[step] {
						rates[j] += z / float64(p.steps)
					}
				}
				return sum + p.penalty.Loss(rates)
			}
			R = penaltySignal[float64](p.penalty, R, p.steps)
			var got [][]float64
			if detached {
				got = r.eprop(h, delta, R)
			} else {
				got = r.factorised(h, r.total(h, delta, R))
			}
			draws := rng.Stream(seed, "synapses", 0, 0)
			for range 40 {
				i, j := draws.IntN(p.Inputs+p.Neurons()), draws.IntN(p.Neurons())
				if i-p.Inputs == j {
					continue
				}
				w := &append(append([][]float64(nil), r.in...), r.rec...)[i][j]
				const h = 1e-6
				before := *w
				*w = before + h
				up := loss()
				*w = before - h
				down := loss()
				*w = before
				if want := (up - down) / (2 * h); math.Abs(got[i][j]-want) > 1e-6*(1+math.Abs(want)) {
					t.Errorf("seed %d, detached %v: dW[%d][%d] = %g, finite difference %g", seed, detached, i, j, got[i][j], want)
				}
			}
		}
	}
}

// δ of both targets is the derivative of what they return.
func TestErrorsByFiniteDifferences(t *testing.T) {
	g := draw(4, func(p *problem) { p.trials, p.steps, p.Outputs = 18, 20, 3 })
	var c Classification[float64]
	c.Reset(decisions(18, 20, 3), 2, 3)
	for name, target := range map[string]Target[float64]{"regression": target[float64](g), "classification": &c} {
		r := rng.Stream(1, "outputs", 0, 0)
		nonzero := 0
		for step := range 20 {
			for group, trials := range []int{16, 2} {
				y, delta, none := make([]float64, 3*lanes), make([]float64, 3*lanes), make([]float64, 3*lanes)
				for i := range y {
					y[i] = r.NormFloat64()
				}
				target.Error(delta, y, group, trials, step)
				for i := range y {
					before := y[i]
					y[i] = before + 1e-6
					up := target.Error(none, y, group, trials, step)
					y[i] = before - 1e-6
					down := target.Error(none, y, group, trials, step)
					y[i] = before
					if want := (up - down) / 2e-6; math.Abs(delta[i]-want) > 1e-7 {
						t.Fatalf("%s: δ[%d] of group %d in step %d = %g, finite difference %g", name, i, group, step, delta[i], want)
					}
					if delta[i] != 0 {
						nonzero++
					}
				}
			}
		}
		if nonzero == 0 {
			t.Errorf("%s: no error anywhere", name)
		}
	}
}
