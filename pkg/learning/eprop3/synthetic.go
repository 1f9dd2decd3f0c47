package eprop3

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

// Synthetic is the network of synthetic gradients: from the state S at the end
// of a window it predicts g = dE/dS, E being what is lost after it,
//
//	g = max(0, S W1 + b1) W2 + b2
//
// with a hidden layer of twice as many units as the network has. W2 and b2 are
// zero at first, so that learning begins as without it.
type Synthetic[F tensor.Float] struct {
	Weights, Grads SyntheticWeights[F]

	threads, size, hidden int
	rows                  int
	in, middle, out       []F // S, the hidden layer, g
	errors                []F // of the hidden layer
}

// SyntheticWeights are the parameters, with Q the size of a boundary and H that
// of the hidden layer.
type SyntheticWeights[F tensor.Float] struct {
	W1, B1, W2, B2 []F // [Q][H], [H], [H][Q], [Q]
}

func newSyntheticWeights[F tensor.Float](size, hidden int) SyntheticWeights[F] {
	return SyntheticWeights[F]{make([]F, size*hidden), make([]F, hidden), make([]F, hidden*size), make([]F, size)}
}

// NewSynthetic draws W1 uniformly within ±√(6/Q), as suits rectified units.
func NewSynthetic[F tensor.Float](p *recurrent.Params[F], seed uint64, threads int) *Synthetic[F] {
	size, hidden := BoundarySize(p), 2*p.Cell.Units()
	s := &Synthetic[F]{threads: threads, size: size, hidden: hidden,
		Weights: newSyntheticWeights[F](size, hidden), Grads: newSyntheticWeights[F](size, hidden)}
	r, bound := rng.Stream(seed, "synthetic-gradient", 0, 0), math.Sqrt(6/float64(size))
	for i := range s.Weights.W1 {
		s.Weights.W1[i] = F(bound * (2*r.Float64() - 1))
	}
	return s
}

// Boundaries returns memory for rows boundaries, to be filled in before Predict.
func (s *Synthetic[F]) Boundaries(rows int) []F {
	s.rows = rows
	s.in = recurrent.Grow(s.in, rows*s.size)
	s.middle = recurrent.Grow(s.middle, rows*s.hidden)
	s.out = recurrent.Grow(s.out, rows*s.size)
	return s.in
}

// Predict returns g of the boundaries, [rows][Q].
func (s *Synthetic[F]) Predict() []F {
	w, q, h := &s.Weights, s.size, s.hidden
	for i := range s.rows {
		copy(s.middle[i*h:(i+1)*h], w.B1)
		copy(s.out[i*q:(i+1)*q], w.B2)
	}
	kernel.Gemm(s.threads, false, false, s.rows, h, q, 1, s.in, q, w.W1, h, 1, s.middle, h)
	for i, x := range s.middle {
		s.middle[i] = max(0, x)
	}
	kernel.Gemm(s.threads, false, false, s.rows, q, h, 1, s.middle, h, w.W2, q, 1, s.out, q)
	return s.out
}

// Forget makes the gradients zero.
func (s *Synthetic[F]) Forget() {
	for _, g := range [][]F{s.Grads.W1, s.Grads.B1, s.Grads.W2, s.Grads.B2} {
		clear(g)
	}
}

// Learn adds scale times the gradient of ½ |g - wanted|², summed over the
// boundaries of the last Predict, to Grads, and returns that loss without scale.
// wanted counts as a constant.
func (s *Synthetic[F]) Learn(wanted []F, scale F) (loss float64) {
	w, g, q, h := &s.Weights, &s.Grads, s.size, s.hidden
	for i, x := range wanted {
		d := s.out[i] - x
		loss += float64(d) * float64(d) / 2
		s.out[i] = d * scale
	}
	s.errors = recurrent.Grow(s.errors, s.rows*h)
	kernel.Gemm(s.threads, false, true, s.rows, h, q, 1, s.out, q, w.W2, q, 0, s.errors, h)
	for i, x := range s.middle {
		if x <= 0 {
			s.errors[i] = 0
		}
	}
	kernel.Gemm(s.threads, true, false, h, q, s.rows, 1, s.middle, h, s.out, q, 1, g.W2, q)
	kernel.Gemm(s.threads, true, false, q, h, s.rows, 1, s.in, q, s.errors, h, 1, g.W1, h)
	addRows(g.B2, s.out)
	addRows(g.B1, s.errors)
	return loss
}
