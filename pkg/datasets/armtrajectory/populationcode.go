package armtrajectory

import (
	"math"
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/tensor"
)

// peakProbability is that of a spike in a step of a neuron at its preferred
// position: 200 Hz.
const peakProbability = 0.2

// tuningWidth is σ of equation (4) for n neurons that code [-1, 1], by the rule of
// the lab whose code this is.
func tuningWidth(n int) float64 {
	neighbours := 2.0
	switch {
	case n > 110 && n < 210:
		neighbours = 20
	case n > 90 && n < 110:
		neighbours = 10
	case n > 15 && n < 25:
		neighbours = 4
	}
	return neighbours * 2 / float64(n)
}

// encode draws equation (4) for positions [T][2].
//
// Few of the neurons fire. So gaps are drawn between the spikes of neurons that
// all fire at the peak rate, and each of their spikes is kept with the
// probability exp(…): the distribution is the same.
func (s *Source) encode(r *rand.Rand, code *tensor.Bits, positions []float64) {
	clear(code.Words)
	n := s.CodeNeurons
	sigma := tuningWidth(n)
	first, spacing := -1-2*sigma, (2+4*sigma)/float64(n-1)
	gap := 1 / math.Log1p(-peakProbability)
	for at := -1; ; {
		at += 1 + int(math.Log(1-r.Float64())*gap) // geometric
		if at >= n*len(positions) {
			return
		}
		value, c := at/n, at%n // x and y of a step are neighbours in both arrays
		d := (first + float64(c)*spacing - min(1, max(-1, positions[value]))) / sigma
		if u := r.Float64(); d*d < 80 && u < math.Exp(-d*d/2) { // beyond, e⁻⁴⁰ is less than the least u > 0
			code.Set(value/2, value%2*n+c)
		}
	}
}
