package kernel

import "github.com/snnctl/snnctl/internal/tensor"

// MaxOfSquares is a row of max pooling over squares of 2×2: y[j] is the greatest of upper[2j],
// upper[2j+1], lower[2j] and lower[2j+1], and place[j] where it lies, counted so
// that upper begins at first and lower at second. Of equal ones the first wins, and a NaN
// over all that follow it.
func MaxOfSquares[F tensor.Float](y []F, place []int32, upper, lower []F, first, second int32) {
	upper, lower, place = upper[:2*len(y)], lower[:2*len(y)], place[:len(y)]
	for j := maxOfSquaresFast(y, place, upper, lower, first, second); j < len(y); j++ {
		k := int32(2 * j)
		peak, at := upper[k], first+k
		if v := upper[k+1]; !(v <= peak) && peak == peak {
			peak, at = v, first+k+1
		}
		if v := lower[k]; !(v <= peak) && peak == peak {
			peak, at = v, second+k
		}
		if v := lower[k+1]; !(v <= peak) && peak == peak {
			peak, at = v, second+k+1
		}
		y[j], place[j] = peak, at
	}
}
