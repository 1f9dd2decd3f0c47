package samplemeasure

import (
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// Model gives the tensors that make the network. They are the trainer's own memory, not
// copies.
func (t *Trainer[F]) Model() []checkpoint.Tensor { return t.weights.Model() }

// Training gives the tensors that only going on with the training needs.
func (t *Trainer[F]) Training() []checkpoint.Tensor {
	own := checkpoint.Tensor{Name: "recent_losses", Shape: []int{recent + 1}, Data: t.selector.losses[:], Unit: "1",
		Doc: "the last four training losses, oldest first, and their least mean so far"}
	if t.LBFGS > 0 {
		return []checkpoint.Tensor{own}
	}
	return append(t.weights.Training(), own)
}

// RestoreModel loads what Model gave. Nothing is changed unless all fits.
func (t *Trainer[F]) RestoreModel(f *checkpoint.File) error { return plasticity.Load(f, t.Model()) }

// RestoreTraining loads what Training gave.
func (t *Trainer[F]) RestoreTraining(f *checkpoint.File) error {
	return plasticity.Load(f, t.Training())
}
