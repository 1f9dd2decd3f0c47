package ttfs

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// Pad puts silent cells around an image.
type Pad[F tensor.Float] struct{ Top, Left, Bottom, Right int }

// Kind is "pad".
func (*Pad[F]) Kind() string { return "pad" }

// Output is the larger image.
func (p *Pad[F]) Output(in Shape) (Shape, error) {
	return (&relu.Pad[F]{Top: p.Top, Left: p.Left, Bottom: p.Bottom, Right: p.Right}).Output(in)
}

// Flatten makes a channel of each value of an image. Only stages that see channels
// need it.
type Flatten[F tensor.Float] struct{}

// Kind is "flatten".
func (*Flatten[F]) Kind() string { return "flatten" }

// Output has a feature for each value.
func (*Flatten[F]) Output(in Shape) (Shape, error) { return relu.Vector(in.Size()), nil }
