package experiment

import (
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/delayedcue"
	"github.com/snnctl/snnctl/pkg/datasets/evidence"
	"github.com/snnctl/snnctl/pkg/datasets/images"
	"github.com/snnctl/snnctl/pkg/datasets/patterngeneration"
	"github.com/snnctl/snnctl/pkg/datasets/sequence"
	"github.com/snnctl/snnctl/pkg/datasets/storerecall"
)

// data is an opened data set.
type data struct {
	datasets.Source

	// generated trials never end: there are no epochs.
	generated bool

	// names are those of metrics that the paper calls otherwise, such as
	// recall_error for test_error.
	names map[string]string
}

// trainingTrials is the number of trials in an epoch; 0 where there is no end to
// them.
func (d *data) trainingTrials() int {
	if d.generated {
		return 0
	}
	return d.Size("train")
}

// buildSource opens the data of an experiment.
func buildSource(e *config.Experiment, s Settings) (*data, error) {
	switch d := e.Data.(type) {
	case config.SequentialMNIST:
		collection, err := images.Load(s.DataDir, d.Dataset)
		if err != nil {
			return nil, err
		}
		source, err := sequence.New(collection, sequence.Options{
			Encoding: d.Encoding, InputLines: d.InputLines, Pool: d.Pool, StepMS: d.StepMS, CueSteps: d.CueSteps,
			ReadoutSteps: d.ReadoutSteps, ValidationImages: d.ValidationImages, Seed: e.Seed, Threads: s.Threads,
		})
		return &data{Source: source}, err
	case config.PatternGeneration:
		source, err := patterngeneration.New(patterngeneration.Options{
			Lines: d.InputLines, RateHz: d.RateHz, Steps: d.TrialMS, Curves: d.Curves, Seed: e.Seed, Threads: s.Threads,
		})
		return &data{Source: source, generated: true}, err
	case config.EvidenceAccumulation:
		source, err := evidence.New(evidence.Options{
			LinesPerGroup: d.LinesPerGroup, Cues: d.Cues, SlotMS: d.SlotMS, CueMS: d.CueMS, DelayMS: d.DelayMS, RecallMS: d.RecallMS,
			RateHz: d.RateHz, NoiseHz: d.NoiseHz, SideProbability: d.SideProbability,
			EvaluationTrials: d.EvaluationTrials, Seed: e.Seed, Threads: s.Threads,
		})
		return &data{Source: source, generated: true}, err
	case config.StoreRecall:
		source, err := storerecall.New(storerecall.Options{
			LinesPerSymbol: d.LinesPerSymbol, RateHz: d.RateHz, SymbolMS: d.SymbolMS, Symbols: d.Symbols,
			CommandProbability: d.CommandProbability, DelaySymbols: d.DelaySymbols,
			EvaluationTrials: d.EvaluationTrials, Seed: e.Seed, Threads: s.Threads,
		})
		return &data{Source: source, generated: true, names: map[string]string{"test_error": "recall_error"}}, err
	case config.DelayedCue:
		source, err := delayedcue.New(delayedcue.Options{
			Lines: d.LinesPerPopulation, RateHz: d.RateHz, NoiseHz: d.NoiseHz,
			CueMS: d.CueMS, DelayMS: d.DelayMS, GoMS: d.GoMS, OutcomeMS: d.OutcomeMS,
			EvaluationTrials: d.EvaluationTrials, Seed: e.Seed, Threads: s.Threads,
		})
		return &data{Source: source, generated: true}, err
	case config.FunctionEpisodes:
		source, err := buildEpisodes(d, e.Seed, s.Threads)
		return &data{Source: source, generated: true}, err
	}
	return nil, fault.Inputf("data of type %T cannot be built", e.Data)
}
