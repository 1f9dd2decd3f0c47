package eprop3

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/copyrepeat"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

// Options are the choices of a training.
type Options[F tensor.Float] struct {
	Rule      Rule[F]
	Online    bool // by the rule as it stands, with traces; it gives the same gradient
	BatchSize int

	Network   plasticity.Options[F]  // how the network's weights move
	Synthetic *plasticity.Options[F] // and those of the synthetic gradients; nil for none

	Feedback      eprop.FeedbackKind
	FeedbackScale float64 // entries of B are scale·N(0,1), where it is not symmetric
	FeedbackDecay float64 // of B and Wout by a step, where it is adaptive
}

// Trainer is a network that learns to copy and repeat. Each step is a batch of
// whole sequences and one update.
type Trainer[F tensor.Float] struct {
	Options[F]
	Task       copyrepeat.Options
	Net        *recurrent.Network[F]
	Curriculum copyrepeat.Curriculum
	Run        recurrent.Run[F]

	learner   *Learner[F]
	online    *Online[F]    // nil unless asked for
	synthetic *Synthetic[F] // nil for none
	feedback  *eprop.Feedback[F]
	grads     recurrent.Weights[F]
	weights   plasticity.Weights[F]
	guesses   plasticity.Weights[F] // the weights of synthetic
	level     [1]uint16             // the curriculum's, for checkpoints

	batch      copyrepeat.Batch
	delta      []F
	wanted     []F
	boundaries [2][]F // online: S at the end of the window before, and of this one
}

// New returns a trainer for a network whose weights are drawn.
func New[F tensor.Float](net *recurrent.Network[F], task copyrepeat.Options, o Options[F]) *Trainer[F] {
	t := &Trainer[F]{Options: o, Task: task, Net: net, grads: net.NewWeights()}
	n, width, k := net.Cell.Units(), net.Width(), net.Outputs
	t.weights.Options = o.Network
	t.feedback = eprop.NewFeedback[F](o.Feedback, n, k, o.FeedbackScale, o.FeedbackDecay, task.Seed)
	o.Rule.Feedback = t.feedback.B
	t.learner = NewLearner(net, o.Rule)
	if o.Online {
		t.online = NewOnline(net, o.Rule, o.BatchSize)
	}
	add := func(to *plasticity.Weights[F], name, doc string, value, grad []F, shape ...int) {
		if len(value) > 0 {
			to.Add(plasticity.Array[F]{Name: name, Shape: shape, Value: value, Grad: grad, Doc: doc})
		}
	}
	w, g := &net.Weights, &t.grads
	add(&t.weights, "w_in", "input weights [n_in][D·n], the D drives of all units one after the other", w.In, g.In, net.Inputs, width)
	add(&t.weights, "w_rec", "recurrent weights [n][D·n]", w.Rec, g.Rec, n, width)
	add(&t.weights, "b", "bias of the drives [D·n]", w.Bias, g.Bias, width)
	add(&t.weights, "w_out", "readout weights [n][outputs]", w.Out, g.Out, n, k)
	add(&t.weights, "b_out", "readout bias [outputs]", w.OutBias, g.OutBias, k)
	if o.Feedback == eprop.Adaptive { // it learns from the gradient of the readout
		add(&t.weights, feedbackName, feedbackDoc, t.feedback.B, make([]F, n*k), n, k)
	}
	if o.Synthetic == nil {
		return t
	}
	t.guesses.Options = *o.Synthetic
	t.synthetic = NewSynthetic(&net.Params, task.Seed, net.Threads)
	sw, sg := &t.synthetic.Weights, &t.synthetic.Grads
	q, h := t.synthetic.size, t.synthetic.hidden
	add(&t.guesses, "sg_w1", "synthetic gradients: weights onto the hidden layer [boundary][hidden]", sw.W1, sg.W1, q, h)
	add(&t.guesses, "sg_b1", "synthetic gradients: bias of the hidden layer", sw.B1, sg.B1, h)
	add(&t.guesses, "sg_w2", "synthetic gradients: weights onto the output [hidden][boundary]", sw.W2, sg.W2, h, q)
	add(&t.guesses, "sg_b2", "synthetic gradients: bias of the output", sw.B2, sg.B2, q)
	return t
}

const (
	feedbackName = "w_feedback"
	feedbackDoc  = "feedback matrix [n][outputs]"
)

// forward runs the batch and reports the cross-entropy in bits per bit; the
// errors are left in t.delta, and those of E in nats, summed.
func (t *Trainer[F]) forward() (bitsError float64, wrong int) {
	b := &t.batch
	t.Run.Resize(&t.Net.Params, b.Steps, b.Trials)
	for i, x := range b.Inputs {
		t.Run.X[i] = F(x)
	}
	t.Net.Forward(&t.Run)
	t.delta = recurrent.Grow(t.delta, len(t.Run.Y))
	loss, wrong := bernoulli(t.delta, t.Run.Y, b.Targets, b.Scored)
	return loss / math.Ln2 / float64(t.bits()), wrong
}

// bits is the number of scored bits of the batch.
func (t *Trainer[F]) bits() int { return t.batch.Scores() * t.batch.Trials * t.Net.Outputs }

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	level := t.Curriculum.Current(&t.Task)
	t.Task.Train(&t.batch, level, step, t.BatchSize)
	bits, wrong, guessed := t.gradient()
	if err := plasticity.FiniteLoss(step, bits); err != nil {
		return nil, err
	}
	m, err := t.weights.Update(step)
	if err != nil {
		return nil, err
	}
	t.feedback.AfterUpdate(t.Net.Out)
	if t.synthetic != nil {
		if _, err := t.guesses.Update(step); err != nil {
			return nil, err
		}
		m["synthetic_error"] = guessed
	}
	t.Curriculum.Learn(bits, &t.Task)
	m["loss"], m["wrong_bits"] = bits, wrong
	m["vectors"], m["repeats"], m["solved_length"] = float64(level.Vectors()), float64(level.Repeats()), float64(t.Curriculum.Solved())
	return m, nil
}

// gradient runs the batch and leaves the gradients with the weights. It reports
// the loss in bits per bit, the share of wrong bits, and how wrong the synthetic
// gradients were: the squared error over the squared length of what they should
// have been, 1 if they are zero.
func (t *Trainer[F]) gradient() (bits, wrong, guessed float64) {
	count := float64(t.bits())
	scale := F(1 / count)
	var mistakes int
	if t.online != nil {
		bits, mistakes, guessed = t.learnOnline(scale)
	} else {
		bits, mistakes = t.forward()
		guessed = t.lookBack(scale)
	}
	if t.Feedback == eprop.Adaptive {
		copy(t.weights.Grad(feedbackName), t.grads.Out)
	}
	return bits, float64(mistakes) / count, guessed
}

// lookBack goes back over the batch. Synthetic gradients are those of E in nats,
// summed over a sequence.
func (t *Trainer[F]) lookBack(scale F) (guessed float64) {
	if t.synthetic == nil {
		t.learner.Gradient(&t.grads, &t.Run, t.delta, scale, nil, nil)
		return 0
	}
	rows := t.learner.Windows(t.Run.Steps) * t.Run.Trials
	t.learner.Boundaries(t.synthetic.Boundaries(rows), &t.Run)
	predicted := t.synthetic.Predict()
	t.wanted = recurrent.Grow(t.wanted, len(predicted))
	t.learner.Gradient(&t.grads, &t.Run, t.delta, scale, predicted, t.wanted)
	t.synthetic.Forget()
	return relative(t.synthetic.Learn(t.wanted, 1/F(rows)), squares(t.wanted))
}

// learnOnline goes forward over the batch, window by window.
func (t *Trainer[F]) learnOnline(scale F) (bits float64, wrong int, guessed float64) {
	b, o, net := &t.batch, t.online, t.Net
	in, out := b.Trials*net.Inputs, b.Trials*net.Outputs
	window, windows := t.learner.Window, t.learner.Windows(b.Steps)
	var loss, error, size float64
	o.Reset()
	if t.synthetic != nil {
		t.synthetic.Forget()
		t.wanted = recurrent.Grow(t.wanted, b.Trials*t.synthetic.size)
		for i := range t.boundaries {
			t.boundaries[i] = recurrent.Grow(t.boundaries[i], len(t.wanted))
		}
	}
	// What follows a boundary is known a window later.
	learn := func(boundary []F) {
		copy(t.synthetic.Boundaries(b.Trials), boundary)
		t.synthetic.Predict()
		size += squares(t.wanted)
		error += t.synthetic.Learn(t.wanted, 1/F(windows*b.Trials))
	}
	for m := range windows {
		first := m * window
		steps := min(window, b.Steps-first)
		for i, x := range b.Inputs[first*in : (first+steps)*in] {
			o.Run.X[i] = F(x)
		}
		o.Forward(steps)
		t.delta = recurrent.Grow(t.delta, steps*out)
		l, w := bernoulli(t.delta, o.Run.Y[:steps*out], b.Targets[first*out:], b.Scored[first:first+steps])
		loss, wrong = loss+l, wrong+w
		if t.synthetic == nil {
			o.Learn(t.delta, nil, nil)
			continue
		}
		before, now := t.boundaries[m%2], t.boundaries[(m+1)%2]
		o.Boundary(now)
		var predicted []F // nothing, at the end
		if m+1 < windows {
			copy(t.synthetic.Boundaries(b.Trials), now)
			predicted = t.synthetic.Predict()
		}
		o.Learn(t.delta, predicted, t.wanted)
		if m > 0 {
			learn(before)
		}
		if m+1 == windows {
			clear(t.wanted)
			learn(now)
		}
	}
	o.Gradients(&t.grads, scale)
	return loss / math.Ln2 / float64(t.bits()), wrong, relative(error, size)
}

// squares is |x|².
func squares[F tensor.Float](x []F) (sum float64) {
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum
}

// relative is the squared error of half squares error, over size; 1 if there is
// nothing to predict.
func relative(error, size float64) float64 {
	if size == 0 {
		return 1
	}
	return 2 * error / size
}
