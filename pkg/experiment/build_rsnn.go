package experiment

import (
	"fmt"
	"unsafe"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/artificialspikes"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/learning/samplemeasure"
	"github.com/snnctl/snnctl/pkg/models/rsnn/fir"
	"github.com/snnctl/snnctl/pkg/models/rsnn/framenet"
)

// buildRSNN fits a stochastic network to spike trains.
func buildRSNN[F tensor.Float](e *config.Experiment, s Settings) (*Experiment, error) {
	trials, err := buildTrials(e, s)
	if err != nil {
		return nil, err
	}
	buffers, err := rsnnBuffers[F](e, trials)
	if err != nil {
		return nil, err
	}
	trainer := newRSNN[F](e, s, trials)
	x := &Experiment{
		Trainee: trainer, Objective: Objective{Metric: "loss", Minimise: true}, Checksums: trials.Checksums,
		Plan:           Plan{Data: describeTrials(trials), Parameters: trainer.Parameters(), Buffers: buffers},
		trainingTrials: len(trials.Train),
		reseed:         func(seed uint64) { trainer.Seed = seed },
		simulate:       trainer.Simulate,
		draw:           func(dir string) error { return drawRSNN(trainer, dir) },
		check: func() ([]GradientCheck, error) {
			exact := newRSNN[float64](e, s, trials).FirstGradients()
			return compareGradients(widened(newRSNN[float32](e, s, trials).FirstGradients()), widened(exact)), nil
		},
	}
	if rsnnSelection(e) == "running-mean" {
		x.promising, x.finishWithBest = trainer.Promising, true
	}
	return x, nil
}

// buildTrials reads or makes the trials.
func buildTrials(e *config.Experiment, s Settings) (*spiketrain.Trials, error) {
	m := e.Model.(config.RSNN)
	history := m.HistoryBins
	switch d := e.Data.(type) {
	case config.SpikeTrains:
		return buildRecording(d, m, s)
	case config.FullObsSpikes:
		network := artificialspikes.FullObs{Neurons: d.Neurons, Delays: d.HistoryBins, Recurrent: d.RecurrentScale, Bias: d.Bias,
			Stimulus: artificialspikes.Stimulus{Inputs: d.Inputs, Scale: d.InputScale, Correlation: d.StimulusCorrelation}}
		return network.Trials(artificialspikes.Sizes{History: history, Bins: d.Bins, Bin: d.BinMS / 1000,
			Train: d.TrainTrials, Validation: d.ValidationTrials, Test: d.TestTrials}, e.Seed), nil
	case config.MotifSpikes:
		network := artificialspikes.Motif{Population: d.PopulationNeurons, Filter: d.Filter, Coupling: d.Coupling, Spread: d.CouplingSpread,
			Self: d.SelfCoupling, Direct: d.DirectCoupling, Bias: d.Bias,
			Stimulus: artificialspikes.Stimulus{Inputs: d.Inputs, Scale: d.InputScale, Correlation: d.StimulusCorrelation}}
		return network.Trials(artificialspikes.Sizes{History: history, Bins: d.Bins, Bin: d.BinMS / 1000,
			Train: d.TrainTrials, Validation: d.ValidationTrials, Test: d.TestTrials}, e.Seed), nil
	}
	panic(fmt.Sprintf("no trials are built from %T", e.Data))
}

// describeTrials says what there is to fit.
func describeTrials(t *spiketrain.Trials) []string {
	return append([]string{fmt.Sprintf("%d neurons in %d bins of %g ms; %d trials to train, %d to validate, %d to test",
		len(t.Neurons), t.Steps, 1000*t.Bin, len(t.Train), len(t.Validation), len(t.Test))}, t.Notes...)
}

// stimulusSizes are those of the network that makes inputs of frames.
func stimulusSizes(m config.RSNN, trials *spiketrain.Trials) framenet.Sizes {
	return framenet.Sizes{Depth: trials.Frames.Depth, Side: trials.Frames.Side, Filters: m.CNNFilters, Kernel: m.CNNKernel, Pool: m.CNNPool}
}

// rsnnInputs is the number of inputs of the neurons.
func rsnnInputs(m config.RSNN, trials *spiketrain.Trials) int {
	if m.StimulusNetwork == "cnn" {
		return stimulusSizes(m, trials).Inputs()
	}
	return trials.Inputs
}

func rsnnNetwork[F tensor.Float](e *config.Experiment, s Settings, trials *spiketrain.Trials) *fir.Network[F] {
	m := e.Model.(config.RSNN)
	return &fir.Network[F]{Visible: len(trials.Neurons), Hidden: m.HiddenNeurons, Delays: m.HistoryBins, Inputs: rsnnInputs(m, trials),
		Threshold: F(m.Threshold), Steepness: F(m.Beta), Dampening: F(m.Dampening), Threads: s.Threads}
}

// newRSNN is a training at its start.
func newRSNN[F tensor.Float](e *config.Experiment, s Settings, trials *spiketrain.Trials) *samplemeasure.Trainer[F] {
	m := e.Model.(config.RSNN)
	net := rsnnNetwork[F](e, s, trials)
	start := fir.InitialWeights(net, fir.Start{Truncated: m.Start == "truncated-normal", Input: m.InputScale, Recurrent: m.RecurrentScale}, e.Seed)
	var stimulus *framenet.Network[F]
	if m.StimulusNetwork == "cnn" {
		stimulus = framenet.New[F](stimulusSizes(m, trials), trials.Frames.Pixels, s.Threads, e.Seed)
	}
	return samplemeasure.New(net, start, stimulus, trials, rsnnOptions[F](e))
}

func rsnnOptions[F tensor.Float](e *config.Experiment) samplemeasure.Options[F] {
	o := samplemeasure.Options[F]{BatchSize: e.Train.BatchSize, Seed: e.Seed}
	var optimizer config.Optimizer
	var schedule config.Schedule
	var hidden config.HiddenRate
	var clip float64
	switch r := e.Rule.(type) {
	case config.MLE:
		o.Loss.Likelihood = 1
		if r.Method == "lbfgs" {
			o.LBFGS = r.LBFGSIterations
		}
		optimizer, schedule, hidden, clip = r.Optimizer, r.Schedule, r.HiddenRate, r.ClipNorm
	case config.SampleAndMeasure:
		o.Loss = samplemeasure.Loss{Likelihood: r.Likelihood, PSTH: r.PSTH, SquaredPSTH: r.PSTHLoss == "squared", NoiseCorrelation: r.NoiseCorrelation,
			Consistent: r.Covariances == "consistent", Lags: r.CovarianceLags}
		o.LikelihoodFirst = r.LikelihoodFirst
		optimizer, schedule, hidden, clip = r.Optimizer, r.Schedule, r.HiddenRate, r.ClipNorm
	}
	if e.Model.(config.RSNN).HiddenNeurons > 0 {
		o.Loss.HiddenRate, o.Loss.HiddenTarget = hidden.Weight, hidden.Target
	}
	o.Options = plasticity.Options[F]{ClipEach: clip}
	var rate float64
	o.Optimizer, rate = buildOptimizer[F](optimizer)
	o.Schedule = buildSchedule(schedule, rate, e.Train.Iterations)
	return o
}

// rsnnSelection is how the result is chosen.
func rsnnSelection(e *config.Experiment) string {
	if r, ok := e.Rule.(config.MLE); ok {
		return r.Selection
	}
	return e.Rule.(config.SampleAndMeasure).Selection
}

// rsnnBuffers is the memory of a training.
func rsnnBuffers[F tensor.Float](e *config.Experiment, trials *spiketrain.Trials) ([]Buffer, error) {
	var zero F
	width := int64(unsafe.Sizeof(zero))
	m := e.Model.(config.RSNN)
	n := int64(len(trials.Neurons) + m.HiddenNeurons)
	at := max(min(e.Train.BatchSize, len(trials.Train)), len(trials.Validation), len(trials.Test))
	if r, ok := e.Rule.(config.MLE); ok && r.Method == "lbfgs" {
		at = max(at, len(trials.Train))
	}
	const moments, sums = 4, 8 // value, gradient and two moments; gradients of runs of trials
	const runs = 5             // u and p, clamped and free, and ∂L/∂u
	parameters := n*n*int64(m.HistoryBins) + n*int64(rsnnInputs(m, trials)) + n
	all := map[string]int64{
		parametersBuffer:               (moments + sums) * width * parameters,
		"potentials and probabilities": runs * width * int64(at) * int64(trials.Steps) * n,
		"covariances of trials":        4 * width * int64(at) * int64(trials.Steps) * int64(len(trials.Neurons)),
	}
	if m.StimulusNetwork == "cnn" {
		f := trials.Frames
		pixels := int64(f.Side * f.Side * trials.Steps)
		// Of each filter's picture: convolved, rectified, padded and pooled, with gradients.
		all["frames in the stimulus network"] = width * pixels * (int64(f.Depth) + 2*4*int64(m.CNNFilters))
	}
	return planBuffers(all)
}
