package importer

import (
	"errors"
	"fmt"
	"math"

	"github.com/snnctl/snnctl/pkg/models/relu"
)

// elementwise imports Add, Sub, Mul and Div with a constant: a bias after a linear
// layer, or a scaling of the input.
func (w *walk) elementwise(n *node, x *activation) (*activation, error) {
	if len(n.Inputs) != 2 {
		return nil, fmt.Errorf("it has %d inputs, expected two", len(n.Inputs))
	}
	first := 0 // where the activation is
	if w.values[n.Inputs[0]].activation == nil {
		first = 1
	}
	c, err := w.constant(n, 1-first)
	if err != nil {
		return nil, err
	}
	if c == nil || n.Op == "Div" && first == 1 {
		return nil, errors.New("it divides by an activation")
	}
	onInput := w.network == nil && w.padding == nil
	isBias := (n.Op == "Add" || n.Op == "Sub" && first == 0) && w.sums != "" && w.padding == nil
	if !x.detached && !onInput && !isBias {
		return nil, errors.New("a constant can be added right after a linear layer, or scale the input of the network, but not here")
	}
	if !x.known {
		return &activation{}, nil
	}
	if size(x.dims, maxRearranged) < 0 {
		return nil, fmt.Errorf("a sample of shape %v has too many values to be combined with a constant", x.dims)
	}
	values, err := c.broadcast(append([]int{1}, x.dims...))
	if err != nil {
		return nil, err
	}
	values = scatter(values, x.order)
	if onInput {
		return x.same(), w.scale(n, values, first)
	}
	if n.Op == "Sub" {
		scale(values, -1)
	}
	bias, err := perChannel(values, w.shape)
	if err != nil {
		return nil, err
	}
	var to []float64
	switch layer := w.last().(type) {
	case *relu.Dense[float64]:
		to = layer.Bias.Data
	case *relu.Conv[float64]:
		to = layer.Bias.Data
	case *relu.BatchNorm[float64]:
		to = layer.Shift.Data
	default:
		return nil, fmt.Errorf("it adds a constant after %s, expected a linear layer", layer.Kind())
	}
	for i, b := range bias {
		to[i] += b
	}
	w.did(n, "merged into the bias of %s", w.network.Layers[len(w.network.Layers)-1].Name)
	return x.same(), nil
}

// same is the activation behind a node that changes no shape.
func (a *activation) same() *activation {
	return &activation{known: a.known, dims: a.dims, order: a.order}
}

// scale takes a node on the input into the scaling that is done before the first
// layer.
func (w *walk) scale(n *node, values []float64, first int) error {
	if w.scaling == nil {
		s := &scaling{node: n.label, scale: make([]float64, len(values)), shift: make([]float64, len(values))}
		for i := range s.scale {
			s.scale[i] = 1
		}
		w.scaling = s
	}
	a, b := w.scaling.scale, w.scaling.shift
	for i, v := range values {
		switch {
		case n.Op == "Add":
			b[i] += v
		case n.Op == "Sub" && first == 0:
			b[i] -= v
		case n.Op == "Sub":
			a[i], b[i] = -a[i], v-b[i]
		case n.Op == "Mul":
			a[i], b[i] = a[i]*v, b[i]*v
		case n.Op == "Div":
			a[i], b[i] = a[i]/v, b[i]/v
		}
	}
	if err := errors.Join(finite(a), finite(b)); err != nil {
		return fmt.Errorf("the scaling of the input %w", err)
	}
	w.did(n, "merged into the scaling of the input")
	return nil
}

// batchNorm imports a batch norm over the channels.
func (w *walk) batchNorm(n *node, x *activation) (*activation, error) {
	var p [4][]float64 // scale, shift, mean, variance
	for i := range p {
		c, err := w.weights(n, i+1)
		if err != nil {
			return nil, err
		}
		if c == nil || len(c.shape) != 1 || len(c.reals) != len(p[0]) && i > 0 {
			return nil, errors.New("expected scale, shift, mean and variance of each channel")
		}
		p[i] = c.reals
	}
	epsilon, err := n.real("epsilon", 1e-5)
	if err != nil {
		return nil, err
	}
	training, err := n.integer("training_mode", 0)
	if err != nil {
		return nil, err
	}
	spatial, err := n.integer("spatial", 1)
	if err != nil {
		return nil, err
	}
	switch {
	case training != 0:
		return nil, errors.New("it is in training mode, export the network in evaluation mode")
	case n.opset < 9 && spatial == 0:
		return nil, errors.New("it has statistics of each place (spatial=0), expected those of channels")
	case math.IsNaN(epsilon) || math.IsInf(epsilon, 0):
		return nil, fmt.Errorf("its epsilon is %v", epsilon)
	}
	for i, v := range p[3] {
		if v+epsilon <= 0 {
			return nil, fmt.Errorf("its variance of channel %d is %v, expected a positive number", i, v)
		}
	}
	if w.padding != nil && !x.detached {
		return nil, w.padding.misplaced()
	}
	if !x.known {
		return &activation{}, nil
	}
	if len(p[0]) != x.dims[0] {
		return nil, fmt.Errorf("it has %d channels, but reads samples of shape %v", len(p[0]), x.dims)
	}
	if err := w.start(x); err != nil {
		return nil, err
	}
	switch {
	case x.order == nil && w.shape.Channels == x.dims[0]:
	case len(x.dims) == 1 && w.shape.Places() == 1: // features in another order
		for i := range p {
			p[i] = scatter(p[i], x.order)
		}
	default:
		return nil, fmt.Errorf("it reads %v made of an image of %v by rearranging it, expected the channels first", x.dims, w.shape)
	}
	w.nonNegative, w.rectified = false, nil
	norm := &relu.BatchNorm[float64]{Scale: vector(p[0]), Shift: vector(p[1]), Mean: vector(p[2]), Variance: vector(p[3]), Epsilon: epsilon, Momentum: momentum}
	return x.same(), w.add(n.label, norm)
}

// relu imports y = max(0, x).
func (w *walk) relu(n *node, x *activation) (*activation, error) {
	return w.rectify(n, x, 0)
}

// rectify adds a ReLU, with a ceiling unless that is 0.
func (w *walk) rectify(n *node, x *activation, ceiling float64) (*activation, error) {
	if x.detached {
		return &activation{}, nil
	}
	w.sums, w.pooled = "", ""
	if !x.known {
		return &activation{}, nil
	}
	if err := w.start(x); err != nil {
		return nil, err
	}
	if w.rectified != nil {
		if ceiling != 0 && (w.rectified.Ceiling == 0 || ceiling < w.rectified.Ceiling) {
			w.rectified.Ceiling = ceiling
		}
		w.did(n, "merged into the ReLU before it")
		return x.same(), nil
	}
	layer := &relu.ReLU[float64]{Ceiling: ceiling}
	w.nonNegative, w.rectified = true, layer
	return x.same(), w.add(n.label, layer)
}

// clip imports a clip from 0 to a ceiling, or to none.
func (w *walk) clip(n *node, x *activation) (*activation, error) {
	low, high := math.Inf(-1), math.Inf(1)
	for i, limit := range []struct {
		name  string
		value *float64
	}{{"min", &low}, {"max", &high}} {
		if n.opset < 11 {
			v, err := n.real(limit.name, *limit.value)
			if err != nil {
				return nil, err
			}
			*limit.value = v
			continue
		}
		c, err := w.constant(n, i+1)
		if err != nil {
			return nil, err
		}
		if c != nil {
			if c.len() != 1 {
				return nil, fmt.Errorf("its %s is no number", limit.name)
			}
			*limit.value = c.at(0)
		}
	}
	lowest := -math.MaxFloat32 // or beyond: no limit at all
	switch {
	case low <= lowest && high >= -lowest:
		w.did(n, "dropped: it has no limits")
		return x.same(), nil
	case low != 0 && !(low <= 0 && w.rectified != nil && x.known):
		return nil, fmt.Errorf("it clips at %v, expected at 0 as a ReLU does", low)
	case !(high > 0):
		return nil, fmt.Errorf("it clips above %v, expected a positive number", high)
	case high >= -lowest:
		return w.rectify(n, x, 0)
	}
	return w.rectify(n, x, high)
}

// softmax is left out of the network, whose outputs are the logits.
func (w *walk) softmax(n *node, x *activation) (*activation, error) {
	byDefault := int64(-1)
	if n.opset < 13 {
		byDefault = 1
	}
	at, err := n.integer("axis", byDefault)
	if err != nil || !x.known {
		return &activation{}, err
	}
	a, err := axis(at, len(x.dims)+1)
	if err != nil {
		return nil, err
	}
	together := x.dims[max(a-1, 0):] // before opset 13 over all axes from that one
	if n.opset >= 13 {
		together = together[:1]
	}
	if a == 0 || size(together, maxValues) != size(x.dims, maxValues) {
		return nil, fmt.Errorf("it is over the axis %d of samples of shape %v, expected over all the classes", a, x.dims)
	}
	w.output = n.Op
	w.report.Output = n.Op
	w.did(n, "dropped: the network gives the logits")
	return x.same(), nil
}

// identity, dropout and cast do nothing in evaluation.
func (w *walk) identity(n *node, x *activation) (*activation, error) {
	w.did(n, "dropped: it does nothing")
	return x.same(), nil
}

func (w *walk) dropout(n *node, x *activation) (*activation, error) {
	training, err := w.constant(n, 2)
	if err != nil {
		return nil, err
	}
	if training != nil && training.len() == 1 && training.at(0) != 0 {
		return nil, errors.New("it is in training mode, export the network in evaluation mode")
	}
	w.did(n, "dropped: it does nothing in evaluation")
	return x.same(), nil
}
