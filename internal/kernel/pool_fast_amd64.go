//go:build amd64 && !purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

// maxOfSquaresFast returns how many results it has done: in float32, all if they are eight or
// more, as the last eight may overlap those before.
func maxOfSquaresFast[F tensor.Float](y []F, place []int32, upper, lower []F, first, second int32) int {
	to, n := eights(y)
	if n > 0 {
		u, l := any(upper).([]float32), any(lower).([]float32)
		maxOfSquaresF32(n, &to[0], &place[0], &u[0], &l[0], first, second)
		if last := len(y) - 8; last+8 > n {
			to := any(y).([]float32)
			maxOfSquaresF32(8, &to[last], &place[last], &u[2*last], &l[2*last], first+int32(2*last), second+int32(2*last))
		}
		n = len(y)
	}
	return n
}
