package ttfsgrad

import (
	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// poolSpikes is the earliest spike of each window, the greatest x = t_max - t, or in
// the channels of latest the latest one (2212.12522, section 4.5 of the method). Padding is
// neither. Of equal ones the first, row by row, gets the gradient.
func poolSpikes[F tensor.Float](t *autodiff.Tape[F], threads int, x *autodiff.Var[F], height, width autodiff.Pool, latest []bool) *autodiff.Var[F] {
	reversed := false
	for _, l := range latest {
		reversed = reversed || l
	}
	if !reversed {
		return autodiff.MaxPool2D(t, threads, x, height, width)
	}
	return mirror(t, threads, autodiff.MaxPool2D(t, threads, mirror(t, threads, x, latest), height, width), latest)
}

// mirror is -x in the channels chosen, x in the others, of x [trials][channels][…].
func mirror[F tensor.Float](t *autodiff.Tape[F], threads int, x *autodiff.Var[F], chosen []bool) *autodiff.Var[F] {
	y := t.Unset(threads, x.Value.Shape...)
	planes := x.Value.Shape[0] * x.Value.Shape[1]
	sign := func(plane int) F {
		if chosen[plane%len(chosen)] {
			return -1
		}
		return 1
	}
	parallel.For(threads, planes, func(_, p int) {
		to, s := part(y.Value.Data, planes, p), sign(p)
		for i, v := range part(x.Value.Data, planes, p) {
			to[i] = s * v
		}
	})
	t.Record(func() {
		if x.Grad == nil {
			return
		}
		parallel.For(threads, planes, func(_, p int) {
			to, s := part(x.Grad.Data, planes, p), sign(p)
			for i, g := range part(y.Grad.Data, planes, p) {
				to[i] += F(s * g)
			}
		})
	})
	return y
}
