package autodiff

import "github.com/snnctl/snnctl/internal/tensor"

// Conv1D is the convolution
//
//	y[n,o,i] = b[o] + Σ_{c,u} w[o,c,u] x[n, g·in/groups + c, i·s - p + u·d]
//
// with x [batch][in][L], w [out][in/groups][K], b [out] or nil, and y
// [batch][out][OL]: Conv2D on images one row high.
func Conv1D[F tensor.Float](t *Tape[F], threads int, x, w, b *Var[F], axis Axis, groups int) *Var[F] {
	wantAxes(badConvInput, x, 3)
	wantAxes(badConvWeights, w, 3)
	xs, ws := x.Value.Shape, w.Value.Shape
	y := Conv2D(t, threads, reshaped(x, xs[0], xs[1], 1, xs[2]), reshaped(w, ws[0], ws[1], 1, ws[2]), b, Axis{}, axis, groups)
	return reshaped(y, y.Value.Shape[0], y.Value.Shape[1], y.Value.Shape[3])
}
