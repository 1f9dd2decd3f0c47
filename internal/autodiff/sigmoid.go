package autodiff

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

// Sigmoid is y = 1 / (1 + exp(-x)), of any shape.
func Sigmoid[F tensor.Float](t *Tape[F], threads int, x *Var[F]) *Var[F] {
	y := like(x)
	eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
		to := y.Value.Data[lo:hi]
		for i, v := range x.Value.Data[lo:hi] {
			to[i] = sigmoid(v)
		}
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

func sigmoid[F tensor.Float](x F) F { return F(1 / (1 + math.Exp(-float64(x)))) }
