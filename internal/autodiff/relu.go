package autodiff

import "github.com/snnctl/snnctl/internal/tensor"

// ReLU is y = max(x, 0), of any shape; its derivative at 0 is 0.
func ReLU[F tensor.Float](t *Tape[F], threads int, x *Var[F]) *Var[F] {
	y := like(x)
	eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
		to := y.Value.Data[lo:hi]
		for i, v := range x.Value.Data[lo:hi] {
			to[i] = max(v, 0)
		}
	})
	if x.Grad == nil {
		return y
	}
	t.Record(func() {
		eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
			gx, gy := x.Grad.Data[lo:hi], y.Grad.Data[lo:hi]
			for i, v := range y.Value.Data[lo:hi] {
				if v > 0 {
					gx[i] += gy[i]
				}
			}
		})
	})
	return y
}
