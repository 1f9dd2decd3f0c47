package trialmatch

import "math"

// Splitter combines the gradients that several losses have with respect to the spikes:
// it brings each to unit size, and where two conflict takes from each the part that goes
// against the other, step of time by step of time (2306.03603, section 4.1 of the method).
type Splitter struct {
	Squares []float64 // running mean of the squared size of each loss's gradient
	Calls   int
}

const splitterDecay = 0.999

// Combine returns the sum of the gradients, each [T][size] with values of all trials and
// neurons in a step. A loss without gradient leaves the result zero.
//
// The running mean starts at its first value and is still divided by 1 - 0.999^calls, so
// that first gradients are shrunk by √0.001: the slow start of the authors' code.
func (s *Splitter) Combine(gradients [][][]float64) [][]float64 {
	steps, size := len(gradients[0]), len(gradients[0][0])
	sum := make([][]float64, steps)
	for t := range sum {
		sum[t] = make([]float64, size)
	}
	squares := make([]float64, len(gradients))
	for i, g := range gradients {
		for _, step := range g {
			for _, x := range step {
				squares[i] += x * x
			}
		}
		squares[i] /= float64(steps)
		if squares[i] == 0 {
			return sum
		}
	}
	s.Calls++
	scale := make([]float64, len(gradients))
	for i := range gradients {
		if len(s.Squares) <= i {
			s.Squares = append(s.Squares, squares[i])
		} else {
			s.Squares[i] = splitterDecay*s.Squares[i] + (1-splitterDecay)*squares[i]
		}
		scale[i] = 1 / max(math.Sqrt(s.Squares[i]/(1-math.Pow(splitterDecay, float64(s.Calls)))), 1e-16)
	}
	a := make([]float64, size)
	for t := range sum {
		for i, g := range gradients {
			for n, x := range g[t] {
				a[n] = scale[i] * x
			}
			for j, other := range gradients {
				withdraw(a, other[t], scale[j])
			}
			for n, x := range a {
				sum[t][n] += x
			}
		}
	}
	return sum
}

// withdraw takes from a what goes against u = scale·other: a ← a - (a·û) û if a·û < 0.
func withdraw(a, other []float64, scale float64) {
	var dot, square float64
	for n, x := range other {
		dot += a[n] * x * scale
		square += x * scale * x * scale
	}
	if square == 0 || dot >= 0 {
		return
	}
	for n, x := range other {
		a[n] -= dot / square * x * scale
	}
}
