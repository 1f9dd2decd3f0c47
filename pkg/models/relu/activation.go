package relu

import (
	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
)

// ReLU is y = min(max(0, x), Ceiling); a Ceiling of 0 means that there is none.
type ReLU[F tensor.Float] struct{ Ceiling float64 }

// Kind is "relu".
func (*ReLU[F]) Kind() string { return "relu" }

// Output is the input's shape.
func (*ReLU[F]) Output(in Shape) (Shape, error) { return in, nil }

// Parameters are none.
func (*ReLU[F]) Parameters() []Parameter[F] { return nil }

// Forward implements Layer.
func (r *ReLU[F]) Forward(p *Pass[F], _ string, x *autodiff.Var[F]) *autodiff.Var[F] {
	if r.Ceiling != 0 {
		return autodiff.ClippedReLU(p.Tape, p.Threads, x, F(r.Ceiling))
	}
	return autodiff.ReLU(p.Tape, p.Threads, x)
}
