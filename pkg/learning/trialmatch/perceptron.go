package trialmatch

import (
	"fmt"
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// perceptron is a chain of dense layers with LeakyReLU between them (ReLU where the slope
// below zero is 0) and one logit at the end, trained by AdamW.
type perceptron struct {
	layers  []denseLayer
	leak    float64
	weights plasticity.Weights[float64]
	updates int
}

// denseLayer is y = x W + b with W [in][out]; x and y of the last trials are kept.
type denseLayer struct {
	in, out            int
	w, b, gradW, gradB []float64
	x, y               []float64 // [trials][in], [trials][out]
}

// newPerceptron draws weights and biases uniformly in ±1/√inputs of each layer. The stream
// of numbers is named by purpose and number.
func newPerceptron(purpose rng.Purpose, number int, seed uint64, sizes []int, leak, rate, decay float64) *perceptron {
	p := &perceptron{layers: make([]denseLayer, len(sizes)-1), leak: leak}
	p.weights.Options = plasticity.Options[float64]{Optimizer: &optim.Adam[float64]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: decay},
		Schedule: optim.Constant(rate)}
	for i := range p.layers {
		l := &p.layers[i]
		l.in, l.out = sizes[i], sizes[i+1]
		l.w, l.gradW = make([]float64, l.in*l.out), make([]float64, l.in*l.out)
		l.b, l.gradB = make([]float64, l.out), make([]float64, l.out)
		r := rng.Stream(seed, purpose, uint64(i), uint64(number))
		limit := 1 / math.Sqrt(float64(l.in))
		for _, x := range [][]float64{l.w, l.b} {
			for j := range x {
				x[j] = limit * (2*r.Float64() - 1)
			}
		}
		name := fmt.Sprintf("%s%d_", purpose, number)
		p.weights.Add(plasticity.Array[float64]{Name: name + fmt.Sprintf("w%d", i), Shape: []int{l.in, l.out}, Value: l.w, Grad: l.gradW, Doc: "of a session's discriminator [in][out]"})
		p.weights.Add(plasticity.Array[float64]{Name: name + fmt.Sprintf("b%d", i), Shape: []int{l.out}, Value: l.b, Grad: l.gradB, Doc: "of a session's discriminator"})
	}
	return p
}

// logits are those of trials.
func (p *perceptron) logits(trials [][]float64) []float64 {
	n := len(trials)
	x := make([]float64, 0, n*len(trials[0]))
	for _, t := range trials {
		x = append(x, t...)
	}
	for i := range p.layers {
		l := &p.layers[i]
		l.x, l.y = x, make([]float64, n*l.out)
		for k := range n {
			copy(l.y[k*l.out:], l.b)
		}
		kernel.Gemm(1, false, false, n, l.out, l.in, 1, l.x, l.in, l.w, l.out, 1, l.y, l.out)
		x = l.y
		if i < len(p.layers)-1 {
			x = make([]float64, len(l.y))
			for j, v := range l.y {
				x[j] = v
				if v < 0 {
					x[j] = p.leak * v
				}
			}
		}
	}
	return x
}

// back adds the gradients of a loss to those of the weights, and returns the one with
// respect to the trials, from that with respect to the last logits.
func (p *perceptron) back(g []float64) []float64 {
	n := len(g)
	for i := len(p.layers) - 1; i >= 0; i-- {
		l := &p.layers[i]
		if i < len(p.layers)-1 {
			for j, v := range l.y {
				if v < 0 {
					g[j] *= p.leak
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

// forget clears the gradients.
func (p *perceptron) forget() {
	for i := range p.layers {
		clear(p.layers[i].gradW)
		clear(p.layers[i].gradB)
	}
}

// update takes one step along the gradients.
func (p *perceptron) update() error {
	_, err := p.weights.Update(p.updates)
	p.updates++
	p.forget()
	return err
}
