package defects

import (
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/tensor"
)

// JitterSpikes adds noise of standard deviation σ to the spike times of a trial,
// after they were cut at the end of the window (section 6.3 of the method):
//
//	t ← t + σ n,  n ~ N(0, 1)
//
// so spikes may leave their window at either end; dst and src may be the same.
// Silent neurons, x = 0, jitter too, as in the reference code, unless quiet.
// Independent noise of all inputs moves the potential of neuron i by
// σ·√(Σ_j W_ij²) on average.
func JitterSpikes[F tensor.Float](dst, src []F, sigma float64, quiet bool, r *rand.Rand) {
	for i, x := range src {
		n := r.NormFloat64() // drawn for silent neurons too: a draw belongs to its neuron
		if quiet && x == 0 {
			n = 0
		}
		dst[i] = x - F(sigma*n)
	}
}

// JitterInputs is JitterSpikes for the spikes of the input, none of which comes
// before time 0: t ← max(0, t + σ n). Their window has length 1.
func JitterInputs[F tensor.Float](dst, src []F, sigma float64, quiet bool, r *rand.Rand) {
	JitterSpikes(dst, src, sigma, quiet, r)
	for i, x := range dst {
		dst[i] = min(x, 1)
	}
}

// SlopeOffsets fills with fixed offsets, one a neuron, that its slope has because
// no two circuits are the same: normal, of standard deviation σ. The threshold
// stays that of the exact slope ("alpha_noise" of the reference code).
func SlopeOffsets[F tensor.Float](offsets []F, sigma float64, r *rand.Rand) {
	for i := range offsets {
		offsets[i] = F(sigma * r.NormFloat64())
	}
}
