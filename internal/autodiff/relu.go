package autodiff

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// ReLU is y = max(x, 0), of any shape; its derivative at 0 is 0.
func ReLU[F tensor.Float](t *Tape[F], threads int, x *Var[F]) *Var[F] {
	y := t.Unset(threads, x.Value.Shape...)
	eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
		kernel.ReLU(y.Value.Data[lo:hi], x.Value.Data[lo:hi])
	})
	if x.Grad == nil {
		return y
	}
	t.Record(func() {
		eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
			kernel.ReLUAdjoint(x.Grad.Data[lo:hi], y.Grad.Data[lo:hi], y.Value.Data[lo:hi])
		})
	})
	return y
}
