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
	all := append(t.weights.Training(),
		checkpoint.Tensor{Name: "splitter", Shape: []int{3}, Data: append(squares, float64(t.splitter.Calls)), Unit: "1",
			Doc: "task splitter: running mean square of the gradient of the neuron loss and of the trial loss, and calls"},
		checkpoint.Tensor{Name: "patience", Shape: []int{5}, Data: t.patience.numbers(), Unit: "1",
			Doc: "sum of the loss in the open window, least mean of a window, steps in the open window, since the least, and windows"},
		checkpoint.Tensor{Name: "discriminator_updates", Shape: []int{len(t.discriminators)}, Data: t.updates(), Unit: "1", Doc: "of each session's discriminator"})
	for _, d := range t.discriminators {
		if d != nil {
			all = append(append(all, d.weights.Model()...), d.weights.Training()...)
		}
	}
	return all
}

func (t *Trainer[F]) updates() []float64 {
	updates := make([]float64, len(t.discriminators))
	for i, d := range t.discriminators {
		if d != nil {
			updates[i] = float64(d.updates)
		}
	}
	return updates
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
	own := map[string][]float64{} // what is no array of the trainer itself
	for _, tensor := range all {
		switch tensor.Name {
		case "splitter", "patience", "discriminator_updates":
			own[tensor.Name] = tensor.Data.([]float64)
		}
	}
	if err := plasticity.Load(f, all); err != nil {
		return err
	}
	splitter := own["splitter"]
	t.splitter = Splitter{Calls: int(splitter[2])}
	if t.splitter.Calls > 0 {
		t.splitter.Squares = splitter[:2]
	}
	t.patience.restore(own["patience"])
	for i, n := range own["discriminator_updates"] {
		if d := t.discriminators[i]; d != nil {
			d.updates = int(n)
		}
	}
	return nil
}
