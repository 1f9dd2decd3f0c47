package experiment

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/speechframes"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
	"github.com/snnctl/snnctl/pkg/learning/eprop/framewise"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// buildFramewise trains a bidirectional LSNN to name the phones of frames.
func buildFramewise[F tensor.Float](e *config.Experiment, s Settings) (*Experiment, error) {
	source, err := buildFrames(e, s)
	if err != nil {
		return nil, err
	}
	params, o := framewiseParams(e, source), framewiseOptions[F](e)
	shape := datasets.Shape{Lines: source.Features, Classes: params.Outputs, Steps: source.LongestTraining() * source.Hold}
	buffers, err := planMemory[F](framewiseMemory[F](&params, o.Method, e.Train.BatchSize, shape.Steps, s.Threads), 2*params.Neurons(), shape)
	if err != nil {
		return nil, err
	}
	trainer := framewise.New(params, source, o)
	return &Experiment{
		Trainee: trainer, Objective: accuracy, Checksums: source.Checksums, trainingTrials: source.Size("train"),
		Plan: Plan{Parameters: trainer.Parameters(), Buffers: buffers},
		check: func() ([]GradientCheck, error) {
			exact, err := framewiseGradients[float64](e, source)
			if err != nil {
				return nil, err
			}
			ours, err := framewiseGradients[float32](e, source)
			return compareGradients(ours, exact), err
		},
	}, nil
}

// buildFrames opens the utterances.
func buildFrames(e *config.Experiment, s Settings) (*speechframes.Source, error) {
	switch d := e.Data.(type) {
	case config.SpeechFrames:
		corpus, err := speechframes.Load(s.DataDir, d.Features)
		if err != nil {
			return nil, err
		}
		return speechframes.NewSource(corpus, d.HoldSteps, e.Seed, s.Threads), nil
	case config.SyntheticFrames:
		corpus := speechframes.Draw(speechframes.Synthetic{Phones: d.Phones, Features: d.Features, Frames: d.Frames,
			LeastHold: d.LeastFrames, MostHold: d.MostFrames, Spread: d.Spread, Train: d.TrainUtterances, Seed: e.Seed})
		return speechframes.NewSource(corpus, d.HoldSteps, e.Seed, s.Threads), nil
	}
	return nil, fault.Inputf("data of type %T has no frames", e.Data)
}

func framewiseParams(e *config.Experiment, source *speechframes.Source) eprop.Params {
	m := e.Model.(config.BidirectionalLSNN)
	return framewise.Params(eprop.Params{
		LIF: m.LIFNeurons, ALIF: m.ALIFNeurons, Form: epropForms[m.Form],
		TauMembrane: m.TauMembraneMS, TauAdaptation: []float64{m.TauAdaptationMS}, Threshold: m.Threshold, Beta: m.Beta,
		Refractory: m.RefractorySteps + 1, Dampening: m.Dampening, DelaySlots: 1,
	}, source)
}

func framewiseOptions[F tensor.Float](e *config.Experiment) framewise.Options[F] {
	o := framewise.Options[F]{Options: epropRule[F](e), TauReadout: e.Model.(config.BidirectionalLSNN).TauReadoutFrames}
	o.Readout = lsnn.ReadoutNormal
	return o
}

func framewiseGradients[F tensor.Float](e *config.Experiment, source *speechframes.Source) (map[string][]float64, error) {
	o := framewiseOptions[F](e)
	o.BatchSize = min(checkTrials, e.Train.BatchSize)
	gradients, err := framewise.New(framewiseParams(e, source), source, o).FirstGradients()
	return widened(gradients), err
}

// framewiseMemory is that of two networks, with currents as their input instead of
// spikes.
func framewiseMemory[F tensor.Float](p *eprop.Params, method eprop.Method, trials, steps, threads int) map[string]int64 {
	m := eprop.Memory[F](p, method, trials, steps, threads)
	delete(m, "spikes of the input, a bit each")
	m["features, shown forward and backward"] = 4 * int64(tensor.Groups(trials)*steps*p.Inputs*tensor.Lanes)
	for name := range m {
		m[name] *= 2
	}
	var zero F
	m["outputs of the frames"] = 2 * int64(tensor.Groups(trials)*steps*p.Outputs*tensor.Lanes) * int64(unsafe.Sizeof(zero))
	return m
}
