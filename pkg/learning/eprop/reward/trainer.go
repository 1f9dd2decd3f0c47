package reward

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
)

// Trainer is a network in training by rewards. Its source asks for decisions; the
// right class of each is known to the one who pays, not to the network.
type Trainer[F tensor.Float] struct {
	*eprop.Learner[F]
	Source datasets.Source
	Agent  ActorCritic[F]

	batch datasets.Batch
}

// New draws the initial weights of a network for the source; it has an output more
// than there are classes.
func New[F tensor.Float](net *eprop.Network[F], source datasets.Source, o eprop.Options[F], c Constants) *Trainer[F] {
	return &Trainer[F]{Learner: eprop.NewLearner(net, o), Source: source, Agent: ActorCritic[F]{Constants: c}}
}

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	if err := t.Source.Train(&t.batch, step, t.BatchSize); err != nil {
		return nil, err
	}
	result := t.gradient(step)
	outcome := t.Agent.Outcome()
	m, err := t.Learn(step, outcome.Loss+result.Penalty)
	if err != nil {
		return nil, err
	}
	report(m, outcome, outcome.Loss+result.Penalty)
	m["rate_hz"] = 1000 * mean(result.Rates)
	return m, nil
}

// gradient acts in the batch of a step and learns from what it brings.
func (t *Trainer[F]) gradient(step int) eprop.Result {
	shape := t.Source.Shape()
	t.Agent.Explore(t.batch.Decisions, t.batch.Trials, shape.Steps, shape.Classes, t.Seed, step)
	return t.Net.Reinforce(&t.Gradients, t.Weights(), t.batch.Groups, &t.Agent, F(t.Agent.Discount), t.Penalty, t.Method)
}

func report(m map[string]float64, o Outcome, loss float64) {
	m["loss"], m["reward"], m["entropy"], m["critic_error"] = loss, o.Reward, o.Entropy, o.Surprise
	m["accuracy"], m["error"] = o.Accuracy, 1-o.Accuracy
}

func mean(rates []float64) (m float64) {
	for _, r := range rates {
		m += r / float64(len(rates))
	}
	return m
}

// evaluationBatch is the number of trials that are evaluated at once.
const evaluationBatch = 256

// Evaluate runs up to trials trials of a split without learning, always taking the
// most probable action; 0 means all.
func (t *Trainer[F]) Evaluate(split string, trials int) (map[string]float64, error) {
	size := t.Source.Size(split)
	if trials == 0 || trials > size {
		trials = size
	}
	shape := t.Source.Shape()
	var sum Outcome
	var rate float64
	actions := 0.0
	for first := 0; first < trials; first += evaluationBatch {
		if err := t.Source.Evaluate(&t.batch, split, first, min(evaluationBatch, trials-first)); err != nil {
			return nil, err
		}
		t.Agent.Exploit(t.batch.Decisions, t.batch.Trials, shape.Steps, shape.Classes)
		result := t.Net.Watch(t.Weights(), t.batch.Groups, &t.Agent, eprop.Penalty{})
		o, b, n := t.Agent.Outcome(), float64(t.batch.Trials), float64(len(t.batch.Decisions))
		sum.Loss += b * o.Loss
		sum.Surprise += b * o.Surprise
		sum.Accuracy += n * o.Accuracy
		sum.Reward += n * o.Reward
		sum.Entropy += n * o.Entropy
		rate += b * mean(result.Rates)
		actions += n
	}
	seen := float64(trials)
	m := map[string]float64{"trials": seen, "rate_hz": 1000 * rate / seen}
	report(m, Outcome{Loss: sum.Loss / seen, Surprise: sum.Surprise / seen,
		Accuracy: sum.Accuracy / actions, Reward: sum.Reward / actions, Entropy: sum.Entropy / actions}, sum.Loss/seen)
	return m, nil
}

// FirstGradients runs the first batch without learning and copies the gradients of the
// weights by name.
func (t *Trainer[F]) FirstGradients() (map[string][]F, error) {
	if err := t.Source.Train(&t.batch, 0, t.BatchSize); err != nil {
		return nil, err
	}
	t.gradient(0)
	return t.NamedGradients(), nil
}
