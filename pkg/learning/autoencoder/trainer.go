// Package autoencoder trains a codec of sound whose code is events, end to end
// (arXiv:2402.01571): the loss of reconstruction is carried back through the
// quantiser by the surrogate derivative, and a penalty on the events, raised in steps, makes
// them rare (section 4 of the method).
package autoencoder

import (
	"slices"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/audio"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

// Options are the choices of a training.
type Options[F tensor.Float] struct {
	plasticity.Options[F]
	Weights
	Adversary        // with weights of it, above 0
	AdversaryOptions plasticity.Options[F]
	Sparsity
	BatchSize  int
	Segment    int // samples
	Steps      int // of the whole training: the penalty is raised at parts of it
	Commitment float64
	Average    float64 // decay of the averages of the parameters, which are evaluated; 0 for none
	ChunkS     float64 // length of the chunks whose sizes are counted, in s
	Seed       uint64
	Threads    int
}

// Trainer is a model in training.
type Trainer[F tensor.Float] struct {
	Options[F]
	Net    *audiocodec.Network[F]
	Corpus *audio.Corpus

	weights  plasticity.Weights[F]
	tape     autodiff.Tape[F]
	loss     *reconstruction[F]
	quantise func(*autodiff.Tape[F], *autodiff.Var[F]) *autodiff.Var[F] // H; a test puts its soft twin here
	averages *averages[F]                                               // nil for none
	against  *adversary[F]                                              // nil for none
	sound    *tensor.Dense[F]                                           // what the decoder made of the last batch
	segments []F
	control  []float64 // of mu: λ and the average density
}

// New returns a trainer.
func New[F tensor.Float](net *audiocodec.Network[F], corpus *audio.Corpus, o Options[F]) *Trainer[F] {
	t := &Trainer[F]{Options: o, Net: net, Corpus: corpus, loss: newReconstruction[F](o.Weights, corpus.Rate, o.Threads), quantise: audiocodec.Heaviside[F],
		control: []float64{o.Lambda, o.Density}}
	t.weights.Options = o.Options
	for _, p := range net.Parameters {
		t.weights.Add(plasticity.Array[F]{Name: p.Name, Shape: p.Value.Shape, Value: p.Value.Data, Grad: p.Grad.Data, Doc: p.Doc})
	}
	if o.Average > 0 {
		t.averages = newAverages(net, o.Average)
	}
	if o.Adversarial+o.Features > 0 {
		t.against = newAdversary(o.Adversary, o.AdversaryOptions, o.Seed, o.Threads)
		t.loss.oppose(o.Weights, t.against)
	}
	t.segments = make([]F, o.BatchSize*o.Segment)
	return t
}

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	audio.Segments(t.Corpus, t.segments, step, t.Segment)
	loss, parts := t.forward(step)
	if err := plasticity.FiniteLoss(step, float64(loss.Value.Data[0])); err != nil {
		return nil, err
	}
	t.tape.Backward(loss)
	m, err := t.weights.Update(step)
	if err != nil {
		return nil, err
	}
	if v := t.Net.Vectors; v != nil {
		v.Follow(t.Seed, step)
		v.Used = 0
	}
	if t.averages != nil {
		t.averages.follow(t.Net)
	}
	if t.against != nil {
		if m["discriminator"], err = t.against.learn(step, &tensor.Dense[F]{Shape: t.sound.Shape, Data: t.segments}, t.sound); err != nil {
			return nil, err
		}
	}
	for name, v := range parts {
		m[name] = v
	}
	m["loss"] = float64(loss.Value.Data[0])
	return m, nil
}

// forward runs t.segments through the model, and returns the loss and its parts.
func (t *Trainer[F]) forward(step int) (*autodiff.Var[F], map[string]float64) {
	for _, p := range t.Net.Parameters {
		clear(p.Grad.Data)
	}
	t.tape.Reset()
	pass := &audiocodec.Pass[F]{Tape: &t.tape, Threads: t.Threads, Training: true, Frame: step << 12}
	target := &tensor.Dense[F]{Shape: []int{t.BatchSize, t.Segment}, Data: t.segments}
	l := t.Net.Encode(pass, autodiff.Constant(t.padded(target)))
	parts := map[string]float64{}
	var z *autodiff.Var[F]
	var penalties []*autodiff.Var[F]
	if v := t.Net.Vectors; v != nil {
		if v.Ready[0] == 0 {
			v.Start(t.Threads, l.Value, t.Seed)
		}
		if t.Net.Spec.Nested {
			v.Used = 1 + rng.Stream(t.Seed, "nested stages", uint64(step), 0).IntN(v.Stages)
		}
		var commitment *autodiff.Var[F]
		z, commitment = v.Quantise(pass, l)
		parts["commitment"] = float64(commitment.Value.Data[0])
		penalties = append(penalties, scaled(&t.tape, commitment, t.Commitment))
	} else {
		z = t.quantise(&t.tape, l)
		if t.Net.Spec.Nested {
			z = nested(&t.tape, z, t.Seed, step)
		}
		rho := density(z)
		parts["density"] = rho
		t.Sparsity.control(t.control, step, t.Steps, rho)
		lambda := t.lambda(step, t.Steps, t.control[0])
		parts["lambda"] = lambda
		if lambda > 0 && (t.Variant == "sparse" || rho > t.Density) {
			penalties = append(penalties, autodiff.Sum(&t.tape, t.Threads, z, lambda/float64(len(z.Value.Data))))
		}
		if t.Floor > 0 {
			penalties = append(penalties, floor(&t.tape, z, t.Floor))
		}
		if t.Decorrelation > 0 {
			penalties = append(penalties, decorrelation(&t.tape, t.Threads, z, t.Decorrelation))
		}
	}
	y := t.Net.Decode(pass, z)
	y = t.cut(y)
	t.sound = y.Value
	loss := t.loss.loss(&t.tape, autodiff.Constant(target), y)
	parts["reconstruction"] = float64(loss.Value.Data[0])
	if t.Gain > 0 && pass.Said != nil {
		gain := gainDistance(&t.tape, pass.Heard, pass.Said, t.Corpus.Rate, t.Gain)
		parts["gain"] = float64(gain.Value.Data[0]) / t.Gain
		penalties = append(penalties, gain)
	}
	for _, p := range penalties {
		loss = autodiff.Add(&t.tape, loss, p)
	}
	return loss, parts
}

// padded puts zeros around segments as the model's encoder takes them.
func (t *Trainer[F]) padded(x *tensor.Dense[F]) *tensor.Dense[F] {
	lead := t.Net.Spec.Lead()
	if lead == 0 {
		return x
	}
	batch, length := x.Shape[0], x.Shape[1]
	width := t.Net.Padded(t.Net.Spec.Frames(length))
	y := tensor.New[F](batch, width)
	for b := range batch {
		copy(y.Data[b*width+lead:], x.Data[b*length:(b+1)*length])
	}
	return y
}

// cut takes from the decoder's sound what belongs to the segment.
func (t *Trainer[F]) cut(y *autodiff.Var[F]) *autodiff.Var[F] {
	lead, batch, width := t.Net.Spec.Lead(), y.Value.Shape[0], y.Value.Shape[1]
	if lead == 0 && width == t.Segment {
		return y
	}
	out := t.tape.Unset(t.Threads, batch, t.Segment)
	for b := range batch {
		copy(out.Value.Data[b*t.Segment:(b+1)*t.Segment], y.Value.Data[b*width+lead:])
	}
	t.tape.Record(func() {
		for b := range batch {
			to := y.Grad.Data[b*width+lead:]
			for i, g := range out.Grad.Data[b*t.Segment : (b+1)*t.Segment] {
				to[i] += g
			}
		}
	})
	return out
}

// scaled is weight · x of a number.
func scaled[F tensor.Float](t *autodiff.Tape[F], x *autodiff.Var[F], weight float64) *autodiff.Var[F] {
	return autodiff.Sum(t, 1, x, weight)
}

// FirstGradients are those of the first batch, by the name of their array, without learning.
func (t *Trainer[F]) FirstGradients() map[string][]F {
	audio.Segments(t.Corpus, t.segments, 0, t.Segment)
	loss, _ := t.forward(0)
	t.tape.Backward(loss)
	all := map[string][]F{}
	for _, p := range t.Net.Parameters {
		all[p.Name] = slices.Clone(p.Grad.Data)
	}
	return all
}

// Model gives the tensors that make the model: what evaluation needs. They are the trainer's
// own memory, not copies.
func (t *Trainer[F]) Model() []checkpoint.Tensor {
	all := append(t.weights.Model(), t.Net.State()...)
	if t.averages != nil {
		all = append(all, t.averages.tensors(t.Net)...)
	}
	return all
}

// Training gives the tensors that only going on with the training needs.
func (t *Trainer[F]) Training() []checkpoint.Tensor {
	all := append(t.weights.Training(), checkpoint.Tensor{Name: "sparsity_control", Shape: []int{2}, Data: t.control, Unit: "1",
		Doc: "λ and the average density of the variant mu"})
	if b := t.loss.balancer; b != nil {
		all = append(all, checkpoint.Tensor{Name: "balancer", Shape: []int{len(b.averages) / 2, 2}, Data: b.averages, Unit: "1",
			Doc: "of each distance the sum of the lengths of its gradients, weighed by their age, and the sum of the weights"})
	}
	if t.against != nil {
		all = append(all, t.against.tensors()...)
	}
	return all
}

// RestoreModel loads what Model gave. Nothing is changed unless all fits.
func (t *Trainer[F]) RestoreModel(f *checkpoint.File) error { return plasticity.Load(f, t.Model()) }

// RestoreTraining loads what Training gave.
func (t *Trainer[F]) RestoreTraining(f *checkpoint.File) error {
	return plasticity.Load(f, t.Training())
}

// Parameters counts what learns.
func (t *Trainer[F]) Parameters() int { return t.weights.Parameters() }
