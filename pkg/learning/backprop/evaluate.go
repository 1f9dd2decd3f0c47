package backprop

import (
	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/metrics"
)

// evaluationBatch is the number of images that are evaluated at once.
const evaluationBatch = 128

// Evaluate runs images of a split without learning, up to so many of them; 0 means
// all. Besides loss and accuracy it gives the share of rectified units above 0, which
// are the ones that spike where the network is converted.
func (t *Trainer[F]) Evaluate(split string, trials int) (map[string]float64, error) {
	size := t.Source.Size(split)
	if trials == 0 || trials > size {
		trials = size
	}
	var active, units int
	t.evaluator.Observe = func(i int, y *autodiff.Var[F]) {
		if t.rectified[i] {
			for _, v := range y.Value.Data {
				if v > 0 {
					active++
				}
			}
			units += len(y.Value.Data)
		}
	}
	defer func() { t.evaluator.Observe = nil }()
	var loss float64
	var correct int
	err := t.eachBatch(split, trials, func(batch *pixels.Batch[F], logits []F) {
		loss += metrics.CrossEntropy(logits, batch.Classes)
		correct += metrics.Correct(logits, batch.Classes)
	})
	if err != nil {
		return nil, err
	}
	accuracy := float64(correct) / float64(trials)
	m := map[string]float64{"loss": loss / float64(trials), "accuracy": accuracy, "error": 1 - accuracy, "trials": float64(trials)}
	if units > 0 {
		m["active_units"] = float64(active) / float64(units)
	}
	return m, nil
}

// Confusion counts the images of a split by class and by the class that the network
// says, [class][answer].
func (t *Trainer[F]) Confusion(split string) ([][]int, error) {
	counts := make([][]int, t.Source.Classes())
	for class := range counts {
		counts[class] = make([]int, t.Source.Classes())
	}
	err := t.eachBatch(split, t.Source.Size(split), func(batch *pixels.Batch[F], logits []F) {
		metrics.Confusion(counts, logits, batch.Classes)
	})
	return counts, err
}

// eachBatch shows the first images of a split to the network, and what it says to use.
func (t *Trainer[F]) eachBatch(split string, trials int, use func(batch *pixels.Batch[F], logits []F)) error {
	for first := 0; first < trials; first += evaluationBatch {
		if err := t.Source.Evaluate(&t.batch, split, first, min(evaluationBatch, trials-first)); err != nil {
			return err
		}
		use(&t.batch, t.evaluator.Logits(t.batch.Values, t.batch.Trials))
	}
	return nil
}
