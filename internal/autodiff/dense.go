package autodiff

import "github.com/snnctl/snnctl/internal/tensor"

const badDense = "autodiff: Dense: x is not [rows][in], w not [in][out] or b not [out]"

// Dense is Linear with matrix products at every size, spread over threads: for
// networks of which such layers are the whole.
func Dense[F tensor.Float](t *Tape[F], threads int, x, w, b *Var[F]) *Var[F] {
	wantAxes(badDense, x, 2)
	wantAxes(badDense, w, 2)
	rows, in, out := x.Value.Shape[0], w.Value.Shape[0], w.Value.Shape[1]
	want(badDense, x, rows, in)
	y := t.Unset(threads, rows, out)
	if b != nil {
		want(badDense, b, out)
		for r := range rows {
			copy(y.Value.Row(r), b.Value.Data)
		}
	} else {
		clear(y.Value.Data)
	}
	multiplyLinear(threads, x, w, y)
	t.Record(func() {
		multiplyLinearAdjoint(threads, x, w, y)
		if b != nil && b.Grad != nil {
			sumRows(b.Grad.Data, y.Grad)
		}
	})
	return y
}
