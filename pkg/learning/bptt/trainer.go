// Package bptt trains an LSNN by back-propagation through time: a forward pass
// over whole trials, a readout of the mean output in each decision's window (of
// classes by a softmax, of numbers as they are), a penalty on firing rates, one
// update (1803.09574).
package bptt

import (
	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// Options are the choices of a training.
type Options[F tensor.Float] struct {
	BatchSize int
	plasticity.Options[F]
	RateStrength float64 // c_reg: the loss gets c_reg Σ_j (r_j - target)²
	TargetRate   float64 // spikes per step
	CarryState   bool    // a batch starts in the state in which the last one ended
	ReadoutBias  bool
	Readout      lsnn.ReadoutStart // of dense matrices
}

// Trainer is a network in training.
type Trainer[F tensor.Float] struct {
	Options[F]
	Source datasets.Source
	Layer  lsnn.Layer[F]

	in, rec, out, bias *autodiff.Var[F] // bias is nil without one
	weights            plasticity.Weights[F]

	tape    autodiff.Tape[F]
	batch   datasets.Batch
	windows []lsnn.Window
	classes []int            // of the decisions, or
	numbers *tensor.Dense[F] // what they ask for, [decisions][Numbers]
	states  []*lsnn.State[F]
}

// New draws the initial weights of a network for the source.
func New[F tensor.Float](net *lsnn.Network[F], source datasets.Source, o Options[F]) *Trainer[F] {
	n, inputs, outputs := net.Neurons(), net.Inputs, source.Shape().Outputs()
	t := &Trainer[F]{Options: o, Source: source, Layer: lsnn.Layer[F]{Network: net}}
	t.weights.Options = o.Options
	array := func(v **autodiff.Var[F], name, doc string, data []F, shape ...int) plasticity.Array[F] {
		*v = autodiff.NewVar(&tensor.Dense[F]{Shape: shape, Data: data})
		return plasticity.Array[F]{Name: name, Shape: shape, Value: data, Grad: (*v).Grad.Data, Doc: doc}
	}
	w := lsnn.Weights[F]{In: make([]F, inputs*n), Rec: make([]F, n*n)}
	readout := make([]F, n*outputs)
	if o.Rewiring == nil {
		w, readout = lsnn.InitialWeights[F](&net.Params, net.Seed), lsnn.InitialReadout[F](o.Readout, n, outputs, net.Seed)
	}
	in := array(&t.in, "w_in", "input weights [n_in][n]", w.In, inputs, n)
	rec := array(&t.rec, "w_rec", "recurrent weights [n][n], the diagonal is ignored", w.Rec, n, n)
	out := array(&t.out, "w_out", "readout weights [n][outputs]", readout, n, outputs)
	if o.Rewiring == nil {
		t.weights.Add(in)
		t.weights.Add(rec)
		t.weights.Add(out)
	} else {
		t.weights.Rewire(net.Seed, in, rec, out)
	}
	if o.ReadoutBias {
		t.weights.Add(array(&t.bias, "b_out", "readout bias [outputs]", make([]F, outputs), outputs))
	}
	return t
}

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	if err := t.Source.Train(&t.batch, step, t.BatchSize); err != nil {
		return nil, err
	}
	t.clearGradients()
	t.Layer.Trace.Carry = t.CarryState
	a := t.forward(t.states, uint64(step))
	loss := float64(a.loss.Value.Data[0])
	if err := plasticity.FiniteLoss(step, loss); err != nil {
		return nil, err
	}
	t.tape.Backward(a.loss)
	if t.CarryState { // the network's final states are the next batch's start; keep both apart
		t.states, t.Layer.Trace.Final = t.Layer.Trace.Final, t.states
	}

	m, err := t.weights.Update(step)
	if err != nil {
		return nil, err
	}
	m["loss"], m["task_loss"], m["rate_hz"] = loss, float64(a.task.Value.Data[0]), t.rateHz()
	if t.numbers != nil {
		m["mse"] = m["task_loss"]
	} else {
		m["accuracy"] = float64(a.correct) / float64(len(t.classes))
	}
	return m, nil
}

// answers are the network's answers to the decisions of a batch, and how good they are.
type answers[F tensor.Float] struct {
	outputs    *autodiff.Var[F] // mean output over each decision's window, [decisions][outputs]
	loss, task *autodiff.Var[F] // the loss, and the part of it that is the task's
	correct    int              // decisions whose class has the largest output
}

// forward runs t.batch.
func (t *Trainer[F]) forward(states []*lsnn.State[F], noise uint64) answers[F] {
	t.windows, t.classes = t.windows[:0], t.classes[:0]
	for _, d := range t.batch.Decisions {
		t.windows = append(t.windows, lsnn.Window{Trial: d.Trial, Start: d.Start, End: d.End})
		t.classes = append(t.classes, d.Class)
	}
	tape := &t.tape
	tape.Reset()
	features, rates := t.Layer.Apply(tape, t.in, t.rec, t.batch.Groups, t.windows, states, noise)
	a := answers[F]{outputs: autodiff.Linear(tape, features, t.out, t.bias)}
	if numbers := t.Source.Shape().Numbers; numbers > 0 {
		t.wantNumbers(numbers)
		a.task = autodiff.MeanSquaredError(tape, a.outputs, t.numbers)
	} else {
		a.task = autodiff.SoftmaxCrossEntropy(tape, a.outputs, t.classes)
		a.correct = metrics.Correct(a.outputs.Value.Data, t.classes)
	}
	penalty := autodiff.SquaredDistance(tape, rates, t.TargetRate, t.RateStrength)
	a.loss = autodiff.Add(tape, a.task, penalty)
	return a
}

// wantNumbers takes the targets of t.batch.
func (t *Trainer[F]) wantNumbers(numbers int) {
	if t.numbers == nil {
		t.numbers = &tensor.Dense[F]{Shape: make([]int, 2)}
	}
	t.numbers.Shape[0], t.numbers.Shape[1] = len(t.batch.Decisions), numbers
	t.numbers.Data = t.numbers.Data[:0]
	for _, y := range t.batch.Targets {
		t.numbers.Data = append(t.numbers.Data, F(y))
	}
}

// rateHz is the mean firing rate of the last forward pass.
func (t *Trainer[F]) rateHz() float64 {
	var sum float64
	for _, r := range t.Layer.Trace.Rates {
		sum += float64(r)
	}
	return 1000 * sum / float64(len(t.Layer.Trace.Rates))
}

func (t *Trainer[F]) clearGradients() {
	for _, v := range []*autodiff.Var[F]{t.in, t.rec, t.out, t.bias} {
		if v != nil {
			clear(v.Grad.Data)
		}
	}
}

// Parameters counts the trainable numbers that exist at a time.
func (t *Trainer[F]) Parameters() int { return t.weights.Parameters() }

// Gradients runs the first batch and returns its loss, its number of spikes
// and the gradients of the weight matrices by name, without learning.
func (t *Trainer[F]) Gradients() (loss float64, spikes int64, gradients map[string][]F, err error) {
	if err := t.Source.Train(&t.batch, 0, t.BatchSize); err != nil {
		return 0, 0, nil, err
	}
	t.clearGradients()
	t.Layer.Trace.Carry = false
	a := t.forward(nil, 0)
	t.tape.Backward(a.loss)
	gradients = map[string][]F{"w_in": t.in.Grad.Data, "w_rec": t.rec.Grad.Data, "w_out": t.out.Grad.Data}
	if t.bias != nil {
		gradients["b_out"] = t.bias.Grad.Data
	}
	return float64(a.loss.Value.Data[0]), t.Layer.Trace.Spikes, gradients, nil
}

// Record runs one trial of a split, as the first of its batch, and keeps
// everything the neurons did. batch holds the trial alone. Where state is carried
// over, the trial starts from the state after itself.
func (t *Trainer[F]) Record(split string, trial int) (rec *lsnn.Recording[F], batch *datasets.Batch, err error) {
	batch = new(datasets.Batch)
	if err := t.Source.Evaluate(batch, split, trial, 1); err != nil {
		return nil, nil, err
	}
	w := lsnn.Weights[F]{In: t.in.Value.Data, Rec: t.rec.Value.Data}
	noise := evaluationNoise | uint64(trial)
	var start *lsnn.State[F]
	if t.CarryState {
		before := lsnn.Trace[F]{Carry: true}
		t.Layer.Forward(&before, w, batch.Groups, nil, nil, noise)
		start = before.Final[0]
	}
	return t.Layer.Record(w, &batch.Groups[0], start, 0, noise), batch, nil
}

// Readout is y_k[t] = Σ_j Wout_jk z̄_j[t] + bout_k of a recorded trial, [outputs][T].
func (t *Trainer[F]) Readout(rec *lsnn.Recording[F]) [][]float64 {
	y := make([][]float64, t.out.Value.Shape[1])
	for k := range y {
		for step := range rec.Spikes {
			var sum F
			if t.bias != nil {
				sum = t.bias.Value.Data[k]
			}
			for j, zbar := range rec.Filtered.Row(step) {
				sum += F(t.out.Value.Row(j)[k] * zbar)
			}
			y[k] = append(y[k], float64(sum))
		}
	}
	return y
}
