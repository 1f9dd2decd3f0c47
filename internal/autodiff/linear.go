package autodiff

import "github.com/snnctl/snnctl/internal/tensor"

// Linear is y = x W + b, with x [rows][in], W [in][out] and b [out], nil for none.
func Linear[F tensor.Float](t *Tape[F], x, w, b *Var[F]) *Var[F] {
	rows, in, out := x.Value.Shape[0], w.Value.Shape[0], w.Value.Shape[1]
	y := NewVar(tensor.New[F](rows, out))
	for r := range rows {
		to := y.Value.Row(r)
		if b != nil {
			copy(to, b.Value.Data)
		}
		for i, xi := range x.Value.Row(r) {
			for k, wk := range w.Value.Row(i) {
				to[k] += F(xi * wk)
			}
		}
	}
	t.Record(func() {
		for r := range rows {
			gy, xr, gx := y.Grad.Row(r), x.Value.Row(r), x.Grad.Row(r)
			for i := range in {
				wi, gw := w.Value.Row(i), w.Grad.Row(i)
				var sum F
				for k, g := range gy {
					sum += F(g * wi[k])
					gw[k] += F(xr[i] * g)
				}
				gx[i] += sum
			}
			if b != nil {
				for k, g := range gy {
					b.Grad.Data[k] += g
				}
			}
		}
	})
	return y
}
