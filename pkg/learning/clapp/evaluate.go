package clapp

import (
	"fmt"
	"slices"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// evaluationBatch is the number of trials whose features are computed at once.
const evaluationBatch = 50

// Probed is what linear classifiers of the layers said last, from layer First on; 0 is the input itself.
type Probed struct {
	First           int
	Trained, Random []float64 // accuracies; after training, and before it
}

// Evaluate gives the losses of trials of a split without learning, up to so many of them; 0 means
// all. Of the test split it also gives the accuracy of a linear classifier of the pixels and of each layer, and
// beside it that of the same encoder before training: without it, no accuracy tells anything.
func (t *Trainer[F]) Evaluate(split string, trials int) (map[string]float64, error) {
	size := t.Stream.Size(split)
	if trials == 0 || trials > size {
		trials = size
	}
	m := map[string]float64{"trials": float64(trials)}
	if err := t.measureLosses(m, split, trials); err != nil {
		return nil, err
	}
	if split != "test" || t.Stream.Classes() < 2 {
		return m, nil
	}
	for _, l := range t.Layers {
		l.First, l.Places = 0, 0
	}
	trained, err := t.probe(split, trials)
	if err != nil {
		return nil, err
	}
	t.swapInitial()
	defer t.swapInitial()
	random, err := t.probe(split, trials)
	if err != nil {
		return nil, err
	}
	first := len(t.Layers) + 1 - len(trained) // 0 where the input itself was probed
	t.Probed = Probed{First: first, Trained: trained, Random: random}
	for i, a := range trained {
		m[fmt.Sprintf("accuracy_%d", first+i)] = a
		m[fmt.Sprintf("random_accuracy_%d", first+i)] = random[i]
	}
	m["accuracy"], m["random_accuracy"] = trained[len(trained)-1], random[len(random)-1]
	return m, nil
}

// measureLosses adds the mean losses of batches of a split.
func (t *Trainer[F]) measureLosses(m map[string]float64, split string, trials int) error {
	n := min(t.BatchSize, trials)
	batches := 0
	sums := map[string]float64{}
	for first := 0; first+n <= trials && n > 0; first += n {
		if err := t.Stream.Evaluate(&t.batch, split, first, n); err != nil {
			return err
		}
		if t.Classify {
			if !slices.ContainsFunc(t.batch.Classes, func(class int) bool { return class >= 0 }) {
				continue
			}
		}
		losses, err := t.gradients(first) // whose gradients nobody takes
		if err != nil {
			return err
		}
		part := map[string]float64{}
		t.describe(part, losses)
		for name, v := range part {
			sums[name] += v
		}
		batches++
	}
	for name, v := range sums {
		m[name] = v / float64(batches)
	}
	return nil
}

// swapInitial exchanges the network's parameters for those from before training.
func (t *Trainer[F]) swapInitial() {
	k := 0
	for _, l := range t.Layers {
		for _, layer := range l.Block.Layers {
			for _, p := range layer.Parameters() {
				for i, v := range t.initial[k] {
					t.initial[k][i], p.Values.Data[i] = p.Values.Data[i], v
				}
				k++
			}
		}
	}
}

// Model gives the tensors that make the encoder, called LAYER.weight and LAYER.bias, and its predictions.
func (t *Trainer[F]) Model() []checkpoint.Tensor { return t.weights.Model() }

// Training gives the tensors that only going on with the training needs.
func (t *Trainer[F]) Training() []checkpoint.Tensor { return t.weights.Training() }

// RestoreModel loads what Model gave. Nothing is changed unless all fits.
func (t *Trainer[F]) RestoreModel(f *checkpoint.File) error { return plasticity.Load(f, t.Model()) }

// RestoreTraining loads what Training gave.
func (t *Trainer[F]) RestoreTraining(f *checkpoint.File) error {
	return plasticity.Load(f, t.Training())
}
