package continual

import (
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/gated"
)

// AGEM is averaged gradient episodic memory (1812.00420): where the gradient g of a batch goes
// against that of stored examples, it is projected,
//
//	g ← g - (gᵀ g_ref / ‖g_ref‖²) g_ref  if gᵀ g_ref < 0
//
// The memory of a task is some of its training examples, and g_ref is of a batch of one
// earlier task, drawn in each step.
type AGEM[F tensor.Float] struct {
	Finetuning[F]
	Memory int // examples of each task
	Batch  int // of them in a step
}

// Whole is true: the memory is of other contexts.
func (*AGEM[F]) Whole() bool { return true }

// Adjust projects the gradient.
func (m *AGEM[F]) Adjust(l *Learner[F], step int) error {
	reference, err := remembered(l, m.Memory, m.Batch, step)
	if reference == nil || err != nil {
		return err
	}
	project(arrays(l.Gradients.W, l.Gradients.B), arrays(reference.W, reference.B))
	return nil
}

// project takes from g its part along reference, if it goes against it.
func project[F tensor.Float](g, reference [][]F) {
	var along, norm float64
	for k := range g {
		for i, v := range g[k] {
			r := float64(reference[k][i])
			along += float64(v) * r
			norm += r * r
		}
	}
	if along >= 0 {
		return
	}
	factor := F(along / norm)
	for k := range g {
		for i := range g[k] {
			g[k][i] -= factor * reference[k][i]
		}
	}
}

// Replay learns from stored examples of an earlier task, drawn in each step, besides the
// batch: the gradient is that of the mean loss of both.
type Replay[F tensor.Float] struct {
	Finetuning[F]
	Memory int // examples of each task
	Batch  int // of them in a step
}

// Whole is true: the memory is of other contexts.
func (*Replay[F]) Whole() bool { return true }

// Adjust adds the gradient of the stored examples.
func (m *Replay[F]) Adjust(l *Learner[F], step int) error {
	stored, err := remembered(l, m.Memory, m.Batch, step)
	if stored == nil || err != nil {
		return err
	}
	ours, theirs := float64(l.batch.Trials), float64(l.memory.Trials)
	a, b := F(ours/(ours+theirs)), F(theirs/(ours+theirs))
	g, r := arrays(l.Gradients.W, l.Gradients.B), arrays(stored.W, stored.B)
	for k := range g {
		for i := range g[k] {
			g[k][i] = a*g[k][i] + b*r[k][i]
		}
	}
	return nil
}

// remembered are the gradients of stored examples of one earlier task; nil in the first.
func remembered[F tensor.Float](l *Learner[F], memory, batch, step int) (*gated.Gradients[F], error) {
	if l.Task == 0 {
		return nil, nil
	}
	task := rng.Stream(l.Seed, "memory-task", uint64(step), 0).IntN(l.Task)
	return l.Memorised(task, memory, batch, step)
}
