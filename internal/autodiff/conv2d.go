package autodiff

import "github.com/snnctl/snnctl/internal/tensor"

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
//
// 3×3 kernels without stride and dilation, of enough channels, are computed by tiles (see
// winograd.go): in float32 the error is at most 16·2⁻²⁴ Σ|w||x| instead of about a quarter of
// that, and a NaN or an infinity in x makes NaN of the outputs of whole tiles of 4×4.
func Conv2D[F tensor.Float](t *Tape[F], threads int, x, w, b *Var[F], height, width Axis, groups int) *Var[F] {
	return conv2D(t, threads, x, w, b, height, width, groups, false)
}

// Conv2DReLU is ReLU of Conv2D, bit for bit, in the memory of one result.
func Conv2DReLU[F tensor.Float](t *Tape[F], threads int, x, w, b *Var[F], height, width Axis, groups int) *Var[F] {
	return conv2D(t, threads, x, w, b, height, width, groups, true)
}

func conv2D[F tensor.Float](t *Tape[F], threads int, x, w, b *Var[F], height, width Axis, groups int, rectify bool) *Var[F] {
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
	y := t.Unset(threads, batch, out, h.out, v.out)
	c.forward(y.Value.Data, x.Value.Data, w.Value.Data, biasOf(b, out), true)
	if rectify {
		rectifyInPlace(threads, y)
	}
	t.Record(func() {
		if rectify {
			maskGradient(threads, y)
		}
		if x.Grad != nil {
			c.input(x.Grad.Data, y.Grad.Data, w.Value.Data, nil)
		}
		if w.Grad != nil {
			c.weights(w.Grad.Data, y.Grad.Data, x.Value.Data)
		}
		biasGradient(threads, b, y)
	})
	return y
}

// biasOf returns the values of a bias, nil for none.
func biasOf[F tensor.Float](b *Var[F], out int) []F {
	if b == nil {
		return nil
	}
	want(badConvBias, b, out)
	return b.Value.Data
}
