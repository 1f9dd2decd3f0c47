package functionepisodes

import (
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/rng"
)

// Function is what an episode is about: it takes its inputs, each in [-1, 1], to a
// number in [0, 1].
type Function interface{ At(x []float64) float64 }

// Family draws functions.
type Family interface {
	draw(r *rand.Rand) Function
	inputs() int
}

// Teachers is the family of teacher networks.
type Teachers struct{ Range Attainable }

func (f Teachers) draw(r *rand.Rand) Function { return NewTeacher(r, f.Range) }
func (Teachers) inputs() int                  { return 2 }
func (Sinusoids) inputs() int                 { return 1 }

// Episode is one function and the examples of it that are shown, trial by trial.
type Episode struct {
	Function Function
	X        [][]float64 // x^k, uniform in [-1, 1]
	Y        []float64   // C(x^k)
}

// draw draws an episode of so many trials.
func (s *Source) draw(purpose rng.Purpose, step, index int) *Episode {
	r := rng.Stream(s.Seed, purpose, uint64(step), uint64(index))
	e := &Episode{Function: s.Family.draw(r), X: make([][]float64, s.EpisodeTrials), Y: make([]float64, s.EpisodeTrials)}
	for k := range e.X {
		x := make([]float64, s.Family.inputs())
		for i := range x {
			x[i] = 2*r.Float64() - 1
		}
		e.X[k], e.Y[k] = x, e.Function.At(x)
	}
	return e
}
