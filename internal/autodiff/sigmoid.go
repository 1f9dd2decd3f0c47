package autodiff

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Sigmoid is y = 1 / (1 + exp(-x)), of any shape.
func Sigmoid[F tensor.Float](t *Tape[F], threads int, x *Var[F]) *Var[F] {
	y := like(t, x)
	eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
		kernel.Sigmoid(y.Value.Data[lo:hi], x.Value.Data[lo:hi])
	})
	if x.Grad == nil {
		return y
	}
	t.Record(func() {
		eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
			gx, gy := x.Grad.Data[lo:hi], y.Grad.Data[lo:hi]
			for i, v := range y.Value.Data[lo:hi] {
				gx[i] += F(gy[i] * v * (1 - v))
			}
		})
	})
	return y
}
