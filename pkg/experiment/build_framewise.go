package experiment

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
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
	buffers, err := framewiseBuffers[F](e, source)
	if err != nil {
		return nil, err
	}
	trainer := newFramewise(e, source, framewiseOptions[F](e))
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

func newFramewise[F tensor.Float](e *config.Experiment, source *speechframes.Source, o framewise.Options[F]) *framewise.Trainer[F] {
	if m, ok := e.Model.(config.BidirectionalLSTM); ok {
		return framewise.NewLSTM(m.Cells, source, o)
	}
	return framewise.NewSpiking(framewiseParams(e.Model.(config.BidirectionalLSNN), source), source, o)
}

func framewiseParams(m config.BidirectionalLSNN, source *speechframes.Source) eprop.Params {
	return framewise.Params(eprop.Params{
		LIF: m.LIFNeurons, ALIF: m.ALIFNeurons, Form: epropForms[m.Form],
		TauMembrane: m.TauMembraneMS, TauAdaptation: []float64{m.TauAdaptationMS}, Threshold: m.Threshold, Beta: m.Beta,
		Refractory: m.RefractorySteps + 1, Dampening: m.Dampening, DelaySlots: 1,
	}, source)
}

func framewiseOptions[F tensor.Float](e *config.Experiment) framewise.Options[F] {
	o := framewise.Options[F]{Options: epropRule[F](e)}
	switch m := e.Model.(type) {
	case config.BidirectionalLSNN:
		o.TauReadout = m.TauReadoutFrames
	case config.BidirectionalLSTM:
		o.TauReadout = m.TauReadoutFrames
	}
	o.Readout = lsnn.ReadoutNormal
	return o
}

func framewiseGradients[F tensor.Float](e *config.Experiment, source *speechframes.Source) (map[string][]float64, error) {
	o := framewiseOptions[F](e)
	o.BatchSize = min(checkTrials, e.Train.BatchSize)
	gradients, err := newFramewise(e, source, o).FirstGradients()
	return widened(gradients), err
}

// framewiseBuffers is the memory of two networks, with currents as their input.
func framewiseBuffers[F tensor.Float](e *config.Experiment, source *speechframes.Source) ([]Buffer, error) {
	var zero F
	width := int64(unsafe.Sizeof(zero))
	outputs := len(source.Phones) + 1
	steps := source.LongestTraining() * source.Hold
	rows := int64(tensor.Groups(e.Train.BatchSize)*steps) * tensor.Lanes // of a step and trial
	var parameters int64                                                 // of either network, with its half of the readout
	m := map[string]int64{}
	switch model := e.Model.(type) {
	case config.BidirectionalLSNN:
		p, o := framewiseParams(model, source), epropRule[F](e)
		m = eprop.Memory[F](&p, o.Method, e.Train.BatchSize, steps, source.Threads)
		delete(m, "spikes of the input, a bit each")
		n := int64(p.Neurons())
		parameters = n * (n + int64(source.Features) + int64(outputs))
	case config.BidirectionalLSTM:
		const gates = 4
		n, inputs := int64(model.Cells), int64(source.Features)
		m["gates, states and outputs of the cells"] = rows * ((gates+2)*n + inputs) * width
		parameters = n * (gates*(n+inputs+1) + int64(outputs))
	}
	const copies = 4 // value, gradient and two moments
	m["parameters and optimiser"] = copies * width * parameters
	m["features, shown forward and backward"] = 4 * rows * int64(source.Features)
	m["outputs of the frames"] = rows * int64(outputs) * width
	var buffers []Buffer
	for name, bytes := range m {
		buffers = append(buffers, Buffer{name, 2 * bytes})
	}
	return fitting(buffers)
}
