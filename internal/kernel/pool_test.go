package kernel

import (
	"math"
	"testing"
)

func TestMaxOfSquaresTwinsAgree(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 16, 100} {
		for offset := range 3 {
			x := oddNumbers(uint64(n), 2*(2*n+offset))
			upper, lower := x[offset:][:2*n], x[2*n+2*offset:]
			twins(t, "MaxOfSquares", func() [][]float32 {
				y, place := make([]float32, n), make([]int32, n)
				MaxOfSquares(y, place, upper, lower, 1000, 7000)
				places := make([]float32, n)
				for i, p := range place {
					places[i] = float32(p)
				}
				return [][]float32{y, places}
			}, noWords)
		}
	}
}

// All orders of three kinds of numbers: the first of the greatest, or the first NaN.
func TestMaxOfSquaresChoosesTheFirst(t *testing.T) {
	eachTwin(t, func(t *testing.T) {
		kinds := []float32{1, 2, float32(math.NaN())}
		const n = 81
		var x [4][n]float32
		upper, lower := make([]float32, 2*n), make([]float32, 2*n)
		for i := range n {
			for k, of := range []*float32{&upper[2*i], &upper[2*i+1], &lower[2*i], &lower[2*i+1]} {
				x[k][i] = kinds[i/[]int{1, 3, 9, 27}[k]%3]
				*of = x[k][i]
			}
		}
		y, place := make([]float32, n), make([]int32, n)
		MaxOfSquares(y, place, upper, lower, 0, 2*n)
		for i := range n {
			want := 0
			for k := range x {
				if best := x[want][i]; best == best && (x[k][i] > best || x[k][i] != x[k][i]) {
					want = k
				}
			}
			at := int32(want/2*2*n + 2*i + want%2)
			if v := x[want][i]; place[i] != at || y[i] != v && v == v {
				t.Errorf("of %g, %g, %g, %g: %g at %d, want %g at %d", x[0][i], x[1][i], x[2][i], x[3][i], y[i], place[i], v, at)
			}
		}
	})
}
