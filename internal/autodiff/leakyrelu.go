package autodiff

import "github.com/snnctl/snnctl/internal/tensor"

// LeakyReLU is y = x for x > 0 and slope · x otherwise, of any shape.
func LeakyReLU[F tensor.Float](t *Tape[F], threads int, x *Var[F], slope float64) *Var[F] {
	y := t.Unset(threads, x.Value.Shape...)
	s := F(slope)
	eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
		to := y.Value.Data[lo:hi]
		for i, v := range x.Value.Data[lo:hi] {
			to[i] = max(v, 0) + F(s*min(v, 0))
		}
	})
	if x.Grad == nil {
		return y
	}
	t.Record(func() {
		eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
			gx, xs := x.Grad.Data[lo:hi], x.Value.Data[lo:hi]
			for i, g := range y.Grad.Data[lo:hi] {
				if xs[i] > 0 {
					gx[i] += g
				} else {
					gx[i] += F(s * g)
				}
			}
		})
	})
	return y
}
