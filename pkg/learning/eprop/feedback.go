package eprop

import (
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Feedback chooses the matrix B of equation (14), by which the errors of the
// readout reach the neurons.
type Feedback int

const (
	// Symmetric feedback is B = Wout, as it is at the time.
	Symmetric Feedback = iota
	// Random feedback is a matrix that is drawn once and stays.
	Random
	// Adaptive feedback is drawn like Random and then learns: it gets the same
	// updates as Wout, and after each both decay by the same factor. So Wout - B
	// shrinks by (1 - decay) an update, and B becomes Wout (Kolen and Pollack,
	// 1994).
	Adaptive
)

// RandomFeedback draws B [n][K] with entries scale·N(0,1). The publications take
// scale 1 (evidence accumulation) or 1/√n.
func RandomFeedback[F tensor.Float](n, outputs int, scale float64, seed uint64) []F {
	r := rng.Stream(seed, "feedback", 0, 0)
	b := make([]F, n*outputs)
	for i := range b {
		b[i] = F(scale * r.NormFloat64())
	}
	return b
}

// Decay is W ← W - decay W, for Wout and B after each update of both where
// feedback is Adaptive. decay is in [0, 1).
func Decay[F tensor.Float](w []F, decay float64) {
	for i := range w {
		w[i] -= F(F(decay) * w[i])
	}
}
