package continual

import (
	"fmt"

	"gonum.org/v1/gonum/stat"

	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/gated"
)

// Record is how well the tasks were answered, and when.
type Record struct {
	Accuracy  [][]float64 // R[i][j] of task j after task i; -1 before it was measured
	Untrained []float64   // b[j] of the initial network
	Contexts  []float64   // that each task ended in; -1 before
	Curve     []float64   // mean accuracy of each task over its first steps; -1 where it is not measured
	Available [][]float64 // [task][hidden layer] mean availability after the task; -1 where there is none
}

// NewRecord is the record of so many tasks of which nothing is known.
func NewRecord(tasks, hidden int) *Record {
	unknown := func() []float64 {
		x := make([]float64, tasks)
		for i := range x {
			x[i] = -1
		}
		return x
	}
	r := &Record{Untrained: unknown(), Contexts: unknown(), Curve: unknown()}
	for range tasks {
		r.Accuracy = append(r.Accuracy, unknown())
		none := make([]float64, hidden)
		for layer := range none {
			none[layer] = -1
		}
		r.Available = append(r.Available, none)
	}
	return r
}

// Learned counts the tasks that were learned.
func (r *Record) Learned() int {
	n := 0
	for n < len(r.Accuracy) && r.Accuracy[n][n] >= 0 {
		n++
	}
	return n
}

// measureUntrained shows all tasks to the initial network.
func (l *Learner[F]) measureUntrained() error {
	for task := range l.Record.Untrained {
		accuracy, err := l.accuracy("test", task, task, l.TestExamples)
		if err != nil {
			return err
		}
		l.Record.Untrained[task] = accuracy
	}
	return nil
}

// measure shows the tasks so far to the network as it is after one, and the next one, in
// the context that it will have, for what is known of it beforehand.
func (l *Learner[F]) measure(after int) error {
	last := min(after+1, l.Stream.Tasks()-1)
	if l.Inference != nil || l.Interleaved {
		last = after
	}
	for task := range last + 1 {
		context := task
		if l.Inference != nil {
			context = l.contextOf(task)
		}
		accuracy, err := l.accuracy("test", task, context, l.TestExamples)
		if err != nil {
			return err
		}
		l.Record.Accuracy[after][task] = accuracy
	}
	return nil
}

// followCurve adds the test accuracy after a step of a task to the mean over its first steps.
func (l *Learner[F]) followCurve(at int) error {
	l.Store()
	accuracy, err := l.accuracy("test", l.Task, l.Context, l.TestExamples)
	if at == 0 {
		l.Record.Curve[l.Task] = 0
	}
	l.Record.Curve[l.Task] += accuracy / float64(l.CurveSteps)
	return err
}

// accuracy is that of the first examples of a split of a task, shown in one batch, as
// the network normalises with the statistics of what it is shown.
func (l *Learner[F]) accuracy(split string, task, context, examples int) (float64, error) {
	correct, _, n, err := l.show(split, task, context, examples)
	return float64(correct) / float64(n), err
}

func (l *Learner[F]) show(split string, task, context, examples int) (correct int, loss float64, n int, err error) {
	n = l.Stream.Size(task, split)
	if examples > 0 {
		n = min(n, examples)
	}
	if err := l.Stream.Evaluate(&l.memory, split, task, 0, n); err != nil {
		return 0, 0, 1, err
	}
	part := l.Network.Open(context)
	if custom, ok := l.Method.(interface {
		Answer(l *Learner[F], task int) *gated.Part[F]
	}); ok {
		part = custom.Answer(l, task)
	}
	l.memoryPass.Forward(part, l.memory.Values, l.memory.Trials)
	loss, correct = l.memoryPass.Loss(l.Loss, l.Head(task), l.memory.Classes)
	return correct, loss, n, nil
}

// Evaluate shows all tasks that were learned to the network as it is, up to trials
// examples of each; 0 means as many as were set. What the record says of the test split comes with it.
func (l *Learner[F]) Evaluate(split string, trials int) (map[string]float64, error) {
	l.Store()
	if trials == 0 {
		trials = l.TestExamples
	}
	learned := max(1, l.Record.Learned())
	if l.Interleaved {
		learned = l.Stream.Tasks()
	}
	var accuracies, losses float64
	total := 0
	for task := range learned {
		context := task
		if l.Inference != nil && l.Record.Contexts[task] >= 0 {
			context = l.contextOf(task)
		}
		correct, loss, n, err := l.show(split, task, context, trials)
		if err != nil {
			return nil, err
		}
		accuracies += float64(correct) / float64(n) / float64(learned)
		losses += loss / float64(learned)
		total += n
	}
	m := map[string]float64{"accuracy": accuracies, "error": 1 - accuracies, "loss": losses, "tasks": float64(learned), "trials": float64(total)}
	if split == "test" {
		for name, value := range l.Summary() {
			m[name] = value
		}
	}
	return m, nil
}

// Summary is the measures of continual learning of the tasks so far.
func (l *Learner[F]) Summary() map[string]float64 {
	m := map[string]float64{}
	learned := l.Record.Learned()
	if learned == 0 || l.Interleaved {
		return m
	}
	r := make([][]float64, learned)
	for i := range r {
		r[i] = l.Record.Accuracy[i][:learned]
	}
	c := metrics.Continual{Accuracy: r, Untrained: l.Record.Untrained[:learned]}
	m["final_accuracy"], m["learning_accuracy"] = c.Final(), c.Learning()
	if tenth := learned / 10; tenth > 0 {
		m["learning_accuracy_first_tenth"], m["learning_accuracy_last_tenth"] = c.LearningOf(0, tenth), c.LearningOf(learned-tenth, learned)
	}
	m["first_task_accuracy"] = r[learned-1][0]
	m["acc_code"], m["fr_code"] = c.AuthorsAccuracy(), c.AuthorsForgetting()
	if l.CurveSteps > 0 {
		m["area_under_curve"] = stat.Mean(l.Record.Curve[:learned], nil)
	}
	for layer, overlap := range l.Network.Overlap(learned) {
		m[fmt.Sprintf("gate_overlap_%d", layer)] = overlap
	}
	for layer, available := range l.Record.Available[learned-1] {
		if available >= 0 {
			m[fmt.Sprintf("availability_%d", layer)] = available
		}
	}
	if learned > 1 {
		m["backward_transfer"], m["forgetting"] = c.BackwardTransfer(), c.Forgetting()
		if l.Inference == nil {
			m["forward_transfer"] = c.ForwardTransfer()
		}
	}
	if l.Inference != nil {
		for name, value := range l.Inference.Summary(l.Record.Contexts[:learned]) {
			m[name] = value
		}
	}
	if reporter, ok := l.Method.(interface{ Report() map[string]float64 }); ok {
		for name, value := range reporter.Report() {
			m[name] = value
		}
	}
	return m
}
