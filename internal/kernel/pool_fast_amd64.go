//go:build amd64 && !purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

// maxOfSquaresFast returns how many results it has done: in float32, all but the last seven
// at the most.
func maxOfSquaresFast[F tensor.Float](y []F, place []int32, upper, lower []F, first, second int32) int {
	to, n := eights(y)
	if n > 0 {
		maxOfSquaresF32(n, &to[0], &place[0], &any(upper).([]float32)[0], &any(lower).([]float32)[0], first, second)
	}
	return n
}
