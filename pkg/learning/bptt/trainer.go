// Package bptt trains an LSNN by back-propagation through time: a forward pass
// over whole trials, a softmax readout of the mean output in each decision's
// window, a penalty on firing rates, one update (1803.09574).
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
	classes []int
	states  []*lsnn.State[F]
}

// New draws the initial weights of a network for the source.
func New[F tensor.Float](net *lsnn.Network[F], source datasets.Source, o Options[F]) *Trainer[F] {
	n, inputs, classes := net.Neurons(), net.Inputs, source.Shape().Classes
	t := &Trainer[F]{Options: o, Source: source, Layer: lsnn.Layer[F]{Network: net}}
	t.weights.Options = o.Options
	array := func(v **autodiff.Var[F], name, doc string, data []F, shape ...int) plasticity.Array[F] {
		*v = autodiff.NewVar(&tensor.Dense[F]{Shape: shape, Data: data})
		return plasticity.Array[F]{Name: name, Shape: shape, Value: data, Grad: (*v).Grad.Data, Doc: doc}
	}
	w := lsnn.Weights[F]{In: make([]F, inputs*n), Rec: make([]F, n*n)}
	readout := make([]F, n*classes)
	if o.Rewiring == nil {
		w, readout = lsnn.InitialWeights[F](&net.Params, net.Seed), lsnn.InitialReadout[F](o.Readout, n, classes, net.Seed)
	}
	in := array(&t.in, "w_in", "input weights [n_in][n]", w.In, inputs, n)
	rec := array(&t.rec, "w_rec", "recurrent weights [n][n], the diagonal is ignored", w.Rec, n, n)
	out := array(&t.out, "w_out", "readout weights [n][classes]", readout, n, classes)
	if o.Rewiring == nil {
		t.weights.Add(in)
		t.weights.Add(rec)
		t.weights.Add(out)
	} else {
		t.weights.Rewire(net.Seed, in, rec, out)
	}
	if o.ReadoutBias {
		t.weights.Add(array(&t.bias, "b_out", "readout bias [classes]", make([]F, classes), classes))
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
	loss, task, correct := t.forward(t.states, uint64(step))
	if err := plasticity.FiniteLoss(step, float64(loss.Value.Data[0])); err != nil {
		return nil, err
	}
	t.tape.Backward(loss)
	if t.CarryState { // the network's final states are the next batch's start; keep both apart
		t.states, t.Layer.Trace.Final = t.Layer.Trace.Final, t.states
	}

	m, err := t.weights.Update(step)
	if err != nil {
		return nil, err
	}
	m["loss"], m["task_loss"] = float64(loss.Value.Data[0]), float64(task.Value.Data[0])
	m["accuracy"], m["rate_hz"] = float64(correct)/float64(len(t.classes)), t.rateHz()
	return m, nil
}

// forward runs t.batch and returns the loss, the part of it that is the task's,
// and the number of correct decisions.
func (t *Trainer[F]) forward(states []*lsnn.State[F], noise uint64) (loss, task *autodiff.Var[F], correct int) {
	t.windows, t.classes = t.windows[:0], t.classes[:0]
	for _, d := range t.batch.Decisions {
		t.windows = append(t.windows, lsnn.Window{Trial: d.Trial, Start: d.Start, End: d.End})
		t.classes = append(t.classes, d.Class)
	}
	tape := &t.tape
	tape.Reset()
	features, rates := t.Layer.Apply(tape, t.in, t.rec, t.batch.Groups, t.windows, states, noise)
	logits := autodiff.Linear(tape, features, t.out, t.bias)
	task = autodiff.SoftmaxCrossEntropy(tape, logits, t.classes)
	penalty := autodiff.SquaredDistance(tape, rates, t.TargetRate, t.RateStrength)
	return autodiff.Add(tape, task, penalty), task, metrics.Correct(logits.Value.Data, t.classes)
}

// evaluationBatch is the number of trials that are evaluated at once.
const evaluationBatch = 256

// evaluationNoise, with the number of a batch's first trial, names injected
// noise that no training step has.
const evaluationNoise = 1 << 40

// Evaluate runs up to trials trials of a split without learning; 0 means all.
//
// Trials start from the zero state; or, if training carries the state over, from
// that after the batch before, as the network has learned to. A first batch,
// which does not count, then leads to the state in which the first one starts.
func (t *Trainer[F]) Evaluate(split string, trials int) (map[string]float64, error) {
	size := t.Source.Size(split)
	if trials == 0 || trials > size {
		trials = size
	}
	trace := &t.Layer.Trace
	defer func(spare []*lsnn.State[F]) { trace.Final = spare }(trace.Final) // training's, of another size
	trace.Final, trace.Carry = nil, t.CarryState
	var states []*lsnn.State[F]
	run := func(first int) (task *autodiff.Var[F], correct int, err error) {
		if err := t.Source.Evaluate(&t.batch, split, first, min(evaluationBatch, trials-first)); err != nil {
			return nil, 0, err
		}
		_, task, correct = t.forward(states, evaluationNoise|uint64(first))
		if t.CarryState {
			states, trace.Final = trace.Final, states
		}
		return task, correct, nil
	}
	if t.CarryState {
		if _, _, err := run(0); err != nil {
			return nil, err
		}
	}
	var loss, spikes float64
	var correct, decisions, seen int
	for first := 0; first < trials; first += evaluationBatch {
		task, right, err := run(first)
		if err != nil {
			return nil, err
		}
		loss += float64(task.Value.Data[0]) * float64(len(t.classes))
		spikes += t.rateHz() * float64(t.batch.Trials)
		correct += right
		decisions += len(t.classes)
		seen += t.batch.Trials
	}
	accuracy := float64(correct) / float64(decisions)
	return map[string]float64{"loss": loss / float64(decisions), "accuracy": accuracy, "error": 1 - accuracy,
		"rate_hz": spikes / float64(seen), "trials": float64(seen)}, nil
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
	l, _, _ := t.forward(nil, 0)
	t.tape.Backward(l)
	gradients = map[string][]F{"w_in": t.in.Grad.Data, "w_rec": t.rec.Grad.Data, "w_out": t.out.Grad.Data}
	if t.bias != nil {
		gradients["b_out"] = t.bias.Grad.Data
	}
	return float64(l.Value.Data[0]), t.Layer.Trace.Spikes, gradients, nil
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

// Readout is y_k[t] = Σ_j Wout_jk z̄_j[t] + bout_k of a recorded trial, [classes][T].
func (t *Trainer[F]) Readout(rec *lsnn.Recording[F]) [][]float64 {
	classes := t.out.Value.Shape[1]
	y := make([][]float64, classes)
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
