package clapp

import (
	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Layer is a layer of an encoder of patches: a 3×3 convolution, ReLU, and where Pool is set
// max-pooling of 2×2 (2010.08262, section 6 of the method), with the matrices that
// predict its patch vectors from each other.
type Layer[F tensor.Float] struct {
	W    *tensor.Dense[F] // [out][in][3][3]
	B    *tensor.Dense[F] // [out]
	Pool bool

	Predict [][]F // M_k, [context][target]
	Retro   [][]F // of the second loss, which trains the context; nil where one matrix does both

	tape   autodiff.Tape[F]
	w, b   *autodiff.Var[F]
	output *autodiff.Var[F]
	pooled []F // [patch][channel] m
	signal []F // ∂L/∂m
	losses [2]Loss[F]
}

// Gradients are those of the parameters of a layer.
type Gradients[F tensor.Float] struct {
	W, B           []F
	Predict, Retro [][]F
}

// Forward computes the layer's output of patches x, [patch][in][row][column], which it takes
// for constant: no gradient leaves the layer.
func (l *Layer[F]) Forward(threads int, x *tensor.Dense[F]) *tensor.Dense[F] {
	l.tape.Reset()
	l.w, l.b = autodiff.NewVar(l.W), autodiff.NewVar(l.B)
	axis := autodiff.Axis{Stride: 1, Padding: 1, Dilation: 1}
	y := autodiff.ReLU(&l.tape, threads, autodiff.Conv2D(&l.tape, threads, autodiff.Constant(x), l.w, l.b, axis, axis, 1))
	if l.Pool {
		pool := autodiff.Pool{Size: 2, Stride: 2}
		y = autodiff.MaxPool2D(&l.tape, threads, y, pool, pool)
	}
	l.output = y
	patches, channels, places := l.places()
	l.pooled = fit(l.pooled, patches*channels)
	for i := range l.pooled {
		var sum F
		for _, v := range y.Value.Data[i*places : (i+1)*places] {
			sum += v
		}
		l.pooled[i] = sum / F(places)
	}
	return y.Value
}

// Vectors are the means of each channel over a patch, m, [patch][channel]. They are valid
// until the next Forward.
func (l *Layer[F]) Vectors() []F { return l.pooled }

func (l *Layer[F]) places() (patches, channels, places int) {
	shape := l.output.Value.Shape
	return shape[0], shape[1], shape[2] * shape[3]
}

// Learn computes the layer's losses on what Forward showed, whose patches lie in a grid, and
// their gradients: one loss with both sides of each pair, or with Retro one that trains the targets and
// one, with draws of its own, that trains the contexts. The loss it returns is their sum.
func (l *Layer[F]) Learn(threads int, g Grid, draws, retro *Draws, to *Gradients[F]) float64 {
	patches, channels, places := l.places()
	l.signal = fit(l.signal, patches*channels)
	clear(l.signal)
	to.Predict = likeMatrices(to.Predict, l.Predict)
	l.losses[0].HoldContext = l.Retro != nil
	l.losses[0].Compute(threads, g, l.pooled, l.Predict, draws, l.signal, to.Predict)
	loss := l.losses[0].Value
	if l.Retro != nil {
		to.Retro = likeMatrices(to.Retro, l.Retro)
		l.losses[1].HoldTarget = true
		l.losses[1].Compute(threads, g, l.pooled, l.Retro, retro, l.signal, to.Retro)
		loss += l.losses[1].Value
	}
	start := l.tape.Result(1)
	l.tape.Record(func() { // the mean over a patch has the same dendritic signal everywhere
		for i, d := range l.signal {
			d /= F(places)
			for k := range places {
				l.output.Grad.Data[i*places+k] += d
			}
		}
	})
	l.tape.Backward(start)
	to.W, to.B = l.w.Grad.Data, l.b.Grad.Data
	return loss
}

func likeMatrices[F tensor.Float](to, like [][]F) [][]F {
	to = fit(to, len(like))
	for k, m := range like {
		to[k] = fit(to[k], len(m))
	}
	return to
}
