package relu

import (
	"math"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Start is a distribution of initial weights. Its variance is a function of the
// inputs of a unit, fan-in, and of the units that an input reaches, fan-out; of a
// convolution both count the taps of its kernel.
type Start string

// The distributions of 2306.08744, section 7.4 of the method, and of 2010.08262, section 6.
const (
	GlorotUniform Start = "glorot-uniform" // U(±√(6/(fan-in + fan-out)))
	HeUniform     Start = "he-uniform"     // U(±√(6/fan-in))
	HeNormal      Start = "he-normal"      // N(0, 2/fan-in)
	FanInUniform  Start = "fan-in-uniform" // U(±1/√fan-in), for all layers and their biases, PyTorch's own
)

// Initialise draws all weights: the last layer's, the readout, from GlorotUniform,
// those of the others from start (of FanInUniform also the last's). Biases become 0 (but with that), gains 1, and running averages
// those of no batch: mean 0, variance 1. Weights are drawn in float64 and rounded.
func (n *Network[F]) Initialise(start Start, seed uint64) {
	readout := n.readout()
	for i, layer := range n.Layers {
		s := start
		if i == readout && start != FanInUniform {
			s = GlorotUniform
		}
		r := rng.Stream(seed, rng.Purpose("weights "+layer.Name), 0, 0)
		switch l := layer.Layer.(type) {
		case *Dense[F]:
			w := l.Weights
			draw(s, w.Data, w.Shape[0], w.Shape[1], r.Float64, r.NormFloat64)
			bias(s, l.Bias.Data, w.Shape[0], r.Float64)
		case *Conv[F]:
			w := l.Weights
			taps := w.Shape[2] * w.Shape[3]
			draw(s, w.Data, w.Shape[1]*taps, w.Shape[0]/l.Groups*taps, r.Float64, r.NormFloat64)
			bias(s, l.Bias.Data, w.Shape[1]*taps, r.Float64)
		case *BatchNorm[F]:
			fill(l.Scale, 1)
			fill(l.Shift, 0)
			fill(l.Mean, 0)
			fill(l.Variance, 1)
		}
	}
}

// readout is the last layer with weights, or -1.
func (n *Network[F]) readout() int {
	for i := len(n.Layers) - 1; i >= 0; i-- {
		switch n.Layers[i].Layer.(type) {
		case *Dense[F], *Conv[F]:
			return i
		}
	}
	return -1
}

// draw fills weights from uniform draws in [0, 1) or normal ones.
func draw[F tensor.Float](s Start, weights []F, in, out int, uniform, normal func() float64) {
	bound := math.Sqrt(6 / float64(in))
	switch s {
	case HeNormal:
		deviation := math.Sqrt(2 / float64(in))
		for i := range weights {
			weights[i] = F(deviation * normal())
		}
		return
	case GlorotUniform:
		bound = math.Sqrt(6 / float64(in+out))
	case FanInUniform:
		bound = 1 / math.Sqrt(float64(in))
	}
	for i := range weights {
		weights[i] = F(bound * (2*uniform() - 1))
	}
}

func fill[F tensor.Float](x *tensor.Dense[F], v F) {
	for i := range x.Data {
		x.Data[i] = v
	}
}

// bias fills biases: with 0, or as FanInUniform has them.
func bias[F tensor.Float](s Start, biases []F, in int, uniform func() float64) {
	clear(biases)
	if s == FanInUniform {
		draw(s, biases, in, 0, uniform, nil)
	}
}
