package experiment

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/images"
	"github.com/snnctl/snnctl/pkg/datasets/sequence"
	"github.com/snnctl/snnctl/pkg/datasets/storerecall"
	"github.com/snnctl/snnctl/pkg/learning/bptt"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// Settings are what an experiment file does not say, because the result does
// not depend on it.
type Settings struct {
	DataDir string
	Threads int
}

// Build reads the data and makes the model and the rule of an experiment.
func Build(e *config.Experiment, s Settings) (*Experiment, error) {
	source, names, err := buildSource(e, s)
	if err != nil {
		return nil, err
	}
	if e.Precision == "float64" {
		return buildLSNN[float64](e, source, names, s)
	}
	return buildLSNN[float32](e, source, names, s)
}

// MakePortable makes what an experiment file says of places on disk independent
// of the working directory, so that a run's own copy of it works from anywhere.
func MakePortable(e *config.Experiment, s Settings) error {
	if d, ok := e.Data.(config.SequentialMNIST); ok {
		var err error
		if d.Dataset, err = images.Absolute(s.DataDir, d.Dataset); err != nil {
			return err
		}
		e.Data = d
	}
	return nil
}

// buildSource opens the data. names are those of metrics that the paper calls
// otherwise.
func buildSource(e *config.Experiment, s Settings) (source datasets.Source, names map[string]string, err error) {
	switch d := e.Data.(type) {
	case config.SequentialMNIST:
		collection, err := images.Load(s.DataDir, d.Dataset)
		if err != nil {
			return nil, nil, err
		}
		source, err = sequence.New(collection, sequence.Options{
			Encoding: d.Encoding, InputLines: d.InputLines, Pool: d.Pool, StepMS: d.StepMS, CueSteps: d.CueSteps,
			ReadoutSteps: d.ReadoutSteps, ValidationImages: d.ValidationImages, Seed: e.Seed, Threads: s.Threads,
		})
		return source, nil, err
	case config.StoreRecall:
		source, err = storerecall.New(storerecall.Options{
			LinesPerSymbol: d.LinesPerSymbol, RateHz: d.RateHz, SymbolMS: d.SymbolMS, Symbols: d.Symbols,
			CommandProbability: d.CommandProbability, DelaySymbols: d.DelaySymbols,
			EvaluationTrials: d.EvaluationTrials, Seed: e.Seed, Threads: s.Threads,
		})
		return source, map[string]string{"test_error": "recall_error"}, err
	}
	return nil, nil, fault.Inputf("data of type %T cannot be built", e.Data)
}

func buildLSNN[F tensor.Float](e *config.Experiment, source datasets.Source, names map[string]string, s Settings) (*Experiment, error) {
	m, okModel := e.Model.(config.LSNN)
	r, okRule := e.Rule.(config.BPTT)
	if !okModel || !okRule {
		return nil, fault.Inputf("rule of type %T cannot train a model of type %T", e.Rule, e.Model)
	}
	shape := source.Shape()
	params := lsnnParams(m, shape.Lines)
	buffers, err := planMemory[F](&params, e, shape, s.Threads)
	if err != nil {
		return nil, err
	}
	net := lsnn.NewNetwork[F](params, e.Seed, s.Threads)
	trainer := bptt.New(net, source, bpttOptions[F](e, m, r))
	x := &Experiment{
		Trainee: trainer, Checksums: source.Checksums(), metricNames: names, trainingTrials: epochTrials(e, source),
		Plan:  Plan{Parameters: trainer.Parameters(), Buffers: buffers},
		draw:  func(dir string) error { return drawLSNN(trainer, dir) },
		check: func() ([]GradientCheck, error) { return checkGradients(e, source, m, r, s.Threads) },
	}
	return x, nil
}

// epochTrials is the number of training trials of a data set; generators have no end.
func epochTrials(e *config.Experiment, source datasets.Source) int {
	if _, generated := e.Data.(config.StoreRecall); generated {
		return 0
	}
	return source.Size("train")
}

func lsnnParams(m config.LSNN, lines int) lsnn.Params {
	taus := []float64{m.TauAdaptationMS}
	if n := m.LIFNeurons + m.ALIFNeurons; m.TauAdaptationMaxMS > m.TauAdaptationMS && m.ALIFNeurons > 1 {
		taus = make([]float64, n)
		for j := range taus {
			along := float64(max(j-m.LIFNeurons, 0)) / float64(m.ALIFNeurons-1)
			taus[j] = m.TauAdaptationMS + along*(m.TauAdaptationMaxMS-m.TauAdaptationMS)
		}
	}
	return lsnn.Params{
		Inputs: lines, LIF: m.LIFNeurons, ALIF: m.ALIFNeurons,
		TauMembrane: m.TauMembraneMS, TauAdaptation: taus, TauReadout: m.TauReadoutMS,
		Threshold: m.Threshold, Beta: m.Beta, Refractory: m.RefractorySteps, DelaySlots: m.DelaySteps,
		ResetAtSpike: m.ResetThreshold == "at-spike", Dampening: m.Dampening, DetachReset: m.DetachReset, Noise: m.InjectedNoise,
	}
}

func bpttOptions[F tensor.Float](e *config.Experiment, m config.LSNN, r config.BPTT) bptt.Options[F] {
	o := bptt.Options[F]{
		BatchSize: e.Train.BatchSize, ClipNorm: r.ClipNorm,
		RateStrength: r.Rate.Strength, TargetRate: r.Rate.TargetHz / 1000,
		CarryState: m.CarryState, ReadoutBias: m.ReadoutBias,
	}
	var rate float64
	o.Optimizer, rate = buildOptimizer[F](r.Optimizer)
	o.Schedule = buildSchedule(r.Schedule, rate, e.Train.Iterations)
	if w, ok := r.Rewiring.(config.DeepR); ok {
		o.Rewiring = &bptt.Rewiring{Connectivity: w.Connectivity, L1: w.L1, Temperature: w.Temperature,
			Signed: w.Signed, ExcitatoryFraction: w.ExcitatoryFraction}
	}
	return o
}

// buildOptimizer returns the optimiser and its learning rate at the start.
func buildOptimizer[F tensor.Float](o config.Optimizer) (optim.Optimizer[F], float64) {
	switch o := o.(type) {
	case config.SGD:
		return &optim.SGD[F]{Momentum: o.Momentum}, o.LearningRate
	case config.Adam:
		return &optim.Adam[F]{Beta1: o.Beta1, Beta2: o.Beta2, Epsilon: o.Epsilon}, o.LearningRate
	case config.AdamW:
		return &optim.Adam[F]{Beta1: o.Beta1, Beta2: o.Beta2, Epsilon: o.Epsilon, WeightDecay: o.WeightDecay}, o.LearningRate
	}
	panic(fmt.Sprintf("no optimiser is built for %T", o))
}

func buildSchedule(s config.Schedule, rate float64, iterations int) optim.Schedule {
	switch s := s.(type) {
	case config.StepRate:
		return optim.StepDecay(rate, s.Factor, s.Every)
	case config.LinearRate:
		return optim.LinearDecay(rate, s.FinalFraction, iterations)
	}
	return optim.Constant(rate)
}
