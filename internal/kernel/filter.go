package kernel

import "github.com/snnctl/snnctl/internal/tensor"

// FilterSpikes low-passes spikes in place: z̄ = κ z̄ + (1-κ) z (1803.09574, eq. 7).
func FilterSpikes[F tensor.Float](filtered []F, words []uint16, kappa F) {
	if filterSpikesFast(filtered, words, kappa) {
		return
	}
	rise := 1 - kappa
	for j, word := range words {
		x := lanes(filtered, j)
		for l := range x {
			x[l] = F(kappa*x[l]) + pick(word, l, rise)
		}
	}
}

// AddRow adds src to dst.
func AddRow[F tensor.Float](dst, src []F) {
	if whole := len(dst) &^ (tensor.Lanes - 1); whole > 0 && addRowFast(dst[:whole], src[:whole]) {
		dst, src = dst[whole:], src[whole:]
	}
	src = src[:len(dst)]
	for i := range dst {
		dst[i] += src[i]
	}
}

// Scale multiplies each number by c.
func Scale[F tensor.Float](x []F, c F) {
	if scaleFast(x, c) {
		return
	}
	for i := range x {
		x[i] *= c
	}
}

// OrWords sets in dst every bit that is set in src.
func OrWords(dst, src []uint16) {
	src = src[:len(dst)]
	if orWordsFast(dst, src) {
		return
	}
	for i := range dst {
		dst[i] |= src[i]
	}
}
