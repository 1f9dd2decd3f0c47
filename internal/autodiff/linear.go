package autodiff

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// productWeights is the number of weights from which on Linear is a matrix
// product. Below, as in a readout of ten classes, it sums in the order of the
// loops, without fused roundings: those are the bits of the documented runs.
const productWeights = 1 << 13

// Linear is y = x W + b, with x [rows][in], W [in][out] and b [out], nil for none.
func Linear[F tensor.Float](t *Tape[F], x, w, b *Var[F]) *Var[F] {
	rows, in, out := x.Value.Shape[0], w.Value.Shape[0], w.Value.Shape[1]
	y := t.Result(rows, out)
	if b != nil {
		for r := range rows {
			copy(y.Value.Row(r), b.Value.Data)
		}
	}
	forward, backward := sumLinear[F], sumLinearAdjoint[F]
	if in*out >= productWeights {
		forward = func(x, w, y *Var[F]) { multiplyLinear(1, x, w, y) }
		backward = func(x, w, y *Var[F]) { multiplyLinearAdjoint(1, x, w, y) }
	}
	forward(x, w, y)
	t.Record(func() {
		backward(x, w, y)
		if b != nil {
			sumRows(b.Grad.Data, y.Grad)
		}
	})
	return y
}

// sumRows adds the rows of a matrix to sum.
func sumRows[F tensor.Float](sum []F, m *tensor.Dense[F]) {
	for r := range m.Shape[0] {
		row := m.Row(r)[:len(sum)]
		for k := range sum {
			sum[k] += row[k]
		}
	}
}

// sumLinear is y += x W.
func sumLinear[F tensor.Float](x, w, y *Var[F]) {
	for r := range x.Value.Shape[0] {
		to := y.Value.Row(r)
		for i, xi := range x.Value.Row(r) {
			for k, wk := range w.Value.Row(i) {
				to[k] += F(xi * wk)
			}
		}
	}
}

// sumLinearAdjoint is gx += gy Wᵀ and gW += xᵀ gy.
func sumLinearAdjoint[F tensor.Float](x, w, y *Var[F]) {
	for r := range x.Value.Shape[0] {
		gy, xr, gx := y.Grad.Row(r), x.Value.Row(r), x.Grad.Row(r)
		for i := range gx {
			wi, gw := w.Value.Row(i), w.Grad.Row(i)
			var sum F
			for k, g := range gy {
				sum += F(g * wi[k])
				gw[k] += F(xr[i] * g)
			}
			gx[i] += sum
		}
	}
}

// multiplyLinear is sumLinear by matrix products.
func multiplyLinear[F tensor.Float](threads int, x, w, y *Var[F]) {
	rows, in, out := x.Value.Shape[0], w.Value.Shape[0], w.Value.Shape[1]
	kernel.Gemm(threads, false, false, rows, out, in, 1, x.Value.Data, in, w.Value.Data, out, 1, y.Value.Data, out)
}

// multiplyLinearAdjoint is sumLinearAdjoint by matrix products.
func multiplyLinearAdjoint[F tensor.Float](threads int, x, w, y *Var[F]) {
	rows, in, out := x.Value.Shape[0], w.Value.Shape[0], w.Value.Shape[1]
	if x.Grad != nil {
		kernel.Gemm(threads, false, true, rows, in, out, 1, y.Grad.Data, out, w.Value.Data, out, 1, x.Grad.Data, in)
	}
	if w.Grad != nil {
		kernel.Gemm(threads, true, false, in, out, rows, 1, x.Value.Data, in, y.Grad.Data, out, 1, w.Grad.Data, out)
	}
}
