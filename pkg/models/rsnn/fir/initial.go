package fir

import (
	"math"
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Start is the distribution of initial weights: normal with the standard deviations
// Input/√I and Recurrent/√(nD), and biases of 0.
type Start struct {
	Truncated        bool // what lies beyond two standard deviations is drawn again
	Input, Recurrent float64
}

// InitialWeights draws the weights of a network.
func InitialWeights[F tensor.Float](net *Network[F], s Start, seed uint64) Weights[F] {
	w := net.NewWeights()
	draw(w.Input, s.Input/math.Sqrt(float64(max(1, net.Inputs))), s.Truncated, rng.Stream(seed, "initial input weights", 0, 0))
	draw(w.Recurrent, s.Recurrent/math.Sqrt(float64(net.Neurons()*net.Delays)), s.Truncated, rng.Stream(seed, "initial recurrent weights", 0, 0))
	return w
}

func draw[F tensor.Float](to []F, std float64, truncated bool, r *rand.Rand) {
	for i := range to {
		v := r.NormFloat64()
		for truncated && math.Abs(v) > 2 {
			v = r.NormFloat64()
		}
		to[i] = F(std * v)
	}
}
