package eprop

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

// Trainer is a network in training by e-prop or, to compare with, by BPTT.
type Trainer[F tensor.Float] struct {
	*Learner[F]
	Source datasets.Source

	batch          datasets.Batch
	regression     Regression[F]
	classification Classification[F]
}

// New draws the initial weights of a network for the source.
func New[F tensor.Float](net *Network[F], source datasets.Source, o Options[F]) *Trainer[F] {
	return &Trainer[F]{Learner: NewLearner(net, o), Source: source}
}

// target is what the outputs of the batch should be.
func (t *Trainer[F]) target() Target[F] {
	shape := t.Source.Shape()
	if shape.Curves != 0 {
		t.regression.Reset(t.batch.Targets, shape.Steps, shape.Curves)
		return &t.regression
	}
	t.classification.Reset(t.batch.Decisions, len(t.batch.Groups), shape.Classes)
	return &t.classification
}

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	if err := t.Source.Train(&t.batch, step, t.BatchSize); err != nil {
		return nil, err
	}
	result := t.gradient()
	m, err := t.Learn(step, result.Loss+result.Penalty)
	if err != nil {
		return nil, err
	}
	var s score
	t.add(&s, &result)
	s.report(m)
	m["loss"], m["task_loss"] = result.Loss+result.Penalty, result.Loss
	return m, nil
}

// gradient runs the batch.
func (t *Trainer[F]) gradient() Result {
	return t.Net.Gradient(&t.Gradients, t.Weights(), t.batch.Groups, t.target(), t.Penalty, t.Method)
}

// evaluationBatch is the number of trials that are evaluated at once.
const evaluationBatch = 256

// Evaluate runs up to trials trials of a split without learning; 0 means all.
func (t *Trainer[F]) Evaluate(split string, trials int) (map[string]float64, error) {
	size := t.Source.Size(split)
	if trials == 0 || trials > size {
		trials = size
	}
	var s score
	for first := 0; first < trials; first += evaluationBatch {
		if err := t.Source.Evaluate(&t.batch, split, first, min(evaluationBatch, trials-first)); err != nil {
			return nil, err
		}
		result := t.Net.Evaluate(t.Weights(), t.batch.Groups, t.target(), Penalty{})
		t.add(&s, &result)
	}
	m := map[string]float64{"loss": s.loss / s.weight, "trials": float64(s.trials)}
	s.report(m)
	return m, nil
}

// score sums up how well batches went.
type score struct {
	trials       int
	loss, weight float64 // the loss is a mean over the scored steps of a batch, or a sum over its trials
	rate         float64 // mean spikes per step, times trials
	curves       bool
	part, whole  float64 // of decisions, those that are right; of a curve's variation, the squared error
}

// add takes in the batch that has just been run.
func (t *Trainer[F]) add(s *score, r *Result) {
	trials := float64(t.batch.Trials)
	s.trials += t.batch.Trials
	for _, rate := range r.Rates {
		s.rate += trials * rate / float64(len(r.Rates))
	}
	if s.curves = t.Source.Shape().Curves != 0; s.curves {
		s.loss += r.Loss
		s.weight += trials
		s.part += 2 * r.Loss
		s.whole += t.regression.Variation()
		return
	}
	scored := float64(t.classification.Scored())
	s.loss += scored * r.Loss
	s.weight += scored
	s.part += float64(t.classification.Correct())
	s.whole += float64(len(t.batch.Decisions))
}

// report writes the metrics.
//
// normalised_error is Σ (y - y*)² / Σ (y* - mean)²: 1 for the best constant output.
func (s *score) report(m map[string]float64) {
	m["rate_hz"] = 1000 * s.rate / float64(s.trials)
	if s.curves {
		m["normalised_error"] = s.part / s.whole
		return
	}
	m["accuracy"] = s.part / s.whole
	m["error"] = 1 - m["accuracy"]
}

// FirstGradients runs the first batch without learning and copies the gradients of the
// weights by name.
func (t *Trainer[F]) FirstGradients() (map[string][]F, error) {
	if err := t.Source.Train(&t.batch, 0, t.BatchSize); err != nil {
		return nil, err
	}
	t.gradient()
	return t.NamedGradients(), nil
}
