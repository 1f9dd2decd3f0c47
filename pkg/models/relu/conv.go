package relu

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Conv is the convolution (a correlation, as all of deep learning calls it) of
// autodiff.Conv2D,
//
//	y[o,i,j] = b[o] + Σ_{c,u,v} W[o,c,u,v] x[g·in/groups + c, i·sh - ph + u·dh, j·sw - pw + v·dw],
//
// with x read as 0 outside and output o in group g.
type Conv[F tensor.Float] struct {
	Weights       *tensor.Dense[F] // W, [out][in/groups][KH][KW]
	Bias          *tensor.Dense[F] // b, [out]
	Height, Width Axis
	Groups        int
}

// Axis says how a kernel moves along one axis: by Stride from output to output,
// with Dilation from tap to tap, and Padding zeros before and behind.
type Axis struct{ Stride, Padding, Dilation int }

// outputs is ⌊(in + 2p - d(taps-1) - 1) / s⌋ + 1, or 0 where the kernel does not fit.
func (a Axis) outputs(in, taps int) int {
	room := in + 2*a.Padding - a.Dilation*(taps-1) - 1
	if room < 0 {
		return 0
	}
	return room/a.Stride + 1
}

// Kind is "conv".
func (*Conv[F]) Kind() string { return "conv" }

// Output has a channel for each filter.
func (c *Conv[F]) Output(in Shape) (Shape, error) {
	w := c.Weights.Shape
	if c.Groups < 1 || in.Channels%c.Groups != 0 || w[0]%c.Groups != 0 || w[1] != in.Channels/c.Groups {
		return Shape{}, fmt.Errorf("has %d filters over %d channels in %d groups, but gets %d channels", w[0], w[1]*c.Groups, c.Groups, in.Channels)
	}
	out := Shape{w[0], c.Height.outputs(in.Height, w[2]), c.Width.outputs(in.Width, w[3])}
	if out.Size() == 0 {
		return Shape{}, fmt.Errorf("has filters of %dx%d, which do not fit into an image of %v with its padding", w[2], w[3], in)
	}
	return out, nil
}

// Parameters are the weights and the bias.
func (c *Conv[F]) Parameters() []Parameter[F] {
	return []Parameter[F]{{"weight", c.Weights}, {"bias", c.Bias}}
}

// Forward implements Layer.
func (c *Conv[F]) Forward(p *Pass[F], _ string, x *autodiff.Var[F]) *autodiff.Var[F] {
	return autodiff.Conv2D(p.Tape, p.Threads, x, p.variable(c.Weights), p.variable(c.Bias),
		autodiff.Axis(c.Height), autodiff.Axis(c.Width), c.Groups)
}

// forwardReLU is Forward and the ReLU that follows.
func (c *Conv[F]) forwardReLU(p *Pass[F], x *autodiff.Var[F]) *autodiff.Var[F] {
	return autodiff.Conv2DReLU(p.Tape, p.Threads, x, p.variable(c.Weights), p.variable(c.Bias),
		autodiff.Axis(c.Height), autodiff.Axis(c.Width), c.Groups)
}
