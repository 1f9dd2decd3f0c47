package importer

import (
	"errors"
	"fmt"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// chain is the network as far as it has been built.
type chain struct {
	network *relu.Network[float64] // nil before the first layer
	shape   relu.Shape             // of the end
	names   map[string]bool
	batch   int // the length of the batch axis

	// What came before the first layer is not a layer: the network's input is
	// whatever that one needs.
	fileInput []int // the shape of a sample in the file
	scaling   *scaling
	flattened string // the node that made features of the input

	padding     *padding // waits for the convolution or pool that it belongs to
	sums        string   // the linear layer whose sums no ReLU has cut yet
	pooled      string   // the max pool that took them
	nonNegative bool     // values are outputs of a ReLU, perhaps pooled
	rectified   *relu.ReLU[float64]
	output      string // the node that makes probabilities of logits
}

// scaling is y = scale·x + shift on the values of the file's input.
type scaling struct {
	node         string
	scale, shift []float64
}

// padding is zeros around an image.
type padding struct {
	node *node
	relu.Pad[float64]
}

// add puts a layer at the end of the chain.
func (c *chain) add(name string, layer relu.Layer[float64]) error {
	out, err := layer.Output(c.shape)
	if err != nil {
		return err
	}
	if size([]int{out.Channels, out.Height, out.Width}, maxValues) < 0 {
		return fmt.Errorf("its output of %v has more than %d values", out, maxValues)
	}
	for unique, i := name, 2; ; i++ {
		if !c.names[unique] {
			name = unique
			break
		}
		unique = fmt.Sprintf("%s_%d", name, i)
	}
	if c.names == nil {
		c.names = map[string]bool{}
	}
	c.names[name] = true
	c.network.Layers = append(c.network.Layers, relu.Named[float64]{Name: name, Layer: layer})
	c.shape = out
	return nil
}

// last is the layer at the end of the chain, or nil.
func (c *chain) last() relu.Layer[float64] {
	if c.network == nil || len(c.network.Layers) == 0 {
		return nil
	}
	return c.network.Layers[len(c.network.Layers)-1].Layer
}

// start gives the network the input that x, an activation before the first layer,
// needs to be: a vector, channels of one row, or channels of rows and columns.
func (w *walk) start(x *activation) error {
	if w.network != nil {
		return nil
	}
	raw := w.fileInput
	var in relu.Shape
	order := x.order // for each value of the network's input, the place in the file's
	switch d := x.dims; {
	case len(d) == 3:
		in, x.order = relu.Shape{Channels: d[0], Height: d[1], Width: d[2]}, nil
	case len(d) == 2:
		in, x.order = relu.Shape{Channels: d[0], Height: 1, Width: d[1]}, nil
	case len(raw) == 1:
		in, order = relu.Vector(raw[0]), nil
	case len(raw) == 2:
		in, order = relu.Shape{Channels: 1, Height: raw[0], Width: raw[1]}, nil
	case isImageChannels(raw[2]) && !isImageChannels(raw[0]):
		// Features of an image whose channels come last, as in TensorFlow.
		in = relu.Shape{Channels: raw[2], Height: raw[0], Width: raw[1]}
		if size(raw, maxRearranged) < 0 {
			return fmt.Errorf("an input of %v is too large to be rearranged", raw)
		}
		_, order = transposed(raw, []int{2, 0, 1})
		x.order = normal(through(x.order, inverse(order)))
	default:
		in, order = relu.Shape{Channels: raw[0], Height: raw[1], Width: raw[2]}, nil
	}
	w.network, w.shape = &relu.Network[float64]{Input: in}, in
	w.report.InputOrder = normal(order)
	if w.scaling != nil {
		if err := w.addScaling(in, order); err != nil {
			return err
		}
	}
	if len(x.dims) == 1 && in.Places() > 1 {
		return w.add(w.flattened, &relu.Flatten[float64]{})
	}
	return nil
}

// isImageChannels tells the number of channels of a picture.
func isImageChannels(n int) bool { return n == 1 || n == 3 }

// addScaling makes a batch norm of what is done to the input, which is to say an
// affine map of each channel.
func (w *walk) addScaling(in relu.Shape, order []int) error {
	scale, shift := w.scaling.scale, w.scaling.shift
	if order != nil {
		scale, shift = gather(scale, order), gather(shift, order)
	}
	g, err := perChannel(scale, in)
	if err != nil {
		return err
	}
	s, err := perChannel(shift, in)
	if err != nil {
		return err
	}
	norm := affine(g, s)
	return w.add(w.scaling.node, norm)
}

// affine is y = scale x + shift as a batch norm.
func affine(scale, shift []float64) *relu.BatchNorm[float64] {
	n := len(scale)
	norm := &relu.BatchNorm[float64]{Scale: vector(scale), Shift: vector(shift), Mean: tensor.New[float64](n), Variance: tensor.New[float64](n), Momentum: momentum}
	for i := range norm.Variance.Data {
		norm.Variance.Data[i] = 1
	}
	return norm
}

// momentum is what training would use, as PyTorch does.
const momentum = 0.1

func vector(values []float64) *tensor.Dense[float64] {
	return &tensor.Dense[float64]{Shape: []int{len(values)}, Data: values}
}

// perChannel takes one value for each channel out of one for each place.
func perChannel(values []float64, shape relu.Shape) ([]float64, error) {
	out := make([]float64, shape.Channels)
	for c := range out {
		channel := values[c*shape.Places() : (c+1)*shape.Places()]
		out[c] = channel[0]
		for _, v := range channel {
			if v != out[c] {
				return nil, errors.New("its constant differs from place to place within a channel, expected one for each channel")
			}
		}
	}
	return out, nil
}

// features makes a vector of the end of the chain, for a layer that reads x as
// one, and returns its length.
func (w *walk) features(n *node, x *activation) (int, error) {
	k := x.dims[len(x.dims)-1]
	for _, d := range x.dims[:len(x.dims)-1] {
		if d != 1 {
			return 0, fmt.Errorf("it reads samples of shape %v as vectors along the last axis, expected them flattened", x.dims)
		}
	}
	x.dims = []int{k}
	if w.network == nil && w.flattened == "" {
		w.flattened = n.label + "/flatten"
	}
	if err := w.start(x); err != nil {
		return 0, err
	}
	if w.shape.Places() > 1 {
		return k, w.add(n.label+"/flatten", &relu.Flatten[float64]{})
	}
	return k, nil
}

// image checks that x is the chain's image itself, with channels first and with the
// padding that waits, and gives its shape; a kernel along one axis reads it as an
// image of one row.
func (w *walk) image(x *activation, axes int) (relu.Shape, error) {
	if len(x.dims) != axes+1 {
		return relu.Shape{}, fmt.Errorf("its kernel has %d axes, but it reads samples of shape %v", axes, x.dims)
	}
	if err := w.start(x); err != nil {
		return relu.Shape{}, err
	}
	want := relu.Shape{Channels: x.dims[0], Height: 1, Width: x.dims[axes]}
	if axes == 2 {
		want.Height = x.dims[1]
	}
	if x.order != nil || w.padding.around(w.shape) != want {
		return relu.Shape{}, fmt.Errorf("it reads %v made of an image of %v by rearranging it, expected channels, rows and columns as they are", x.dims, w.shape)
	}
	return want, nil
}

// activated is the end of the chain after a layer that reads an image with axes
// besides the channels.
func (w *walk) activated(axes int) *activation {
	s := w.shape
	if axes == 1 {
		return &activation{known: true, dims: []int{s.Channels, s.Width}}
	}
	return &activation{known: true, dims: []int{s.Channels, s.Height, s.Width}}
}

// inverse undoes an order.
func inverse(order []int) []int {
	out := make([]int, len(order))
	for i, p := range order {
		out[p] = i
	}
	return out
}

// through applies second to what first gives; nil is no change.
func through(first, second []int) []int {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	out := make([]int, len(first))
	for i, p := range first {
		out[i] = second[p]
	}
	return out
}

// gather takes values in an order.
func gather(values []float64, order []int) []float64 {
	out := make([]float64, len(order))
	for i, p := range order {
		out[i] = values[p]
	}
	return out
}

// scatter puts value i to place order[i]; nil is no change.
func scatter(values []float64, order []int) []float64 {
	if order == nil {
		return values
	}
	out := make([]float64, len(values))
	for i, p := range order {
		out[p] = values[i]
	}
	return out
}

// normal is nil for an order that changes nothing.
func normal(order []int) []int {
	for i, p := range order {
		if i != p {
			return order
		}
	}
	return nil
}
