package eprop

import (
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/tensor"
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

// Learner is a network with the weights that it learns: what trainings of different
// kinds of tasks have in common.
type Learner[F tensor.Float] struct {
	Options[F]
	Net       *Network[F]
	Gradients Gradients // for Learn

	in, rec, out, bias plasticity.Array[F] // bias has no Value without one
	feedback           *Feedback[F]
	weights            plasticity.Weights[F]
}

// NewLearner draws the initial weights of a network: Win ~ N(0,1)/√n_in,
// Wrec ~ N(0,1)/√n, or what rewiring starts with.
func NewLearner[F tensor.Float](net *Network[F], o Options[F]) *Learner[F] {
	n, inputs, outputs := net.Neurons(), net.Inputs, net.Outputs
	t := &Learner[F]{Options: o, Net: net}
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

// Weights are the weights as they are.
func (t *Learner[F]) Weights() Weights[F] {
	return Weights[F]{In: t.in.Value, Rec: t.rec.Value, Out: t.out.Value, Bias: t.bias.Value, Feedback: t.feedback.B}
}

// Learn moves the weights by Gradients in training step number step, counted from 0,
// and reports on it. loss is that of the step, which must be finite.
func (t *Learner[F]) Learn(step int, loss float64) (metrics map[string]float64, err error) {
	if err := plasticity.FiniteLoss(step, loss); err != nil {
		return nil, err
	}
	t.showGradients()
	if metrics, err = t.weights.Update(step); err != nil {
		return nil, err
	}
	t.feedback.AfterUpdate(t.out.Value)
	return metrics, nil
}

// showGradients puts Gradients with the weights.
func (t *Learner[F]) showGradients() {
	for _, g := range []struct {
		to   []F
		from []float64
	}{{t.in.Grad, t.Gradients.In}, {t.rec.Grad, t.Gradients.Rec}, {t.out.Grad, t.Gradients.Out},
		{t.bias.Grad, t.Gradients.Bias}, {t.weights.Grad(feedbackName), t.Gradients.Out}} {
		for i := range g.to {
			g.to[i] = F(g.from[i])
		}
	}
}

// Parameters counts the trainable numbers that exist at a time.
func (t *Learner[F]) Parameters() int { return t.weights.Parameters() }

// NamedGradients copies Gradients by the names of the weights.
func (t *Learner[F]) NamedGradients() map[string][]F {
	t.showGradients()
	gradients := map[string][]F{}
	for _, a := range []plasticity.Array[F]{t.in, t.rec, t.out, t.bias} {
		if a.Value != nil {
			gradients[a.Name] = append([]F(nil), a.Grad...)
		}
	}
	return gradients
}

// Model gives the tensors that make the network: what evaluation needs, and the
// feedback. They are the trainer's own memory, not copies.
func (t *Learner[F]) Model() []checkpoint.Tensor {
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
func (t *Learner[F]) Training() []checkpoint.Tensor { return t.weights.Training() }

// RestoreModel loads what Model gave. Nothing is changed unless all fits.
func (t *Learner[F]) RestoreModel(f *checkpoint.File) error {
	if err := plasticity.Load(f, t.Model()); err != nil {
		return err
	}
	t.weights.Restored()
	return nil
}

// RestoreTraining loads what Training gave.
func (t *Learner[F]) RestoreTraining(f *checkpoint.File) error {
	return plasticity.Load(f, t.Training())
}
