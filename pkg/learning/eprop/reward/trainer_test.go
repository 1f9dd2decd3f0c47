package reward

import (
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/delayedcue"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

func trainer[F tensor.Float](t *testing.T, threads, batch int, change func(*eprop.Options[F])) *Trainer[F] {
	t.Helper()
	source, err := delayedcue.New(delayedcue.Options{Lines: 5, RateHz: 150, NoiseHz: 10, CueMS: 30, DelayMS: 10, GoMS: 20, OutcomeMS: 10,
		EvaluationTrials: 128, Seed: 1, Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	o := eprop.Options[F]{BatchSize: batch, Method: eprop.LocalAdjoint, ReadoutBias: true, Seed: 1, FeedbackScale: 1,
		Penalty: eprop.Penalty{Strength: 0.1, Target: 0.02},
		Options: plasticity.Options[F]{Optimizer: &optim.Adam[F]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Schedule: optim.Constant(0.01)}}
	if change != nil {
		change(&o)
	}
	net := eprop.NewNetwork[F](eprop.Params{Inputs: source.Shape().Lines, LIF: 10, ALIF: 6, Outputs: 3, Form: eprop.UnitGain,
		TauMembrane: 20, TauAdaptation: []float64{100}, TauReadout: 20, Threshold: 0.6, Beta: 0.1, Refractory: 5, Dampening: 0.3}, threads)
	return New(net, source, o, Constants{Discount: 0.98, Value: 0.05, Entropy: 0.01})
}

// What a batch of trials and actions drawn teaches is the same online and looking back.
func TestOnlineEqualsLookingBack(t *testing.T) {
	gradients := func(method eprop.Method) map[string][]float64 {
		g, err := trainer(t, 2, 40, func(o *eprop.Options[float64]) { o.Method = method }).FirstGradients()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	want := gradients(eprop.OnlineTraces)
	for _, method := range []eprop.Method{eprop.FilteredSignal, eprop.LocalAdjoint} {
		for name, g := range gradients(method) {
			size := 0.0
			for _, x := range want[name] {
				size = max(size, x, -x)
			}
			for i, x := range g {
				if d := x - want[name][i]; size == 0 || !(max(d, -d) <= 1e-12*size) {
					t.Fatalf("method %d: %s[%d] = %.15g, want %.15g", method, name, i, x, want[name][i])
				}
			}
		}
	}
}

// Rewards alone teach the task where it asks for little memory; the bits do not
// depend on threads.
func TestRewardsTeach(t *testing.T) {
	for _, kind := range []eprop.FeedbackKind{eprop.Symmetric, eprop.Random} {
		change := func(o *eprop.Options[float32]) { o.Feedback = kind }
		one, two := trainer(t, 1, 32, change), trainer(t, 2, 32, change)
		for step := range 150 {
			m, err := one.Step(step)
			if err != nil {
				t.Fatal(err)
			}
			if step < 20 {
				again, err := two.Step(step)
				if err != nil || again["reward"] != m["reward"] || again["gradient_norm"] != m["gradient_norm"] {
					t.Fatalf("step %d: %v with one thread, %v with two, %v", step, m, again, err)
				}
			}
		}
		m, err := one.Evaluate("test", 0)
		if err != nil || m["accuracy"] < 0.85 {
			t.Errorf("feedback %d: %v, %v", kind, m, err)
		}
	}
	if slices.Equal(trainer[float32](t, 1, 4, nil).Weights().In, trainer(t, 1, 4, func(o *eprop.Options[float32]) { o.Seed = 2 }).Weights().In) {
		t.Error("another seed gives the same weights")
	}
}
