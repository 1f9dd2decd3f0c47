package eprop

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/storerecall"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// recallTrainer learns a short store-recall task.
func recallTrainer(t *testing.T, change func(*Options[float64])) *Trainer[float64] {
	t.Helper()
	source, err := storerecall.New(storerecall.Options{LinesPerSymbol: 4, RateHz: 100, SymbolMS: 20, Symbols: 5,
		CommandProbability: 0.25, EvaluationTrials: 64, Seed: 3, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	net := NewNetwork[float64](Params{Inputs: source.Shape().Lines, LIF: 4, ALIF: 4, Outputs: 2, Form: UnitGain,
		TauMembrane: 20, TauAdaptation: []float64{200}, TauReadout: 20, Threshold: 0.6, Beta: 0.1, Refractory: 3, Dampening: 0.3}, 1)
	o := Options[float64]{BatchSize: 20, Method: LocalAdjoint, Penalty: Penalty{Strength: 1, Target: 0.02}, Seed: 4,
		Options: plasticity.Options[float64]{Optimizer: &optim.Adam[float64]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Schedule: optim.Constant(0.01)}}
	if change != nil {
		change(&o)
	}
	return New(net, source, o)
}

// Oracle 10, by Adam: with equal updates, Wout - B shrinks by 1-c in every step.
func TestOracle10AdaptiveFeedbackInTraining(t *testing.T) {
	const decay = 0.05
	trainer := recallTrainer(t, func(o *Options[float64]) { o.Feedback, o.FeedbackScale, o.FeedbackDecay = Adaptive, 1, decay })
	before := append([]float64(nil), trainer.out.Value...)
	for i, b := range trainer.feedback.B {
		before[i] -= b
	}
	const steps = 12
	for step := range steps {
		if _, err := trainer.Step(step); err != nil {
			t.Fatal(err)
		}
	}
	for i, b := range trainer.feedback.B {
		if got, want := trainer.out.Value[i]-b, before[i]*math.Pow(1-decay, steps); math.Abs(got-want) > 1e-12 {
			t.Errorf("Wout - B [%d] is %g after %d steps, want %g", i, got, steps, want)
		}
	}
}

// A penalty on the weights adds 2 l2 w to their gradient: with a rate of 1/(2 l2) and
// gradients that are small beside it, one step of plain descent ends at zero.
func TestL2PullsWeightsToZero(t *testing.T) {
	const l2 = 1e9
	trainer := recallTrainer(t, func(o *Options[float64]) {
		o.L2, o.Optimizer, o.Schedule = l2, &optim.SGD[float64]{}, optim.Constant(1/(2*l2))
	})
	if _, err := trainer.Step(0); err != nil {
		t.Fatal(err)
	}
	for i, w := range trainer.in.Value {
		if math.Abs(w) > 1e-6 {
			t.Errorf("Win[%d] = %g", i, w)
		}
	}
}

// What training sees, evaluation sees: with no learning in between, the task loss of
// the same trials is the same.
func TestEvaluationHasTheLossOfTraining(t *testing.T) {
	trainer := recallTrainer(t, func(o *Options[float64]) { o.Schedule = optim.Constant(0) })
	trained, err := trainer.Step(0)
	if err != nil {
		t.Fatal(err)
	}
	trainer.Source = replay{trainer.Source}
	evaluated, err := trainer.Evaluate("test", 20)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := trained["task_loss"], evaluated["loss"]; math.Abs(a-b) > 1e-12 || trained["accuracy"] != evaluated["accuracy"] ||
		math.Abs(trained["rate_hz"]-evaluated["rate_hz"]) > 1e-9 {
		t.Errorf("trained %v, evaluated %v", trained, evaluated)
	}
}

// replay evaluates the first training batch.
type replay struct{ datasets.Source }

func (r replay) Evaluate(dst *datasets.Batch, _ string, _, trials int) error {
	return r.Train(dst, 0, trials)
}
