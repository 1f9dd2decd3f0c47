package storerecall

import (
	"math"
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/tensor"
)

// bernoulli fires each line in each step with probability p, independently.
//
// It draws the gaps between spikes, so that the cost follows their number: the
// number of failures before a success is geometric,
//
//	⌊E / -ln(1-p)⌋  with E exponential of mean 1.
type bernoulli struct {
	scale float64 // 1 / -ln(1-p)
}

func newBernoulli(p float64) bernoulli { return bernoulli{scale: -1 / math.Log1p(-p)} }

// block is a population of lines, over the steps of a symbol.
type block struct{ start, steps, line, lines int }

func (b bernoulli) fire(r *rand.Rand, s *tensor.Spikes, lane int, where block) {
	bit := uint16(1) << lane
	words := s.Words[where.start*s.N+where.line:]
	last := where.steps*where.lines - 1
	for position := -1; ; {
		gap := math.Floor(r.ExpFloat64() * b.scale)
		if gap >= float64(last-position) {
			return
		}
		position += 1 + int(gap)
		words[position/where.lines*s.N+position%where.lines] |= bit
	}
}
