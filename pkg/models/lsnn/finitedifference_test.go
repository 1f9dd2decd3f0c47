package lsnn

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/rng"
)

// Oracle 11: with the spikes replaced by a smooth nonlinearity whose derivative
// the backward pass uses, for every weight
//
//	∂E/∂w = (E(w+h) - E(w-h)) / 2h.
//
// This proves the reference's adjoint; E = Σ_t Σ_j g_j[t] z̄_j[t] + Σ_j e_j Σ_t z_j[t].
func TestOracle11FiniteDifferences(t *testing.T) {
	moving := 0 // weights whose gradient is not zero
	rapid.Check(t, func(t *rapid.T) {
		n, inputs := rapid.IntRange(1, 4).Draw(t, "n"), rapid.IntRange(1, 3).Draw(t, "inputs")
		slots, steps := rapid.IntRange(1, 4).Draw(t, "slots"), rapid.IntRange(1, 15).Draw(t, "steps")
		past := rapid.IntRange(0, 5).Draw(t, "past")
		r := rng.Stream(rapid.Uint64().Draw(t, "seed"), "test", 0, 0)
		normal := func(rows, columns int, scale float64) [][]float64 {
			m := zeros(rows, columns)
			for i := range m {
				for j := range m[i] {
					m[i][j] = scale * r.NormFloat64()
				}
			}
			return m
		}
		delays := func(rows int) [][]int {
			m := make([][]int, rows)
			for i := range m {
				for range n {
					m[i] = append(m[i], r.IntN(slots))
				}
			}
			return m
		}
		ref := &reference{
			alpha: 0.8, kappa: 0.7, threshold: 0.5, gamma: 0.3, smooth: true,
			resetAtSpike: rapid.Bool().Draw(t, "reset at spike"), detached: rapid.Bool().Draw(t, "detached"),
			in: normal(inputs, n, 3), rec: normal(n, n, 5), delayIn: delays(inputs), delayRec: delays(n),
		}
		for range n {
			ref.rho, ref.beta = append(ref.rho, 0.5+0.5*r.Float64()), append(ref.beta, 2*r.Float64())
		}
		blocked := make([]bool, steps*n)
		for i := range blocked {
			blocked[i] = r.IntN(4) == 0
		}
		ref.blocked = func(t, j int) bool { return blocked[t*n+j] }
		s := &trial{past: past, steps: steps, x: normal(past+steps, inputs, 1), z: zeros(past, n)}
		for _, row := range s.z {
			for j := range row {
				row[j] = 0.3 * r.Float64()
			}
		}
		s.v, s.b, s.zbar = normal(1, n, 1)[0], make([]float64, n), make([]float64, n)
		gzbar, every := normal(steps, n, 1), normal(1, n, 1)[0]

		h := ref.run(s)
		if ref.detached {
			ref.resets = h.resets
		}
		in, rec := ref.backward(h, gzbar, every)
		loss := func() (sum float64) {
			h := ref.run(s)
			for t := range steps {
				for j := range n {
					sum += gzbar[t][j]*h.zbar[t][j] + every[j]*h.z[past+t][j]
				}
			}
			return sum
		}
		const step = 1e-6
		for name, m := range map[string]struct{ weights, gradient [][]float64 }{"Win": {ref.in, in}, "Wrec": {ref.rec, rec}} {
			for i, row := range m.weights {
				for j, w := range row {
					row[j] = w + step
					up := loss()
					row[j] = w - step
					down := loss()
					row[j] = w
					got, want := m.gradient[i][j], (up-down)/(2*step)
					// The derivative of ψ jumps at u = -1, 0, 1: an error of the order of the step.
					if !(math.Abs(got-want) <= 2e-5*(1+math.Abs(want))) {
						t.Fatalf("∂E/∂%s[%d][%d] = %.12g, finite difference %.12g", name, i, j, got, want)
					}
					if got != 0 {
						moving++
					}
				}
			}
		}
	})
	enough := 100
	if testing.Short() { // a fifth of the networks
		enough = 20
	}
	if moving < enough {
		t.Errorf("only %d gradients were not zero", moving)
	}
}
