package relu

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Window is a pooling window along one axis: Size places, by Stride from one
// output to the next, with Padding (less than Size) places before and behind.
type Window struct{ Size, Stride, Padding int }

func (w Window) outputs(in int) int { return Axis{w.Stride, w.Padding, 1}.outputs(in, w.Size) }

func pooled(in Shape, height, width Window) (Shape, error) {
	out := Shape{in.Channels, height.outputs(in.Height), width.outputs(in.Width)}
	if out.Size() == 0 {
		return Shape{}, fmt.Errorf("has a window of %dx%d, which does not fit into an image of %v with its padding", height.Size, width.Size, in)
	}
	return out, nil
}

// MaxPool is the greatest value of each window; padding is never the greatest.
type MaxPool[F tensor.Float] struct{ Height, Width Window }

// Kind is "max-pool".
func (*MaxPool[F]) Kind() string { return "max-pool" }

// Output has a place for each window.
func (p *MaxPool[F]) Output(in Shape) (Shape, error) { return pooled(in, p.Height, p.Width) }

// Parameters are none.
func (*MaxPool[F]) Parameters() []Parameter[F] { return nil }

// Forward implements Layer.
func (l *MaxPool[F]) Forward(p *Pass[F], _ string, x *autodiff.Var[F]) *autodiff.Var[F] {
	return autodiff.MaxPool2D(p.Tape, p.Threads, x, autodiff.Pool(l.Height), autodiff.Pool(l.Width))
}

// AveragePool is the mean of each window: with CountPadding over all its places,
// padding being zeros, without over those inside the image.
type AveragePool[F tensor.Float] struct {
	Height, Width Window
	CountPadding  bool
}

// Kind is "average-pool".
func (*AveragePool[F]) Kind() string { return "average-pool" }

// Output has a place for each window.
func (p *AveragePool[F]) Output(in Shape) (Shape, error) { return pooled(in, p.Height, p.Width) }

// Parameters are none.
func (*AveragePool[F]) Parameters() []Parameter[F] { return nil }

// Forward implements Layer.
func (l *AveragePool[F]) Forward(p *Pass[F], _ string, x *autodiff.Var[F]) *autodiff.Var[F] {
	return autodiff.AvgPool2D(p.Tape, p.Threads, x, autodiff.Pool(l.Height), autodiff.Pool(l.Width), l.CountPadding)
}

// GlobalAveragePool is the mean of each channel.
type GlobalAveragePool[F tensor.Float] struct{}

// Kind is "global-average-pool".
func (*GlobalAveragePool[F]) Kind() string { return "global-average-pool" }

// Output has a feature for each channel.
func (*GlobalAveragePool[F]) Output(in Shape) (Shape, error) { return Vector(in.Channels), nil }

// Parameters are none.
func (*GlobalAveragePool[F]) Parameters() []Parameter[F] { return nil }

// Forward implements Layer.
func (*GlobalAveragePool[F]) Forward(p *Pass[F], _ string, x *autodiff.Var[F]) *autodiff.Var[F] {
	trials, channels := x.Value.Shape[0], x.Value.Shape[1]
	return autodiff.Reshape(autodiff.GlobalAvgPool(p.Tape, p.Threads, x), trials, channels, 1, 1)
}
