package defects

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

// RoundTimes rounds the spike times of a window of that length to 2^bits levels,
// its ends among them (section 6.1 of the method): with v = window - x, the time from the
// window's start,
//
//	step = window / (2^bits - 1)    v_q = step·⌊v/step + 1/2⌋, within [0, window].
//
// dst and src, of one length, may be the same. An error of half a step at each
// input moves the potential of neuron i by at most step/2·Σ_j |W_ij|.
func RoundTimes[F tensor.Float](dst, src []F, window float64, bits int) {
	levels := math.Ldexp(1, bits) - 1
	step := window / levels
	for i, x := range src {
		level := math.Floor((window-float64(x))/step + 0.5)
		dst[i] = F(window - step*max(0, min(level, levels)))
	}
}

// InWindow reports whether a spike lies in its window, where rounding passes
// gradients straight through; outside it does not.
func InWindow[F tensor.Float](x F, window float64) bool { return x >= 0 && float64(x) <= window }
