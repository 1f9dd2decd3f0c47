package relu

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Dense is y_i = b_i + Σ_j x_j W_ji.
type Dense[F tensor.Float] struct {
	Weights *tensor.Dense[F] // W, [in][out]
	Bias    *tensor.Dense[F] // b, [out]
}

// Kind is "dense".
func (*Dense[F]) Kind() string { return "dense" }

// Output has a feature for each column of the weights; it takes features only.
func (d *Dense[F]) Output(in Shape) (Shape, error) {
	if in.Places() != 1 {
		return Shape{}, fmt.Errorf("gets an image of %v, expected features (put a flatten layer before it)", in)
	}
	if in.Channels != d.Weights.Shape[0] {
		return Shape{}, fmt.Errorf("has weights for %d inputs, but gets %d", d.Weights.Shape[0], in.Channels)
	}
	return Vector(d.Weights.Shape[1]), nil
}

// Parameters are the weights and the bias.
func (d *Dense[F]) Parameters() []Parameter[F] {
	return []Parameter[F]{{"weight", d.Weights}, {"bias", d.Bias}}
}

// Forward implements Layer.
func (d *Dense[F]) Forward(p *Pass[F], _ string, x *autodiff.Var[F]) *autodiff.Var[F] {
	trials, w := x.Value.Shape[0], d.Weights.Shape
	y := autodiff.Dense(p.Tape, p.Threads, autodiff.Reshape(x, trials, w[0]), p.variable(d.Weights), p.variable(d.Bias))
	return autodiff.Reshape(y, trials, w[1], 1, 1)
}
