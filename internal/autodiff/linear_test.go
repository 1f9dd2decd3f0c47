package autodiff

import (
	"math"
	"testing"
)

// TestLinearByProductsIsLinearBySums compares values and gradients of both
// ways, on gradients that already hold something.
func TestLinearByProductsIsLinearBySums(t *testing.T) {
	for _, s := range [][3]int{{1, 90, 100}, {7, 130, 67}, {33, 8, 1024}} {
		rows, in, out := s[0], s[1], s[2]
		if in*out < productWeights {
			t.Fatalf("%d×%d weights are not multiplied", in, out)
		}
		x, w, b := random(1, rows, in), random(2, in, out), random(3, out)
		copy(x.Grad.Data, random(4, rows, in).Value.Data)
		copy(w.Grad.Data, random(5, in, out).Value.Data)
		want := [2]*Var[float64]{random(1, rows, in), random(2, in, out)}
		copy(want[0].Grad.Data, x.Grad.Data)
		copy(want[1].Grad.Data, w.Grad.Data)

		var tape Tape[float64]
		y := Linear(&tape, x, w, b)
		expected := random(6, rows, out)
		for r := range rows {
			copy(expected.Value.Row(r), b.Value.Data)
		}
		sumLinear(want[0], want[1], expected)
		copy(y.Grad.Data, random(7, rows, out).Value.Data)
		copy(expected.Grad.Data, y.Grad.Data)
		last := NewVar(random(8, 1).Value)
		tape.Backward(last)
		sumLinearAdjoint(want[0], want[1], expected)

		for name, pair := range map[string][2][]float64{
			"y":    {y.Value.Data, expected.Value.Data},
			"∂E/x": {x.Grad.Data, want[0].Grad.Data},
			"∂E/W": {w.Grad.Data, want[1].Grad.Data},
		} {
			for i, v := range pair[0] {
				if math.Abs(v-pair[1][i]) > 1e-11 {
					t.Fatalf("%d×%d×%d: %s[%d] = %g, by sums %g", rows, in, out, name, i, v, pair[1][i])
				}
			}
		}
		for k, g := range b.Grad.Data {
			var sum float64
			for r := range rows {
				sum += y.Grad.Row(r)[k]
			}
			if math.Abs(g-sum) > 1e-12 {
				t.Errorf("∂E/b[%d] = %g, want %g", k, g, sum)
			}
		}
	}
}
