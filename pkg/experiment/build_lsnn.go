package experiment

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/functionepisodes"
	"github.com/snnctl/snnctl/pkg/learning/bptt"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// buildBPTT trains an LSNN by back-propagation through time. The forms of e-prop's
// publications are simulated in the package of that rule, which has the whole
// gradient too.
func buildBPTT[F tensor.Float](e *config.Experiment, s Settings) (*Experiment, error) {
	if e.Model.(config.LSNN).Form == "lsnn" {
		return buildLSNN[F](e, s)
	}
	return buildEProp[F](e, s)
}

func buildLSNN[F tensor.Float](e *config.Experiment, s Settings) (*Experiment, error) {
	m, r := e.Model.(config.LSNN), e.Rule.(config.BPTT)
	source, err := buildSource(e, s)
	if err != nil {
		return nil, err
	}
	shape := source.Shape()
	params := lsnnParams(m, shape.Lines)
	params.KeepPotentials = r.Memory == "full"
	buffers, err := planMemory[F](lsnn.Memory[F](&params, e.Train.BatchSize, shape.Steps, s.Threads), params.Neurons(), shape)
	if err != nil {
		return nil, err
	}
	trainer := bptt.New(lsnn.NewNetwork[F](params, e.Seed, s.Threads), source, bpttOptions[F](e, m, r))
	x := &Experiment{
		Trainee: trainer, Objective: objective(shape), Checksums: source.Checksums(),
		metricNames: source.names, trainingTrials: source.trainingTrials(),
		Plan: Plan{Parameters: trainer.Parameters(), Buffers: buffers},
		draw: func(dir string) error { return drawLSNN(trainer, dir) },
		check: func() ([]GradientCheck, error) {
			exact, err := lsnnGradients[float64](e, source, s.Threads)
			if err != nil {
				return nil, err
			}
			ours, err := lsnnGradients[float32](e, source, s.Threads)
			return compareGradients(ours, exact), err
		},
	}
	if episodes, ok := source.Source.(*functionepisodes.Source); ok {
		learns := &episodic[F]{Trainer: trainer, data: e.Data.(config.FunctionEpisodes), episodes: episodes, seed: e.Seed, threads: s.Threads}
		x.Trainee, x.draw = learns, learns.draw
	}
	return x, nil
}

// lsnnGradients are those of the first batch, in precision F. Weights are drawn in
// float64 and then rounded, so both precisions start alike.
func lsnnGradients[F tensor.Float](e *config.Experiment, source *data, threads int) (map[string][]float64, error) {
	m, r := e.Model.(config.LSNN), e.Rule.(config.BPTT)
	o := bpttOptions[F](e, m, r)
	o.BatchSize = min(checkTrials, e.Train.BatchSize)
	net := lsnn.NewNetwork[F](lsnnParams(m, source.Shape().Lines), e.Seed, threads)
	_, _, gradients, err := bptt.New(net, source, o).Gradients()
	return widened(gradients), err
}

func lsnnParams(m config.LSNN, lines int) lsnn.Params {
	return lsnn.Params{
		Inputs: lines, LIF: m.LIFNeurons, ALIF: m.ALIFNeurons,
		TauMembrane: m.TauMembraneMS, TauAdaptation: adaptationTimes(m), TauReadout: m.TauReadoutMS,
		Threshold: m.Threshold, Beta: m.Beta, Refractory: m.RefractorySteps, DelaySlots: m.DelaySteps,
		ResetAtSpike: m.ResetThreshold == "at-spike", Dampening: m.Dampening, DetachReset: m.DetachReset, Noise: m.InjectedNoise,
	}
}

// adaptationTimes are the time constants τ_a: one for all, or one for each neuron.
func adaptationTimes(m config.LSNN) []float64 {
	taus := []float64{m.TauAdaptationMS}
	if n := m.LIFNeurons + m.ALIFNeurons; m.TauAdaptationMaxMS > m.TauAdaptationMS && m.ALIFNeurons > 1 {
		taus = make([]float64, n)
		for j := range taus {
			along := float64(max(j-m.LIFNeurons, 0)) / float64(m.ALIFNeurons-1)
			taus[j] = m.TauAdaptationMS + along*(m.TauAdaptationMaxMS-m.TauAdaptationMS)
		}
	}
	return taus
}

func bpttOptions[F tensor.Float](e *config.Experiment, m config.LSNN, r config.BPTT) bptt.Options[F] {
	return bptt.Options[F]{
		BatchSize: e.Train.BatchSize, Options: bpttPlasticity[F](e, r),
		RateStrength: r.Rate.Strength, TargetRate: r.Rate.TargetHz / 1000,
		CarryState: m.CarryState, ReadoutBias: m.ReadoutBias, Readout: readoutStart(m),
	}
}

func readoutStart(m config.LSNN) lsnn.ReadoutStart {
	if m.ReadoutStart == "normal" {
		return lsnn.ReadoutNormal
	}
	return lsnn.ReadoutGlorot
}

func bpttPlasticity[F tensor.Float](e *config.Experiment, r config.BPTT) plasticity.Options[F] {
	o := plasticity.Options[F]{ClipNorm: r.ClipNorm, L2: r.L2, Rewiring: buildRewiring(r.Rewiring)}
	var rate float64
	o.Optimizer, rate = buildOptimizer[F](r.Optimizer)
	o.Schedule = buildSchedule(r.Schedule, rate, e.Train.Iterations)
	return o
}
