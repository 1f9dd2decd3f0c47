// Package optim moves parameters along their gradients.
package optim

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Param is a trainable array and its gradient.
type Param[F tensor.Float] struct {
	Name  string
	Shape []int
	Value []F
	Grad  []F
}

// Optimizer updates parameters. Step is called with the same parameters, in
// the same order, each time; t counts the updates from 1.
type Optimizer[F tensor.Float] interface {
	Step(params []*Param[F], t int, rate float64)

	// Moments gives the optimiser's own arrays for params, by name, so that
	// they can be saved and loaded in place: those that have the length of
	// the parameter named after the slash, as in "adam-m/w_in".
	Moments(params []*Param[F]) map[string][]F
}

// longGradient is the number of elements from which on their squares are added in
// eight sums side by side. Below, as in recurrent networks of some hundred neurons, they
// are added in their order: those are the bits of the documented runs.
const longGradient = 1 << 18

// ClipNorm scales all gradients so that their joint Euclidean norm is at most
// limit, and returns the norm before.
func ClipNorm[F tensor.Float](params []*Param[F], limit float64) float64 {
	var sum float64
	for _, p := range params {
		if len(p.Grad) >= longGradient {
			_, squares := kernel.CentredSums(p.Grad, 0)
			sum += squares
			continue
		}
		for _, g := range p.Grad {
			sum += float64(g) * float64(g)
		}
	}
	norm := math.Sqrt(sum)
	if norm > limit {
		scale := F(limit / norm)
		for _, p := range params {
			for i := range p.Grad {
				p.Grad[i] *= scale
			}
		}
	}
	return norm
}

// arrays keeps one array for each parameter.
type arrays[F tensor.Float] [][]F

func (a *arrays[F]) fit(params []*Param[F]) {
	for i := len(*a); i < len(params); i++ {
		*a = append(*a, make([]F, len(params[i].Value)))
	}
}
