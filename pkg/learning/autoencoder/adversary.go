package autoencoder

import (
	"fmt"
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

// Adversary are the choices of a discriminator.
type Adversary struct {
	Windows  []int // samples of the windows of its scales, powers of two
	Channels int
}

// adversary is a discriminator in training, against the decoder: with D its score, by scale in the mean,
//
//	it lowers             mean max(0, 1 - D(x)) + mean max(0, 1 + D(x̂))
//	the decoder lowers    -mean D(x̂), and mean over feature maps f of mean |f(x) - f(x̂)|
//
// (section 4.1 of the method).
type adversary[F tensor.Float] struct {
	net     *audiocodec.Discriminator[F]
	frames  []*frames[F]
	threads int

	weights plasticity.Weights[F]
	tape    autodiff.Tape[F]
	benches []*bench[F] // by worker
	pairs   []pair[F]   // by scale and element of the batch
}

func newAdversary[F tensor.Float](a Adversary, o plasticity.Options[F], seed uint64, threads int) *adversary[F] {
	v := &adversary[F]{net: audiocodec.NewDiscriminator[F](len(a.Windows), a.Channels, seed), threads: threads}
	v.weights.Options = o
	largest := 0
	for _, n := range a.Windows {
		v.frames = append(v.frames, newFrames[F](n))
		largest = max(largest, n)
	}
	for range threads {
		v.benches = append(v.benches, newBench[F](largest))
	}
	for _, p := range v.net.Parameters {
		v.weights.Add(plasticity.Array[F]{Name: p.Name, Shape: p.Value.Shape, Value: p.Value.Data, Grad: p.Grad.Data, Doc: p.Doc})
	}
	return v
}

// spectra are the short-time spectra [batch][2][frames][bins] of x [batch][samples], divided by √Σw².
func (v *adversary[F]) spectra(t *autodiff.Tape[F], scale int, x *autodiff.Var[F]) *autodiff.Var[F] {
	s := v.frames[scale]
	batch, samples := x.Value.Shape[0], x.Value.Shape[1]
	count, bins := s.count(samples), s.bins()
	norm := 0.0
	for _, w := range s.window {
		norm += float64(w) * float64(w)
	}
	by := F(1 / math.Sqrt(norm))
	y := t.Unset(v.threads, batch, 2, count, bins)
	v.pairs = resized(v.pairs, batch)
	// each visits all numbers of y and their places in a pair.
	each := func(b int, p *pair[F], do func(at, part, place int)) {
		for f := range count {
			for k := range bins {
				place := (f/lanes*bins+k)*lanes + f%lanes
				do((b*2*count+f)*bins+k, 0, place)
				do(((b*2+1)*count+f)*bins+k, 1, place)
			}
		}
	}
	parallel.For(v.threads, batch, func(worker, b int) {
		p := &v.pairs[b]
		of := x.Value.Data[b*samples : (b+1)*samples]
		s.transform(p, of, of, 1, 0, v.benches[worker])
		each(b, p, func(at, part, place int) {
			y.Value.Data[at] = by * [2][]F{p.spectrum.Re, p.spectrum.Im}[part][place]
		})
	})
	if x.Grad == nil {
		return y
	}
	t.Record(func() {
		v.pairs = resized(v.pairs, batch)
		parallel.For(v.threads, batch, func(worker, b int) {
			p := &v.pairs[b]
			p.fit(s, samples)
			each(b, p, func(at, part, place int) {
				[2][]F{p.spectrum.Re, p.spectrum.Im}[part][place] = by * y.Grad.Data[at]
			})
			s.adjoint(x.Grad.Data[b*samples:(b+1)*samples], p, v.benches[worker])
		})
	})
	return y
}

// hinge is weight · mean max(0, 1 - sign·x).
func hinge[F tensor.Float](t *autodiff.Tape[F], x *autodiff.Var[F], sign F, weight float64) *autodiff.Var[F] {
	loss := t.Result(1)
	by := weight / float64(len(x.Value.Data))
	total := 0.0
	for _, v := range x.Value.Data {
		total += by * float64(max(0, 1-sign*v))
	}
	loss.Value.Data[0] = F(total)
	t.Record(func() {
		g := F(-by) * sign * loss.Grad.Data[0]
		for i, v := range x.Value.Data {
			if sign*v < 1 {
				x.Grad.Data[i] += g
			}
		}
	})
	return loss
}

// apart is weight · mean |a - b|, for a gradient with respect to b.
func apart[F tensor.Float](t *autodiff.Tape[F], a, b *autodiff.Var[F], weight float64) *autodiff.Var[F] {
	loss := t.Result(1)
	by := weight / float64(len(b.Value.Data))
	total := 0.0
	for i, v := range b.Value.Data {
		total += by * math.Abs(float64(v-a.Value.Data[i]))
	}
	loss.Value.Data[0] = F(total)
	t.Record(func() {
		for i, v := range b.Value.Data {
			b.Grad.Data[i] += F(by*sign(float64(v-a.Value.Data[i]))) * loss.Grad.Data[0]
		}
	})
	return loss
}

// begin empties the tape and the gradients.
func (v *adversary[F]) begin() *audiocodec.Pass[F] {
	v.tape.Reset()
	for _, p := range v.net.Parameters {
		clear(p.Grad.Data)
	}
	return &audiocodec.Pass[F]{Tape: &v.tape, Threads: v.threads}
}

// loss is what the discriminator lowers.
func (v *adversary[F]) loss(x, y *tensor.Dense[F]) *autodiff.Var[F] {
	p := v.begin()
	total := v.tape.Result(1)
	for scale := range v.frames {
		real, _ := v.net.Judge(p, scale, v.spectra(&v.tape, scale, autodiff.Constant(x)))
		made, _ := v.net.Judge(p, scale, v.spectra(&v.tape, scale, autodiff.Constant(y)))
		share := 1 / float64(len(v.frames))
		total = autodiff.Add(&v.tape, total, autodiff.Add(&v.tape, hinge(&v.tape, real, 1, share), hinge(&v.tape, made, -1, share)))
	}
	return total
}

// learn takes a step of the discriminator.
func (v *adversary[F]) learn(step int, x, y *tensor.Dense[F]) (float64, error) {
	loss := v.loss(x, y)
	value := float64(loss.Value.Data[0])
	if err := plasticity.FiniteLoss(step, value); err != nil {
		return 0, fmt.Errorf("of the discriminator: %w", err)
	}
	v.tape.Backward(loss)
	_, err := v.weights.Update(step)
	return value, err
}

// fooled is -mean D(x̂), by scale in the mean.
type fooled[F tensor.Float] struct{ *adversary[F] }

func (d fooled[F]) compare(_, y *tensor.Dense[F], gradient []F) float64 {
	p := d.begin()
	sound := soundOf(y, gradient)
	total := d.tape.Result(1)
	for scale := range d.frames {
		score, _ := d.net.Judge(p, scale, d.spectra(&d.tape, scale, sound))
		total = autodiff.Add(&d.tape, total, autodiff.Sum(&d.tape, 1, score, -1/float64(len(d.frames)*len(score.Value.Data))))
	}
	return d.carried(total, gradient)
}

// alike is the distance of feature maps.
type alike[F tensor.Float] struct{ *adversary[F] }

func (d alike[F]) compare(x, y *tensor.Dense[F], gradient []F) float64 {
	p := d.begin()
	sound := soundOf(y, gradient)
	total := d.tape.Result(1)
	for scale := range d.frames {
		_, theirs := d.net.Judge(p, scale, d.spectra(&d.tape, scale, autodiff.Constant(x)))
		_, ours := d.net.Judge(p, scale, d.spectra(&d.tape, scale, sound))
		for k, f := range ours {
			total = autodiff.Add(&d.tape, total, apart(&d.tape, theirs[k], f, 1/float64(len(d.frames)*len(ours))))
		}
	}
	return d.carried(total, gradient)
}

// soundOf is y, whose gradient is added to gradient, if that is wanted.
func soundOf[F tensor.Float](y *tensor.Dense[F], gradient []F) *autodiff.Var[F] {
	v := autodiff.Constant(y)
	if gradient != nil {
		v.Grad = &tensor.Dense[F]{Shape: y.Shape, Data: gradient}
	}
	return v
}

// carried carries the gradient of a loss back, if it is wanted, and returns its value.
func (v *adversary[F]) carried(loss *autodiff.Var[F], gradient []F) float64 {
	value := float64(loss.Value.Data[0])
	if gradient != nil {
		v.tape.Backward(loss)
	}
	return value
}

// tensors are the parameters and moments of the discriminator, as a checkpoint holds them.
func (v *adversary[F]) tensors() []checkpoint.Tensor {
	all := append(v.weights.Model(), v.weights.Training()...)
	for i := range all {
		all[i].Name = "adversary/" + all[i].Name
	}
	return all
}
