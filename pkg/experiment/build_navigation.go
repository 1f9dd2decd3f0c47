package experiment

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/navigation"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/learning/ppo"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// buildNavigation trains an LSNN to find, and find again, the goal of an arena.
func buildNavigation[F tensor.Float](e *config.Experiment, s Settings) (*Experiment, error) {
	arena, err := navigationArena(e)
	if err != nil {
		return nil, err
	}
	params := navigationParams(e, arena)
	shape := datasets.Shape{Steps: arena.Steps, Lines: arena.Lines(), Curves: ppo.Outputs}
	buffers, err := planMemory[F](ppo.Memory[F](&params, e.Train.BatchSize, arena.Steps, s.Threads), params.Neurons(), shape)
	if err != nil {
		return nil, err
	}
	trainer := ppo.New(lsnn.NewNetwork[F](params, e.Seed, s.Threads), arena, ppoOptions[F](e))
	return &Experiment{
		Trainee: trainer, Objective: Objective{Metric: "goals"},
		Plan: Plan{Parameters: trainer.Parameters(), Buffers: buffers},
		draw: func(dir string) error { return drawNavigation(trainer, dir) },
		check: func() ([]GradientCheck, error) {
			exact := checkTrainer[float64](e, arena, s.Threads)
			record := exact.FirstEpisodes() // both learn from it: in a closed loop, rounding would lead them to different places
			ours := checkTrainer[float32](e, arena, s.Threads)
			return compareGradients(widened(ours.Gradients(record)), widened(exact.Gradients(record))), nil
		},
	}, nil
}

func navigationArena(e *config.Experiment) (*navigation.Arena, error) {
	d := e.Data.(config.Navigation)
	return navigation.New(navigation.Options{
		Steps: d.EpisodeMS, GoalRadius: d.GoalRadius, MaxSpeed: d.MaxSpeed, WallPenalty: d.WallPenalty,
		CodeNeurons: d.CodeNeurons, CodeHz: d.CodeHz, RewardNeurons: d.RewardNeurons, RewardHz: d.RewardHz, Seed: e.Seed,
	})
}

func navigationParams(e *config.Experiment, arena *navigation.Arena) lsnn.Params {
	params := lsnnParams(e.Model.(config.LSNN), arena.Lines())
	params.KeepPotentials = e.Rule.(config.PPO).Memory == "full"
	return params
}

// checkTrainer has batches of few episodes.
func checkTrainer[F tensor.Float](e *config.Experiment, arena *navigation.Arena, threads int) *ppo.Trainer[F] {
	o := ppoOptions[F](e)
	o.BatchSize = min(checkTrials, e.Train.BatchSize)
	return ppo.New(lsnn.NewNetwork[F](navigationParams(e, arena), e.Seed, threads), arena, o)
}

func ppoOptions[F tensor.Float](e *config.Experiment) ppo.Options[F] {
	r := e.Rule.(config.PPO)
	o := ppo.Options[F]{
		Constants: ppo.Constants{Discount: r.Discount, Lambda: r.Lambda, Clip: r.Clip,
			Value: r.ValueWeight, Entropy: r.EntropyWeight, Normalise: r.NormaliseAdvantages},
		BatchSize: e.Train.BatchSize, EvaluationEpisodes: e.Data.(config.Navigation).EvaluationEpisodes, Epochs: r.Epochs,
		Options: plasticity.Options[F]{ClipNorm: r.ClipNorm, Rewiring: buildRewiring(r.Rewiring)},
		Std:     r.Std, LearnStd: r.LearnStd, RateStrength: r.Rate.Strength, TargetRate: r.Rate.TargetHz / 1000,
		Readout: readoutStart(e.Model.(config.LSNN)),
	}
	var rate float64
	o.Optimizer, rate = buildOptimizer[F](r.Optimizer)
	schedule := buildSchedule(r.Schedule, rate, e.Train.Iterations)
	o.Schedule = func(update int) float64 { return schedule(update / r.Epochs) }
	return o
}
