package poisson

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// The spikes of a block stay in it and come at its rate, from silence to a spike
// in every step.
func TestBlocksFireAtTheirRate(t *testing.T) {
	for _, hz := range []float64{0, 1, 40, 500, 1000} {
		s := tensor.NewSpikes(2000, 12)
		where := Block{Start: 500, Steps: 1000, Line: 3, Lines: 5}
		AtRate(hz).Fire(rng.Stream(1, "test", 0, 0), s, 7, where)
		inside := 0
		for step := range s.T {
			for i := range s.N {
				if !s.At(step, i, 7) {
					continue
				}
				if step < 500 || step >= 1500 || i < 3 || i >= 8 {
					t.Fatalf("%g Hz: line %d fires in step %d, outside of its block", hz, i, step)
				}
				inside++
			}
		}
		p := hz / 1000
		if want := 5000 * p; math.Abs(float64(inside)-want) > 5*math.Sqrt(5000*p*(1-p)) {
			t.Errorf("%g Hz: %d spikes, want about %g", hz, inside, want)
		}
		for _, w := range s.Words {
			if w&^(1<<7) != 0 {
				t.Fatal("another trial fires")
			}
		}
	}
}
