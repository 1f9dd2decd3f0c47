package autodiff

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// ELU is y = x for x > 0, and exp(x) - 1 otherwise, element by element.
func ELU[F tensor.Float](t *Tape[F], threads int, x *Var[F]) *Var[F] {
	y := t.Unset(threads, x.Value.Shape...)
	eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
		to, from := y.Value.Data[lo:hi], x.Value.Data[lo:hi]
		for i, v := range from {
			to[i] = min(v, 0)
		}
		kernel.Exp(to, to)
		for i, v := range from {
			to[i] = to[i] - 1 + max(v, 0)
		}
	})
	if x.Grad == nil {
		return y
	}
	t.Record(func() {
		eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
			gx, ys := x.Grad.Data[lo:hi], y.Value.Data[lo:hi]
			for i, g := range y.Grad.Data[lo:hi] {
				gx[i] += F(g * min(ys[i]+1, 1)) // exp(x) = y + 1
			}
		})
	})
	return y
}
