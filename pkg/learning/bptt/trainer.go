// Package bptt trains an LSNN by back-propagation through time: a forward pass
// over whole trials, a softmax readout of the mean output in each decision's
// window, a penalty on firing rates, one update (1803.09574).
package bptt

import (
	"fmt"
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/learning/deepr"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// Options are the choices of a training.
type Options[F tensor.Float] struct {
	BatchSize    int
	Optimizer    optim.Optimizer[F]
	Schedule     optim.Schedule
	ClipNorm     float64 // longest gradient; 0 for no limit
	RateStrength float64 // c_reg: the loss gets c_reg Σ_j (r_j - target)²
	TargetRate   float64 // spikes per step
	CarryState   bool    // a batch starts in the state in which the last one ended
	ReadoutBias  bool

	Rewiring *Rewiring // nil for dense matrices
}

// Rewiring chooses DEEP R.
type Rewiring struct {
	Connectivity       float64
	L1, Temperature    float64
	Signed             bool
	ExcitatoryFraction float64
}

// Trainer is a network in training.
type Trainer[F tensor.Float] struct {
	Options[F]
	Source datasets.Source
	Layer  lsnn.Layer[F]

	in, rec, out, bias *autodiff.Var[F] // bias is nil without one
	params             []*optim.Param[F]
	rewiring           *deepr.Rewiring[F]
	rewired            []*autodiff.Var[F] // the weights of the rewired matrices

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
	variable := func(data []F, shape ...int) *autodiff.Var[F] {
		return autodiff.NewVar(&tensor.Dense[F]{Shape: shape, Data: data})
	}
	if o.Rewiring == nil {
		w := lsnn.InitialWeights[F](&net.Params, net.Seed)
		t.in, t.rec = variable(w.In, inputs, n), variable(w.Rec, n, n)
		t.out = variable(lsnn.GlorotUniform[F](n, classes, net.Seed), n, classes)
		t.addParam("w_in", t.in)
		t.addParam("w_rec", t.rec)
		t.addParam("w_out", t.out)
	} else {
		t.in = variable(make([]F, inputs*n), inputs, n)
		t.rec = variable(make([]F, n*n), n, n)
		t.out = variable(make([]F, n*classes), n, classes)
		t.addRewiring(net.Seed, n, classes)
	}
	if o.ReadoutBias {
		t.bias = variable(make([]F, classes), classes)
		t.addParam("b_out", t.bias)
	}
	return t
}

func (t *Trainer[F]) addParam(name string, v *autodiff.Var[F]) {
	t.params = append(t.params, &optim.Param[F]{Name: name, Shape: v.Value.Shape, Value: v.Value.Data, Grad: v.Grad.Data})
}

// addRewiring makes all three matrices parameters of DEEP R. The sign of a
// synapse is that of its presynaptic neuron; the inhibitory neurons come
// first, among the LIF neurons.
func (t *Trainer[F]) addRewiring(seed uint64, n, classes int) {
	r := t.Rewiring
	t.rewiring = &deepr.Rewiring[F]{L1: r.L1, Temperature: r.Temperature, Seed: seed}
	t.rewired = []*autodiff.Var[F]{t.in, t.rec, t.out}
	inputs := t.in.Value.Shape[0]
	signsIn := deepr.Signs(inputs, r.ExcitatoryFraction, true, seed, "signs-in")
	signs := deepr.Signs(n, r.ExcitatoryFraction, false, seed, "")
	for k, m := range []struct {
		name  string
		post  int
		signs []float64
	}{{"in", n, signsIn}, {"rec", n, signs}, {"out", classes, signs}} {
		var matrix *deepr.Matrix[F]
		if r.Signed {
			matrix = deepr.NewSigned[F](m.name, m.post, r.Connectivity, m.signs, seed)
		} else {
			matrix = deepr.NewUnsigned[F](m.name, len(m.signs), m.post, r.Connectivity, seed)
		}
		t.rewiring.Matrices = append(t.rewiring.Matrices, matrix)
		t.params = append(t.params, &optim.Param[F]{Name: "theta_" + m.name, Shape: t.rewired[k].Value.Shape,
			Value: matrix.Theta, Grad: make([]F, len(matrix.Theta))})
	}
	t.showWeights()
}

// showWeights writes the weights of rewired matrices where the network reads them.
func (t *Trainer[F]) showWeights() {
	for k, v := range t.rewired {
		t.rewiring.Matrices[k].Weights(v.Value.Data)
	}
}

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	if err := t.Source.Train(&t.batch, step, t.BatchSize); err != nil {
		return nil, err
	}
	t.clearGradients()
	t.Layer.Trace.Carry = t.CarryState
	loss, task, correct := t.forward(t.states, uint64(step))
	if bad := float64(loss.Value.Data[0]); math.IsNaN(bad) || math.IsInf(bad, 0) {
		return nil, &NotFinite{Step: step, What: "loss", Value: bad}
	}
	t.tape.Backward(loss)
	if t.CarryState { // the network's final states are the next batch's start; keep both apart
		t.states, t.Layer.Trace.Final = t.Layer.Trace.Final, t.states
	}

	rate := t.Schedule(step)
	norm, err := t.update(step, rate)
	if err != nil {
		return nil, err
	}
	m := map[string]float64{
		"loss": float64(loss.Value.Data[0]), "task_loss": float64(task.Value.Data[0]),
		"accuracy": float64(correct) / float64(len(t.classes)), "rate_hz": t.rateHz(),
		"learning_rate": rate, "gradient_norm": norm,
	}
	if t.rewiring != nil {
		m["synapses"] = float64(t.rewiring.Active())
	}
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

// update moves the parameters and returns the norm of the gradient.
func (t *Trainer[F]) update(step int, rate float64) (norm float64, err error) {
	if t.rewiring != nil {
		t.rewiring.Before()
		for k, v := range t.rewired {
			t.rewiring.Matrices[k].Gradient(t.params[k].Grad, v.Grad.Data)
		}
	}
	limit := t.ClipNorm
	if limit == 0 {
		limit = math.Inf(1)
	}
	norm = optim.ClipNorm(t.params, limit)
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return norm, &NotFinite{Step: step, What: "gradient", Value: norm}
	}
	t.Optimizer.Step(t.params, step+1, rate)
	for _, p := range t.params { // before such weights reach a checkpoint
		for _, w := range p.Value {
			if w := float64(w); math.IsNaN(w) || math.IsInf(w, 0) {
				return norm, &NotFinite{Step: step, What: "new value of " + p.Name, Value: w}
			}
		}
	}
	if t.rewiring != nil {
		t.rewiring.After(step, rate)
		t.showWeights()
	}
	return norm, nil
}

// NotFinite says that a training went astray: its loss, its gradient or a
// parameter is NaN or infinite.
type NotFinite struct {
	Step  int // counted from 0; the message counts from 1, as the records of a run do
	What  string
	Value float64
}

func (e *NotFinite) Error() string {
	return fmt.Sprintf("the %s is %v in step %d", e.What, e.Value, e.Step+1)
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

// Parameters counts the trainable numbers that exist at a time: with rewiring
// the budget of synapses and the biases.
func (t *Trainer[F]) Parameters() int {
	count := 0
	for _, p := range t.params {
		count += len(p.Value)
	}
	if t.rewiring != nil {
		for _, m := range t.rewiring.Matrices {
			count -= len(m.Theta)
		}
		count += t.rewiring.Budget()
	}
	return count
}

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
