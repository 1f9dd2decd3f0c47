// Package poisson fires populations of input lines at random, independently in
// every line and step.
package poisson

import (
	"math"
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/tensor"
)

// Lines fires each line in each step with probability p.
//
// It draws the gaps between spikes, so that the cost follows their number: the
// number of failures before a success is geometric,
//
//	⌊E / -ln(1-p)⌋  with E exponential of mean 1.
type Lines struct {
	scale float64 // 1 / -ln(1-p)
}

// AtRate fires at a rate in Hz, from 0 (never) to 1000 (in every step of 1 ms).
func AtRate(hz float64) Lines { return Lines{scale: -1 / math.Log1p(-hz/1000)} }

// Block is a population of lines, over some steps.
type Block struct{ Start, Steps, Line, Lines int }

// Fire adds the spikes of a block to a trial.
func (p Lines) Fire(r *rand.Rand, s *tensor.Spikes, lane int, where Block) {
	bit := uint16(1) << lane
	words := s.Words[where.Start*s.N+where.Line:]
	last := where.Steps*where.Lines - 1
	for position := -1; ; {
		gap := math.Floor(r.ExpFloat64() * p.scale)
		if gap >= float64(last-position) {
			return
		}
		position += 1 + int(gap)
		words[position/where.Lines*s.N+position%where.Lines] |= bit
	}
}
