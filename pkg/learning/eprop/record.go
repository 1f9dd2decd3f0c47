package eprop

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

// Recording is what one trial did to a network that was about to learn from it.
type Recording[F tensor.Float] struct {
	Spikes [][]bool         // z, [T][n]
	V, A   *tensor.Dense[F] // potential and threshold, [T][n]
	Output [][]float64      // y, [K][T]
	Signal *tensor.Dense[F] // L, [T][n]

	// Of the synapses onto one neuron, [T][n_in+n]:
	Trace      *tensor.Dense[F] // e
	Adaptation *tensor.Dense[F] // εa, its slow part; nil if the neuron does not adapt
}

// Record runs one trial of a split online, as the first of its batch, and keeps the
// eligibility of the synapses onto neuron post. batch holds the trial alone.
func (t *Trainer[F]) Record(split string, trial, post int) (rec *Recording[F], batch *datasets.Batch, err error) {
	if err := t.Source.Evaluate(&t.batch, split, trial, 1); err != nil {
		return nil, nil, err
	}
	net, in := t.Net, &t.batch.Groups[0]
	n, steps := net.Neurons(), in.Steps()
	rec = &Recording[F]{
		Spikes: make([][]bool, steps), V: tensor.New[F](steps, n), A: tensor.New[F](steps, n),
		Output: make([][]float64, net.Outputs), Signal: tensor.New[F](steps, n), Trace: tensor.New[F](steps, net.Inputs+n),
	}
	if post >= net.LIF {
		rec.Adaptation = tensor.New[F](steps, net.Inputs+n)
	}
	o, target, delta := NewOnline(net, t.Weights(), 1, false), t.target(), make([]F, net.outputs())
	for step := range steps {
		y := o.step(frameOf(in, step))
		for k := range rec.Output {
			rec.Output[k] = append(rec.Output[k], float64(y[k*lanes]))
		}
		rec.Spikes[step] = make([]bool, n)
		for j, word := range o.Spikes() {
			rec.Spikes[step][j] = word&1 != 0
			rec.V.Row(step)[j], rec.A.Row(step)[j] = o.v[j*lanes], o.a[j*lanes]
		}
		for i := range net.Inputs + n {
			rec.Trace.Row(step)[i] = o.Trace(i, post, 0)
			if rec.Adaptation != nil {
				rec.Adaptation.Row(step)[i] = o.adaptationTrace(i, post, 0)
			}
		}
		clear(delta)
		target.Error(delta, y, 0, 1, step)
		o.Learn(delta)
		for j := range n {
			rec.Signal.Row(step)[j] = o.signal[j*lanes]
		}
	}
	return rec, &t.batch, nil
}
