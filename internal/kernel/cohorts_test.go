package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// nearly compares numbers up to a few units in the last place, or absolutely near zero.
func nearly(t *testing.T, what string, got, want []float64, scale float64) {
	t.Helper()
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 4e-15*(math.Abs(want[i])+scale)) {
			t.Fatalf("%s[%d] = %.17g in vectors, %.17g in plain Go", what, i, got[i], want[i])
		}
	}
}

func TestCohortsAgreeWithPlainGo(t *testing.T) {
	const c, dt = 0.8, 4e-3
	for n := range 23 {
		for _, drive := range []float64{-40, 0, 1.5, 30, 900} {
			t.Run(fmt.Sprintf("%d cohorts, drive %g", n, drive), func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(n), 1))
				numbers := func(size int, scale float64) []float64 {
					x := make([]float64, size)
					for i := range x {
						x[i] = scale * r.Float64()
					}
					return x
				}
				// A number beyond the end must stay as it is.
				k := Cohorts{V: numbers(n+1, 8), S: numbers(n+1, 1), Z: numbers(n+1, 0.1),
					Before: make([]float64, n+1), Potential: make([]float64, n+1), Hazard: make([]float64, n+1), Chance: make([]float64, n+1)}
				copyOf := func(k Cohorts) Cohorts {
					for _, x := range []*[]float64{&k.V, &k.S, &k.Z, &k.Before, &k.Potential, &k.Hazard, &k.Chance} {
						*x = slices.Clone(*x)
					}
					return k
				}
				got, want := copyOf(k), copyOf(k)
				var gotSums, wantSums CohortSums
				CohortStep(&got, n, c, drive, 3.7, dt, &gotSums)
				plainly(func() { CohortStep(&want, n, c, drive, 3.7, dt, &wantSums) })
				nearly(t, "V", got.V, want.V, 1)
				nearly(t, "S", got.S, want.S, 1e-290)
				nearly(t, "S before", got.Before, want.Before, 0)
				nearly(t, "potential", got.Potential, want.Potential, 1)
				for i, p := range want.Chance { // as far as rounding of v allows
					if math.Abs(got.Chance[i]-p) > 4e-15*p*(1+math.Abs(want.V[i])) {
						t.Fatalf("P[%d] = %.17g, want %.17g", i, got.Chance[i], p)
					}
				}
				if drive < 900 {
					for i, lam := range want.Hazard {
						if math.Abs(got.Hazard[i]-lam) > 4e-15*lam*(1+math.Abs(want.V[i])) {
							t.Fatalf("λ[%d] = %.17g, want %.17g", i, got.Hazard[i], lam)
						}
					}
				}
				sum := func(s CohortSums) []float64 { return []float64{s.X, s.M, s.W, s.WP} }
				nearly(t, "sums", sum(gotSums), sum(wantSums), 1e-3)

				a := CohortAdjoints{S: want.Before, Hazard: numbers(n+1, 300), Chance: want.Chance, Z: want.Z, Before: k.V,
					LogS: numbers(n+1, 10), V: numbers(n+1, 10), GZ: numbers(n+1, 10), ToZbar: 100 * r.NormFloat64(), ToRate: r.NormFloat64(), Rate: 0.03}
				b := a
				b.LogS, b.V, b.GZ = slices.Clone(a.LogS), slices.Clone(a.V), slices.Clone(a.GZ)
				var gotBack, wantBack CohortAdjointSums
				CohortBack(&a, n, c, dt, &gotBack)
				plainly(func() { CohortBack(&b, n, c, dt, &wantBack) })
				nearly(t, "∂ ln S", a.LogS, b.LogS, 10)
				nearly(t, "∂v", a.V, b.V, 100)
				nearly(t, "∂Z", a.GZ, b.GZ, 10)
				nearly(t, "sums", []float64{gotBack.U, gotBack.Before, gotBack.Hazard}, []float64{wantBack.U, wantBack.Before, wantBack.Hazard}, 1000)
			})
		}
	}
}

func BenchmarkCohorts(b *testing.B) {
	const n = 250
	x := func(v float64) []float64 {
		s := make([]float64, n)
		for i := range s {
			s[i] = v
		}
		return s
	}
	k := Cohorts{V: x(3), S: x(0.5), Z: x(0.1), Before: x(0), Potential: x(0), Hazard: x(0), Chance: x(0)}
	a := CohortAdjoints{S: k.S, Hazard: k.Hazard, Chance: k.Chance, Z: k.Z, Before: k.Before, LogS: x(0), V: x(0), GZ: x(0), ToZbar: 1, ToRate: 1, Rate: 0.1}
	var s CohortSums
	var t CohortAdjointSums
	b.Run("step", func(b *testing.B) {
		for b.Loop() {
			CohortStep(&k, n, 0.8, 1, 3.7, 4e-3, &s)
		}
	})
	b.Run("back", func(b *testing.B) {
		for b.Loop() {
			CohortBack(&a, n, 0.8, 4e-3, &t)
		}
	})
}
