package autodiff

import "github.com/snnctl/snnctl/internal/tensor"

const badCeiling = "autodiff: ClippedReLU: the ceiling is not positive"

// ClippedReLU is y = min(max(x, 0), ceiling), of any shape; its derivative at
// both ends is 0.
func ClippedReLU[F tensor.Float](t *Tape[F], threads int, x *Var[F], ceiling F) *Var[F] {
	if !(ceiling > 0) {
		panic(badCeiling)
	}
	y := t.Unset(threads, x.Value.Shape...)
	eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
		to := y.Value.Data[lo:hi]
		for i, v := range x.Value.Data[lo:hi] {
			to[i] = min(max(v, 0), ceiling)
		}
	})
	if x.Grad == nil {
		return y
	}
	t.Record(func() {
		eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
			gx, gy := x.Grad.Data[lo:hi], y.Grad.Data[lo:hi]
			for i, v := range y.Value.Data[lo:hi] {
				if v > 0 && v < ceiling {
					gx[i] += gy[i]
				}
			}
		})
	})
	return y
}
