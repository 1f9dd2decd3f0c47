package autoencoder

import (
	"slices"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/audio"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

// averages are those of the parameters over the steps, p̄ ← β p̄ + (1-β) p, from the first step's parameters on
// (section 7 of the method).
type averages[F tensor.Float] struct {
	decay  float64
	values [][]F
	begun  []float64 // one number: 1 after the first step
}

func newAverages[F tensor.Float](net *audiocodec.Network[F], decay float64) *averages[F] {
	a := &averages[F]{decay: decay, begun: make([]float64, 1)}
	for _, p := range net.Parameters {
		a.values = append(a.values, make([]F, len(p.Value.Data)))
	}
	return a
}

// follow takes the parameters of a step in.
func (a *averages[F]) follow(net *audiocodec.Network[F]) {
	by := F(1 - a.decay)
	if a.begun[0] == 0 {
		by, a.begun[0] = 1, 1
	}
	for k, p := range net.Parameters {
		for i, v := range p.Value.Data {
			a.values[k][i] += F(by * (v - a.values[k][i]))
		}
	}
}

// tensors are the averages as a checkpoint holds them.
func (a *averages[F]) tensors(net *audiocodec.Network[F]) []checkpoint.Tensor {
	all := []checkpoint.Tensor{{Name: "average.begun", Shape: []int{1}, Data: a.begun, Unit: "1", Doc: "1 after the first step"}}
	for k, p := range net.Parameters {
		all = append(all, checkpoint.Tensor{Name: "average/" + p.Name, Shape: p.Value.Shape, Data: a.values[k], Unit: "1", Doc: "average over the steps of " + p.Name})
	}
	return all
}

// statisticsBatches is how many batches the statistics of averaged parameters are taken over.
const statisticsBatches = 50

// WithAverages does something with the averages in the place of the parameters, and with statistics of batch
// normalisation that belong to them: those of 50 batches of training, in the mean. Then all is as it was. Without averages
// it just does it.
func (t *Trainer[F]) WithAverages(do func() error) error {
	a := t.averages
	if a == nil || a.begun[0] == 0 {
		return do()
	}
	var kept [][]F
	statistics := []autodiff.Statistics[F]{t.Net.Running, t.Net.Front}
	for _, s := range statistics {
		kept = append(kept, slices.Clone(s.Mean), slices.Clone(s.Variance))
	}
	// The parameters themselves stay as they are bit by bit: what is done may round them.
	parameters := make([][]F, len(a.values))
	for k, p := range t.Net.Parameters {
		parameters[k] = slices.Clone(p.Value.Data)
	}
	for k, p := range t.Net.Parameters {
		copy(p.Value.Data, a.values[k])
	}
	defer func() {
		for k, p := range t.Net.Parameters {
			copy(p.Value.Data, parameters[k])
		}
		for i, s := range statistics {
			copy(s.Mean, kept[2*i])
			copy(s.Variance, kept[2*i+1])
		}
	}()
	t.settle()
	return do()
}

// settle makes the running averages of batch normalisation the means over batches.
func (t *Trainer[F]) settle() {
	if t.Net.Running.Mean == nil {
		return
	}
	momentum := t.Net.Spec.Momentum
	defer func() { t.Net.Spec.Momentum = momentum }()
	var tape autodiff.Tape[F]
	tape.Inference = true
	segments := make([]F, len(t.segments))
	for k := range statisticsBatches {
		audio.Segments(t.Corpus, segments, k, t.Segment)
		t.Net.Spec.Momentum = 1 / float64(k+1)
		tape.Reset()
		x := &tensor.Dense[F]{Shape: []int{t.BatchSize, t.Segment}, Data: segments}
		t.Net.Encode(&audiocodec.Pass[F]{Tape: &tape, Threads: t.Threads, Training: true}, autodiff.Constant(t.padded(x)))
	}
}
