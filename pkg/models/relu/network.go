// Package relu has feed-forward networks of rectified linear units: a chain of
// layers from one input to one output, each in a file of its own.
//
// Values are [trials][channels][height][width]; a vector of n features has n
// channels of one place each, so that a dense layer reads channels, rows and
// columns in that order, as PyTorch and ONNX flatten them.
//
// The package knows nothing of spikes. Package ttfs converts its networks, and
// local learning rules train them as encoders.
package relu

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Shape is the shape of what one trial has between two layers.
type Shape struct{ Channels, Height, Width int }

// Vector is the shape of n features.
func Vector(n int) Shape { return Shape{n, 1, 1} }

// Size is the number of values.
func (s Shape) Size() int { return s.Channels * s.Height * s.Width }

// Places is the number of values of a channel.
func (s Shape) Places() int { return s.Height * s.Width }

// String is "3x32x32", or "10" for features.
func (s Shape) String() string {
	if s.Places() == 1 {
		return fmt.Sprint(s.Channels)
	}
	return fmt.Sprintf("%dx%dx%d", s.Channels, s.Height, s.Width)
}

// Layer is one of *Dense, *Conv, *BatchNorm, *ReLU, *MaxPool, *AveragePool,
// *GlobalAveragePool, *Pad, *Flatten and *Dropout.
type Layer[F tensor.Float] interface {
	// Kind is the layer's name in an experiment file, such as "conv".
	Kind() string

	// Output is the shape of what the layer makes of an input of shape in, or why
	// it cannot take it, in words that follow the layer's name.
	Output(in Shape) (Shape, error)

	// Forward is what the layer, of that name, makes of x [trials][channels][height]
	// [width], whose shape it can take; it writes what the way back needs on the tape.
	Forward(p *Pass[F], name string, x *autodiff.Var[F]) *autodiff.Var[F]

	// Parameters are the arrays that training changes, with the names that follow
	// the layer's own in a checkpoint; they share the layer's memory.
	Parameters() []Parameter[F]
}

// Parameter is one array of a layer.
type Parameter[F tensor.Float] struct {
	Name   string
	Values *tensor.Dense[F]
}

// Named is a layer with its name, which is that of its node in an ONNX file.
type Named[F tensor.Float] struct {
	Name string
	Layer[F]
}

// Network is a chain of layers. The output of the last one are the logits.
type Network[F tensor.Float] struct {
	Input  Shape
	Layers []Named[F]
}

// Shapes gives the shape before each layer and, as the last, that of the logits.
// The error names the first layer that cannot take what it gets.
func (n *Network[F]) Shapes() ([]Shape, error) {
	if n.Input.Channels < 1 || n.Input.Height < 1 || n.Input.Width < 1 {
		return nil, fault.Inputf("the network's input is %dx%dx%d, expected at least one value", n.Input.Channels, n.Input.Height, n.Input.Width)
	}
	shapes := []Shape{n.Input}
	for _, layer := range n.Layers {
		out, err := layer.Output(shapes[len(shapes)-1])
		if err != nil {
			return nil, fault.Inputf("layer %s (%s) %w", layer.Name, layer.Kind(), err)
		}
		shapes = append(shapes, out)
	}
	return shapes, nil
}

// ParameterCount is the number of values that training changes.
func (n *Network[F]) ParameterCount() int {
	total := 0
	for _, layer := range n.Layers {
		for _, p := range layer.Parameters() {
			total += len(p.Values.Data)
		}
	}
	return total
}
