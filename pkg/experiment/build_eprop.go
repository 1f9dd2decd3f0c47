package experiment

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/experiment/run"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
)

// buildEProp trains an LSNN of any form by e-prop, or one of the forms of its
// publications by back-propagation through time.
func buildEProp[F tensor.Float](e *config.Experiment, s Settings) (*Experiment, error) {
	source, err := buildSource(e, s)
	if err != nil {
		return nil, err
	}
	shape := source.Shape()
	params, o := epropParams(e.Model.(config.LSNN), shape), epropOptions[F](e)
	buffers, err := planMemory[F](eprop.Memory[F](&params, o.Method, e.Train.BatchSize, shape.Steps, s.Threads), params.Neurons(), shape)
	if err != nil {
		return nil, err
	}
	trainer := eprop.New(eprop.NewNetwork[F](params, s.Threads), source, o)
	x := &Experiment{
		Trainee: trainer, Objective: objective(shape), Checksums: source.Checksums(),
		metricNames: source.names, trainingTrials: source.trainingTrials(),
		Plan: Plan{Parameters: trainer.Parameters(), Buffers: buffers},
		draw: func(dir string) error { return drawEligibility(trainer, dir) },
		check: func() ([]GradientCheck, error) {
			exact, err := epropGradients[float64](e, source, s.Threads)
			if err != nil {
				return nil, err
			}
			ours, err := epropGradients[float32](e, source, s.Threads)
			return compareGradients(ours, exact), err
		},
	}
	if shape.Curves != 0 {
		x.drawLearning = func(checkpoints []run.Checkpoint, dir string) error {
			start := eprop.New(eprop.NewNetwork[F](params, s.Threads), source, epropOptions[F](e))
			return drawLearning(start, checkpoints, dir)
		}
	}
	return x, nil
}

// objective is the accuracy of decisions, or the error of numbers or curves.
func objective(shape datasets.Shape) Objective {
	switch {
	case shape.Numbers != 0:
		return Objective{Metric: "mse", Minimise: true}
	case shape.Curves != 0:
		return Objective{Metric: "normalised_error", Minimise: true}
	}
	return accuracy
}

func epropGradients[F tensor.Float](e *config.Experiment, source *data, threads int) (map[string][]float64, error) {
	o := epropOptions[F](e)
	o.BatchSize = min(checkTrials, e.Train.BatchSize)
	net := eprop.NewNetwork[F](epropParams(e.Model.(config.LSNN), source.Shape()), threads)
	gradients, err := eprop.New(net, source, o).FirstGradients()
	return widened(gradients), err
}

var epropForms = map[string]eprop.Form{"unit-gain": eprop.UnitGain, "light": eprop.Light, "lsnn": eprop.LSNN}

func epropParams(m config.LSNN, shape datasets.Shape) eprop.Params {
	return eprop.Params{
		Inputs: shape.Lines, LIF: m.LIFNeurons, ALIF: m.ALIFNeurons, Outputs: shape.Outputs(),
		Form: epropForms[m.Form], TauMembrane: m.TauMembraneMS, TauAdaptation: adaptationTimes(m), TauReadout: m.TauReadoutMS,
		Threshold: m.Threshold, Beta: m.Beta, DelaySlots: m.DelaySteps, Refractory: m.RefractorySteps + 1, Dampening: m.Dampening,
		UnitReadout: m.ReadoutGain == "unit",
	}
}

// epropMethods are the values of rule.compute.
var epropMethods = map[string]eprop.Method{"online": eprop.OnlineTraces, "filtered": eprop.FilteredSignal, "adjoint": eprop.LocalAdjoint}

func epropOptions[F tensor.Float](e *config.Experiment) eprop.Options[F] {
	m, o := e.Model.(config.LSNN), epropRule[F](e)
	o.ReadoutBias, o.Readout = m.ReadoutBias, readoutStart(m)
	return o
}

// epropRule is what the rule says, whatever the network.
func epropRule[F tensor.Float](e *config.Experiment) eprop.Options[F] {
	o := eprop.Options[F]{BatchSize: e.Train.BatchSize, Seed: e.Seed}
	var rate config.FiringRate
	switch r := e.Rule.(type) {
	case config.BPTT:
		o.Method, o.Options, rate = eprop.BPTT, bpttPlasticity[F](e, r), r.Rate
	case config.EProp:
		setEProp(&o, e, r)
		rate = r.Rate
	case config.EPropReward:
		setEProp(&o, e, r.EProp())
		rate = r.Rate
	}
	o.Penalty = eprop.Penalty{Strength: rate.Strength, Target: rate.TargetHz / 1000}
	return o
}

func setEProp[F tensor.Float](o *eprop.Options[F], e *config.Experiment, r config.EProp) {
	kinds := map[string]eprop.FeedbackKind{"symmetric": eprop.Symmetric, "random": eprop.Random, "adaptive": eprop.Adaptive}
	o.Method, o.Feedback = epropMethods[r.Compute], kinds[r.Feedback]
	o.FeedbackScale, o.FeedbackDecay = r.FeedbackScale, r.FeedbackDecay
	o.ClipNorm, o.L2, o.Rewiring = r.ClipNorm, r.L2, buildRewiring(r.Rewiring)
	var learningRate float64
	o.Optimizer, learningRate = buildOptimizer[F](r.Optimizer)
	o.Schedule = buildSchedule(r.Schedule, learningRate, e.Train.Iterations)
}
