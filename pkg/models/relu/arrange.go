package relu

import (
	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Pad puts zeros around an image. Convolutions and pools have symmetric padding of
// their own; this is for the rest.
type Pad[F tensor.Float] struct{ Top, Left, Bottom, Right int }

// Kind is "pad".
func (*Pad[F]) Kind() string { return "pad" }

// Output is the larger image.
func (l *Pad[F]) Output(in Shape) (Shape, error) {
	return Shape{in.Channels, l.Top + in.Height + l.Bottom, l.Left + in.Width + l.Right}, nil
}

// Parameters are none.
func (*Pad[F]) Parameters() []Parameter[F] { return nil }

// Forward implements Layer.
func (l *Pad[F]) Forward(p *Pass[F], _ string, x *autodiff.Var[F]) *autodiff.Var[F] {
	return autodiff.Pad2D(p.Tape, p.Threads, x, l.Top, l.Left, l.Bottom, l.Right)
}

// Flatten makes features of an image: channels, then rows, then columns.
type Flatten[F tensor.Float] struct{}

// Kind is "flatten".
func (*Flatten[F]) Kind() string { return "flatten" }

// Output has a feature for each value.
func (*Flatten[F]) Output(in Shape) (Shape, error) { return Vector(in.Size()), nil }

// Parameters are none.
func (*Flatten[F]) Parameters() []Parameter[F] { return nil }

// Forward implements Layer.
func (*Flatten[F]) Forward(_ *Pass[F], _ string, x *autodiff.Var[F]) *autodiff.Var[F] {
	trials := x.Value.Shape[0]
	return autodiff.Reshape(x, trials, len(x.Value.Data)/trials, 1, 1)
}

// Dropout zeroes values with probability Rate in training, and divides the others
// by 1 - Rate; in evaluation it does nothing.
type Dropout[F tensor.Float] struct{ Rate float64 }

// Kind is "dropout".
func (*Dropout[F]) Kind() string { return "dropout" }

// Output is the input's shape.
func (*Dropout[F]) Output(in Shape) (Shape, error) { return in, nil }

// Parameters are none.
func (*Dropout[F]) Parameters() []Parameter[F] { return nil }

// Forward implements Layer. The masks are drawn for the layer of that name.
func (d *Dropout[F]) Forward(p *Pass[F], name string, x *autodiff.Var[F]) *autodiff.Var[F] {
	if !p.Training || d.Rate == 0 {
		return x
	}
	return autodiff.Dropout(p.Tape, p.Threads, x, d.Rate, p.Seed, rng.Purpose("dropout "+name), uint64(p.Step))
}
