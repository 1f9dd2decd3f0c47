package kernel

import (
	"math"
	"slices"
	"testing"
)

func TestTraceStepGivesTheBitsOfPlainGo(t *testing.T) {
	for n := range 5 {
		for shape := range 16 { // which of the slices there are
			start := func() *Traces[float32] {
				x := &Traces[float32]{Psi: oddNumbers(1, Lanes), Phi: oddNumbers(2, Lanes), Signal: oddNumbers(3, Lanes), EpsV: oddNumbers(4, n*Lanes),
					Rho: 0.9, C: 0.3, Kappa: 0.8, G: 0.2}
				if shape&1 != 0 {
					x.EpsA = oddNumbers(5, n*Lanes)
				}
				if shape&2 != 0 {
					x.Ebar = oddNumbers(6, n*Lanes)
				}
				if shape&4 != 0 {
					x.ByError = make([]float64, n)
				}
				if shape&8 != 0 {
					x.ByRate = make([]float64, n)
				}
				return x
			}
			got, want := start(), start()
			for range 3 {
				TraceStep(got)
				plainly(func() { TraceStep(want) })
			}
			sameFloats(t, "εa", got.EpsA, want.EpsA)
			sameFloats(t, "ē", got.Ebar, want.Ebar)
			same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
			if !slices.EqualFunc(got.ByError, want.ByError, same) || !slices.EqualFunc(got.ByRate, want.ByRate, same) {
				t.Fatalf("shape %d: sums %v and %v in vectors, %v and %v in plain Go", shape, got.ByError, got.ByRate, want.ByError, want.ByRate)
			}
		}
	}
}
