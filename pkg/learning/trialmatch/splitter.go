package trialmatch

import "math"

// Splitter combines the gradients that several losses have with respect to the spikes:
// it brings each to unit size, and where two conflict takes from each the part that goes
// against the other, step of time by step of time (2306.03603, section 4.1 of the method).
// It sees gradients through their inner products alone: what comes out in a step is a sum
// of what went in, each times a number.
type Splitter struct {
	Squares []float64 // running mean of the squared size of each loss's gradient
	Calls   int
}

const splitterDecay = 0.999

// Combine returns, for each step of time and loss, the factor of its gradient in the
// sum. products has the inner products of the losses' gradients over all trials and
// neurons, [T][losses][losses]. If a loss has no gradient at all, the factors are zero.
//
// The running mean starts at its first value and is still divided by 1 - 0.999^calls, so
// that first gradients are shrunk by √0.001: the slow start of the authors' code.
func (s *Splitter) Combine(products [][][]float64) [][]float64 {
	steps, losses := len(products), len(products[0])
	factors := make([][]float64, steps)
	for t := range factors {
		factors[t] = make([]float64, losses)
	}
	squares := make([]float64, losses)
	for i := range squares {
		for _, p := range products {
			squares[i] += p[i][i]
		}
		squares[i] /= float64(steps)
		if squares[i] == 0 {
			return factors
		}
	}
	s.Calls++
	scale := make([]float64, losses)
	for i := range scale {
		if len(s.Squares) <= i {
			s.Squares = append(s.Squares, squares[i])
		} else {
			s.Squares[i] = splitterDecay*s.Squares[i] + (1-splitterDecay)*squares[i]
		}
		scale[i] = 1 / max(math.Sqrt(s.Squares[i]/(1-math.Pow(splitterDecay, float64(s.Calls)))), 1e-16)
	}
	a := make([]float64, losses) // one gradient, as factors of all
	for t, p := range products {
		for i := range losses {
			clear(a)
			a[i] = scale[i]
			for j := range losses { // a ← a - (a·û) û if a·û < 0, û along loss j
				var dot float64
				for k, x := range a {
					dot += x * p[k][j]
				}
				if p[j][j] > 0 && dot < 0 {
					a[j] -= dot / p[j][j]
				}
			}
			for k, x := range a {
				factors[t][k] += x
			}
		}
	}
	return factors
}
