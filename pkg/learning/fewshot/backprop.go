package fewshot

import (
	"math"
	"math/rand/v2"

	"github.com/snnctl/snnctl/pkg/learning/optim"
)

// Backprop is a network of one layer of hidden units, trained by back-propagation:
//
//	(1) y = c + Σ_j v_j tanh(b_j + Σ_i w_ij x_i)
//
// After each example it takes Updates steps of Adam along the gradient of the mean
// squared error over all examples seen so far or, where it is Online, of the error of the
// newest alone.
type Backprop struct {
	Hidden  int
	Rate    float64 // learning rate of Adam
	Updates int     // after each example
	Online  bool    // keeps no example

	params    []*optim.Param[float64] // w [inputs][Hidden], b, v [Hidden], c [1]
	optimizer optim.Adam[float64]
	taken     int       // updates
	seen      Examples  // of which the gradient is
	h         []float64 // the hidden units of the last output
}

// NewBackprop draws the weights: w from N(0,1)/√inputs, v from N(0,1)/(10 √hidden), so that
// the first prediction is nearly prior, which c is; b is zero.
func NewBackprop(r *rand.Rand, inputs, hidden int, prior, rate float64, updates int) *Backprop {
	b := &Backprop{Hidden: hidden, Rate: rate, Updates: updates, h: make([]float64, hidden),
		optimizer: optim.Adam[float64]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}}
	for _, size := range []int{inputs * hidden, hidden, hidden, 1} {
		b.params = append(b.params, &optim.Param[float64]{Value: make([]float64, size), Grad: make([]float64, size)})
	}
	for i := range b.params[0].Value {
		b.params[0].Value[i] = r.NormFloat64() / math.Sqrt(float64(inputs))
	}
	for j := range b.params[2].Value {
		b.params[2].Value[j] = r.NormFloat64() / (10 * math.Sqrt(float64(hidden)))
	}
	b.params[3].Value[0] = prior
	return b
}

// Predict implements Learner.
func (b *Backprop) Predict(x []float64) float64 {
	w, bias, v := b.params[0].Value, b.params[1].Value, b.params[2].Value
	y := b.params[3].Value[0]
	for j := range b.h {
		a := bias[j]
		for i, xi := range x {
			a += w[i*b.Hidden+j] * xi
		}
		b.h[j] = math.Tanh(a)
		y += v[j] * b.h[j]
	}
	return y
}

// Learn implements Learner.
func (b *Backprop) Learn(x []float64, y float64) {
	if b.Online {
		b.seen.X, b.seen.Y = b.seen.X[:0], b.seen.Y[:0]
	}
	b.seen.X, b.seen.Y = append(b.seen.X, x), append(b.seen.Y, y)
	for range b.Updates {
		b.gradient()
		b.taken++
		b.optimizer.Step(b.params, b.taken, b.Rate)
	}
}

// gradient writes that of the mean squared error over the examples seen, and returns
// the error.
func (b *Backprop) gradient() (loss float64) {
	for _, p := range b.params {
		clear(p.Grad)
	}
	v := b.params[2].Value
	w, bias, out, c := b.params[0].Grad, b.params[1].Grad, b.params[2].Grad, b.params[3].Grad
	n := float64(len(b.seen.Y))
	for k, x := range b.seen.X {
		d := b.Predict(x) - b.seen.Y[k]
		loss += d * d / n
		g := 2 * d / n
		c[0] += g
		for j, h := range b.h {
			out[j] += g * h
			ga := g * v[j] * (1 - h*h)
			bias[j] += ga
			for i, xi := range x {
				w[i*b.Hidden+j] += ga * xi
			}
		}
	}
	return loss
}
