package importer

import (
	"errors"
	"fmt"
	"slices"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// conv imports a convolution along one axis or two.
func (w *walk) conv(n *node, x *activation) (*activation, error) {
	kernel, bias, err := w.weightsAndBias(n, 1, 2)
	if err != nil {
		return nil, err
	}
	s := kernel.shape
	if len(s) != 3 && len(s) != 4 {
		return nil, fmt.Errorf("its weights have the shape %v, expected filters, channels and one or two axes", s)
	}
	axes := len(s) - 2
	win, err := n.window(s[2:])
	if err != nil {
		return nil, err
	}
	groups, err := n.integer("group", 1)
	if err != nil {
		return nil, err
	}
	if groups < 1 || groups > int64(s[0]) || slices.Contains(s, 0) {
		return nil, fmt.Errorf("it has weights of shape %v in %d groups", s, groups)
	}
	if bias == nil {
		bias = make([]float64, s[0])
	}
	if len(bias) != s[0] {
		return nil, fmt.Errorf("it has %d biases for %d filters", len(bias), s[0])
	}
	if err := w.startSums(n, x); err != nil || !x.known {
		return &activation{}, err
	}
	in, err := w.image(x, axes)
	if err != nil {
		return nil, err
	}
	pads := win.pads(in)
	if p := w.padding; p != nil {
		w.merged(p, n)
		for side, zeros := range p.sides() {
			pads[side] += zeros
		}
		w.padding = nil
	}
	layer := &relu.Conv[float64]{
		Weights: &tensor.Dense[float64]{Shape: win.imageKernel(s[0], s[1]), Data: kernel.reals},
		Bias:    vector(bias),
		Groups:  int(groups),
		Height:  relu.Axis{Stride: win.stride[0], Dilation: win.dilation[0]},
		Width:   relu.Axis{Stride: win.stride[1], Dilation: win.dilation[1]},
	}
	if pads[top] == pads[bottom] && pads[left] == pads[right] {
		layer.Height.Padding, layer.Width.Padding = pads[top], pads[left]
	} else if err := w.addPad(n.label+"/pad", pads); err != nil {
		return nil, err
	}
	if err := w.add(n.label, layer); err != nil {
		return nil, err
	}
	return w.activated(axes), nil
}

// weightsAndBias are two inputs of a node; the bias may be missing.
func (w *walk) weightsAndBias(n *node, weights, bias int) (*constant, []float64, error) {
	k, err := w.weights(n, weights)
	if err != nil {
		return nil, nil, err
	}
	if k == nil {
		return nil, nil, errors.New("it has no weights")
	}
	b, err := w.weights(n, bias)
	if b == nil || err != nil {
		return k, nil, err
	}
	return k, b.reals, nil
}

// startSums refuses a linear layer whose input is the sums of another.
func (w *walk) startSums(n *node, x *activation) error {
	if x.detached {
		return nil
	}
	before := w.sums
	w.sums, w.pooled, w.nonNegative, w.rectified = n.label, "", false, nil
	if before != "" {
		return fmt.Errorf("it follows the linear layer %s without a ReLU between them", before)
	}
	return nil
}

// gemm imports y = alpha x·W + beta C.
func (w *walk) gemm(n *node, x *activation) (*activation, error) {
	if a := w.values[n.input(0)].activation; a == nil {
		return nil, errors.New("its first input is constant and the second is not, expected constant weights on the right")
	}
	kernel, err := w.weights(n, 1)
	if err != nil {
		return nil, err
	}
	if kernel == nil || len(kernel.shape) != 2 {
		return nil, errors.New("it has no matrix of weights")
	}
	var alpha, beta float64
	var transA, transB int64
	if alpha, err = n.real("alpha", 1); err == nil {
		beta, err = n.real("beta", 1)
	}
	if err == nil {
		transA, err = n.integer("transA", 0)
	}
	if err == nil {
		transB, err = n.integer("transB", 0)
	}
	if err != nil {
		return nil, err
	}
	if transA != 0 {
		return nil, errors.New("it transposes its input (transA=1), which mixes the samples of a batch")
	}
	if transB != 0 { // [out][in], as PyTorch's Linear
		kernel = kernel.pick(transposed(kernel.shape, []int{1, 0}))
	}
	out := kernel.shape[1]
	bias := make([]float64, out)
	c, err := w.weights(n, 2)
	if err != nil {
		return nil, err
	}
	if c != nil {
		if len(c.shape) == 2 && c.shape[0] != 1 {
			return nil, fmt.Errorf("its bias of shape %v differs from sample to sample", c.shape)
		}
		if bias, err = c.broadcast([]int{1, out}); err != nil {
			return nil, err
		}
	}
	scale(kernel.reals, alpha)
	scale(bias, beta)
	if x.known && len(x.dims) != 1 {
		return nil, fmt.Errorf("it reads samples of shape %v, expected vectors", x.dims)
	}
	return w.dense(n, x, kernel, bias)
}

func scale(values []float64, by float64) {
	for i := range values {
		values[i] *= by
	}
}

// matMul imports y = x·W along the last axis.
func (w *walk) matMul(n *node, x *activation) (*activation, error) {
	if w.values[n.input(0)].activation == nil {
		return nil, errors.New("its first input is constant and the second is not, expected constant weights on the right")
	}
	kernel, err := w.weights(n, 1)
	if err != nil {
		return nil, err
	}
	if kernel == nil || len(kernel.shape) != 2 {
		return nil, errors.New("it has no matrix of weights")
	}
	return w.dense(n, x, kernel, make([]float64, kernel.shape[1]))
}

// dense adds a layer with weights [in][out], whose rows are in the order of the
// elements of x.
func (w *walk) dense(n *node, x *activation, kernel *constant, bias []float64) (*activation, error) {
	in, out := kernel.shape[0], kernel.shape[1]
	if in == 0 || out == 0 {
		return nil, fmt.Errorf("it has weights of shape %v", kernel.shape)
	}
	if err := errors.Join(finite(kernel.reals), finite(bias)); err != nil {
		return nil, fmt.Errorf("scaled by alpha and beta, it %w", err)
	}
	if err := w.startSums(n, x); err != nil || !x.known {
		return &activation{}, err
	}
	if w.padding != nil {
		return nil, w.padding.misplaced()
	}
	before := x.dims[:len(x.dims)-1]
	if k := x.dims[len(before)]; k != in {
		return nil, fmt.Errorf("it has weights for %d inputs, but reads %d", in, k)
	}
	if _, err := w.features(n, x); err != nil {
		return nil, err
	}
	weights := &tensor.Dense[float64]{Shape: []int{in, out}, Data: kernel.reals}
	if x.order != nil {
		weights = tensor.New[float64](in, out)
		for i, feature := range x.order {
			copy(weights.Row(feature), kernel.reals[i*out:(i+1)*out])
		}
		w.did(n, "its inputs were put into the order of channels, rows and columns")
	}
	if err := w.add(n.label, &relu.Dense[float64]{Weights: weights, Bias: vector(bias)}); err != nil {
		return nil, err
	}
	return &activation{known: true, dims: append(slices.Clone(before), out)}, nil
}
