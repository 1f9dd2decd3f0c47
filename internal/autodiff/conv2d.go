package autodiff

import (
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

const (
	badConvInput   = "autodiff: convolution: x has not the axes [batch][channels][height][width], or [batch][channels][length], or is empty"
	badConvGroups  = "autodiff: convolution: the channels are no multiple of the groups"
	badConvWeights = "autodiff: convolution: w is not [out][in/groups] and the kernel, or is empty"
	badConvBias    = "autodiff: convolution: b is not [out]"
)

// Conv2D is the convolution (a correlation, as all of deep learning calls it)
//
//	y[n,o,i,j] = b[o] + Σ_{c,u,v} w[o,c,u,v] x[n, g·in/groups + c, i·sh - ph + u·dh, j·sw - pw + v·dw]
//
// with x [batch][in][H][W] read as 0 outside, w [out][in/groups][KH][KW],
// b [out] or nil, output o in group g = o / (out/groups), and y
// [batch][out][OH][OW], OH = ⌊(H + 2ph - dh(KH-1) - 1) / sh⌋ + 1. This is
// torch.nn.functional.conv2d.
func Conv2D[F tensor.Float](t *Tape[F], threads int, x, w, b *Var[F], height, width Axis, groups int) *Var[F] {
	wantAxes(badConvInput, x, 4)
	wantAxes(badConvWeights, w, 4)
	xs, ws := x.Value.Shape, w.Value.Shape
	batch, in, out := xs[0], xs[1], ws[0]
	if groups < 1 || in%groups != 0 || out%groups != 0 {
		panic(badConvGroups)
	}
	if ws[1] != in/groups {
		panic(badConvWeights)
	}
	h, v := newWindow(xs[2], ws[2], height), newWindow(xs[3], ws[3], width)
	c := newCorrelation[F](threads, batch, in, out, groups, h, v)
	y := NewVar(tensor.New[F](batch, out, h.out, v.out))
	if b != nil {
		want(badConvBias, b, out)
		addBias(threads, y, b)
	}
	nx, ny := c.imageIn(), c.imageOut()
	parallel.For(threads, batch, func(worker, n int) {
		c.forward(worker, y.Value.Data[n*ny:(n+1)*ny], x.Value.Data[n*nx:(n+1)*nx], w.Value.Data)
	})
	t.Record(func() {
		if x.Grad != nil {
			parallel.For(threads, batch, func(worker, n int) {
				c.input(worker, x.Grad.Data[n*nx:(n+1)*nx], y.Grad.Data[n*ny:(n+1)*ny], w.Value.Data)
			})
		}
		if w.Grad != nil {
			sumOverBatch(threads, batch, w.Grad.Data, func(worker, n int, sum []F) {
				c.weights(worker, sum, y.Grad.Data[n*ny:(n+1)*ny], x.Value.Data[n*nx:(n+1)*nx])
			})
		}
		biasGradient(threads, y, b)
	})
	return y
}

// addBias adds b [channels] to y [batch][channels][...].
func addBias[F tensor.Float](threads int, y, b *Var[F]) {
	batch, channels := y.Value.Shape[0], y.Value.Shape[1]
	plane := size(y.Value.Shape[2:])
	parallel.For(threads, batch*channels, func(_, i int) {
		v := b.Value.Data[i%channels]
		row := y.Value.Data[i*plane : (i+1)*plane]
		for j := range row {
			row[j] += v
		}
	})
}

// biasGradient adds to the gradient of b what addBias owes it.
func biasGradient[F tensor.Float](threads int, y, b *Var[F]) {
	if b == nil || b.Grad == nil {
		return
	}
	batch, channels := y.Value.Shape[0], y.Value.Shape[1]
	plane := size(y.Value.Shape[2:])
	sumOverBatch(threads, batch, b.Grad.Data, func(_, n int, sums []F) {
		for c := range channels {
			var sum F
			for _, g := range y.Grad.Data[(n*channels+c)*plane:][:plane] {
				sum += g
			}
			sums[c] += sum
		}
	})
}
