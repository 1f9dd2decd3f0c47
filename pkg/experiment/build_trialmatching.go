package experiment

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"unsafe"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
	"github.com/snnctl/snnctl/pkg/datasets/trialset"
	"github.com/snnctl/snnctl/pkg/datasets/twoarea"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/learning/trialmatch"
	"github.com/snnctl/snnctl/pkg/models/rsnn/multiarea"
)

// buildTrialMatching fits a network of several areas to recorded trials.
func buildTrialMatching[F tensor.Float](e *config.Experiment, s Settings) (*Experiment, error) {
	set, checksums, err := trialSet(e, s)
	if err != nil {
		return nil, err
	}
	params := multiAreaParams(e.Model.(config.MultiAreaRSNN), set)
	buffers, err := planBuffers(trialMatchingMemory[F](e, &params, set.Steps))
	if err != nil {
		return nil, err
	}
	trainer := newTrialMatching[F](e, s, set, e.Train.BatchSize)
	return &Experiment{
		Trainee: trainer, Objective: Objective{Metric: "r_trial"}, done: trainer.Done, Checksums: checksums,
		draw: func(dir string) error { return drawTrialMatching(trainer, dir) },
		simulate: func(split string, trials int) (*spiketrain.Recording, float64, error) {
			return trainer.Simulated(split, trials), trainer.Net.StepMS / 1000, nil
		},
		Plan: Plan{Data: set.Notes, Parameters: trainer.Parameters(), Buffers: buffers},
		check: func() ([]GradientCheck, error) {
			trials := min(checkTrials, e.Train.BatchSize)
			exact, err := newTrialMatching[float64](e, s, set, trials).FirstGradients()
			if err != nil {
				return nil, err
			}
			ours, err := newTrialMatching[float32](e, s, set, trials).FirstGradients()
			return compareGradients(widened(ours), widened(exact)), err
		},
	}, nil
}

// trialSet is the recorded trials of an experiment, and checksums of what was read.
func trialSet(e *config.Experiment, s Settings) (set *trialset.Set, checksums map[string]string, err error) {
	m := e.Model.(config.MultiAreaRSNN)
	switch d := e.Data.(type) {
	case config.TwoAreaSpikes:
		recordings := twoarea.Generate(twoarea.Options{Sessions: d.Sessions, BothAreas: d.BothAreas, Excitatory: d.Excitatory, Inhibitory: d.Inhibitory,
			Trials: d.Trials, HitFraction: d.HitFraction, Area2OnsetMS: d.Area2OnsetMS, Seed: e.Seed, Threads: s.Threads})
		set, err = trialset.New(recordings, areasOf(m, len(twoarea.Areas)), trialset.Options{Areas: twoarea.Areas, Types: twoarea.Types,
			BinS: m.StepMS / 1000, FromS: d.WindowStartMS / 1000, ToS: d.WindowEndMS / 1000, EventColumn: twoarea.Onset, StimColumn: twoarea.Stimulus,
			TrainFraction: d.TrainFraction, Seed: e.Seed})
		return set, nil, err
	}
	return recordedTrials(e, s)
}

// recordedTrials are those of files.
func recordedTrials(e *config.Experiment, s Settings) (*trialset.Set, map[string]string, error) {
	m, d := e.Model.(config.MultiAreaRSNN), e.Data.(config.RecordedTrials)
	path, err := spiketrain.Locate(s.DataDir, d.Path)
	if err != nil {
		return nil, nil, err
	}
	format := d.Format
	if format == "auto" {
		switch {
		case spiketrain.IsFolder(path):
			format = "folder"
		case strings.HasSuffix(path, ".mat"):
			format = "spike-data"
		case isFile(filepath.Join(path, "spikes.csv")):
			format = "csv"
		default:
			format = "nwb"
		}
	}
	o := trialset.Options{Areas: d.Areas, Types: d.TrialTypes, TypeColumn: d.TypeColumn, EventColumn: d.EventColumn, StimColumn: d.StimulusColumn,
		BinS: m.StepMS / 1000, FromS: d.WindowStartMS / 1000, ToS: d.WindowEndMS / 1000, MostHz: d.MostHz, TrainFraction: d.TrainFraction, Seed: e.Seed}
	if d.ReactionColumn != "" {
		o.Reaction = &trialset.Reaction{Column: d.ReactionColumn, Types: d.ReactionTypes, Above: d.ReactionAboveS, Below: d.ReactionBelowS}
	}
	if m.Jaw != "none" {
		o.Behaviour = d.Behaviour
	}
	var recordings []*spiketrain.Recording
	switch format {
	case "folder":
		recordings, err = spiketrain.ReadFolder(path)
	case "spike-data":
		recordings, err = spiketrain.ReadSpikeData(path)
	case "csv":
		recordings, err = spiketrain.ReadSessionsCSV(path)
	case "nwb":
		recordings, err = spiketrain.ReadNWBFiles(path, d.WidthColumn, d.WidthAbove)
	}
	if err != nil {
		return nil, nil, err
	}
	if format != "nwb" {
		o.EventColumn, o.StimColumn = cmp.Or(o.EventColumn, spiketrain.StimulusTime), cmp.Or(o.StimColumn, spiketrain.Stimulus)
	}
	if o.Behaviour != "" && d.NormaliseJaw {
		for _, r := range recordings {
			if err := r.NormaliseBehaviour(o.Behaviour, d.JawBaselineMS/1000); err != nil {
				return nil, nil, &fault.Input{Err: err}
			}
		}
	}
	set, err := trialset.New(recordings, areasOf(m, len(d.Areas)), o)
	if err != nil {
		return nil, nil, err
	}
	checksums, err := folderChecksums(path)
	return set, checksums, err
}

// folderChecksums are those of a file, or of each folder at a path, whose files are taken
// together in the order of their names.
func folderChecksums(path string) (map[string]string, error) {
	if isFile(path) {
		sum, err := fileChecksum(path)
		return map[string]string{filepath.Base(path): sum}, err
	}
	folders := map[string]hash.Hash{}
	err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		sum, err := fileChecksum(file)
		if err != nil {
			return err
		}
		folder := filepath.Dir(file)
		if folders[folder] == nil {
			folders[folder] = sha256.New()
		}
		_, err = fmt.Fprintf(folders[folder], "%s %s\n", filepath.Base(file), sum)
		return err
	})
	if err != nil {
		return nil, &fault.Input{Err: err}
	}
	all := map[string]string{}
	for folder, digest := range folders {
		name, err := filepath.Rel(filepath.Dir(path), folder)
		if err != nil {
			return nil, &fault.Input{Err: err}
		}
		all[filepath.ToSlash(name)] = hex.EncodeToString(digest.Sum(nil))
	}
	return all, nil
}

// portableTrials names recordings by a place that no change of directory moves, but for
// those in the data directory.
func portableTrials(d config.RecordedTrials, s Settings) (config.RecordedTrials, error) {
	place, err := spiketrain.Locate(s.DataDir, d.Path)
	if err == nil && place == d.Path {
		d.Path, err = filepath.Abs(place)
	}
	return d, err
}

// areasOf is what a network has in each of so many areas.
func areasOf(m config.MultiAreaRSNN, areas int) trialset.Network {
	sizes := multiarea.Sizes{Neurons: m.Neurons, Areas: areas, ExcitatoryFraction: m.ExcitatoryFraction}
	excitatory := sizes.Excitatory()
	inhibitory := m.Neurons - excitatory
	n := trialset.Network{Neurons: m.Neurons}
	for a := range areas {
		first, last := a*excitatory/areas, (a+1)*excitatory/areas
		n.FirstExcitatory, n.Excitatory = append(n.FirstExcitatory, first), append(n.Excitatory, last-first)
		first, last = a*inhibitory/areas, (a+1)*inhibitory/areas
		n.FirstInhibitory, n.Inhibitory = append(n.FirstInhibitory, excitatory+first), append(n.Inhibitory, last-first)
	}
	return n
}

func multiAreaParams(m config.MultiAreaRSNN, set *trialset.Set) multiarea.Params {
	sizes := multiarea.Sizes{Neurons: m.Neurons, Areas: len(set.Areas), ExcitatoryFraction: m.ExcitatoryFraction}
	p := multiarea.Params{
		Neurons: m.Neurons, Excitatory: sizes.Excitatory(), Inputs: m.Inputs, ExcitatoryInputs: int(0.8*float64(m.Inputs) + 1e-9), Area: sizes.AreaOf(),
		StepMS: m.StepMS, Threshold: m.Threshold, Noise: m.Noise, Steepness: m.Steepness, Dampening: m.Dampening,
		RefractorySteps: int(m.RefractoryMS/m.StepMS + 1e-9), TrialNoise: m.TrialNoise,
	}
	for _, d := range m.DelaysMS {
		p.Delays = append(p.Delays, int(math.Round(d/m.StepMS)))
	}
	if m.Jaw != "none" {
		p.TauJawMS, p.JawLinear = m.TauJawMS, m.Jaw == "linear"
		for i, a := range p.Area[:p.Excitatory] {
			if slices.Contains(m.JawAreas, set.Areas[a]) {
				p.Motor = append(p.Motor, i)
			}
		}
		if m.JawFeedback {
			for tap := math.Round(12 / m.StepMS); tap <= math.Round(40/m.StepMS); tap++ {
				p.JawTaps = append(p.JawTaps, int(tap))
			}
		}
	}
	for i := range p.Neurons {
		tau := m.TauExcitatoryMS
		if i >= p.Excitatory {
			tau = m.TauInhibitoryMS
		}
		p.TauMS = append(p.TauMS, tau)
	}
	return p
}

// newTrialMatching is a training with batches of so many trials.
func newTrialMatching[F tensor.Float](e *config.Experiment, s Settings, set *trialset.Set, trials int) *trialmatch.Trainer[F] {
	m, r := e.Model.(config.MultiAreaRSNN), e.Rule.(config.TrialMatching)
	o := trialmatch.Options[F]{
		Options: plasticity.Options[F]{ClipNorm: r.ClipNorm}, BatchSize: trials,
		Matching: r.Matching, NeuronWeight: r.NeuronWeight, TrialWeight: r.TrialWeight, TaskSplitter: r.TaskSplitter, Subset: r.HardSubset,
		Second: r.Filter2, LeastNeurons: r.LeastNeurons, L1: r.L1, Patience: r.Patience, Window: 100,
		DiscriminatorRate: r.DiscriminatorRate, DiscriminatorDecay: r.DiscriminatorDecay, DiscriminatorEvery: r.DiscriminatorEvery,
		Stimuli: multiarea.Stimuli{Inputs: m.Inputs, Share: m.StimulusInputs, RateHz: m.InputHz, Gain: m.StimulusGain, DelayMS: m.StimulusLagMS,
			LengthMS: m.StimulusMS, StepMS: m.StepMS, StartS: set.FromS},
		RunInSteps: int(math.Round(m.RunInMS / m.StepMS)),
	}
	for _, onset := range m.StimuliMS {
		o.Stimuli.Onsets = append(o.Stimuli.Onsets, onset/1000)
	}
	if r.Subsets == "by-stimulus" {
		o.Subsets = [][]int{nil, set.Codes("Miss", "Hit"), set.Codes("CR", "FA")}
	}
	if d, ok := e.Data.(config.TwoAreaSpikes); ok {
		o.EvaluationTrials = d.EvaluationTrials
		o.Threshold = &trialmatch.Threshold{Area: 1, Hz: d.HitThresholdHz, Type: 1}
	}
	if d, ok := e.Data.(config.RecordedTrials); ok {
		o.EvaluationTrials = d.EvaluationTrials
	}
	var rate float64
	o.Optimizer, rate = buildOptimizer[F](r.Optimizer)
	o.Schedule = buildSchedule(r.Schedule, rate, e.Train.Iterations)
	return trialmatch.New(multiarea.New[F](multiAreaParams(m, set), s.Threads), set, e.Seed, o)
}

// trialMatchingMemory counts the large buffers.
func trialMatchingMemory[F tensor.Float](e *config.Experiment, p *multiarea.Params, steps int) map[string]int64 {
	var zero F
	width, n, trials := int64(unsafe.Sizeof(zero)), int64(p.Neurons), int64(e.Train.BatchSize)
	const copies = 6 // value, gradient, two moments, effective weights, and a block's gradient
	return map[string]int64{
		parametersBuffer:                       copies * width * n * (n*int64(len(p.Delays)) + int64(p.Inputs)),
		"derivatives of spikes, and the noise": 2 * width * n * trials * int64(steps),
	}
}
