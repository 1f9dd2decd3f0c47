package relu

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
)

// BatchNorm is y = Scale (x - Mean) / √(Variance + Epsilon) + Shift for each
// channel. In training, mean and variance are those of the batch, and the ones
// kept here follow them by Momentum: m ← (1 - Momentum) m + Momentum·batch.
type BatchNorm[F tensor.Float] struct {
	Scale, Shift   *tensor.Dense[F] // [channels]
	Mean, Variance *tensor.Dense[F] // [channels]
	Epsilon        float64          // PyTorch has 1e-5, Keras 1e-3
	Momentum       float64
}

// Kind is "batch-norm".
func (*BatchNorm[F]) Kind() string { return "batch-norm" }

// Output is the input's shape.
func (b *BatchNorm[F]) Output(in Shape) (Shape, error) {
	if in.Channels != len(b.Scale.Data) {
		return Shape{}, fmt.Errorf("has %d channels, but gets %d", len(b.Scale.Data), in.Channels)
	}
	return in, nil
}

// Parameters are scale and shift; Running are mean and variance.
func (b *BatchNorm[F]) Parameters() []Parameter[F] {
	return []Parameter[F]{{"weight", b.Scale}, {"bias", b.Shift}}
}

// Running are the averages that evaluation uses: part of the model, but moved by
// no gradient.
func (b *BatchNorm[F]) Running() []Parameter[F] {
	return []Parameter[F]{{"running_mean", b.Mean}, {"running_var", b.Variance}}
}

// Forward implements Layer.
func (b *BatchNorm[F]) Forward(p *Pass[F], _ string, x *autodiff.Var[F]) *autodiff.Var[F] {
	scale, shift, running := p.variable(b.Scale), p.variable(b.Shift), b.running()
	if !p.Training {
		return autodiff.BatchNormEvaluate(p.Tape, p.Threads, x, scale, shift, running, b.Epsilon)
	}
	y, batch := autodiff.BatchNorm(p.Tape, p.Threads, x, scale, shift, b.Epsilon)
	running.Average(batch, F(b.Momentum))
	return y
}

// forwardReLU is Forward in training and the ReLU after it.
func (b *BatchNorm[F]) forwardReLU(p *Pass[F], x *autodiff.Var[F]) *autodiff.Var[F] {
	y, batch := autodiff.BatchNormReLU(p.Tape, p.Threads, x, p.variable(b.Scale), p.variable(b.Shift), b.Epsilon)
	b.running().Average(batch, F(b.Momentum))
	return y
}

func (b *BatchNorm[F]) running() autodiff.Statistics[F] {
	return autodiff.Statistics[F]{Mean: b.Mean.Data, Variance: b.Variance.Data}
}
