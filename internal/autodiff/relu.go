package autodiff

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

// ReLU is y = max(x, 0), of any shape; its derivative at 0 is 0.
func ReLU[F tensor.Float](t *Tape[F], threads int, x *Var[F]) *Var[F] {
	y := like(t, x)
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
			pass(x.Grad.Data[lo:hi], y.Grad.Data[lo:hi], y.Value.Data[lo:hi])
		})
	})
	return y
}

// pass adds gy to gx where y, which is not negative, is not zero.
func pass[F tensor.Float](gx, gy, y []F) {
	if gx, ok := any(gx).([]float32); ok {
		// Half of all y are zero, in no order: a branch would be mispredicted
		// as often. The bits of a positive y, negated, have the sign set.
		gy, y := any(gy).([]float32)[:len(gx)], any(y).([]float32)[:len(gx)]
		for i := range gx {
			mask := uint32(-int32(math.Float32bits(y[i])) >> 31)
			gx[i] += math.Float32frombits(math.Float32bits(gy[i]) & mask)
		}
		return
	}
	for i, v := range y {
		if v != 0 {
			gx[i] += gy[i]
		}
	}
}
