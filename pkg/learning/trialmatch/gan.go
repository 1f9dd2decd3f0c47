package trialmatch

import (
	"fmt"
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// The hidden layers of a discriminator, and the slope of its LeakyReLU below zero.
const (
	hidden1, hidden2 = 128, 64
	leak             = 0.2
)

// discriminator tells recorded trials from simulated ones by their features: a network
// d-128-64-1 with LeakyReLU and a logistic output D (spikeT-GAN, the adversarial baseline
// of 2306.03603, section 4 of the method).
type discriminator struct {
	layers  [3]denseLayer
	weights plasticity.Weights[float64]
	updates int
}

// denseLayer is y = x W + b with W [in][out]; x and y of the last trials are kept.
type denseLayer struct {
	in, out            int
	w, b, gradW, gradB []float64
	x, y               []float64 // [trials][in], [trials][out]
}

// newDiscriminator draws weights and biases uniformly in ±1/√inputs of each layer.
func newDiscriminator(session, features int, seed uint64, rate, decay float64) *discriminator {
	d := &discriminator{}
	d.weights.Options = plasticity.Options[float64]{Optimizer: &optim.Adam[float64]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: decay},
		Schedule: optim.Constant(rate)}
	sizes := [4]int{features, hidden1, hidden2, 1}
	for i := range d.layers {
		l := &d.layers[i]
		l.in, l.out = sizes[i], sizes[i+1]
		l.w, l.gradW = make([]float64, l.in*l.out), make([]float64, l.in*l.out)
		l.b, l.gradB = make([]float64, l.out), make([]float64, l.out)
		r := rng.Stream(seed, "discriminator", uint64(i), uint64(session))
		limit := 1 / math.Sqrt(float64(l.in))
		for _, x := range [][]float64{l.w, l.b} {
			for j := range x {
				x[j] = limit * (2*r.Float64() - 1)
			}
		}
		name := fmt.Sprintf("discriminator%d_", session)
		d.weights.Add(plasticity.Array[float64]{Name: name + fmt.Sprintf("w%d", i), Shape: []int{l.in, l.out}, Value: l.w, Grad: l.gradW, Doc: "of a session's discriminator [in][out]"})
		d.weights.Add(plasticity.Array[float64]{Name: name + fmt.Sprintf("b%d", i), Shape: []int{l.out}, Value: l.b, Grad: l.gradB, Doc: "of a session's discriminator"})
	}
	return d
}

// logits are those of D for trials.
func (d *discriminator) logits(trials [][]float64) []float64 {
	n := len(trials)
	x := make([]float64, 0, n*len(trials[0]))
	for _, t := range trials {
		x = append(x, t...)
	}
	for i := range d.layers {
		l := &d.layers[i]
		l.x, l.y = x, make([]float64, n*l.out)
		for k := range n {
			copy(l.y[k*l.out:], l.b)
		}
		kernel.Gemm(1, false, false, n, l.out, l.in, 1, l.x, l.in, l.w, l.out, 1, l.y, l.out)
		x = l.y
		if i < len(d.layers)-1 {
			x = make([]float64, len(l.y))
			for j, v := range l.y {
				x[j] = v
				if v < 0 {
					x[j] = leak * v
				}
			}
		}
	}
	return x
}

// back adds the gradients of a loss to those of the weights, and returns the one with
// respect to the trials, from that with respect to the last logits.
func (d *discriminator) back(g []float64) []float64 {
	n := len(g)
	for i := len(d.layers) - 1; i >= 0; i-- {
		l := &d.layers[i]
		if i < len(d.layers)-1 {
			for j, v := range l.y {
				if v < 0 {
					g[j] *= leak
				}
			}
		}
		kernel.Gemm(1, true, false, l.in, l.out, n, 1, l.x, l.in, g, l.out, 1, l.gradW, l.out)
		for k := range n {
			kernel.AddRow(l.gradB, g[k*l.out:(k+1)*l.out])
		}
		before := make([]float64, n*l.in)
		kernel.Gemm(1, false, true, n, l.in, l.out, 1, g, l.out, l.w, l.out, 0, before, l.in)
		g = before
	}
	return g
}

// crossEntropy is the mean of -ln D or -ln(1-D), and its gradient with respect to the
// logits.
func crossEntropy(logits []float64, real bool) (loss float64, gradient []float64) {
	gradient = make([]float64, len(logits))
	n := float64(len(logits))
	for i, x := range logits {
		sign := 1.0
		if real {
			sign = -1
		}
		// -ln(1-D) = ln(1+eˣ), -ln D = ln(1+e⁻ˣ)
		y := sign * x
		loss += (max(y, 0) + math.Log1p(math.Exp(-math.Abs(y)))) / n
		gradient[i] = sign / (1 + math.Exp(-y)) / n
	}
	return loss, gradient
}

// Match is the generator's loss, that simulated trials are taken for recorded ones,
//
//	L = mean_i -ln D(model_i)
//
// and its gradient.
func (d *discriminator) Match(model, _ [][]float64) (float64, [][]float64) {
	loss, g := crossEntropy(d.logits(model), true)
	flat := d.back(g)
	d.clear()
	gradient := make([][]float64, len(model))
	for i := range gradient {
		gradient[i] = flat[i*len(model[0]) : (i+1)*len(model[0])]
	}
	return loss, gradient
}

func (d *discriminator) clear() {
	for i := range d.layers {
		clear(d.layers[i].gradW)
		clear(d.layers[i].gradB)
	}
}

// learn takes one step along the gradient of the loss that recorded and simulated trials
// are told apart.
func (d *discriminator) learn(model, data [][]float64) error {
	for _, of := range []struct {
		trials [][]float64
		real   bool
	}{{data, true}, {model, false}} {
		_, g := crossEntropy(d.logits(of.trials), of.real)
		d.back(g)
	}
	_, err := d.weights.Update(d.updates)
	d.updates++
	d.clear()
	return err
}
