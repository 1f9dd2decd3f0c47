package autodiff

import "github.com/snnctl/snnctl/internal/tensor"

const (
	badTransposeWeights = "autodiff: ConvTranspose1D: w is not [in][out/groups][taps], or is empty"
	badOutputPadding    = "autodiff: ConvTranspose1D: the output padding is negative, or not less than stride or dilation"
	badOutputLength     = "autodiff: ConvTranspose1D: the padding takes away all outputs"
)

// ConvTranspose1D is the adjoint of Conv1D: each input spreads over the outputs
// that the convolution would have read,
//
//	y[n, g·out/groups + o, i·s - p + u·d] = b[..] + Σ_{c,i,u} w[c,o,u] x[n,c,i]
//
// with x [batch][in][L], w [in][out/groups][K], b [out] or nil, input c in group
// g = c / (in/groups), and y [batch][out][OL], OL = (L-1)s - 2p + d(K-1) +
// outputPadding + 1. The output padding, 0 to less than stride or dilation,
// chooses among the lengths that Conv1D shortens to L. This is
// torch.nn.functional.conv_transpose1d.
func ConvTranspose1D[F tensor.Float](t *Tape[F], threads int, x, w, b *Var[F], axis Axis, outputPadding, groups int) *Var[F] {
	wantAxes(badConvInput, x, 3)
	wantAxes(badTransposeWeights, w, 3)
	batch, in, length := x.Value.Shape[0], x.Value.Shape[1], x.Value.Shape[2]
	if groups < 1 || in%groups != 0 {
		panic(badConvGroups)
	}
	if w.Value.Shape[0] != in {
		panic(badTransposeWeights)
	}
	out, taps := w.Value.Shape[1]*groups, w.Value.Shape[2]
	stride, dilation := max(1, axis.Stride), max(1, axis.Dilation)
	if outputPadding < 0 || outputPadding >= max(stride, dilation) {
		panic(badOutputPadding)
	}
	// The convolution this is the adjoint of, with the outputs it has of the
	// output padding left out.
	outputs := (length-1)*stride - 2*axis.Padding + dilation*(taps-1) + outputPadding + 1
	if outputs < 1 {
		panic(badOutputLength)
	}
	along := newWindow(outputs, taps, axis)
	along.out = length
	c := newCorrelation[F](threads, batch, out, in, groups, newWindow(1, 1, Axis{}), along)
	y := t.Result(batch, out, along.in)
	c.input(y.Value.Data, x.Value.Data, w.Value.Data, biasOf(b, out))
	t.Record(func() {
		if x.Grad != nil {
			c.forward(x.Grad.Data, y.Grad.Data, w.Value.Data, nil, false)
		}
		if w.Grad != nil {
			c.weights(w.Grad.Data, x.Value.Data, y.Grad.Data)
		}
		biasGradient(threads, b, y)
	})
	return y
}
