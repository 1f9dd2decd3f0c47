package relu

import "github.com/snnctl/snnctl/internal/tensor"

// Pad puts zeros around an image. Convolutions and pools have symmetric padding of
// their own; this is for the rest.
type Pad[F tensor.Float] struct{ Top, Left, Bottom, Right int }

// Kind is "pad".
func (*Pad[F]) Kind() string { return "pad" }

// Output is the larger image.
func (p *Pad[F]) Output(in Shape) (Shape, error) {
	return Shape{in.Channels, p.Top + in.Height + p.Bottom, p.Left + in.Width + p.Right}, nil
}

// Parameters are none.
func (*Pad[F]) Parameters() []Parameter[F] { return nil }

// Flatten makes features of an image: channels, then rows, then columns.
type Flatten[F tensor.Float] struct{}

// Kind is "flatten".
func (*Flatten[F]) Kind() string { return "flatten" }

// Output has a feature for each value.
func (*Flatten[F]) Output(in Shape) (Shape, error) { return Vector(in.Size()), nil }

// Parameters are none.
func (*Flatten[F]) Parameters() []Parameter[F] { return nil }

// Dropout zeroes values with probability Rate in training, and divides the others
// by 1 - Rate; in evaluation it does nothing.
type Dropout[F tensor.Float] struct{ Rate float64 }

// Kind is "dropout".
func (*Dropout[F]) Kind() string { return "dropout" }

// Output is the input's shape.
func (*Dropout[F]) Output(in Shape) (Shape, error) { return in, nil }

// Parameters are none.
func (*Dropout[F]) Parameters() []Parameter[F] { return nil }
