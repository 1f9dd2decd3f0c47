package eprop3

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/copyrepeat"
	"github.com/snnctl/snnctl/pkg/learning/bptt"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

// Options are the choices of a training.
type Options[F tensor.Float] struct {
	Rule      Rule[F]
	Synthetic bool // synthetic gradients
	BatchSize int
	Optimizer optim.Optimizer[F]
	Schedule  optim.Schedule
	ClipNorm  float64 // longest gradient of the network, and of the synthetic gradients; 0 for no limit
}

// Trainer is a network that learns to copy and repeat. Each step is a batch of
// whole sequences and one update.
type Trainer[F tensor.Float] struct {
	Options[F]
	Task       copyrepeat.Options
	Net        *recurrent.Network[F]
	Curriculum copyrepeat.Curriculum

	learner   *Learner[F]
	synthetic *Synthetic[F] // nil for none
	grads     recurrent.Weights[F]
	params    []*optim.Param[F] // of the network, then of the synthetic gradients
	own       int               // how many of them are the network's

	run    recurrent.Run[F]
	batch  copyrepeat.Batch
	delta  []F
	wanted []F
}

// New returns a trainer for a network whose weights are drawn.
func New[F tensor.Float](net *recurrent.Network[F], task copyrepeat.Options, o Options[F]) *Trainer[F] {
	t := &Trainer[F]{Options: o, Task: task, Net: net, learner: NewLearner(net, o.Rule), grads: net.NewWeights()}
	n, width, k := net.Cell.Units(), net.Width(), net.Outputs
	add := func(name string, value, grad []F, shape ...int) {
		if len(value) > 0 {
			t.params = append(t.params, &optim.Param[F]{Name: name, Shape: shape, Value: value, Grad: grad})
		}
	}
	w, g := &net.Weights, &t.grads
	add("w_in", w.In, g.In, net.Inputs, width)
	add("w_rec", w.Rec, g.Rec, n, width)
	add("b", w.Bias, g.Bias, width)
	add("w_out", w.Out, g.Out, n, k)
	add("b_out", w.OutBias, g.OutBias, k)
	t.own = len(t.params)
	if o.Synthetic {
		t.synthetic = NewSynthetic(&net.Params, task.Seed, net.Threads)
		w, g := &t.synthetic.Weights, &t.synthetic.Grads
		q, h := t.synthetic.size, t.synthetic.hidden
		add("sg_w1", w.W1, g.W1, q, h)
		add("sg_b1", w.B1, g.B1, h)
		add("sg_w2", w.W2, g.W2, h, q)
		add("sg_b2", w.B2, g.B2, q)
	}
	return t
}

// forward runs the batch and returns the cross-entropy in bits per bit and the
// share of wrong bits; ∂E/∂y is left in t.delta, of E in nats.
func (t *Trainer[F]) forward() (bitsError, wrong float64, count int) {
	b := &t.batch
	t.run.Resize(&t.Net.Params, b.Steps, b.Trials)
	for i, x := range b.Inputs {
		t.run.X[i] = F(x)
	}
	t.Net.Forward(&t.run)
	t.delta = recurrent.Grow(t.delta, len(t.run.Y))
	loss, mistakes := bernoulli(t.delta, t.run.Y, b.Targets, b.Scored)
	count = b.Scores() * b.Trials * t.Net.Outputs
	return loss / math.Ln2 / float64(count), float64(mistakes) / float64(count), count
}

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	level := t.Curriculum.Level
	t.Task.Train(&t.batch, level, step, t.BatchSize)
	bits, wrong, count := t.forward()
	if math.IsNaN(bits) || math.IsInf(bits, 0) {
		return nil, &bptt.NotFinite{Step: step, What: "loss", Value: bits}
	}
	m := map[string]float64{"loss": bits, "wrong_bits": wrong, "vectors": float64(level.Vectors()), "repeats": float64(level.Repeats())}
	t.gradient(F(1/float64(count)), m)
	rate := t.Schedule(step)
	norm, err := t.update(step, rate)
	if err != nil {
		return nil, err
	}
	t.Curriculum.Learn(bits, &t.Task)
	m["solved_length"], m["learning_rate"], m["gradient_norm"] = float64(t.Curriculum.Solved()), rate, norm
	return m, nil
}

// gradient goes back over the batch, and lets the synthetic gradients learn.
// They are those of E in nats, summed over a sequence.
func (t *Trainer[F]) gradient(scale F, m map[string]float64) {
	if t.synthetic == nil {
		t.learner.Gradient(&t.grads, &t.run, t.delta, scale, nil, nil)
		return
	}
	rows := t.learner.Windows(t.run.Steps) * t.run.Trials
	t.learner.Boundaries(t.synthetic.Boundaries(rows), &t.run)
	predicted := t.synthetic.Predict()
	t.wanted = recurrent.Grow(t.wanted, len(predicted))
	t.learner.Gradient(&t.grads, &t.run, t.delta, scale, predicted, t.wanted)
	var size float64
	for _, g := range t.wanted {
		size += float64(g) * float64(g)
	}
	t.synthetic.Forget()
	// 1 is what predicting nothing gives.
	if loss := t.synthetic.Learn(t.wanted, 1/F(rows)); size > 0 {
		m["synthetic_error"] = 2 * loss / size
	}
}

// update moves the parameters and returns the norm of the network's gradient.
func (t *Trainer[F]) update(step int, rate float64) (norm float64, err error) {
	limit := t.ClipNorm
	if limit == 0 {
		limit = math.Inf(1)
	}
	norm = optim.ClipNorm(t.params[:t.own], limit)
	all := norm + optim.ClipNorm(t.params[t.own:], limit)
	if math.IsNaN(all) || math.IsInf(all, 0) {
		return norm, &bptt.NotFinite{Step: step, What: "gradient", Value: all}
	}
	t.Optimizer.Step(t.params, step+1, rate)
	for _, p := range t.params { // before such weights reach a checkpoint
		for _, w := range p.Value {
			if w := float64(w); math.IsNaN(w) || math.IsInf(w, 0) {
				return norm, &bptt.NotFinite{Step: step, What: "new value of " + p.Name, Value: w}
			}
		}
	}
	return norm, nil
}

// evaluationBatch is the number of trials that are evaluated at once.
const evaluationBatch = 256

// Evaluate runs up to trials sequences of a split without learning, of the
// longest kind that has been solved; 0 means all.
func (t *Trainer[F]) Evaluate(split string, trials int) (map[string]float64, error) {
	if trials == 0 || trials > t.Task.EvaluationTrials {
		trials = t.Task.EvaluationTrials
	}
	level := max(t.Curriculum.Level-1, 0)
	var bits, wrong, whole float64
	for first := 0; first < trials; first += evaluationBatch {
		size := min(evaluationBatch, trials-first)
		if err := t.Task.Evaluate(&t.batch, level, split, first, size); err != nil {
			return nil, err
		}
		b, w, _ := t.forward()
		share := float64(size) / float64(trials)
		bits, wrong, whole = bits+share*b, wrong+share*w, whole+share*t.flawless()
	}
	return map[string]float64{"loss": bits, "wrong_bits": wrong, "flawless": whole, "solved_length": float64(t.Curriculum.Solved()),
		"vectors": float64(level.Vectors()), "repeats": float64(level.Repeats()), "trials": float64(trials)}, nil
}

// flawless is the share of the batch's sequences without a wrong bit.
func (t *Trainer[F]) flawless() float64 {
	b, k := &t.batch, t.Net.Outputs
	good := b.Trials
	for trial := range b.Trials {
	sequence:
		for step, scored := range b.Scored {
			if !scored {
				continue
			}
			for i := (step*b.Trials + trial) * k; i < (step*b.Trials+trial+1)*k; i++ {
				if (t.run.Y[i] > 0) != (b.Targets[i] > 0.5) {
					good--
					break sequence
				}
			}
		}
	}
	return float64(good) / float64(b.Trials)
}

// Parameters counts the trainable numbers.
func (t *Trainer[F]) Parameters() int {
	count := 0
	for _, p := range t.params {
		count += len(p.Value)
	}
	return count
}
