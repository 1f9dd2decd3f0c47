package experiment

import (
	"path/filepath"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/audio"
	"github.com/snnctl/snnctl/pkg/datasets/images"
	"github.com/snnctl/snnctl/pkg/datasets/imagesets"
	"github.com/snnctl/snnctl/pkg/datasets/speechframes"
)

// Settings are what an experiment file does not say, because the result does
// not depend on it.
type Settings struct {
	DataDir string
	RunsDir string // where model.from finds runs by name
	Threads int
}

// builder reads the data and makes model and rule of an experiment.
type builder func(*config.Experiment, Settings) (*Experiment, error)

// builders has, for each model and rule that go together, the builder in either
// precision.
var builders = []struct {
	model, rule      string
	float32, float64 builder
}{
	{"lsnn", "bptt", buildBPTT[float32], buildBPTT[float64]},
	{"lsnn", "eprop", buildEProp[float32], buildEProp[float64]},
	{"lif-with-error-module", "eprop-2", buildOneShot[float32], buildOneShot[float64]},
	{"lstm", "eprop", buildCopyRepeat[float32], buildCopyRepeat[float64]},
	{"lstm", "eprop-3", buildCopyRepeat[float32], buildCopyRepeat[float64]},
	{"lsnn", "eprop-3", buildCopyRepeat[float32], buildCopyRepeat[float64]},
	{"lstm", "truncated-bptt", buildCopyRepeat[float32], buildCopyRepeat[float64]},
	{"lsnn", "truncated-bptt", buildCopyRepeat[float32], buildCopyRepeat[float64]},
	{"bidirectional-lsnn", "bptt", buildFramewise[float32], buildFramewise[float64]},
	{"bidirectional-lsnn", "eprop", buildFramewise[float32], buildFramewise[float64]},
	{"bidirectional-lstm", "bptt", buildFramewise[float32], buildFramewise[float64]},
	{"bidirectional-lstm", "eprop", buildFramewise[float32], buildFramewise[float64]},
	{"lsnn", "eprop-reward", buildReward[float32], buildReward[float64]},
	{"lsnn", "ppo", buildNavigation[float32], buildNavigation[float64]},
	{"relu", "backprop", buildReLU[float32], buildReLU[float64]},
	{"ttfs", "ttfs-backprop", buildTTFS[float32], buildTTFS[float64]},
	{"rsnn-multiarea", "trial-matching", buildTrialMatching[float32], buildTrialMatching[float64]},
	{"rsnn", "mle", buildRSNN[float32], buildRSNN[float64]},
	{"rsnn", "sample-and-measure", buildRSNN[float32], buildRSNN[float64]},
	{"audio-codec", "autoencoder", buildAudioCodec[float32], buildAudioCodec[float64]},
	{"gated", "gateon", buildContinual[float32], buildContinual[float64]},
	{"gated", "finetune", buildContinual[float32], buildContinual[float64]},
	{"gated", "joint", buildContinual[float32], buildContinual[float64]},
	{"gated", "separate", buildContinual[float32], buildContinual[float64]},
	{"gated", "ewc", buildContinual[float32], buildContinual[float64]},
	{"gated", "si", buildContinual[float32], buildContinual[float64]},
	{"gated", "hat", buildContinual[float32], buildContinual[float64]},
	{"gated", "a-gem", buildContinual[float32], buildContinual[float64]},
	{"gated", "replay", buildContinual[float32], buildContinual[float64]},
	{"neulvm", "baum-viterbi", buildNeuLVM, buildNeuLVM},
	{"relu", "clapp", buildCLAPP[float32], buildCLAPP[float64]},
}

// Build reads the data and makes the model and the rule of an experiment.
func Build(e *config.Experiment, s Settings) (*Experiment, error) {
	model, rule := config.TypeName(e.Model), config.TypeName(e.Rule)
	for _, b := range builders {
		if b.model == model && b.rule == rule {
			if e.Precision == "float64" {
				return b.float64(e, s)
			}
			return b.float32(e, s)
		}
	}
	return nil, fault.Inputf("rule of type %T cannot train a model of type %T", e.Rule, e.Model)
}

// MakePortable makes what an experiment file says of places on disk independent
// of the working directory, so that a run's own copy of it works from anywhere.
func MakePortable(e *config.Experiment, s Settings) error {
	var err error
	switch d := e.Data.(type) {
	case config.SequentialMNIST:
		d.Dataset, err = images.Absolute(s.DataDir, d.Dataset)
		e.Data = d
	case config.Images:
		d.Dataset, err = imagesets.Absolute(s.DataDir, d.Dataset)
		e.Data = d
	case config.RecordedTrials:
		e.Data, err = portableTrials(d, s)
	case config.TaskSequence:
		d.Dataset, err = imagesets.Absolute(s.DataDir, d.Dataset)
		e.Data = d
	case config.FeatureSequence:
		d.Manifest, err = filepath.Abs(d.Manifest)
		e.Data = d
	case config.SpeechFrames:
		d.Features, err = speechframes.Absolute(s.DataDir, d.Features)
		e.Data = d
	case config.SpikeTrains:
		d, err = portableRecording(d, s)
		e.Data = d
	case config.MovingImages:
		d.Dataset, err = imagesets.Absolute(s.DataDir, d.Dataset)
		e.Data = d
	case config.SpeechWaves:
		d.Dataset, err = audio.Absolute(s.DataDir, d.Dataset)
		e.Data = d
	case config.AudioFiles:
		d.Dataset, err = audio.Absolute(s.DataDir, d.Dataset)
		e.Data = d
	}
	if m, ok := e.Model.(config.TTFS); ok && err == nil && m.From != "" {
		m.From, err = absoluteFrom(m.From, s)
		e.Model = m
	}
	return err
}
