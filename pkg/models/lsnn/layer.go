package lsnn

import (
	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Layer is a network as one operation of the tape, with the memory that it
// reuses from batch to batch.
type Layer[F tensor.Float] struct {
	*Network[F]
	Trace Trace[F]

	grads Gradients[F]
}

// Apply runs the whole batch and returns the mean of z̄ over each window
// ([windows][n]) and the firing rates ([n], spikes per step). in is [n_in][n],
// rec [n][n].
func (l *Layer[F]) Apply(tape *autodiff.Tape[F], in, rec *autodiff.Var[F], inputs []tensor.Input, windows []Window,
	states []*State[F], step uint64) (features, rates *autodiff.Var[F]) {
	w := Weights[F]{In: in.Value.Data, Rec: rec.Value.Data}
	l.Forward(&l.Trace, w, inputs, windows, states, step)
	features = tape.Result(len(windows), l.Neurons())
	copy(features.Value.Data, l.Trace.Features.Data)
	rates = tape.Result(l.Neurons())
	copy(rates.Value.Data, l.Trace.Rates)
	tape.Record(func() {
		l.Backward(&l.grads, &l.Trace, features.Grad, rates.Grad.Data)
		addTo(in.Grad.Data, l.grads.In)
		addTo(rec.Grad.Data, l.grads.Rec)
	})
	return features, rates
}

func addTo[F tensor.Float](to, from []F) {
	for i, x := range from {
		to[i] += x
	}
}
