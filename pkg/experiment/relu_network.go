package experiment

import (
	"strconv"
	"unsafe"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// ReLUNetwork builds the network of an experiment file for inputs of a shape, with
// the initial weights of the seed.
//
// Layers are named by their place in the list, from 0, unless the file names them:
// their tensors are then called as those of a PyTorch Sequential of the same list.
func ReLUNetwork[F tensor.Float](m config.ReLU, input relu.Shape, seed uint64) (*relu.Network[F], error) {
	n := &relu.Network[F]{Input: input}
	var zero F
	room := availableMemory() / int64(unsafe.Sizeof(zero))
	var parameters int64
	shape := input
	for i, l := range m.Expanded() {
		parameters += weightsOf(l, shape)
		if room > 0 && parameters > room {
			return nil, fault.Inputf("the network has more than %d parameters up to layer %d, for which there is no memory; fewer filters or units need less", parameters, i)
		}
		layer := relu.Named[F]{Name: strconv.Itoa(i), Layer: reluLayer[F](l, shape)}
		if name := layerName(l); name != "" {
			layer.Name = name
		}
		for _, earlier := range n.Layers {
			if earlier.Name == layer.Name {
				return nil, fault.Inputf("two layers of the network are called %s, expected different names", layer.Name)
			}
		}
		n.Layers = append(n.Layers, layer)
		var err error
		if shape, err = layer.Output(shape); err != nil {
			return nil, fault.Inputf("layer %s (%s) %w", layer.Name, layer.Kind(), err)
		}
	}
	n.Initialise(relu.Start(m.Initialiser), seed)
	return n, nil
}

// weightsOf is the number of weights of a layer on inputs of a shape.
func weightsOf(l config.ReLULayer, in relu.Shape) int64 {
	switch l := l.(type) {
	case config.ConvLayer:
		return int64(l.Filters) * int64(max(1, in.Channels/l.Groups)) * int64(filterHeight(l)) * int64(l.Size)
	case config.DenseLayer:
		return int64(l.Units) * int64(in.Channels)
	}
	return 0
}

func filterHeight(l config.ConvLayer) int {
	if l.Axes == 1 {
		return 1
	}
	return l.Size
}

func layerName(l config.ReLULayer) string {
	switch l := l.(type) {
	case config.ConvLayer:
		return l.Name
	case config.DenseLayer:
		return l.Name
	case config.BatchNormLayer:
		return l.Name
	}
	return ""
}

// reluLayer makes a layer for inputs of a shape; whether it can take them its Output
// says.
func reluLayer[F tensor.Float](l config.ReLULayer, in relu.Shape) relu.Layer[F] {
	channels := in.Channels
	switch l := l.(type) {
	case config.ConvLayer:
		axis := relu.Axis{Stride: l.Stride, Padding: l.Zeros(), Dilation: l.Dilation}
		down := axis
		if l.Axes == 1 {
			down = relu.Axis{Stride: 1, Dilation: 1}
		}
		return &relu.Conv[F]{Weights: tensor.New[F](l.Filters, max(1, channels/l.Groups), filterHeight(l), l.Size), Bias: tensor.New[F](l.Filters),
			Height: down, Width: axis, Groups: l.Groups}
	case config.DenseLayer:
		return &relu.Dense[F]{Weights: tensor.New[F](channels, l.Units), Bias: tensor.New[F](l.Units)}
	case config.BatchNormLayer:
		return &relu.BatchNorm[F]{Scale: tensor.New[F](channels), Shift: tensor.New[F](channels), Mean: tensor.New[F](channels),
			Variance: tensor.New[F](channels), Epsilon: l.Epsilon, Momentum: l.Momentum}
	case config.ReLUActivation:
		return &relu.ReLU[F]{Ceiling: l.Ceiling}
	case config.MaxPoolLayer:
		w := poolWindow(l.Size, l.Stride, l.Padding)
		return &relu.MaxPool[F]{Height: w, Width: w}
	case config.AveragePoolLayer:
		w := poolWindow(l.Size, l.Stride, l.Padding)
		return &relu.AveragePool[F]{Height: w, Width: w, CountPadding: l.CountPadding}
	case config.GlobalAveragePoolLayer:
		return &relu.GlobalAveragePool[F]{}
	case config.PadLayer:
		return &relu.Pad[F]{Top: l.Top, Left: l.Left, Bottom: l.Bottom, Right: l.Right}
	case config.FlattenLayer:
		return &relu.Flatten[F]{}
	case config.DropoutLayer:
		return &relu.Dropout[F]{Rate: l.Rate}
	}
	panic("experiment: a layer of no known type")
}

func poolWindow(size, stride, padding int) relu.Window {
	if stride == 0 {
		stride = size
	}
	return relu.Window{Size: size, Stride: stride, Padding: padding}
}
