package ppo

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/navigation"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// small is a trainer on episodes of 60 steps in which the goal is easily found.
func small[F tensor.Float](t testing.TB, threads int, change func(*Options[F])) *Trainer[F] {
	t.Helper()
	arena, err := navigation.New(navigation.Options{Steps: 60, GoalRadius: 0.6, MaxSpeed: 0.2, WallPenalty: 0.02,
		CodeNeurons: 10, CodeHz: 400, RewardNeurons: 5, RewardHz: 400, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	net := lsnn.NewNetwork[F](lsnn.Params{Inputs: arena.Lines(), LIF: 12, ALIF: 8, TauMembrane: 4, TauAdaptation: []float64{60}, TauReadout: 4,
		Threshold: 0.05, Beta: 1.5, Refractory: 1, DelaySlots: 2, Dampening: 0.3}, 3, threads)
	o := Options[F]{
		Constants: Constants{Discount: 0.95, Lambda: 0.9, Clip: 0.2, Value: 0.3, Entropy: 0.01},
		BatchSize: 40, EvaluationEpisodes: 300, Epochs: 3, Std: 0.5, LearnStd: true, RateStrength: 1, TargetRate: 0.05,
		Options: plasticity.Options[F]{Optimizer: &optim.Adam[F]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Schedule: optim.Constant(0.01), ClipNorm: 1},
	}
	if change != nil {
		change(&o)
	}
	return New(net, arena, o)
}

// Before the first epoch the network's own outputs are those that have acted: ρ = 1
// everywhere. After an update it is not.
func TestFirstEpochIsOnPolicy(t *testing.T) {
	for epochs, moved := range map[int]bool{1: false, 2: true} {
		trainer := small(t, 2, func(o *Options[float32]) { o.Epochs = epochs })
		m, err := trainer.Step(0)
		if err != nil {
			t.Fatal(err)
		}
		if (m["divergence"] != 0) != moved || (!moved && m["clipped"] != 0) {
			t.Errorf("%d epochs: divergence %v, clipped %v", epochs, m["divergence"], m["clipped"])
		}
	}
}

// The loss of recorded episodes has true derivatives with respect to the readout and σ,
// as no spike depends on them (oracle 11), also when the policy has moved on.
func TestReadoutFiniteDifferences(t *testing.T) {
	trainer := small[float64](t, 1, nil)
	trainer.FirstEpisodes()
	trainer.prepare()
	for i := range trainer.out.Value { // another policy than the one that has acted
		trainer.out.Value[i] += 0.05 * math.Sin(float64(i))
	}
	value := func() float64 {
		trainer.Net.Run(&trainer.trace, trainer.recurrent(), trainer.readout(), trainer.rollout.Inputs, 0, nil)
		l := trainer.gradient()
		return l.total()
	}
	value()
	for _, a := range []plasticity.Array[float64]{trainer.out, trainer.bias, trainer.logStd} {
		gradient, scale := slices.Clone(a.Grad), 0.0
		for _, g := range gradient {
			scale = max(scale, math.Abs(g))
		}
		if scale == 0 {
			t.Fatalf("%s has no gradient", a.Name)
		}
		for i := 0; i < len(a.Value); i += 1 + len(a.Value)/20 {
			const h = 1e-6
			x := a.Value[i]
			a.Value[i] = x + h
			up := value()
			a.Value[i] = x - h
			down := value()
			a.Value[i] = x
			if want := (up - down) / (2 * h); math.Abs(gradient[i]-want) > 1e-6*max(scale, 1) {
				t.Errorf("∂L/∂%s[%d] = %v, finite difference %v", a.Name, i, gradient[i], want)
			}
		}
	}
}

// A training, and what it is scored by, do not depend on the number of threads.
func TestThreadsDoNotMatter(t *testing.T) {
	var first [][]float32
	var score string
	for _, threads := range []int{1, 2, 3} {
		trainer := small[float32](t, threads, func(o *Options[float32]) {
			o.Rewiring = &plasticity.Rewiring{Connectivity: 0.5, L1: 0.1, Signed: true, ExcitatoryFraction: 0.75}
		})
		for step := range 3 {
			if _, err := trainer.Step(step); err != nil {
				t.Fatal(err)
			}
		}
		var weights [][]float32
		for _, a := range []plasticity.Array[float32]{trainer.in, trainer.rec, trainer.out, trainer.bias, trainer.logStd} {
			weights = append(weights, slices.Clone(a.Value))
		}
		m, err := trainer.Evaluate("test", 0)
		if err != nil {
			t.Fatal(err)
		}
		if threads == 1 {
			first, score = weights, fmt.Sprint(m)
			continue
		}
		for i := range weights {
			if !slices.Equal(weights[i], first[i]) {
				t.Errorf("%d threads: other weights", threads)
			}
		}
		if got := fmt.Sprint(m); got != score {
			t.Errorf("%d threads: score %s, want %s", threads, got, score)
		}
	}
}

// In half a hundred batches the agent learns to reach the goal more often than chance.
func TestLearnsToReachTheGoal(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for seconds")
	}
	trainer := small[float32](t, 2, func(o *Options[float32]) { o.Normalise = true })
	for step := range 60 {
		if _, err := trainer.Step(step); err != nil {
			t.Fatal(err)
		}
	}
	m, err := trainer.Evaluate("test", 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("goals: %.2f, untrained %.2f, random %.2f", m["goals"], m["untrained_goals"], m["random_goals"])
	if m["goals"] < 1.5*m["untrained_goals"] || m["goals"] < 1.5*m["random_goals"] {
		t.Errorf("goals in an episode: %v, untrained %v, random %v", m["goals"], m["untrained_goals"], m["random_goals"])
	}
}

// Untrained is what the training began with, and looking at it changes nothing.
func TestUntrainedIsTheStart(t *testing.T) {
	trainer := small[float64](t, 1, nil)
	before := trainer.Score("test", 50)
	if _, err := trainer.Step(0); err != nil {
		t.Fatal(err)
	}
	after := trainer.Score("test", 50)
	if got := trainer.UntrainedScore("test", 50); !slices.Equal(got.Return, before.Return) {
		t.Error("the untrained network scores other than at the start")
	}
	if got := trainer.Score("test", 50); !slices.Equal(got.Return, after.Return) || slices.Equal(got.Return, before.Return) {
		t.Error("the trained network has changed")
	}
}

// Splits are different episodes, and each always the same.
func TestSplitsHaveAddresses(t *testing.T) {
	trainer := small[float64](t, 1, nil)
	test := trainer.Score("test", 30)
	if again := trainer.Score("test", 30); !slices.Equal(again.Length, test.Length) {
		t.Error("the same episodes score differently")
	}
	if other := trainer.Score("validation", 30); slices.Equal(other.Length, test.Length) {
		t.Error("two splits are the same")
	}
	if _, err := trainer.Evaluate("tset", 3); err == nil {
		t.Error("a split that does not exist is evaluated")
	}
}
