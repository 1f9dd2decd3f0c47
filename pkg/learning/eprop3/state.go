package eprop3

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/copyrepeat"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

// Parameters counts the trainable numbers.
func (t *Trainer[F]) Parameters() int { return t.weights.Parameters() + t.guesses.Parameters() }

// FirstGradients runs the first batch of short sequences that take more than one
// window and copies the gradients of the network's weights by name.
func (t *Trainer[F]) FirstGradients() map[string][]F {
	level := copyrepeat.Level(0)
	for t.learner.Windows(level.Symbols()*t.Task.SymbolSteps) == 1 && level < 4 {
		level++
	}
	t.Task.Train(&t.batch, level, 0, t.BatchSize)
	t.gradient()
	gradients := map[string][]F{}
	for name, g := range map[string][]F{"w_in": t.grads.In, "w_rec": t.grads.Rec, "b": t.grads.Bias, "w_out": t.grads.Out, "b_out": t.grads.OutBias} {
		if len(g) > 0 {
			gradients[name] = append([]F(nil), g...)
		}
	}
	return gradients
}

// Model gives the tensors that make the network and what it is evaluated on.
// They are the trainer's own memory, not copies.
func (t *Trainer[F]) Model() []checkpoint.Tensor {
	t.level[0] = uint16(t.Curriculum.Level)
	tensors := append(t.weights.Model(), checkpoint.Tensor{Name: "curriculum", Shape: []int{1}, Data: t.level[:], Unit: "1",
		Doc: "level of the curriculum, from 0: N and R are 1, 1, then one of them grows, N first"})
	if t.Feedback == eprop.Random {
		tensors = append(tensors, checkpoint.Tensor{Name: feedbackName, Shape: []int{t.Net.Cell.Units(), t.Net.Outputs}, Data: t.feedback.B, Unit: "1", Doc: feedbackDoc})
	}
	return tensors
}

// Training gives the tensors that only going on with the training needs.
func (t *Trainer[F]) Training() []checkpoint.Tensor {
	tensors := t.weights.Training()
	if t.synthetic != nil {
		tensors = append(append(tensors, t.guesses.Model()...), t.guesses.Training()...)
	}
	return tensors
}

// RestoreModel loads what Model gave. Nothing is changed unless all fits.
func (t *Trainer[F]) RestoreModel(f *checkpoint.File) error {
	if err := plasticity.Load(f, t.Model()); err != nil {
		return err
	}
	t.Curriculum.Level = copyrepeat.Level(t.level[0])
	return nil
}

// RestoreTraining loads what Training gave.
func (t *Trainer[F]) RestoreTraining(f *checkpoint.File) error {
	return plasticity.Load(f, t.Training())
}

// Memory is what a trainer needs for batches of sequences of so many steps, in
// bytes, by purpose.
func Memory[F tensor.Float](p *recurrent.Params[F], o *Options[F], steps int) map[string]int64 {
	var zero F
	width := int64(unsafe.Sizeof(zero))
	n, drives, states := int64(p.Cell.Units()), int64(p.Width()), int64(p.StateSize())
	in, out, trials := int64(p.Inputs), int64(p.Outputs), int64(o.BatchSize)
	const copies = 4 // value, gradient and two moments
	m := map[string]int64{"parameters and optimiser": copies * width * (drives*(in+n+1) + n*out)}
	q := int64(BoundarySize(p))
	if o.Synthetic != nil {
		windows := int64(o.Rule.Windows(steps))
		if o.Online {
			windows = 1
		}
		m["synthetic gradients"] = width * (copies*4*n*q + windows*trials*(3*q+4*n))
	}
	run := int64(steps)
	if o.Online {
		run = int64(o.Rule.Window)
		pre := in + n
		if p.Biased {
			pre++
		}
		m["eligibility traces"] = width * trials * n * pre * int64(p.Cell.Drives()) * int64(p.Cell.States()+1)
	}
	m["sequences"] = width * run * trials * (in + drives + states + n + 4*out)
	return m
}
