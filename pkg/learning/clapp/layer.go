package clapp

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// Layer is a layer of an encoder: a convolution and what follows it up to the next one, ReLU and
// perhaps pooling (2010.08262, section 6 of the method), and the vectors that are made of its output.
type Layer[F tensor.Float] struct {
	Block *relu.Network[F]

	// Regions r makes a vector of r×r means over parts of a map: 1 is the mean m of each
	// channel, 0 is for each place by itself.
	Regions int

	// Along makes a vector of each place along the width, which is a step of time, of sound. Regions is
	// then not read.
	Along bool

	// First and Places choose the places along the width that make vectors; 0 places are all.
	First, Places int

	gradients relu.Gradients[F]
	output    *autodiff.Var[F]
	active    float64
	vectors   []F // [patch][vector]
	signal    []F // ∂L/∂m
}

// Blocks splits a chain of layers before each convolution but the first.
func Blocks[F tensor.Float](n *relu.Network[F]) ([]*relu.Network[F], error) {
	shapes, err := n.Shapes()
	if err != nil {
		return nil, err
	}
	var blocks []*relu.Network[F]
	for i, layer := range n.Layers {
		if _, ok := layer.Layer.(*relu.Conv[F]); ok {
			blocks = append(blocks, &relu.Network[F]{Input: shapes[i]})
		}
		if len(blocks) == 0 {
			return nil, fmt.Errorf("layer %s is a %s before any convolution, expected an encoder to begin with one", layer.Name, layer.Kind())
		}
		last := blocks[len(blocks)-1]
		last.Layers = append(last.Layers, layer)
	}
	return blocks, nil
}

// Forward computes the layer's output of x, [patch][in][row][column], on a tape. Gradients leave the layer
// only where x has one.
func (l *Layer[F]) Forward(tape *autodiff.Tape[F], threads int, x *autodiff.Var[F]) *autodiff.Var[F] {
	if l.gradients == nil { // of a layer that no trainer has made
		l.gradients = relu.NewGradients(l.Block)
	}
	y := x
	pass := relu.Pass[F]{Tape: tape, Threads: threads, Training: !tape.Inference, Gradients: l.gradients, Observe: func(_ int, v *autodiff.Var[F]) { y = v }}
	l.Block.Forward(&pass, x)
	l.output = y
	l.active = activity(y.Value.Data)
	l.gather()
	return y
}

// shape is that of the output.
func (l *Layer[F]) shape() (patches int, s relu.Shape) {
	of := l.output.Value.Shape
	return of[0], relu.Shape{Channels: of[1], Height: of[2], Width: of[3]}
}

// VectorSize is the number of values of a vector of an output of a shape.
func (l *Layer[F]) VectorSize(s relu.Shape) int {
	switch {
	case l.Along:
		return s.Channels * s.Height
	case l.Regions == 0:
		return s.Size()
	}
	return s.Channels * l.Regions * l.Regions
}

// Rows is the number of steps of time in an output of a shape, along its width.
func (l *Layer[F]) Rows(s relu.Shape) int {
	if l.Places > 0 {
		return min(l.Places, s.Width)
	}
	return s.Width
}

// gather makes the vectors of the output.
func (l *Layer[F]) gather() {
	patches, s := l.shape()
	size := l.VectorSize(s)
	if l.Along {
		size *= l.Rows(s)
	}
	l.vectors = fit(l.vectors, patches*size)
	if n := s.Places(); l.Regions == 1 && !l.Along {
		for i := range l.vectors {
			l.vectors[i] = total(l.output.Value.Data[i*n:(i+1)*n]) / F(n)
		}
		return
	}
	l.eachRegion(func(vector, first, height, width int) {
		var sum F
		for row := range height {
			for _, v := range l.output.Value.Data[first+row*s.Width:][:width] {
				sum += v
			}
		}
		l.vectors[vector] = sum / F(height*width)
	})
}

// total is Σ x, in four parts at once.
func total[F tensor.Float](x []F) F {
	var s [4]F
	for ; len(x) >= 4; x = x[4:] {
		s[0] += x[0]
		s[1] += x[1]
		s[2] += x[2]
		s[3] += x[3]
	}
	for _, v := range x {
		s[0] += v
	}
	return s[0] + s[1] + (s[2] + s[3])
}

// spread adds the signal of the vectors to the gradient of the output: all places of a region get the same.
func (l *Layer[F]) spread() {
	_, s := l.shape()
	if n := s.Places(); l.Regions == 1 && !l.Along {
		for i, d := range l.signal {
			d /= F(n)
			to := l.output.Grad.Data[i*n : (i+1)*n]
			for k := range to {
				to[k] += d
			}
		}
		return
	}
	l.eachRegion(func(vector, first, height, width int) {
		d := l.signal[vector] / F(height*width)
		for row := range height {
			to := l.output.Grad.Data[first+row*s.Width:][:width]
			for i := range to {
				to[i] += d
			}
		}
	})
}

// eachRegion visits the part of the output, from the place first on, that each number of the vectors is the
// mean of.
func (l *Layer[F]) eachRegion(visit func(vector, first, height, width int)) {
	patches, s := l.shape()
	down, across := l.Regions, l.Regions
	if l.Regions == 0 {
		down, across = s.Height, s.Width
	}
	vector := 0
	for patch := range patches {
		if l.Along {
			for t := l.First; t < l.First+l.Rows(s); t++ {
				for plane := range s.Channels * s.Height {
					visit(vector, (patch*s.Channels*s.Height+plane)*s.Width+t, 1, 1)
					vector++
				}
			}
			continue
		}
		for c := range s.Channels {
			plane := (patch*s.Channels + c) * s.Places()
			for i := range down {
				top, bottom := i*s.Height/down, ((i+1)*s.Height+down-1)/down
				for j := range across {
					left, right := j*s.Width/across, ((j+1)*s.Width+across-1)/across
					visit(vector, plane+top*s.Width+left, bottom-top, right-left)
					vector++
				}
			}
		}
	}
}

// Vectors are the vectors m of the last Forward, [patch][vector]. They are valid until the next one.
func (l *Layer[F]) Vectors() []F { return l.vectors }

// ClearSignal makes the dendritic signal ∂L/∂m zero, before losses add to it.
func (l *Layer[F]) ClearSignal() []F {
	l.signal = fit(l.signal, len(l.vectors))
	clear(l.signal)
	return l.signal
}

// Side is the layer as a side of a loss; held takes its vectors for constant.
func (l *Layer[F]) Side(held bool) Side[F] {
	_, s := l.shape()
	side := Side[F]{Vectors: l.vectors, Signal: l.signal, Channels: l.VectorSize(s)}
	if held {
		side.Signal = nil
	}
	return side
}

// Backward adds what the signal of the vectors gives to the gradients of the parameters, and carries it through the rest
// of the tape.
func (l *Layer[F]) Backward(tape *autodiff.Tape[F]) {
	start := tape.Result(1)
	tape.Record(l.spread)
	tape.Backward(start)
}

// ClearGradients makes the gradients of the parameters zero.
func (l *Layer[F]) ClearGradients() { l.gradients.Clear() }

// Gradient is that of a parameter of the block, after Backward.
func (l *Layer[F]) Gradient(of *tensor.Dense[F]) []F { return l.gradients[of].Grad.Data }

// Active is the share of the last output's values above 0, in the first patches.
func (l *Layer[F]) Active() float64 { return l.active }

// activity is Active of values. It is taken at once, since layers take turns on their memory.
func activity[F tensor.Float](values []F) float64 {
	const enough = 1 << 16
	values = values[:min(len(values), enough)]
	n := 0
	for _, v := range values {
		if v > 0 {
			n++
		}
	}
	return float64(n) / float64(max(1, len(values)))
}
