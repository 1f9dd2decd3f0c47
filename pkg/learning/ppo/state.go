package ppo

import (
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// Model gives the tensors that make the network: what evaluation needs. They are the
// trainer's own memory, not copies.
func (t *Trainer[F]) Model() []checkpoint.Tensor {
	n := t.Net.Neurons()
	return append([]checkpoint.Tensor{
		{Name: "delay_in", Shape: []int{t.Net.Inputs, n}, Data: t.Net.DelayIn, Unit: "ms", Doc: "delay slots of the input synapses [n_in][n]"},
		{Name: "delay_rec", Shape: []int{n, n}, Data: t.Net.DelayRec, Unit: "ms", Doc: "delay slots of the recurrent synapses [n][n]"},
	}, t.weights.Model()...)
}

// Training gives the tensors that only going on with the training needs.
func (t *Trainer[F]) Training() []checkpoint.Tensor { return t.weights.Training() }

// RestoreModel loads what Model gave. Nothing is changed unless all fits.
func (t *Trainer[F]) RestoreModel(f *checkpoint.File) error {
	if err := plasticity.Load(f, t.Model()); err != nil {
		return err
	}
	t.weights.Restored()
	return nil
}

// RestoreTraining loads what Training gave.
func (t *Trainer[F]) RestoreTraining(f *checkpoint.File) error {
	return plasticity.Load(f, t.Training())
}
