package oneshot

import (
	"math"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/armtrajectory"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// Trainer trains both networks over tasks: the outer loop.
type Trainer[F tensor.Float] struct {
	Network   *Network[F]
	Source    *armtrajectory.Source
	BatchSize int // tasks

	weights  Weights[F]
	gradient Gradients
	arrays   []plasticity.Array[F] // weights, and their gradients in precision F
	learned  plasticity.Weights[F]
	tasks    []armtrajectory.Task
}

// arrays says what the tensors of a checkpoint mean, in the order of Weights.
var arrays = [...]struct{ name, doc string }{
	{"w_in", "input weights [clock lines][n]"},
	{"w_rec", "recurrent weights [n][n], the diagonal is ignored"},
	{"w_out", "readout weights of the motor commands [n][2], rad/s"},
	{"error_w_in", "input weights of the error module [code, neurons, clock lines][m]"},
	{"error_w_rec", "recurrent weights of the error module [m][m], the diagonal is ignored"},
	{"learning_signals", "projection of the error module to learning signals [m][n]"},
}

// NewTrainer draws the initial weights: N(0,1)/√(number of presynaptic neurons),
// and a twentieth of that for the readout.
func NewTrainer[F tensor.Float](p Params, source *armtrajectory.Source, batchSize int, seed uint64, threads int, o plasticity.Options[F]) *Trainer[F] {
	t := &Trainer[F]{Network: NewNetwork[F](p, source.Clock(), threads), Source: source, BatchSize: batchSize,
		weights: NewWeights[F](&p), gradient: NewWeights[float64](&p), learned: plasticity.Weights[F]{Options: o}}
	n, m := p.Neurons, p.ErrorNeurons
	shapes := [...][]int{{p.ClockLines, n}, {n, n}, {n, motors}, {p.ErrorInputs(), m}, {m, m}, {m, n}}
	for k, value := range t.weights.all() {
		name, shape := arrays[k].name, shapes[k]
		scale := 1 / math.Sqrt(float64(shape[0]))
		if name == "w_out" {
			scale *= 0.05
		}
		r := rng.Stream(seed, rng.Purpose("oneshot-"+name), 0, 0)
		for i := range value {
			value[i] = F(scale * r.NormFloat64())
		}
		if name == "w_rec" || name == "error_w_rec" {
			clearDiagonal(value, shape[1])
		}
		a := plasticity.Array[F]{Name: name, Shape: shape, Value: value, Grad: make([]F, len(value)), Doc: arrays[k].doc}
		t.arrays = append(t.arrays, a)
		t.learned.Add(a)
	}
	return t
}

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	t.draw(t.BatchSize, func(task *armtrajectory.Task, i int) { t.Source.Train(task, step, i) })
	r := t.Network.Gradient(&t.gradient, t.weights, t.tasks)
	if err := plasticity.FiniteLoss(step, r.Loss); err != nil {
		return nil, err
	}
	for k, g := range t.gradient.all() {
		for i, x := range g {
			t.arrays[k].Grad[i] = F(x)
		}
	}
	metrics, err := t.learned.Update(step)
	if err != nil {
		return nil, err
	}
	for name, x := range r.metrics() {
		metrics[name] = x
	}
	return metrics, nil
}

// draw makes tasks the batch's.
func (t *Trainer[F]) draw(size int, one func(task *armtrajectory.Task, i int)) {
	for len(t.tasks) < size {
		t.tasks = append(t.tasks, armtrajectory.Task{})
	}
	t.tasks = t.tasks[:size]
	parallel.For(t.Network.Threads, size, func(_, i int) { one(&t.tasks[i], i) })
}

// metrics names the figures of a batch: tip_mse is of trial 2, after the update.
func (r Result) metrics() map[string]float64 {
	return map[string]float64{
		"loss": r.Loss, "rate_penalty": r.Penalty, "tip_mse_before": r.TipMSE[0], "tip_mse": r.TipMSE[1], "motor_mse": r.MotorMSE,
		"rate_hz": 1000 * r.Rate, "error_module_rate_hz": 1000 * r.ErrorRate,
	}
}

// evaluationBatch is the number of tasks that are evaluated at once.
const evaluationBatch = 128

// Evaluate runs up to so many tasks of a split without learning to learn; 0 means
// all. The penalty, and the loss with it, is the mean of those of its batches.
func (t *Trainer[F]) Evaluate(split string, tasks int) (map[string]float64, error) {
	if tasks == 0 || tasks > t.Source.EvaluationTrials {
		tasks = t.Source.EvaluationTrials
	}
	mean := map[string]float64{"trials": float64(tasks)}
	for first := 0; first < tasks; first += evaluationBatch {
		size := min(evaluationBatch, tasks-first)
		t.draw(size, func(task *armtrajectory.Task, i int) { t.Source.Evaluate(task, split, first+i) })
		for name, x := range t.Network.Evaluate(t.weights, t.tasks).metrics() {
			mean[name] += x * float64(size) / float64(tasks)
		}
	}
	return mean, nil
}

// Movements runs one task of a split, and returns it with what the arm did before
// and after the update.
func (t *Trainer[F]) Movements(split string, index int) (task armtrajectory.Task, all [trials]Movement) {
	t.Source.Evaluate(&task, split, index)
	return task, t.Network.Movements(t.weights, &task)
}

// Gradients runs the first tasks of the first batch and returns their gradients,
// without learning.
func (t *Trainer[F]) Gradients(tasks int) map[string][]float64 {
	t.draw(tasks, func(task *armtrajectory.Task, i int) { t.Source.Train(task, 0, i) })
	t.Network.Gradient(&t.gradient, t.weights, t.tasks)
	all := map[string][]float64{}
	for k, g := range t.gradient.all() {
		all[arrays[k].name] = g
	}
	return all
}

// Parameters counts the trainable numbers.
func (t *Trainer[F]) Parameters() int { return t.learned.Parameters() }

// Model gives the tensors of both networks.
func (t *Trainer[F]) Model() []checkpoint.Tensor { return t.learned.Model() }

// Training gives the tensors that only going on with the training needs.
func (t *Trainer[F]) Training() []checkpoint.Tensor { return t.learned.Training() }

// RestoreModel loads what Model gave. Nothing is changed unless all fits.
func (t *Trainer[F]) RestoreModel(f *checkpoint.File) error { return plasticity.Load(f, t.Model()) }

// RestoreTraining loads what Training gave.
func (t *Trainer[F]) RestoreTraining(f *checkpoint.File) error {
	return plasticity.Load(f, t.Training())
}
