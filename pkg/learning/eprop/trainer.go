package eprop

import (
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// Options are the choices of a training.
type Options[F tensor.Float] struct {
	BatchSize int
	Method    Method
	plasticity.Options[F]
	Penalty Penalty

	Feedback      FeedbackKind
	FeedbackScale float64 // entries of B are scale·N(0,1), where it is not symmetric
	FeedbackDecay float64 // of B and Wout by a step, where it is adaptive

	ReadoutBias bool
	Readout     lsnn.ReadoutStart // of dense matrices
	Seed        uint64
}

// Trainer is a network in training by e-prop or, to compare with, by BPTT.
type Trainer[F tensor.Float] struct {
	Options[F]
	Source datasets.Source
	Net    *Network[F]

	in, rec, out, bias plasticity.Array[F] // bias has no Value without one
	feedback           *Feedback[F]
	weights            plasticity.Weights[F]

	gradients      Gradients
	batch          datasets.Batch
	regression     Regression[F]
	classification Classification[F]
}

// New draws the initial weights of a network for the source: Win ~ N(0,1)/√n_in,
// Wrec ~ N(0,1)/√n, or what rewiring starts with.
func New[F tensor.Float](net *Network[F], source datasets.Source, o Options[F]) *Trainer[F] {
	n, inputs, outputs := net.Neurons(), net.Inputs, net.Outputs
	t := &Trainer[F]{Options: o, Source: source, Net: net}
	net.DrawDelays(o.Seed)
	t.weights.Options = o.Options
	array := func(name, doc string, data []F, shape ...int) plasticity.Array[F] {
		return plasticity.Array[F]{Name: name, Shape: shape, Value: data, Grad: make([]F, len(data)), Doc: doc}
	}
	w := lsnn.Weights[F]{In: make([]F, inputs*n), Rec: make([]F, n*n)}
	readout := make([]F, n*outputs)
	if o.Rewiring == nil {
		w = lsnn.InitialWeights[F](&lsnn.Params{Inputs: inputs, LIF: net.LIF, ALIF: net.ALIF}, o.Seed)
		readout = lsnn.InitialReadout[F](o.Readout, n, outputs, o.Seed)
	}
	t.in = array("w_in", "input weights [n_in][n]", w.In, inputs, n)
	t.rec = array("w_rec", "recurrent weights [n][n], the diagonal is ignored", w.Rec, n, n)
	t.out = array("w_out", "readout weights [n][outputs]", readout, n, outputs)
	if o.Rewiring == nil {
		t.weights.Add(t.in)
		t.weights.Add(t.rec)
		t.weights.Add(t.out)
	} else {
		t.weights.Rewire(o.Seed, t.in, t.rec, t.out)
	}
	if o.ReadoutBias {
		t.bias = array("b_out", "readout bias [outputs]", make([]F, outputs), outputs)
		t.weights.Add(t.bias)
	}
	t.feedback = NewFeedback[F](o.Feedback, n, outputs, o.FeedbackScale, o.FeedbackDecay, o.Seed)
	if o.Feedback == Adaptive { // it learns from the gradient of the readout
		t.weights.Add(plasticity.Array[F]{Name: feedbackName, Shape: t.out.Shape, Value: t.feedback.B, Grad: make([]F, n*outputs), Doc: feedbackDoc})
	}
	return t
}

const (
	feedbackName = "w_feedback"
	feedbackDoc  = "feedback matrix [n][outputs]"
)

// weightsNow are the weights as they are.
func (t *Trainer[F]) weightsNow() Weights[F] {
	return Weights[F]{In: t.in.Value, Rec: t.rec.Value, Out: t.out.Value, Bias: t.bias.Value, Feedback: t.feedback.B}
}

// target is what the outputs of the batch should be.
func (t *Trainer[F]) target() Target[F] {
	shape := t.Source.Shape()
	if shape.Curves != 0 {
		t.regression.Reset(t.batch.Targets, shape.Steps, shape.Curves)
		return &t.regression
	}
	t.classification.Reset(t.batch.Decisions, len(t.batch.Groups), shape.Classes)
	return &t.classification
}

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	if err := t.Source.Train(&t.batch, step, t.BatchSize); err != nil {
		return nil, err
	}
	result := t.gradient()
	if err := plasticity.FiniteLoss(step, result.Loss+result.Penalty); err != nil {
		return nil, err
	}
	m, err := t.weights.Update(step)
	if err != nil {
		return nil, err
	}
	t.feedback.AfterUpdate(t.out.Value)
	var s score
	t.add(&s, &result)
	s.report(m)
	m["loss"], m["task_loss"] = result.Loss+result.Penalty, result.Loss
	return m, nil
}

// gradient runs the batch and leaves the gradients with the weights.
func (t *Trainer[F]) gradient() Result {
	result := t.Net.Gradient(&t.gradients, t.weightsNow(), t.batch.Groups, t.target(), t.Penalty, t.Method)
	for _, g := range []struct {
		to   []F
		from []float64
	}{{t.in.Grad, t.gradients.In}, {t.rec.Grad, t.gradients.Rec}, {t.out.Grad, t.gradients.Out},
		{t.bias.Grad, t.gradients.Bias}, {t.weights.Grad(feedbackName), t.gradients.Out}} {
		for i := range g.to {
			g.to[i] = F(g.from[i])
		}
	}
	return result
}

// evaluationBatch is the number of trials that are evaluated at once.
const evaluationBatch = 256

// Evaluate runs up to trials trials of a split without learning; 0 means all.
func (t *Trainer[F]) Evaluate(split string, trials int) (map[string]float64, error) {
	size := t.Source.Size(split)
	if trials == 0 || trials > size {
		trials = size
	}
	var s score
	for first := 0; first < trials; first += evaluationBatch {
		if err := t.Source.Evaluate(&t.batch, split, first, min(evaluationBatch, trials-first)); err != nil {
			return nil, err
		}
		result := t.Net.Evaluate(t.weightsNow(), t.batch.Groups, t.target(), Penalty{})
		t.add(&s, &result)
	}
	m := map[string]float64{"loss": s.loss / s.weight, "trials": float64(s.trials)}
	s.report(m)
	return m, nil
}

// score sums up how well batches went.
type score struct {
	trials       int
	loss, weight float64 // the loss is a mean over the scored steps of a batch, or a sum over its trials
	rate         float64 // mean spikes per step, times trials
	curves       bool
	part, whole  float64 // of decisions, those that are right; of a curve's variation, the squared error
}

// add takes in the batch that has just been run.
func (t *Trainer[F]) add(s *score, r *Result) {
	trials := float64(t.batch.Trials)
	s.trials += t.batch.Trials
	for _, rate := range r.Rates {
		s.rate += trials * rate / float64(len(r.Rates))
	}
	if s.curves = t.Source.Shape().Curves != 0; s.curves {
		s.loss += r.Loss
		s.weight += trials
		s.part += 2 * r.Loss
		s.whole += t.regression.Variation()
		return
	}
	scored := float64(t.classification.Scored())
	s.loss += scored * r.Loss
	s.weight += scored
	s.part += float64(t.classification.Correct())
	s.whole += float64(len(t.batch.Decisions))
}

// report writes the metrics.
//
// normalised_error is Σ (y - y*)² / Σ (y* - mean)²: 1 for the best constant output.
func (s *score) report(m map[string]float64) {
	m["rate_hz"] = 1000 * s.rate / float64(s.trials)
	if s.curves {
		m["normalised_error"] = s.part / s.whole
		return
	}
	m["accuracy"] = s.part / s.whole
	m["error"] = 1 - m["accuracy"]
}

// Parameters counts the trainable numbers that exist at a time.
func (t *Trainer[F]) Parameters() int { return t.weights.Parameters() }

// FirstGradients runs the first batch without learning and copies the gradients of the
// weights by name.
func (t *Trainer[F]) FirstGradients() (map[string][]F, error) {
	if err := t.Source.Train(&t.batch, 0, t.BatchSize); err != nil {
		return nil, err
	}
	t.gradient()
	gradients := map[string][]F{}
	for _, a := range []plasticity.Array[F]{t.in, t.rec, t.out, t.bias} {
		if a.Value != nil {
			gradients[a.Name] = append([]F(nil), a.Grad...)
		}
	}
	return gradients, nil
}

// Model gives the tensors that make the network: what evaluation needs, and the
// feedback. They are the trainer's own memory, not copies.
func (t *Trainer[F]) Model() []checkpoint.Tensor {
	tensors := t.weights.Model()
	if net := t.Net; net.DelaySlots > 1 {
		n := net.Neurons()
		tensors = append(tensors,
			checkpoint.Tensor{Name: "delay_in", Shape: []int{net.Inputs, n}, Data: net.DelayIn, Unit: "ms", Doc: "delays of the input synapses [n_in][n]"},
			checkpoint.Tensor{Name: "delay_rec", Shape: []int{n, n}, Data: net.DelayRec, Unit: "ms", Doc: "delays of the recurrent synapses [n][n]"})
	}
	if t.Feedback == Random {
		tensors = append(tensors, checkpoint.Tensor{Name: feedbackName, Shape: t.out.Shape, Data: t.feedback.B, Unit: "1", Doc: feedbackDoc})
	}
	return tensors
}

// Training gives the tensors that only going on with the training needs.
func (t *Trainer[F]) Training() []checkpoint.Tensor { return t.weights.Training() }

// RestoreModel loads what Model gave. Nothing is changed unless all fits.
func (t *Trainer[F]) RestoreModel(f *checkpoint.File) error {
	if err := plasticity.Load(f, t.Model()); err != nil {
		return err
	}
	t.weights.Restored()
	return nil
}

// RestoreTraining loads what Training gave.
func (t *Trainer[F]) RestoreTraining(f *checkpoint.File) error {
	return plasticity.Load(f, t.Training())
}
