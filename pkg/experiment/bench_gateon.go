package experiment

import (
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/datasets/tasksequence"
)

// gateonCases are the networks of the job "gateon": four hidden layers of 1,000 neurons.
var gateonCases = []struct {
	name string
	sets []string
}{
	{"n-gateon", nil},
	{"p-gateon", []string{"rule.variant=p"}},
	{"without gates", []string{"rule.type=finetune", "rule.loss=cross-entropy-of-softmax", "rule.optimizer.learning_rate=0.005", "model.gate=none"}},
}

// BenchGateON times the steps of each case so many times.
func BenchGateON(repeats, threads int) (*StepsResult, error) {
	if repeats < 1 {
		return nil, fault.Inputf("--repeats is %d, expected at least 1", repeats)
	}
	res := &StepsResult{Job: "gateon", Threads: threads}
	shape := pixels.Shape{Channels: 1, Height: 28, Width: 28}
	set := pixels.Set{Train: randomImages(shape), Validation: randomImages(shape), Test: randomImages(shape)}
	source, err := tasksequence.FromImages(set, pixels.Unit(), tasksequence.Options{Kind: tasksequence.Permuted, Tasks: 2, Seed: 1})
	if err != nil {
		return nil, err
	}
	for _, c := range gateonCases {
		resolved, err := config.Open("gateon-pm", append([]string{"model.hidden=[1000,1000,1000,1000]", "train.batch_size=256"}, c.sets...))
		if err != nil {
			return nil, err
		}
		e := &resolved.Experiment
		learner, err := newContinual[float32](e, Settings{Threads: threads}, source, continualOptions(e, threads))
		if err != nil {
			return nil, err
		}
		timed := StepsCase{Network: c.name, Batch: e.Train.BatchSize}
		if err := timed.time(repeats, learner.Step); err != nil {
			return nil, err
		}
		res.Cases = append(res.Cases, timed)
	}
	res.Peak = peakMemory()
	return res, nil
}
