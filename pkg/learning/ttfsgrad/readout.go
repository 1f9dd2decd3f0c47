package ttfsgrad

import (
	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// addDrive is y = v + d, with v [trials][channels][…] and d [channels] or, for each
// place its own, [channels][places].
func addDrive[F tensor.Float](t *autodiff.Tape[F], threads int, v, d *autodiff.Var[F]) *autodiff.Var[F] {
	y := t.Unset(threads, v.Value.Shape...)
	trials := v.Value.Shape[0]
	each := len(v.Value.Data) / trials / len(d.Value.Data)
	parallel.For(threads, trials, func(_, n int) {
		to := part(y.Value.Data, trials, n)
		for i, x := range part(v.Value.Data, trials, n) {
			to[i] = x + d.Value.Data[i/each]
		}
	})
	t.Record(func() {
		for n := range trials {
			gv := part(v.Grad.Data, trials, n)
			for i, g := range part(y.Grad.Data, trials, n) {
				gv[i] += g
				d.Grad.Data[i/each] += g
			}
		}
	})
	return y
}

// scaled is y = a x.
func scaled[F tensor.Float](t *autodiff.Tape[F], threads int, x *autodiff.Var[F], a F) *autodiff.Var[F] {
	y := t.Unset(threads, x.Value.Shape...)
	rows := x.Value.Shape[0]
	parallel.For(threads, rows, func(_, n int) {
		to := part(y.Value.Data, rows, n)
		for i, v := range part(x.Value.Data, rows, n) {
			to[i] = a * v
		}
	})
	t.Record(func() {
		if x.Grad == nil {
			return
		}
		parallel.For(threads, rows, func(_, n int) {
			to := part(x.Grad.Data, rows, n)
			for i, g := range part(y.Grad.Data, rows, n) {
				to[i] += F(a * g)
			}
		})
	})
	return y
}
