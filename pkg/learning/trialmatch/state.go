package trialmatch

import (
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// Model gives the tensors that make the network: what evaluation needs. They are the
// trainer's own memory, not copies.
func (t *Trainer[F]) Model() []checkpoint.Tensor { return t.weights.Model() }

// Training gives the tensors that only going on with the training needs.
func (t *Trainer[F]) Training() []checkpoint.Tensor {
	squares := make([]float64, 2)
	copy(squares, t.splitter.Squares)
	return append(t.weights.Training(),
		checkpoint.Tensor{Name: "splitter", Shape: []int{3}, Data: append(squares, float64(t.splitter.Calls)), Unit: "1",
			Doc: "task splitter: running mean square of the gradient of the neuron loss and of the trial loss, and calls"})
}

// RestoreModel loads what Model gave. Nothing is changed unless all fits.
func (t *Trainer[F]) RestoreModel(f *checkpoint.File) error {
	if err := plasticity.Load(f, t.Model()); err != nil {
		return err
	}
	t.Net.SetWeights(&t.w)
	return nil
}

// RestoreTraining loads what Training gave.
func (t *Trainer[F]) RestoreTraining(f *checkpoint.File) error {
	all := t.Training()
	splitter := all[len(all)-1].Data.([]float64)
	if err := plasticity.Load(f, all); err != nil {
		return err
	}
	t.splitter = Splitter{Calls: int(splitter[2])}
	if t.splitter.Calls > 0 {
		t.splitter.Squares = splitter[:2]
	}
	return nil
}
