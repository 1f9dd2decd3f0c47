package framewise

import (
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
	TauReadout float64 // τ, in frames
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

	nets      [2]*eprop.Network[F] // forward, mirror
	in, rec   [2]plasticity.Array[F]
	out, bias plasticity.Array[F] // of both networks, forward first: [2n][K], [K]
	feedback  *eprop.Feedback[F]  // [2n][K]
	learnt    []F                 // gradient of the feedback, nil if it does not learn
	weights   plasticity.Weights[F]

	gradients [2]eprop.Gradients
	batch     speechframes.Batch
	readout   *readout[F]
}

// directions names the networks.
var directions = [2]string{"forward", "backward"}

// New draws the initial weights: Win ~ N(0,1)/√n_in, Wrec ~ N(0,1)/√n in each
// direction. p is as Params gives it.
func New[F tensor.Float](p eprop.Params, source *speechframes.Source, o Options[F]) *Trainer[F] {
	n, k := p.Neurons(), p.Outputs
	t := &Trainer[F]{Options: o, Source: source, readout: newReadout[F](source.Hold, k, o.TauReadout)}
	t.weights.Options = o.Options.Options
	array := func(name, doc string, data []F, shape ...int) plasticity.Array[F] {
		a := plasticity.Array[F]{Name: name, Shape: shape, Value: data, Grad: make([]F, len(data)), Doc: doc}
		t.weights.Add(a)
		return a
	}
	for d, direction := range directions {
		seed := o.Seed
		if d == 1 {
			seed = ^seed // another stream
		}
		w := lsnn.InitialWeights[F](&lsnn.Params{Inputs: p.Inputs, LIF: p.LIF, ALIF: p.ALIF}, seed)
		t.nets[d] = eprop.NewNetwork[F](p, source.Threads)
		t.in[d] = array("w_in_"+direction, "input weights [n_in][n]", w.In, p.Inputs, n)
		t.rec[d] = array("w_rec_"+direction, "recurrent weights [n][n], the diagonal is ignored", w.Rec, n, n)
	}
	t.out = array("w_out", "readout weights [2n][outputs], first those of the forward network",
		lsnn.InitialReadout[F](o.Readout, 2*n, k, o.Seed), 2*n, k)
	t.bias = array("b_out", "readout bias [outputs]", make([]F, k), k)
	t.feedback = eprop.NewFeedback[F](o.Feedback, 2*n, k, o.FeedbackScale, o.FeedbackDecay, o.Seed)
	if o.Feedback == eprop.Adaptive { // it learns from the gradient of the readout
		t.learnt = array(feedbackName, feedbackDoc, t.feedback.B, 2*n, k).Grad
	}
	return t
}

const (
	feedbackName = "w_feedback"
	feedbackDoc  = "feedback matrix [2n][outputs]"
)

// weightsOf are those of network d.
func (t *Trainer[F]) weightsOf(d int) eprop.Weights[F] {
	w := eprop.Weights[F]{In: t.in[d].Value, Rec: t.rec[d].Value, Out: half(t.out.Value, d)}
	if t.feedback.B != nil && t.Method != eprop.BPTT {
		w.Feedback = half(t.feedback.B, d)
	}
	return w
}

// half is the part of an array that belongs to network d.
func half[F tensor.Float](x []F, d int) []F { return x[d*len(x)/2 : (d+1)*len(x)/2] }

// listen runs both networks over the batch.
func (t *Trainer[F]) listen() {
	t.readout.begin(&t.batch)
	t.nets[0].Forward(t.weightsOf(0), t.batch.Forward, &t.readout.forward)
	t.nets[1].Forward(t.weightsOf(1), t.batch.Mirror, &t.readout.mirror)
}

// gradient runs the batch and leaves the gradients with the weights.
func (t *Trainer[F]) gradient() (task groupSums, penalty, rate float64) {
	t.listen()
	t.readout.judge(t.bias.Value, t.Source.Threads, t.nets[0].Errors, t.nets[1].Errors)
	task = t.readout.total()
	for i, d := range task.bias {
		t.bias.Grad[i] = F(d)
	}
	for d, net := range t.nets {
		g := &t.gradients[d]
		result := net.Backward(g, t.Penalty, t.Method)
		penalty += result.Penalty
		rate += meanRate(result.Rates) / 2
		for _, m := range []struct {
			to   []F
			from []float64
		}{{t.in[d].Grad, g.In}, {t.rec[d].Grad, g.Rec}, {half(t.out.Grad, d), g.Out}} {
			for i, x := range m.from {
				m.to[i] = F(x)
			}
		}
	}
	copy(t.learnt, t.out.Grad)
	return task, penalty, rate
}

func meanRate(rates []float64) (mean float64) {
	for _, r := range rates {
		mean += r / float64(len(rates))
	}
	return mean
}

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	if err := t.Source.Train(&t.batch, step, t.BatchSize); err != nil {
		return nil, err
	}
	task, penalty, rate := t.gradient()
	if err := plasticity.FiniteLoss(step, task.loss+penalty); err != nil {
		return nil, err
	}
	m, err := t.weights.Update(step)
	if err != nil {
		return nil, err
	}
	t.feedback.AfterUpdate(t.out.Value)
	m["loss"], m["task_loss"] = task.loss+penalty, task.loss
	m["accuracy"], m["rate_hz"] = float64(task.correct)/float64(task.frames), 1000*rate
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
		for _, net := range t.nets {
			spikes += meanRate(net.Rates()) / 2 * here
		}
		steps += here
	}
	accuracy := float64(correct) / float64(frames)
	return map[string]float64{"loss": loss / float64(trials), "accuracy": accuracy, "error": 1 - accuracy,
		"rate_hz": 1000 * spikes / steps, "trials": float64(trials), "frames": float64(frames)}, nil
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
	for _, a := range []plasticity.Array[F]{t.in[0], t.rec[0], t.in[1], t.rec[1], t.out, t.bias} {
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
