package kernel

import (
	"math/rand/v2"
	"testing"
)

// AddRowProducts computes some elements of a product, each to the bits of Gemv, and
// leaves the others alone.
func TestAddRowProducts(t *testing.T) {
	testAddRowProducts[float32](t)
	testAddRowProducts[float64](t)
}

func testAddRowProducts[F float32 | float64](t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range []struct{ m, n, lda int }{{1, 1, 1}, {7, 2, 2}, {9, 33, 40}, {50, 112, 112}} {
		a, x := make([]F, size.m*size.lda), make([]F, size.n)
		for i := range a {
			a[i] = F(r.NormFloat64())
		}
		for i := range x {
			x[i] = F(r.NormFloat64())
		}
		y, want := make([]F, size.m), make([]F, size.m)
		Gemv(1, false, size.m, size.n, 1, a, size.lda, x, 0, want)
		var rows []int32
		for i := range size.m {
			y[i] = 2
			if r.IntN(3) > 0 {
				rows = append(rows, int32(i))
				want[i] += 2
			} else {
				want[i] = 2
			}
		}
		AddRowProducts(y, rows, a, size.lda, x)
		for i := range y {
			if y[i] != want[i] {
				t.Errorf("%T, %+v: y[%d] = %v, want %v", y[0], size, i, y[i], want[i])
			}
		}
	}
}
