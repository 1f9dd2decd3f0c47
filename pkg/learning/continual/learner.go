// Package continual learns tasks one after the other, and by which means: nothing
// (fine-tuning), EWC, SI, HAT, XdG, A-GEM, replay; all at once (joint), or a network for
// each task (separate). Package gateon has the method of 2306.01690 for the same Learner.
package continual

import (
	"fmt"
	"slices"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/tasksequence"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/gated"
)

// Options are the choices of a training.
type Options struct {
	BatchSize    int
	StepsPerTask int
	Interleaved  bool // each step has a task at random: joint training
	Loss         gated.Loss
	HeadPerTask  bool
	Optimizer    Optimizer
	TestExamples int // of each task, shown in one batch; 0: all
	CurveSteps   int // of a task, after each of which its test accuracy is measured

	// BestSnapshot goes on, after a task, from the step of it that had the least
	// squared error on this many validation examples, instead of from its last; 0: the last.
	BestSnapshot int

	Seed    uint64
	Threads int
}

// Learner learns a sequence of tasks.
type Learner[F tensor.Float] struct {
	Options
	Network *gated.Network[F]
	Stream  *tasksequence.Stream[F]
	Method  Method[F]
	Record  *Record

	Task    int // of the present step
	Context int // of the present part

	// Inference finds the context from the losses; nil where it is the task.
	Inference *Inference

	Part      *gated.Part[F]
	Pass      gated.Pass[F]
	Gradients gated.Gradients[F]

	optimizer optimizer[F]
	batch     tasksequence.Batch[F]
	best      snapshot[F]

	memory          tasksequence.Batch[F] // of Memorised
	memoryPass      gated.Pass[F]
	memories        [][]int // the stored examples of each task
	examples        []int   // of a batch of them
	memoryGradients gated.Gradients[F]
}

// New makes a learner of an initialised network, before its first step.
func New[F tensor.Float](n *gated.Network[F], stream *tasksequence.Stream[F], m Method[F], inference *Inference, o Options) *Learner[F] {
	l := &Learner[F]{Options: o, Network: n, Stream: stream, Method: m, Inference: inference, Record: NewRecord(stream.Tasks(), n.Hidden()), Task: -1}
	l.Pass.Threads, l.memoryPass.Threads = o.Threads, o.Threads
	l.optimizer = optimizer[F]{Optimizer: o.Optimizer, threads: o.Threads}
	l.best.none = true
	l.enter(0)
	return l
}

// TaskAt is the task of a step.
func (l *Learner[F]) TaskAt(step int) int {
	if l.Interleaved {
		return rng.Stream(l.Seed, "interleaved-task", uint64(step), 0).IntN(l.Stream.Tasks())
	}
	return min(step/l.StepsPerTask, l.Stream.Tasks()-1)
}

// Head is the outputs that answer a task.
func (l *Learner[F]) Head(task int) gated.Head {
	if l.HeadPerTask {
		return gated.Head{First: task * l.Stream.Classes(), Classes: l.Stream.Classes()}
	}
	return gated.Head{Classes: l.Stream.Classes()}
}

// enter makes the part that a context has, with an optimiser that knows of nothing.
func (l *Learner[F]) enter(context int) {
	l.Context = context
	l.Part = l.partOf(context)
	l.Method.Load(l)
	l.optimizer.reset(l.Part)
}

func (l *Learner[F]) partOf(context int) *gated.Part[F] {
	if l.Interleaved || l.Method.Whole() {
		return l.Network.Whole(context)
	}
	return l.Network.Open(context)
}

// Store writes what the present part has learned to the network and the method.
func (l *Learner[F]) Store() {
	l.Part.Store(l.Threads)
	l.Method.Store(l)
}

// Step takes training step number step, counted from 0.
func (l *Learner[F]) Step(step int) (map[string]float64, error) {
	l.Task = l.TaskAt(step)
	first := !l.Interleaved && step%l.StepsPerTask == 0
	if step == 0 {
		if err := l.measureUntrained(); err != nil {
			return nil, err
		}
	}
	switch {
	case l.Inference != nil:
		if step == 0 {
			if err := l.Enter(0); err != nil {
				return nil, err
			}
		}
	case l.Interleaved && step > 0:
		if l.Task != l.Context { // moments stay: they are of all tasks
			l.Part.Store(l.Threads)
			l.Context, l.Part = l.Task, l.Network.Whole(l.Task)
		}
	case first || step == 0:
		if err := l.Enter(l.Task); err != nil {
			return nil, err
		}
	}
	if err := l.Method.Prepare(l, step); err != nil {
		return nil, err
	}
	if err := l.Stream.Train(&l.batch, step, l.Task, l.BatchSize); err != nil {
		return nil, err
	}
	loss, correct, err := l.forward(step)
	if err != nil {
		return nil, err
	}
	if err := plasticity.FiniteLoss(step, loss); err != nil {
		return nil, err
	}
	if err := l.Learn(step); err != nil {
		return nil, err
	}
	if err := l.keepBest(); err != nil {
		return nil, err
	}
	if at := step % l.StepsPerTask; !l.Interleaved && at < l.CurveSteps {
		if err := l.followCurve(at); err != nil {
			return nil, err
		}
	}
	m := map[string]float64{"loss": loss, "accuracy": float64(correct) / float64(l.batch.Trials)}
	if penal, ok := l.Method.(interface{ Penalty(*Learner[F]) float64 }); ok {
		m["penalty"] = penal.Penalty(l)
	}
	if !l.Interleaved && (step+1)%l.StepsPerTask == 0 || l.Interleaved && (step+1)%(l.StepsPerTask*l.Stream.Tasks()) == 0 {
		if err := l.end(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Show shows inputs, [input][trial], of the present task to the present part, and returns
// their loss.
func (l *Learner[F]) Show(x []F, classes []int) (loss float64) {
	loss, _ = l.present(x, classes)
	return loss
}

func (l *Learner[F]) present(x []F, classes []int) (loss float64, correct int) {
	l.Pass.Forward(l.Part, x, len(classes))
	return l.Pass.Loss(l.Loss, l.Head(l.Task), classes)
}

// Learn moves the part by what was shown last.
func (l *Learner[F]) Learn(step int) error {
	factors := l.Method.Plasticity()
	neurons := factors.Neurons
	if l.Optimizer.OnUpdate {
		neurons = nil
	}
	l.Pass.Backward(&l.Gradients, func(layer int) { l.Method.Reached(l, layer) }, neurons)
	if err := l.Method.Adjust(l, step); err != nil {
		return err
	}
	l.optimizer.step(l.Part, &l.Gradients, factors)
	l.Method.Moved(l)
	return nil
}

// Enter begins a task in a context.
func (l *Learner[F]) Enter(context int) error {
	l.Store()
	if err := l.Method.Start(l); err != nil {
		return err
	}
	l.best.none = true
	l.enter(context)
	return nil
}

// forward shows the batch, in the context that it is found to be of.
func (l *Learner[F]) forward(step int) (loss float64, correct int, err error) {
	loss, correct = l.present(l.batch.Values, l.batch.Classes)
	if l.Inference == nil {
		return loss, correct, nil
	}
	context := l.Inference.Observe(loss, func(k int) float64 {
		l.memoryPass.Forward(l.Network.Open(k), l.batch.Values, l.batch.Trials)
		loss, _ := l.memoryPass.Loss(l.Loss, l.Head(l.Task), l.batch.Classes)
		return loss
	}, l.Store)
	if context == l.Context {
		return loss, correct, nil
	}
	if context >= l.Network.Contexts {
		return 0, 0, fmt.Errorf("the batch of step %d is of a new context, but the network has gates for %d", step+1, l.Network.Contexts)
	}
	l.Inference.changed(l.Task, step-l.Task*l.StepsPerTask)
	if err := l.restoreBest(); err != nil {
		return 0, 0, err
	}
	if err := l.Enter(context); err != nil {
		return 0, 0, err
	}
	loss, correct = l.present(l.batch.Values, l.batch.Classes)
	l.Inference.Revise(loss)
	return loss, correct, nil
}

// end finishes a task: the best weights of it, what the method keeps, and the accuracies
// of all tasks.
func (l *Learner[F]) end() error {
	if l.Inference == nil {
		if err := l.restoreBest(); err != nil {
			return err
		}
	}
	l.Store()
	if err := l.Method.End(l); err != nil {
		return err
	}
	if l.Inference != nil {
		l.Record.Contexts[l.Task] = float64(l.Context)
	}
	if l.Interleaved {
		l.Task = l.Stream.Tasks() - 1
	}
	if err := l.measure(l.Task); err != nil {
		return err
	}
	if reporter, ok := l.Method.(interface{ Available() []float64 }); ok {
		copy(l.Record.Available[l.Task], reporter.Available())
	}
	return nil
}

// contextOf is the context that a task is answered in.
func (l *Learner[F]) contextOf(task int) int {
	if l.Inference != nil {
		return int(l.Record.Contexts[task])
	}
	return task
}

// Memorised are the gradients of a batch of stored examples of an earlier task with the present
// weights, in that task's context. A memory of a task is so many of its examples. A method
// that uses it must be Whole.
func (l *Learner[F]) Memorised(task, size, trials, step int) (*gated.Gradients[F], error) {
	examples := append(l.examples[:0], l.stored(task, size)...)
	l.examples = examples
	rng.Stream(l.Seed, "memory-batch", uint64(step), uint64(task)).Shuffle(len(examples), func(i, j int) { examples[i], examples[j] = examples[j], examples[i] })
	if err := l.Stream.Examples(&l.memory, task, "train", examples[:min(len(examples), trials)]); err != nil {
		return nil, err
	}
	part := l.Network.Whole(l.contextOf(task))
	l.memoryPass.Forward(part, l.memory.Values, l.memory.Trials)
	l.memoryPass.Loss(l.Loss, l.Head(task), l.memory.Classes)
	l.memoryPass.Backward(&l.memoryGradients, nil, nil)
	return &l.memoryGradients, nil
}

// stored are the examples that the memory of a task has, which are drawn once.
func (l *Learner[F]) stored(task, size int) []int {
	if l.memories == nil {
		l.memories = make([][]int, l.Stream.Tasks())
	}
	all := l.Stream.Size(task, "train")
	size = min(size, all)
	if len(l.memories[task]) != size {
		drawn := rng.Stream(l.Seed, "memory", uint64(task), 0)
		l.memories[task] = slices.Clone(drawn.Perm(all)[:size])
	}
	return l.memories[task]
}
