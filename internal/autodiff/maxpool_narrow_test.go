package autodiff

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Planes of few columns are pooled together, with the values and places that each by itself has.
func TestNarrowSquaresAreThoseOfEachPlane(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][3]int{{1, 2, 2}, {7, 4, 4}, {65, 4, 4}, {3, 8, 8}, {130, 2, 6}, {5, 6, 10}, {9, 14, 14}, {64, 8, 12}} {
		planes, height, width := size[0], size[1], size[2]
		h, w := Pool{Size: 2, Stride: 2}.window(height), Pool{Size: 2, Stride: 2}.window(width)
		x := make([]float32, planes*height*width)
		for i := range x {
			x[i] = float32(r.IntN(4)) // many are equal
			if r.IntN(40) == 0 {
				x[i] = float32(math.NaN())
			}
		}
		n := len(x) / 4
		y, places := make([]float32, n), make([]int32, n)
		narrowSquares(y, places, x, width, height*width)
		want, wantPlaces := make([]float32, n), make([]int32, n)
		one, greatest := n/planes, greatestOf[float32](h, w)
		for p := range planes {
			greatest(want[p*one:(p+1)*one], wantPlaces[p*one:(p+1)*one], x[p*height*width:(p+1)*height*width])
		}
		for i := range y {
			if math.Float32bits(y[i]) != math.Float32bits(want[i]) || places[i] != wantPlaces[i] {
				t.Fatalf("%v: square %d is %v at %d, want %v at %d", size, i, y[i], places[i], want[i], wantPlaces[i])
			}
		}
	}
}
