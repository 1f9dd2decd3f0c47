package framewise

import (
	"slices"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/speechframes"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// Options are the choices of a training. There always is a readout bias; the method
// is not OnlineTraces.
type Options[F tensor.Float] struct {
	eprop.Options[F]
	TauReadout float64 // τ, in frames; 0 for no filter
}

// Params are the constants of either network, of which the readout is not used:
// outputs are the phones of a source, and a blank that never is right.
func Params(neurons eprop.Params, source *speechframes.Source) eprop.Params {
	neurons.Inputs, neurons.Outputs = source.Features, len(source.Phones)+1
	neurons.TauReadout, neurons.UnitReadout = 1e-9, true // no filter: it runs over frames
	return neurons
}

// Trainer is a bidirectional network in training.
type Trainer[F tensor.Float] struct {
	Options[F]
	Source *speechframes.Source

	ears      [2]ear[F]           // forward, mirror
	out, bias plasticity.Array[F] // of both networks, forward first: [2n][K], [K]
	feedback  *eprop.Feedback[F]  // [2n][K]
	learnt    []F                 // gradient of the feedback, nil if it does not learn
	weights   plasticity.Weights[F]
	spikes    bool

	batch   speechframes.Batch
	readout *readout[F]
}

// directions names the networks.
var directions = [2]string{"forward", "backward"}

// NewSpiking draws the initial weights of networks of LIF and ALIF neurons:
// Win ~ N(0,1)/√n_in, Wrec ~ N(0,1)/√n in each direction. p is as Params gives it.
func NewSpiking[F tensor.Float](p eprop.Params, source *speechframes.Source, o Options[F]) *Trainer[F] {
	t := newTrainer(source, o, p.Neurons(), p.Outputs, func(direction string, seed uint64) ear[F] {
		return newSpiking[F](p, source.Threads, o.Method, o.Penalty, direction, seed)
	})
	t.spikes = true
	return t
}

// NewLSTM is NewSpiking for networks of so many LSTM cells each, whose Penalty is of
// no meaning, and whose method is LocalAdjoint or BPTT.
func NewLSTM[F tensor.Float](cells int, source *speechframes.Source, o Options[F]) *Trainer[F] {
	outputs := len(source.Phones) + 1
	return newTrainer(source, o, cells, outputs, func(direction string, seed uint64) ear[F] {
		return newMemory[F](cells, source.Features, outputs, source.Threads, o.Method, direction, seed)
	})
}

func newTrainer[F tensor.Float](source *speechframes.Source, o Options[F], n, k int, newEar func(direction string, seed uint64) ear[F]) *Trainer[F] {
	t := &Trainer[F]{Options: o, Source: source, readout: newReadout[F](source.Hold, k, o.TauReadout)}
	t.weights.Options = o.Options.Options
	for d, seed := range [2]uint64{o.Seed, ^o.Seed} { // two streams
		t.ears[d] = newEar(directions[d], seed)
		for _, a := range t.ears[d].arrays() {
			t.weights.Add(a)
		}
	}
	t.out = newArray("w_out", "readout weights [2n][outputs], first those of the forward network",
		lsnn.InitialReadout[F](o.Readout, 2*n, k, o.Seed), 2*n, k)
	t.bias = newArray("b_out", "readout bias [outputs]", make([]F, k), k)
	t.weights.Add(t.out)
	t.weights.Add(t.bias)
	t.feedback = eprop.NewFeedback[F](o.Feedback, 2*n, k, o.FeedbackScale, o.FeedbackDecay, o.Seed)
	if o.Feedback == eprop.Adaptive { // it learns from the gradient of the readout
		a := newArray(feedbackName, feedbackDoc, t.feedback.B, 2*n, k)
		t.learnt = a.Grad
		t.weights.Add(a)
	}
	return t
}

const (
	feedbackName = "w_feedback"
	feedbackDoc  = "feedback matrix [2n][outputs]"
)

// half is the part of an array that belongs to network d.
func half[F tensor.Float](x []F, d int) []F { return x[d*len(x)/2 : (d+1)*len(x)/2] }

// listen runs both networks over the batch.
func (t *Trainer[F]) listen() {
	t.readout.begin(&t.batch)
	for d, ear := range t.ears {
		inputs, h := t.batch.Forward, &t.readout.forward
		if d == 1 {
			inputs, h = t.batch.Mirror, &t.readout.mirror
		}
		var feedback []F
		if t.feedback.B != nil && t.Method != eprop.BPTT {
			feedback = half(t.feedback.B, d)
		}
		ear.listen(inputs, half(t.out.Value, d), feedback, h)
	}
}

// gradient runs the batch and leaves the gradients with the weights.
func (t *Trainer[F]) gradient() (task groupSums, penalty float64) {
	t.listen()
	t.readout.judge(t.bias.Value, t.Source.Threads, t.ears[0].errors, t.ears[1].errors)
	task = t.readout.total()
	for i, d := range task.bias {
		t.bias.Grad[i] = F(d)
	}
	for d, ear := range t.ears {
		penalty += ear.learn(half(t.out.Grad, d))
	}
	copy(t.learnt, t.out.Grad)
	return task, penalty
}

// rateHz is the mean firing rate in the batch.
func (t *Trainer[F]) rateHz() float64 { return 1000 * (t.ears[0].rate() + t.ears[1].rate()) / 2 }

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	if err := t.Source.Train(&t.batch, step, t.BatchSize); err != nil {
		return nil, err
	}
	task, penalty := t.gradient()
	if err := plasticity.FiniteLoss(step, task.loss+penalty); err != nil {
		return nil, err
	}
	m, err := t.weights.Update(step)
	if err != nil {
		return nil, err
	}
	t.feedback.AfterUpdate(t.out.Value)
	m["loss"], m["task_loss"] = task.loss+penalty, task.loss
	m["accuracy"] = float64(task.correct) / float64(task.frames)
	if t.spikes {
		m["rate_hz"] = t.rateHz()
	}
	return m, nil
}

// evaluationBatch is the number of utterances that are evaluated at once.
const evaluationBatch = 64

// Evaluate runs up to trials utterances of a split without learning; 0 means all.
// accuracy is the part of the frames that are named right.
func (t *Trainer[F]) Evaluate(split string, trials int) (map[string]float64, error) {
	size := t.Source.Size(split)
	if trials == 0 || trials > size {
		trials = size
	}
	var loss, spikes, steps float64
	var correct, frames int
	for first := 0; first < trials; first += evaluationBatch {
		if err := t.Source.Evaluate(&t.batch, split, first, min(evaluationBatch, trials-first)); err != nil {
			return nil, err
		}
		t.listen()
		t.readout.judge(t.bias.Value, t.Source.Threads, nil, nil)
		task := t.readout.total()
		loss += task.loss * float64(len(t.batch.Utterances))
		correct += task.correct
		frames += task.frames
		here := float64(len(t.batch.Utterances) * t.batch.Frames)
		spikes += t.rateHz() * here
		steps += here
	}
	accuracy := float64(correct) / float64(frames)
	m := map[string]float64{"loss": loss / float64(trials), "accuracy": accuracy, "error": 1 - accuracy,
		"trials": float64(trials), "frames": float64(frames)}
	if t.spikes {
		m["rate_hz"] = spikes / steps
	}
	return m, nil
}

// Parameters counts the trainable numbers.
func (t *Trainer[F]) Parameters() int { return t.weights.Parameters() }

// FirstGradients runs the first batch without learning and copies the gradients of the
// weights by name.
func (t *Trainer[F]) FirstGradients() (map[string][]F, error) {
	if err := t.Source.Train(&t.batch, 0, t.BatchSize); err != nil {
		return nil, err
	}
	t.gradient()
	gradients := map[string][]F{}
	for _, a := range slices.Concat(t.ears[0].arrays(), t.ears[1].arrays(), []plasticity.Array[F]{t.out, t.bias}) {
		gradients[a.Name] = append([]F(nil), a.Grad...)
	}
	return gradients, nil
}

// Model gives the tensors that make the network, and the feedback. They are the
// trainer's own memory, not copies.
func (t *Trainer[F]) Model() []checkpoint.Tensor {
	tensors := t.weights.Model()
	if t.Feedback == eprop.Random {
		tensors = append(tensors, checkpoint.Tensor{Name: feedbackName, Shape: t.out.Shape, Data: t.feedback.B, Unit: "1", Doc: feedbackDoc})
	}
	return tensors
}

// Training gives the tensors that only going on with the training needs.
func (t *Trainer[F]) Training() []checkpoint.Tensor { return t.weights.Training() }

// RestoreModel loads what Model gave. Nothing is changed unless all fits.
func (t *Trainer[F]) RestoreModel(f *checkpoint.File) error { return plasticity.Load(f, t.Model()) }

// RestoreTraining loads what Training gave.
func (t *Trainer[F]) RestoreTraining(f *checkpoint.File) error {
	return plasticity.Load(f, t.Training())
}
