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

// rectifyInPlace makes y = max(y, 0).
func rectifyInPlace[F tensor.Float](threads int, y *Var[F]) {
	eachBlock(threads, len(y.Value.Data), func(lo, hi int) { kernel.ReLU(y.Value.Data[lo:hi], y.Value.Data[lo:hi]) })
}

// maskGradient is its adjoint: the gradient of y becomes that of what was rectified.
func maskGradient[F tensor.Float](threads int, y *Var[F]) {
	eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
		var masked [1024]F // stays in the cache
		for ; lo < hi; lo += len(masked) {
			part := masked[:min(len(masked), hi-lo)]
			clear(part)
			kernel.ReLUAdjoint(part, y.Grad.Data[lo:lo+len(part)], y.Value.Data[lo:lo+len(part)])
			copy(y.Grad.Data[lo:], part)
		}
	})
}
