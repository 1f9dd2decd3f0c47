package experiment

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/copyrepeat"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
	"github.com/snnctl/snnctl/pkg/learning/eprop3"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/alif"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
	"github.com/snnctl/snnctl/pkg/models/lstm"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

// buildCopyRepeat trains a recurrent network to copy and repeat.
func buildCopyRepeat[F tensor.Float](e *config.Experiment, s Settings) (*Experiment, error) {
	d := e.Data.(config.CopyRepeat)
	task := copyrepeat.Options{Bits: d.Bits, SymbolSteps: d.SymbolMS, SolvedBelow: d.SolvedBelow, Longest: d.Longest, EvaluationTrials: d.EvaluationTrials, Seed: e.Seed}
	params, o := copyRepeatParams[F](e, &task), copyRepeatOptions[F](e)
	var buffers []Buffer
	for name, bytes := range eprop3.Memory(&params, &o, d.Longest*d.SymbolMS) {
		buffers = append(buffers, Buffer{name, bytes})
	}
	buffers, err := fitting(buffers)
	if err != nil {
		return nil, err
	}
	trainer := copyRepeatTrainer(e, task, o, s.Threads)
	return &Experiment{
		Trainee: trainer, Objective: Objective{Metric: "solved_length"},
		Plan: Plan{Parameters: trainer.Parameters(), Buffers: buffers},
		draw: func(dir string) error { return drawCopyRepeat(trainer, dir) },
		check: func() ([]GradientCheck, error) {
			return compareGradients(copyRepeatGradients[float32](e, task, s.Threads), copyRepeatGradients[float64](e, task, s.Threads)), nil
		},
	}, nil
}

// copyRepeatTrainer draws the initial weights.
func copyRepeatTrainer[F tensor.Float](e *config.Experiment, task copyrepeat.Options, o eprop3.Options[F], threads int) *eprop3.Trainer[F] {
	net := recurrent.NewNetwork(copyRepeatParams[F](e, &task), threads)
	switch cell := net.Cell.(type) {
	case lstm.Cells[F]:
		cell.Initialise(net.In, net.Rec, net.Bias, e.Seed)
		copy(net.Out, lsnn.InitialReadout[F](lsnn.ReadoutGlorot, net.Cell.Units(), net.Outputs, e.Seed))
	case *alif.Neurons[F]:
		cell.Initialise(net.In, net.Rec, e.Seed)
		copy(net.Out, lsnn.InitialReadout[F](readoutStart(e.Model.(config.LSNN)), net.Cell.Units(), net.Outputs, e.Seed))
	}
	return eprop3.New(net, task, o)
}

func copyRepeatGradients[F tensor.Float](e *config.Experiment, task copyrepeat.Options, threads int) map[string][]float64 {
	o := copyRepeatOptions[F](e)
	o.BatchSize = min(checkTrials, o.BatchSize)
	return widened(copyRepeatTrainer(e, task, o, threads).FirstGradients())
}

func copyRepeatParams[F tensor.Float](e *config.Experiment, task *copyrepeat.Options) recurrent.Params[F] {
	p := recurrent.Params[F]{Inputs: task.Lines(), Outputs: task.Outputs(), ReadoutBiased: true, Gain: 1}
	switch m := e.Model.(type) {
	case config.LSTM:
		p.Cell, p.Biased = lstm.Cells[F](m.Cells), true
	case config.LSNN:
		p.Cell = alif.New[F](alif.Params{
			LIF: m.LIFNeurons, ALIF: m.ALIFNeurons, TauMembrane: m.TauMembraneMS, TauAdaptation: adaptationTimes(m),
			Threshold: m.Threshold, Beta: m.Beta, Refractory: m.RefractorySteps + 1, Dampening: m.Dampening,
		})
		kappa := math.Exp(-1 / m.TauReadoutMS)
		p.Decay, p.ReadoutBiased = F(kappa), m.ReadoutBias
		if m.ReadoutGain == "normalised" {
			p.Gain = F(1 - kappa)
		}
	}
	return p
}

func copyRepeatOptions[F tensor.Float](e *config.Experiment) eprop3.Options[F] {
	o := eprop3.Options[F]{BatchSize: e.Train.BatchSize}
	moves := func(optimizer config.Optimizer, schedule config.Schedule, clip float64) plasticity.Options[F] {
		w := plasticity.Options[F]{ClipNorm: clip}
		var rate float64
		w.Optimizer, rate = buildOptimizer[F](optimizer)
		w.Schedule = buildSchedule(schedule, rate, e.Train.Iterations)
		return w
	}
	switch r := e.Rule.(type) {
	case config.EProp3:
		o.Rule, o.Online = eprop3.Rule[F]{Window: r.Window, Traces: true}, r.Compute == "online"
		o.Network = moves(r.Optimizer, r.Schedule, r.ClipNorm)
		if r.SyntheticGradients {
			synthetic := moves(r.Optimizer, r.Schedule, 0)
			o.Synthetic = &synthetic
		}
	case config.TruncatedBPTT:
		o.Rule, o.Network = eprop3.Rule[F]{Window: r.Window}, moves(r.Optimizer, r.Schedule, r.ClipNorm)
	case config.EProp:
		o.Rule, o.Online = eprop3.Rule[F]{Window: 1, Traces: true}, r.Compute == "online"
		o.Network = moves(r.Optimizer, r.Schedule, r.ClipNorm)
		o.Network.L2 = r.L2
		kinds := map[string]eprop.FeedbackKind{"symmetric": eprop.Symmetric, "random": eprop.Random, "adaptive": eprop.Adaptive}
		o.Feedback, o.FeedbackScale, o.FeedbackDecay = kinds[r.Feedback], r.FeedbackScale, r.FeedbackDecay
	}
	return o
}

// drawCopyRepeat draws a test sequence, what the network should say and what it
// says.
func drawCopyRepeat[F tensor.Float](t *eprop3.Trainer[F], dir string) error {
	x, err := t.Example()
	if err != nil {
		return err
	}
	for k := range x.Targets {
		for step, scored := range x.Scored {
			if !scored {
				x.Targets[k][step], x.Outputs[k][step] = math.NaN(), math.NaN()
			}
		}
	}
	bits := make([]string, t.Task.Bits)
	bits[0], bits[len(bits)-1] = "bit 1", fmt.Sprint("bit ", len(bits))
	outputs := append(slices.Clone(bits), "end")
	return plot.Grids{
		Title:  fmt.Sprintf("The first test sequence: %d vectors, %d times", x.Vectors, x.Repeats),
		XLabel: "step", Grids: []plot.Grid{
			{Name: "input", Values: x.Inputs, Lines: append(slices.Clone(bits), "stop", "repeats")},
			{Name: "target", Values: x.Targets, Lines: outputs},
			{Name: "output", Values: x.Outputs, Lines: outputs},
		},
	}.Write(filepath.Join(dir, "sequence.svg"))
}
