package experiment

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/functionepisodes"
	"github.com/snnctl/snnctl/pkg/learning/bptt"
	"github.com/snnctl/snnctl/pkg/learning/fewshot"
	"github.com/snnctl/snnctl/pkg/metrics"
)

// buildEpisodes makes the source of episodes of a family of functions.
func buildEpisodes(d config.FunctionEpisodes, seed uint64, threads int) (*functionepisodes.Source, error) {
	return functionepisodes.New(functionepisodes.Options{
		Family: functionFamily(d), EpisodeTrials: d.Trials, TrialMS: d.TrialMS, Lines: d.LinesPerNumber, PeakHz: d.PeakHz,
		EvaluationEpisodes: d.EvaluationEpisodes, Seed: seed, Threads: threads,
	})
}

func functionFamily(d config.FunctionEpisodes) functionepisodes.Family {
	if d.Family == "sinusoid" {
		return functionepisodes.Sinusoids{LeastAmplitude: d.AmplitudeMin, MostAmplitude: d.AmplitudeMax, Cycles: d.Cycles, PhaseCycles: d.PhaseCycles}
	}
	ranges := map[string]functionepisodes.Attainable{"of-family": functionepisodes.OfFamily, "of-teacher": functionepisodes.OfTeacher}
	return functionepisodes.Teachers{Range: ranges[d.Attainable]}
}

// episodic is a network that learns to learn functions. Its evaluation fixes the weights
// and follows the error within the episodes, beside that of other ways to learn from
// the same examples.
type episodic[F tensor.Float] struct {
	*bptt.Trainer[F]
	data     config.FunctionEpisodes
	episodes *functionepisodes.Source
	seed     uint64
	threads  int

	baselines []fewshot.Baseline // chosen when they are first asked for
	learnt    map[learnt][]learner
}

// learnt says of which episodes the errors of baselines are.
type learnt struct {
	split    string
	episodes int
}

// learner is somebody's squared errors, [episodes][trials].
type learner struct {
	name   string
	errors [][]float64
}

// searchEpisodes is how many training episodes the settings of the baselines are chosen on.
const searchEpisodes = 16

// Evaluate runs episodes of a split with fixed weights. Besides what the trainer reports
// there are mse_first and mse_last, of the first and the last trials, and of each
// baseline mse, mse_first and mse_last under its name and the settings chosen for it.
func (e *episodic[F]) Evaluate(split string, episodes int) (map[string]float64, error) {
	m, learners, err := e.follow(split, episodes)
	if err != nil {
		return nil, err
	}
	for _, l := range learners {
		mean, _ := metrics.ByTrial(l.errors)
		m[l.name+"mse"], _ = metrics.Mean(mean)
		m[l.name+"mse_first"], _ = metrics.Mean(mean[:e.data.FirstTrials])
		m[l.name+"mse_last"], _ = metrics.Mean(mean[len(mean)-e.data.LastTrials:])
	}
	for _, b := range e.baselines {
		for name, value := range b.Settings {
			m[b.Name+"_"+name] = value
		}
	}
	return m, nil
}

// follow runs episodes of a split and returns the trainer's metrics and the errors of all
// learners, those of the network first, under no name; the names of the others end in
// an underscore.
func (e *episodic[F]) follow(split string, episodes int) (map[string]float64, []learner, error) {
	network := learner{}
	m, err := e.EvaluateEach(split, episodes, func(batch *datasets.Batch, outputs []F) {
		for first := 0; first < len(outputs); first += e.data.Trials {
			errors := make([]float64, e.data.Trials)
			for k := range errors {
				d := float64(outputs[first+k]) - float64(batch.Targets[first+k])
				errors[k] = d * d
			}
			network.errors = append(network.errors, errors)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	others, err := e.others(learnt{split, len(network.errors)})
	return m, append([]learner{network}, others...), err
}

// others are the errors of the baselines.
func (e *episodic[F]) others(of learnt) ([]learner, error) {
	if known, ok := e.learnt[of]; ok {
		return known, nil
	}
	if e.baselines == nil {
		training, err := e.examples(learnt{"train", searchEpisodes})
		if err != nil {
			return nil, err
		}
		e.baselines = fewshot.Baselines(training, e.seed, e.threads)
	}
	functions, err := e.examples(of)
	if err != nil {
		return nil, err
	}
	var all []learner
	for _, b := range e.baselines {
		all = append(all, learner{b.Name + "_", b.SquaredErrors(functions, e.threads)})
	}
	if e.learnt == nil {
		e.learnt = map[learnt][]learner{}
	}
	e.learnt[of] = all
	return all, nil
}

func (e *episodic[F]) examples(of learnt) ([]fewshot.Examples, error) {
	functions := make([]fewshot.Examples, of.episodes)
	for i := range functions {
		episode, err := e.episodes.Episode(of.split, i)
		if err != nil {
			return nil, err
		}
		functions[i] = fewshot.Examples{X: episode.X, Y: episode.Y}
	}
	return functions, nil
}
