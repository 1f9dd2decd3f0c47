package continual

import (
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/tensor"
)

// snapshot is the best state of a task so far.
type snapshot[F tensor.Float] struct {
	none  bool
	error float64
	state [][]F
}

// keepBest takes a snapshot if the squared error on validation examples is the least yet.
func (l *Learner[F]) keepBest() error {
	if l.BestSnapshot == 0 {
		return nil
	}
	if err := l.Stream.Evaluate(&l.memory, "validation", l.Task, 0, l.BestSnapshot); err != nil {
		return err
	}
	l.memoryPass.Forward(l.Part, l.memory.Values, l.memory.Trials)
	e := l.memoryPass.SquaredError(l.Head(l.Task), l.memory.Classes)
	if !l.best.none && e >= l.best.error {
		return nil
	}
	l.best.none, l.best.error = false, e
	l.Store()
	learned := l.learned()
	if len(l.best.state) != len(learned) {
		l.best.state = make([][]F, len(learned))
	}
	for i, t := range learned {
		l.best.state[i] = append(l.best.state[i][:0], t.Data.([]F)...)
	}
	return nil
}

// restoreBest goes back to the snapshot of the task, if there is one.
func (l *Learner[F]) restoreBest() error {
	if l.BestSnapshot == 0 || l.best.none {
		return nil
	}
	for i, t := range l.learned() {
		copy(t.Data.([]F), l.best.state[i])
	}
	l.Part.Load(l.Threads)
	l.Method.Load(l)
	return nil
}

// learned are the tensors that a snapshot is of: parameters and what the method keeps.
func (l *Learner[F]) learned() []checkpoint.Tensor {
	all := l.parameters()
	for _, t := range l.Method.State() {
		if _, ok := t.Data.([]F); ok {
			all = append(all, t)
		}
	}
	return all
}
