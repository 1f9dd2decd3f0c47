package experiment

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/armtrajectory"
	"github.com/snnctl/snnctl/pkg/learning/eprop/oneshot"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// buildOneShot is a network with an error module, trained by e-prop 2.
func buildOneShot[F tensor.Float](e *config.Experiment, s Settings) (*Experiment, error) {
	d := e.Data.(config.ArmTrajectory)
	source, err := armtrajectory.New(armtrajectory.Options{Steps: d.TrialMS, ClockWindows: d.ClockWindows, ClockLines: d.ClockLines,
		CodeNeurons: d.CodeNeurons, EvaluationTrials: d.EvaluationTasks, Seed: e.Seed})
	if err != nil {
		return nil, err
	}
	params := oneShotParams(e)
	buffers, err := planBuffers(oneshot.Memory[F](&params, e.Train.BatchSize, d.TrialMS, s.Threads))
	if err != nil {
		return nil, err
	}
	trainer := oneshot.NewTrainer(params, source, e.Train.BatchSize, e.Seed, s.Threads, oneShotPlasticity[F](e))
	return &Experiment{
		Trainee: trainer, Objective: Objective{Metric: "tip_mse", Minimise: true},
		Plan: Plan{Parameters: trainer.Parameters(), Buffers: buffers},
		draw: func(dir string) error { return drawMovements(trainer, dir) },
		check: func() ([]GradientCheck, error) {
			return compareGradients(oneShotGradients[float32](e, source, s.Threads), oneShotGradients[float64](e, source, s.Threads)), nil
		},
	}, nil
}

// oneShotGradients are those of the first tasks, in precision F.
func oneShotGradients[F tensor.Float](e *config.Experiment, source *armtrajectory.Source, threads int) map[string][]float64 {
	trainer := oneshot.NewTrainer(oneShotParams(e), source, e.Train.BatchSize, e.Seed, threads, oneShotPlasticity[F](e))
	return trainer.Gradients(min(checkTrials, e.Train.BatchSize))
}

func oneShotParams(e *config.Experiment) oneshot.Params {
	d, m, r := e.Data.(config.ArmTrajectory), e.Model.(config.LIFWithErrorModule), e.Rule.(config.EProp2)
	return oneshot.Params{
		ClockLines: d.ClockLines, CodeLines: 2 * d.CodeNeurons, Neurons: m.Neurons, ErrorNeurons: m.ErrorNeurons,
		TauMembrane: m.TauMembraneMS, TauReadout: m.TauReadoutMS, Threshold: m.Threshold, Refractory: m.RefractorySteps, Dampening: m.Dampening,
		InnerRate: r.InnerLearningRate, MotorWeight: r.MotorWeight,
		RateStrength: r.Rate.Strength, TargetRate: r.Rate.TargetHz / 1000, ErrorTargetRate: r.ErrorTargetHz / 1000,
	}
}

func oneShotPlasticity[F tensor.Float](e *config.Experiment) plasticity.Options[F] {
	r := e.Rule.(config.EProp2)
	o := plasticity.Options[F]{ClipNorm: r.ClipNorm}
	var rate float64
	o.Optimizer, rate = buildOptimizer[F](r.Optimizer)
	o.Schedule = buildSchedule(r.Schedule, rate, e.Train.Iterations)
	return o
}
