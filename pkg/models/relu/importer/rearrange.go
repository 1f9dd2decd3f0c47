package importer

import (
	"errors"
	"fmt"
	"slices"

	"github.com/snnctl/snnctl/internal/onnx"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// rearranged is the activation after a node that gives it another shape: a vector
// of an image is a layer, the rest only says how later nodes see it.
func (w *walk) rearranged(n *node, x *activation, dims, order []int) (*activation, error) {
	if w.padding != nil {
		return nil, w.padding.misplaced()
	}
	y := &activation{known: true, dims: dims, order: normal(order)}
	if len(dims) != 1 || len(x.dims) == 1 {
		if y.order != nil || !slices.Equal(dims, x.dims) {
			w.did(n, "merged: samples of shape %v are read as %v", x.dims, dims)
		}
		return y, nil
	}
	if w.network == nil {
		w.flattened = n.label
		return y, nil
	}
	if w.shape.Places() == 1 {
		w.did(n, "dropped: its input is a vector already")
		return y, nil
	}
	return y, w.add(n.label, &relu.Flatten[float64]{})
}

// flatten imports a flattening of the samples.
func (w *walk) flatten(n *node, x *activation) (*activation, error) {
	at, err := n.integer("axis", 1)
	if err != nil || !x.known {
		return &activation{}, err
	}
	if a := at + int64(len(x.dims)) + 1; at != 1 && a != 1 {
		return nil, fmt.Errorf("it flattens from axis %d on, expected 1", at)
	}
	return w.rearranged(n, x, []int{size(x.dims, maxValues)}, x.order)
}

// reshape imports a reshape that leaves the batch alone.
func (w *walk) reshape(n *node, x *activation) (*activation, error) {
	to, err := w.constant(n, 1)
	if err != nil {
		return nil, err
	}
	if to == nil {
		return nil, errors.New("it has no shape")
	}
	if !x.known {
		return &activation{}, nil
	}
	shape, err := reshaped(n, append([]int{w.batch}, x.dims...), to)
	if err != nil {
		return nil, err
	}
	if len(shape) < 2 || shape[0] != w.batch {
		return nil, fmt.Errorf("it makes %v of samples of shape %v, expected the batch to stay the first axis", to.whole, x.dims)
	}
	return w.rearranged(n, x, shape[1:], x.order)
}

// reshaped is the shape that a Reshape gives to an array: 0 keeps a length, -1 is
// what remains.
func reshaped(n *node, from []int, to *constant) ([]int, error) {
	want, err := to.integers()
	if err != nil {
		return nil, fmt.Errorf("its shape %w", err)
	}
	allowZero, err := n.integer("allowzero", 0)
	if err != nil {
		return nil, err
	}
	shape, open := make([]int, len(want)), -1
	for i, l := range want {
		switch {
		case l == 0 && allowZero == 0 && i < len(from):
			shape[i] = from[i]
		case l == -1 && open < 0:
			shape[i], open = 1, i
		case l < 0 || l > maxValues:
			return nil, fmt.Errorf("its shape is %v", want)
		default:
			shape[i] = int(l)
		}
	}
	total, have := size(shape, maxValues), size(from, maxValues)
	if open >= 0 && total > 0 && have >= 0 && have%total == 0 {
		shape[open] = have / total
		total = have
	}
	if total != have || have < 0 {
		return nil, fmt.Errorf("it makes %v of %v, which has another number of values", want, from)
	}
	return shape, nil
}

// squeeze and unsqueeze take away, or put in, axes of length 1.
func (w *walk) squeeze(n *node, x *activation) (*activation, error) {
	return w.resized(n, x, w.squeezed)
}

func (w *walk) unsqueeze(n *node, x *activation) (*activation, error) {
	return w.resized(n, x, w.unsqueezed)
}

func (w *walk) resized(n *node, x *activation, to func(*node, []int) ([]int, error)) (*activation, error) {
	if !x.known {
		return &activation{}, nil
	}
	shape, err := to(n, append([]int{0}, x.dims...)) // the batch is no 1 to be taken away
	if err != nil {
		return nil, err
	}
	if len(shape) < 2 || shape[0] != 0 {
		return nil, errors.New("it moves the axis of the batch")
	}
	return w.rearranged(n, x, shape[1:], x.order)
}

// axesOperand is a list of axes: an input since that opset, an attribute before.
func (w *walk) axesOperand(n *node, since int64) ([]int64, error) {
	if n.opset < since {
		return n.integers("axes")
	}
	c, err := w.constant(n, 1)
	if c == nil || err != nil {
		return nil, err
	}
	return c.integers()
}

func (w *walk) squeezed(n *node, shape []int) ([]int, error) {
	list, err := w.axesOperand(n, 13)
	if err != nil {
		return nil, err
	}
	axes, err := axesOf(list, len(shape))
	if err != nil {
		return nil, err
	}
	var out []int
	for i, l := range shape {
		switch {
		case axes[i] && l != 1:
			return nil, fmt.Errorf("it takes away the axis %d of %v, which is not 1", i, shape)
		case !axes[i] && (list != nil || l != 1):
			out = append(out, l)
		}
	}
	return out, nil
}

func (w *walk) unsqueezed(n *node, shape []int) ([]int, error) {
	list, err := w.axesOperand(n, 13)
	if err != nil {
		return nil, err
	}
	if len(list) > maxAxes {
		return nil, fmt.Errorf("it adds %d axes", len(list))
	}
	axes, err := axesOf(list, len(shape)+len(list))
	if err != nil {
		return nil, err
	}
	out := slices.Clone(shape)
	for i := range len(shape) + len(list) {
		if axes[i] {
			out = slices.Insert(out, i, 1)
		}
	}
	return out, nil
}

// maxAxes is more than any array has.
const maxAxes = 16

// transpose imports another order of the axes of a sample. Exporters of TensorFlow
// put the channels first before a convolution, and last again behind it.
func (w *walk) transpose(n *node, x *activation) (*activation, error) {
	if !x.known {
		return &activation{}, nil
	}
	order, err := permutation(n, len(x.dims)+1)
	if err != nil {
		return nil, err
	}
	if order[0] != 0 {
		return nil, errors.New("it moves the axis of the batch")
	}
	for i := range order[1:] {
		order[i+1]--
	}
	if normal(order[1:]) == nil {
		w.did(n, "dropped: it keeps the order")
		return x.same(), nil
	}
	if size(x.dims, maxRearranged) < 0 {
		return nil, fmt.Errorf("a sample of shape %v has too many values to be rearranged", x.dims)
	}
	dims, from := transposed(x.dims, order[1:])
	return w.rearranged(n, x, dims, through(from, x.order))
}

// permutation is the order that a Transpose gives to axes, by default the reverse.
func permutation(n *node, rank int) ([]int, error) {
	list, err := n.integers("perm")
	if err != nil {
		return nil, err
	}
	if list == nil {
		for i := range rank {
			list = append(list, int64(rank-1-i))
		}
	}
	axes, err := axesOf(list, rank)
	if err != nil {
		return nil, err
	}
	if len(axes) != rank {
		return nil, fmt.Errorf("its order %v is not one of %d axes", list, rank)
	}
	order := make([]int, rank)
	for i, a := range list {
		order[i], _ = axis(a, rank)
	}
	return order, nil
}

// cast changes the type of real numbers, which are float64 here in any case.
func (w *walk) cast(n *node, x *activation) (*activation, error) {
	to, err := n.integer("to", 0)
	if err != nil {
		return nil, err
	}
	if !onnx.ElementType(to).IsReal() {
		return nil, fmt.Errorf("it makes values of type %v, expected real numbers", onnx.ElementType(to))
	}
	w.did(n, "dropped: values are computed in float64")
	return x.same(), nil
}
