package oneshot

import (
	"testing"

	"github.com/snnctl/snnctl/pkg/datasets/armtrajectory"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// smallTrainer learns short movements.
func smallTrainer(t *testing.T, innerRate float64) *Trainer[float32] {
	t.Helper()
	source, err := armtrajectory.New(armtrajectory.Options{Steps: 100, ClockWindows: 5, ClockLines: 10, CodeNeurons: 20, EvaluationTrials: 60, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	p := Params{ClockLines: 10, CodeLines: 40, Neurons: 40, ErrorNeurons: 40, TauMembrane: 20, TauReadout: 20, Threshold: 0.4, Refractory: 5, Dampening: 0.3,
		InnerRate: innerRate, MotorWeight: 0.1, RateStrength: 100, TargetRate: 0.02, ErrorTargetRate: 0.01}
	return NewTrainer(p, source, 10, 2, 2, plasticity.Options[float32]{
		Optimizer: &optim.Adam[float32]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Schedule: optim.Constant(0.005)})
}

// train takes steps and evaluates.
func train(t *testing.T, trainer *Trainer[float32], steps int) map[string]float64 {
	t.Helper()
	for step := range steps {
		if _, err := trainer.Step(step); err != nil {
			t.Fatal(err)
		}
	}
	m, err := trainer.Evaluate("test", 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// After training, a trial makes the next one better; it does not where there is no
// update, as the movements have nothing in common.
func TestTrainingLearnsToLearn(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	untrained := train(t, smallTrainer(t, 0.1), 0)["motor_mse"]
	with, without := train(t, smallTrainer(t, 0.1), 600)["motor_mse"], train(t, smallTrainer(t, 0), 300)["motor_mse"]
	t.Logf("mean squared error of velocities: untrained %.1f, trained %.1f, without update %.1f", untrained, with, without)
	if !(with < 0.92*untrained) {
		t.Errorf("the error is %.1f after training, %.1f before", with, untrained)
	}
	if !(without > 0.97*untrained) {
		t.Errorf("without an update the error is %.1f, untrained %.1f", without, untrained)
	}
}

// What a trainer is asked between two steps does not change them.
func TestEvaluationLeavesTrainingAlone(t *testing.T) {
	plain, asked := smallTrainer(t, 0.1), smallTrainer(t, 0.1)
	for step := range 3 {
		a, err := plain.Step(step)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := asked.Evaluate("validation", 60); err != nil {
			t.Fatal(err)
		}
		asked.Gradients(2)
		asked.Movements("test", 1)
		b, err := asked.Step(step)
		if err != nil {
			t.Fatal(err)
		}
		for name, x := range a {
			if b[name] != x {
				t.Errorf("step %d: %s is %v, after an evaluation %v", step, name, x, b[name])
			}
		}
	}
}
