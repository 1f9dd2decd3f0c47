// Package backprop trains feed-forward networks by back-propagation of the softmax
// cross-entropy of their logits, the mean over a batch, with the penalties
//
//	l2 Σ w²              on the weights of dense layers and convolutions,
//	l1 Σ x / batch       on the outputs x of all rectified units
//
// (2212.12522 and 2306.08744, sections 7.4 and 7.6 of the method).
package backprop

import (
	"slices"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// Options are the choices of a training.
type Options[F tensor.Float] struct {
	BatchSize int
	plasticity.Options[F]
	L1Activity float64
	Seed       uint64 // of dropout
	Threads    int
}

// Trainer is a network in training.
type Trainer[F tensor.Float] struct {
	Options[F]
	Network *relu.Network[F]
	Source  *pixels.Source[F]

	gradients relu.Gradients[F]
	weights   plasticity.Weights[F]
	rectified []bool // layers whose output is that of rectified units

	tape      autodiff.Tape[F]
	batch     pixels.Batch[F]
	evaluator relu.Evaluator[F]
}

// New trains a network whose layers fit.
func New[F tensor.Float](n *relu.Network[F], source *pixels.Source[F], o Options[F]) *Trainer[F] {
	t := &Trainer[F]{Options: o, Network: n, Source: source, gradients: relu.NewGradients(n),
		evaluator: relu.Evaluator[F]{Network: n, Threads: o.Threads}}
	t.weights.Options = o.Options
	for _, layer := range n.Layers {
		_, rectifies := layer.Layer.(*relu.ReLU[F])
		t.rectified = append(t.rectified, rectifies)
		_, normalises := layer.Layer.(*relu.BatchNorm[F])
		for _, p := range layer.Parameters() {
			t.weights.Add(plasticity.Array[F]{
				Name: layer.Name + "." + p.Name, Shape: p.Values.Shape, Value: p.Values.Data, Grad: t.gradients[p.Values].Grad.Data,
				Doc: doc(layer.Kind(), p.Name), Undecayed: normalises || p.Name == "bias",
			})
		}
	}
	return t
}

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	if err := t.Source.Train(&t.batch, step, t.BatchSize); err != nil {
		return nil, err
	}
	loss, task, correct := t.forward(step)
	if err := plasticity.FiniteLoss(step, float64(loss.Value.Data[0])); err != nil {
		return nil, err
	}
	t.tape.Backward(loss)
	m, err := t.weights.Update(step)
	if err != nil {
		return nil, err
	}
	m["loss"], m["task_loss"] = float64(loss.Value.Data[0]), float64(task.Value.Data[0])
	m["accuracy"] = float64(correct) / float64(t.batch.Trials)
	return m, nil
}

// forward runs t.batch in training, and returns the loss, the part of it that is the
// task's, and the number of correct answers.
func (t *Trainer[F]) forward(step int) (loss, task *autodiff.Var[F], correct int) {
	t.gradients.Clear()
	t.tape.Reset()
	var penalties []*autodiff.Var[F]
	pass := relu.Pass[F]{Tape: &t.tape, Threads: t.Threads, Training: true, Seed: t.Seed, Step: step, Gradients: t.gradients}
	if t.L1Activity != 0 {
		pass.Observe = func(i int, y *autodiff.Var[F]) {
			if t.rectified[i] {
				penalties = append(penalties, autodiff.Sum(&t.tape, t.Threads, y, t.L1Activity/float64(t.batch.Trials)))
			}
		}
	}
	in := t.Network.Input
	x := &tensor.Dense[F]{Shape: []int{t.batch.Trials, in.Channels, in.Height, in.Width}, Data: t.batch.Values}
	logits := t.Network.Forward(&pass, autodiff.Constant(x))
	task = autodiff.SoftmaxCrossEntropy(&t.tape, logits, t.batch.Classes)
	loss = task
	for _, p := range penalties {
		loss = autodiff.Add(&t.tape, loss, p)
	}
	return loss, task, metrics.Correct(logits.Value.Data, t.batch.Classes)
}

// FirstGradients are those of the first batch, by the name of their tensor, without
// learning.
func (t *Trainer[F]) FirstGradients() (map[string][]F, error) {
	if err := t.Source.Train(&t.batch, 0, t.BatchSize); err != nil {
		return nil, err
	}
	loss, _, _ := t.forward(0)
	t.tape.Backward(loss)
	all := map[string][]F{}
	for _, layer := range t.Network.Layers {
		for _, p := range layer.Parameters() {
			all[layer.Name+"."+p.Name] = slices.Clone(t.gradients[p.Values].Grad.Data)
		}
	}
	return all, nil
}

// Parameters counts what learns.
func (t *Trainer[F]) Parameters() int { return t.weights.Parameters() }
