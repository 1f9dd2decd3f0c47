package bptt

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// evaluationBatch is the number of trials that are evaluated at once: 256, or whole
// groups of fewer where trials are so long that these would take much memory.
func evaluationBatch(steps int) int {
	const most, longest = 256, 4096
	return max(min(most, most*longest/steps)/tensor.Lanes, 1) * tensor.Lanes
}

// evaluationNoise, with the number of a batch's first trial, names injected
// noise that no training step has.
const evaluationNoise = 1 << 40

// Evaluate runs up to trials trials of a split without learning; 0 means all.
//
// Trials start from the zero state; or, if training carries the state over, from
// that after the batch before, as the network has learned to. A first batch,
// which does not count, then leads to the state in which the first one starts.
func (t *Trainer[F]) Evaluate(split string, trials int) (map[string]float64, error) {
	return t.EvaluateEach(split, trials, nil)
}

// EvaluateEach is Evaluate, and shows each batch that counts and the network's answers to
// its decisions, [decisions][outputs], to see. see may keep neither.
func (t *Trainer[F]) EvaluateEach(split string, trials int, see func(batch *datasets.Batch, outputs []F)) (map[string]float64, error) {
	size := t.Source.Size(split)
	if trials == 0 || trials > size {
		trials = size
	}
	most := evaluationBatch(t.Source.Shape().Steps)
	trace := &t.Layer.Trace
	defer func(spare []*lsnn.State[F]) { trace.Final = spare }(trace.Final) // training's, of another size
	trace.Final, trace.Carry = nil, t.CarryState
	var states []*lsnn.State[F]
	run := func(first int) (answers[F], error) {
		if err := t.Source.Evaluate(&t.batch, split, first, min(most, trials-first)); err != nil {
			return answers[F]{}, err
		}
		a := t.forward(states, evaluationNoise|uint64(first))
		if t.CarryState {
			states, trace.Final = trace.Final, states
		}
		return a, nil
	}
	if t.CarryState {
		if _, err := run(0); err != nil {
			return nil, err
		}
	}
	var loss, spikes float64
	var correct, decisions, seen int
	for first := 0; first < trials; first += most {
		a, err := run(first)
		if err != nil {
			return nil, err
		}
		if see != nil {
			see(&t.batch, a.outputs.Value.Data)
		}
		loss += float64(a.task.Value.Data[0]) * float64(len(t.windows))
		spikes += t.rateHz() * float64(t.batch.Trials)
		correct += a.correct
		decisions += len(t.windows)
		seen += t.batch.Trials
	}
	m := map[string]float64{"loss": loss / float64(decisions), "rate_hz": spikes / float64(seen), "trials": float64(seen)}
	if t.numbers != nil {
		m["mse"] = m["loss"]
	} else {
		m["accuracy"] = float64(correct) / float64(decisions)
		m["error"] = 1 - m["accuracy"]
	}
	return m, nil
}

// Answer runs a batch of the source's lines, of any length, from the zero state and
// returns the answers to its decisions, [decisions][outputs], in memory that the next
// call on t overwrites.
func (t *Trainer[F]) Answer(batch *datasets.Batch) []F {
	own := t.batch
	defer func() { t.batch = own }()
	t.batch = *batch
	t.Layer.Trace.Carry = false
	return t.forward(nil, evaluationNoise).outputs.Value.Data
}
