package eprop3

import (
	"github.com/snnctl/snnctl/internal/tensor"
)

// evaluationBatch is the number of trials that are evaluated at once.
const evaluationBatch = 256

// Evaluate runs up to trials sequences of a split without learning, of the kind
// that is being learned; 0 means all.
func (t *Trainer[F]) Evaluate(split string, trials int) (map[string]float64, error) {
	if trials == 0 || trials > t.Task.EvaluationTrials {
		trials = t.Task.EvaluationTrials
	}
	level := t.Curriculum.Current(&t.Task)
	var loss, wrong, flawless float64
	for first := 0; first < trials; first += evaluationBatch {
		size := min(evaluationBatch, trials-first)
		if err := t.Task.Evaluate(&t.batch, level, split, first, size); err != nil {
			return nil, err
		}
		bits, mistakes := t.forward()
		share := float64(size) / float64(trials)
		loss += share * bits
		wrong += share * float64(mistakes) / float64(t.bits())
		flawless += float64(t.flawless()) / float64(trials)
	}
	return map[string]float64{"loss": loss, "wrong_bits": wrong, "flawless": flawless, "solved_length": float64(t.Curriculum.Solved()),
		"vectors": float64(level.Vectors()), "repeats": float64(level.Repeats()), "trials": float64(trials)}, nil
}

// flawless counts the sequences of the batch without a wrong bit.
func (t *Trainer[F]) flawless() int {
	b, k := &t.batch, t.Net.Outputs
	count := 0
	for trial := range b.Trials {
		good := true
		for step, scored := range b.Scored {
			at := (step*b.Trials + trial) * k
			for i := at; scored && i < at+k; i++ {
				good = good && (t.Run.Y[i] > 0) == (b.Targets[i] > 0.5)
			}
		}
		if good {
			count++
		}
	}
	return count
}

// Example is one sequence, with what the network made of it. Lines come first.
type Example struct {
	Vectors, Repeats int
	Inputs           [][]float64 // [lines][T]
	Targets          [][]float64 // [outputs][T]
	Outputs          [][]float64 // probabilities, [outputs][T]
	Scored           []bool      // [T]
}

// Example runs the first test sequence of the kind that is being learned.
func (t *Trainer[F]) Example() (*Example, error) {
	level := t.Curriculum.Current(&t.Task)
	if err := t.Task.Evaluate(&t.batch, level, "test", 0, 1); err != nil {
		return nil, err
	}
	t.forward()
	b := &t.batch
	e := &Example{Vectors: level.Vectors(), Repeats: level.Repeats(), Scored: b.Scored}
	e.Inputs = byLine(b.Inputs, t.Net.Inputs)
	e.Targets = byLine(b.Targets, t.Net.Outputs)
	// δ = p - y* where a step is scored
	e.Outputs = byLine(t.delta, t.Net.Outputs)
	for k, line := range e.Outputs {
		for step := range line {
			line[step] += e.Targets[k][step]
		}
	}
	return e, nil
}

// byLine turns [T][lines] into [lines][T].
func byLine[F tensor.Float](x []F, lines int) [][]float64 {
	out := make([][]float64, lines)
	for i, v := range x {
		out[i%lines] = append(out[i%lines], float64(v))
	}
	return out
}
