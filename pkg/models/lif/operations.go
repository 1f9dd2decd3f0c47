package lif

import (
	"math/bits"

	"github.com/snnctl/snnctl/internal/autodiff"
)

// Apply is z = layer(I), of the shape [steps][batch][neurons] of the currents:
// the spikes as numbers, for a layer that follows.
func (l *Layer[F]) Apply(t *autodiff.Tape[F], currents *autodiff.Var[F]) *autodiff.Var[F] {
	steps, batch, n := shapeOf(currents)
	z := t.Result(steps, batch, n)
	spikes := l.Forward(currents.Value.Data, steps, batch, n)
	stride := spikes.Stride()
	for r := range spikes.Rows {
		to := z.Value.Data[r*n : (r+1)*n]
		for k, w := range spikes.Words[r*stride : (r+1)*stride] {
			for ; w != 0; w &= w - 1 {
				to[k*64+bits.TrailingZeros64(w)] = 1
			}
		}
	}
	if currents.Grad != nil {
		t.Record(func() { l.Backward(currents.Grad.Data, true, currents.Value.Data, z.Grad.Data, nil) })
	}
	return z
}

// Counts is Σ z over steps and trials, [neurons]: how often each neuron fired.
// The spikes remain bits.
func (l *Layer[F]) Counts(t *autodiff.Tape[F], currents *autodiff.Var[F]) *autodiff.Var[F] {
	steps, batch, n := shapeOf(currents)
	counts := t.Result(n)
	spikes := l.Forward(currents.Value.Data, steps, batch, n)
	total := make([]int, n)
	stride := spikes.Stride()
	for r := range spikes.Rows {
		for k, w := range spikes.Words[r*stride : (r+1)*stride] {
			for ; w != 0; w &= w - 1 {
				total[k*64+bits.TrailingZeros64(w)]++
			}
		}
	}
	for j, c := range total {
		counts.Value.Data[j] = F(c)
	}
	if currents.Grad != nil {
		t.Record(func() { l.Backward(currents.Grad.Data, true, currents.Value.Data, nil, counts.Grad.Data) })
	}
	return counts
}

func shapeOf[F float32 | float64](currents *autodiff.Var[F]) (steps, batch, neurons int) {
	s := currents.Value.Shape
	if len(s) != 3 {
		panic("lif: currents are not [steps][batch][neurons]")
	}
	return s[0], s[1], s[2]
}
