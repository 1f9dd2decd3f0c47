package eprop

import (
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// FeedbackKind chooses the matrix B of equation (14), by which the errors of the
// readout reach the neurons.
type FeedbackKind int

const (
	// Symmetric feedback is B = Wout, as it is at the time.
	Symmetric FeedbackKind = iota
	// Random feedback is a matrix that is drawn once and stays.
	Random
	// Adaptive feedback is drawn like Random and then learns: it gets the same
	// updates as Wout, and after each both decay by the same factor. So Wout - B
	// shrinks by (1 - decay) an update, and B becomes Wout (Kolen and Pollack,
	// 1994). A penalty on the weights themselves must not be added to either.
	Adaptive
)

// Feedback is the matrix B in training.
type Feedback[F tensor.Float] struct {
	Kind  FeedbackKind
	B     []F     // [n][K]; nil where it is symmetric. Its gradient, if it is adaptive, is Gradients.Out.
	Decay float64 // of B and Wout by an update, in [0, 1), where it is adaptive
}

// NewFeedback draws B [n][K] with entries scale·N(0,1), unless feedback is
// symmetric. The publications take scale 1 (evidence accumulation) or 1/√n.
func NewFeedback[F tensor.Float](kind FeedbackKind, n, outputs int, scale, decay float64, seed uint64) *Feedback[F] {
	f := &Feedback[F]{Kind: kind, Decay: decay}
	if kind == Symmetric {
		return f
	}
	r := rng.Stream(seed, "feedback", 0, 0)
	f.B = make([]F, n*outputs)
	for i := range f.B {
		f.B[i] = F(scale * r.NormFloat64())
	}
	return f
}

// AfterUpdate lets B and Wout decay, W ← W - decay W, where feedback is adaptive.
// Before, both have had the same update.
func (f *Feedback[F]) AfterUpdate(out []F) {
	if f.Kind != Adaptive {
		return
	}
	for _, w := range [][]F{out, f.B} {
		for i := range w {
			w[i] -= F(F(f.Decay) * w[i])
		}
	}
}
