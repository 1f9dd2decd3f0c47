package experiment

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
	"github.com/snnctl/snnctl/pkg/learning/eprop/reward"
)

// buildReward trains an LSNN from rewards.
func buildReward[F tensor.Float](e *config.Experiment, s Settings) (*Experiment, error) {
	source, err := buildSource(e, s)
	if err != nil {
		return nil, err
	}
	shape := source.Shape()
	params, o := rewardParams(e, shape), epropOptions[F](e)
	buffers, err := planMemory[F](rewardMemory[F](&params, o.Method, e.Train.BatchSize, shape.Steps, s.Threads), params.Neurons(), shape)
	if err != nil {
		return nil, err
	}
	trainer := reward.New(eprop.NewNetwork[F](params, s.Threads), source, o, rewardConstants(e))
	return &Experiment{
		Trainee: trainer, Objective: accuracy, Checksums: source.Checksums(),
		metricNames: source.names, trainingTrials: source.trainingTrials(),
		Plan: Plan{Parameters: trainer.Parameters(), Buffers: buffers},
		draw: func(dir string) error { return drawReward(trainer, dir) },
		check: func() ([]GradientCheck, error) {
			exact, err := rewardGradients[float64](e, source, s.Threads)
			if err != nil {
				return nil, err
			}
			ours, err := rewardGradients[float32](e, source, s.Threads)
			return compareGradients(ours, exact), err
		},
	}, nil
}

func rewardGradients[F tensor.Float](e *config.Experiment, source *data, threads int) (map[string][]float64, error) {
	o := epropOptions[F](e)
	o.BatchSize = min(checkTrials, e.Train.BatchSize)
	net := eprop.NewNetwork[F](rewardParams(e, source.Shape()), threads)
	gradients, err := reward.New(net, source, o, rewardConstants(e)).FirstGradients()
	return widened(gradients), err
}

// rewardParams adds the output of the critic.
func rewardParams(e *config.Experiment, shape datasets.Shape) eprop.Params {
	p := epropParams(e.Model.(config.LSNN), shape)
	p.Outputs = shape.Classes + 1
	return p
}

func rewardConstants(e *config.Experiment) reward.Constants {
	r := e.Rule.(config.EPropReward)
	return reward.Constants{Discount: r.Discount, Value: r.ValueWeight, Entropy: r.EntropyWeight}
}

// rewardMemory is that of e-prop and what an agent adds: direct errors beside
// those from rewards, or the credit of every synapse.
func rewardMemory[F tensor.Float](p *eprop.Params, method eprop.Method, trials, steps, threads int) map[string]int64 {
	m := eprop.Memory[F](p, method, trials, steps, threads)
	if method == eprop.OnlineTraces {
		var zero F
		workers := int64(min(max(threads, 1), tensor.Groups(trials)))
		m["credit of actions, by thread"] = workers * int64(p.Neurons()*(p.Inputs+p.Neurons()+p.Outputs)*tensor.Lanes) * int64(unsafe.Sizeof(zero))
	} else {
		m["errors of the readout"] *= 2
	}
	m["values of the critic"] = 8 * int64(trials*steps)
	return m
}
