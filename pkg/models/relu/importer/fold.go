package importer

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/onnx"
)

// Exporters compute shapes and paddings by chains of nodes that do not depend on
// the data. Folding computes them here.

// fold computes an operator on constants; inputs that were left out are nil, but
// the first is there.
type fold func(w *walk, n *node, in []*constant) (*constant, error)

// folds are the operators that have been seen in such chains.
var folds = map[string]fold{
	"Add":             foldArithmetic,
	"Cast":            foldCast,
	"Concat":          foldConcat,
	"ConstantOfShape": foldConstantOfShape,
	"Div":             foldArithmetic,
	"Gather":          foldGather,
	"Identity":        foldIdentity,
	"Mul":             foldArithmetic,
	"Reshape":         foldReshape,
	"Shape":           foldShape,
	"Slice":           foldSlice,
	"Squeeze":         foldSqueeze,
	"Sub":             foldArithmetic,
	"Transpose":       foldTranspose,
	"Unsqueeze":       foldUnsqueeze,
}

// foldNode gives the output of a node without activations its value.
func (w *walk) foldNode(n *node) {
	c, err := w.folded(n)
	if err != nil {
		w.refuse(n, "%v", err)
	}
	if c == nil {
		c = &constant{unknown: true}
	}
	if len(n.Outputs) > 0 {
		w.values[n.Outputs[0]] = value{constant: c}
	}
}

// folded is nil without an error if it depends on what could not be found out.
func (w *walk) folded(n *node) (*constant, error) {
	if n.Op == "Constant" {
		c, err := constantNode(n)
		if err == nil {
			err = w.pay(c.len())
		}
		return c, err
	}
	operator, ok := folds[n.Op]
	if !ok {
		if reason, known := unsupported[n.Op]; known {
			return nil, errors.New(reason)
		}
		return nil, errors.New("the operator is not supported on constants")
	}
	in := make([]*constant, len(n.Inputs))
	for i, name := range n.Inputs {
		if c := w.values[name].constant; name != "" && c != nil && c.unknown {
			return nil, nil
		}
		var err error
		if in[i], err = w.constant(n, i); err != nil {
			return nil, err
		}
	}
	if len(in) == 0 || in[0] == nil {
		return nil, errors.New("its first input is missing")
	}
	c, err := operator(w, n, in)
	if err == nil {
		w.did(n, "folded: it does not depend on the data")
	}
	return c, err
}

// foldShapeOfActivation is for a Shape, which does not depend on the data either.
func (w *walk) foldShapeOfActivation(n *node) {
	x := w.values[n.Inputs[0]].activation
	c := &constant{unknown: true}
	if x.known {
		var err error
		if c, err = shapeOf(n, append([]int{w.batch}, x.dims...)); err != nil {
			w.refuse(n, "%v", err)
			c = &constant{unknown: true}
		} else {
			w.did(n, "folded: the shape of a sample is known")
		}
	}
	if len(n.Outputs) > 0 {
		w.values[n.Outputs[0]] = value{constant: c}
	}
}

// shapeOf takes from start to end of a shape.
func shapeOf(n *node, shape []int) (*constant, error) {
	start, err := n.integer("start", 0)
	if err != nil {
		return nil, err
	}
	end, err := n.integer("end", int64(len(shape)))
	if err != nil {
		return nil, err
	}
	from, to := bounded(start, len(shape)), bounded(end, len(shape))
	c := &constant{shape: []int{max(0, to-from)}}
	for i := from; i < to; i++ {
		c.whole = append(c.whole, int64(shape[i]))
	}
	return c, nil
}

// bounded counts a place from the front and keeps it within 0 … length.
func bounded(i int64, length int) int {
	if i < 0 {
		i += int64(length)
	}
	return int(min(max(i, 0), int64(length)))
}

func foldShape(_ *walk, n *node, in []*constant) (*constant, error) { return shapeOf(n, in[0].shape) }

func foldIdentity(_ *walk, _ *node, in []*constant) (*constant, error) { return in[0], nil }

// constantNode is the value that a Constant holds in one of its attributes.
func constantNode(n *node) (*constant, error) {
	if len(n.Attributes) != 1 {
		return nil, fmt.Errorf("it has %d attributes, expected its value", len(n.Attributes))
	}
	switch a := n.Attributes[0]; {
	case a.Name == "value" && a.Tensor != nil:
		c, err := fromTensor(a.Tensor)
		if err != nil {
			return nil, fmt.Errorf("its value %w", err)
		}
		return c, nil
	case a.Name == "value_int":
		return &constant{whole: []int64{a.Int}}, nil
	case a.Name == "value_ints":
		return &constant{shape: []int{len(a.Ints)}, whole: a.Ints}, nil
	case a.Name == "value_float":
		return &constant{real: true, reals: []float64{float64(a.Float)}}, nil
	case a.Name == "value_floats":
		c := &constant{shape: []int{len(a.Floats)}, real: true}
		for _, v := range a.Floats {
			c.reals = append(c.reals, float64(v))
		}
		return c, nil
	default:
		return nil, fmt.Errorf("its value is in the attribute %q, expected numbers", a.Name)
	}
}

func foldCast(w *walk, n *node, in []*constant) (*constant, error) {
	to, err := n.integer("to", 0)
	if err != nil {
		return nil, err
	}
	c := in[0]
	if err := w.pay(c.len()); err != nil {
		return nil, err
	}
	out := &constant{shape: c.shape, real: onnx.ElementType(to).IsReal()}
	for i := range c.len() {
		switch {
		case out.real:
			out.reals = append(out.reals, c.at(i))
		case !c.real:
			out.whole = append(out.whole, c.whole[i])
		default:
			out.whole = append(out.whole, int64(math.Trunc(c.reals[i])))
		}
	}
	return out, nil
}

func foldConcat(w *walk, n *node, in []*constant) (*constant, error) {
	at, err := n.integer("axis", 0)
	if err != nil {
		return nil, err
	}
	a, err := axis(at, len(in[0].shape))
	if err != nil {
		return nil, err
	}
	shape, total := slices.Clone(in[0].shape), 0
	shape[a] = 0
	for _, c := range in {
		if c == nil || c.real != in[0].real || len(c.shape) != len(shape) || !slices.Equal(c.shape[:a], shape[:a]) || !slices.Equal(c.shape[a+1:], shape[a+1:]) {
			return nil, errors.New("its inputs do not fit together")
		}
		shape[a] += c.shape[a]
		total += c.len()
	}
	if err := w.pay(total); err != nil {
		return nil, err
	}
	out := &constant{shape: shape, real: in[0].real}
	if total == 0 {
		return out, nil
	}
	blocks := size(shape[:a], math.MaxInt)
	for block := range blocks {
		for _, c := range in {
			each := c.len() / blocks
			if c.real {
				out.reals = append(out.reals, c.reals[block*each:(block+1)*each]...)
			} else {
				out.whole = append(out.whole, c.whole[block*each:(block+1)*each]...)
			}
		}
	}
	return out, nil
}

func foldConstantOfShape(w *walk, n *node, in []*constant) (*constant, error) {
	lengths, err := in[0].integers()
	if err != nil {
		return nil, err
	}
	shape := make([]int, len(lengths))
	for i, l := range lengths {
		if l < 0 || l > maxValues {
			return nil, fmt.Errorf("its shape is %v", lengths)
		}
		shape[i] = int(l)
	}
	total := size(shape, maxValues)
	if total < 0 {
		return nil, fmt.Errorf("its shape is %v, too large to be folded", lengths)
	}
	if err := w.pay(total); err != nil {
		return nil, err
	}
	fill := &constant{real: true, reals: []float64{0}}
	a, err := n.attribute("value", onnx.AttributeTensor)
	if err != nil {
		return nil, err
	}
	if a != nil {
		if a.Tensor == nil || a.Tensor.Elements() != 1 {
			return nil, errors.New("its value is not one number")
		}
		if fill, err = fromTensor(a.Tensor); err != nil {
			return nil, fmt.Errorf("its value %w", err)
		}
	}
	return fill.pick(shape, make([]int, total)), nil
}

func foldGather(w *walk, n *node, in []*constant) (*constant, error) {
	at, err := n.integer("axis", 0)
	if err != nil {
		return nil, err
	}
	c := in[0]
	a, err := axis(at, len(c.shape))
	if err != nil {
		return nil, err
	}
	if len(in) < 2 || in[1] == nil {
		return nil, errors.New("its indices are missing")
	}
	indices, err := in[1].integers()
	if err != nil {
		return nil, err
	}
	shape := slices.Concat(c.shape[:a], in[1].shape, c.shape[a+1:])
	total := size(shape, maxValues)
	if total < 0 {
		return nil, fmt.Errorf("its output has the shape %v, too large to be folded", shape)
	}
	if err := w.pay(total); err != nil {
		return nil, err
	}
	if total == 0 {
		return c.pick(shape, nil), nil
	}
	inner := size(c.shape[a+1:], math.MaxInt)
	var from []int
	for outer := range size(c.shape[:a], math.MaxInt) {
		for _, i := range indices {
			k, err := axis(i, c.shape[a])
			if err != nil {
				return nil, fmt.Errorf("its index %d is outside of %v", i, c.shape)
			}
			for j := range inner {
				from = append(from, (outer*c.shape[a]+k)*inner+j)
			}
		}
	}
	return c.pick(shape, from), nil
}

func foldReshape(_ *walk, n *node, in []*constant) (*constant, error) {
	if len(in) < 2 || in[1] == nil {
		return nil, errors.New("its shape is missing")
	}
	shape, err := reshaped(n, in[0].shape, in[1])
	if err != nil {
		return nil, err
	}
	return in[0].as(shape), nil
}

func foldTranspose(w *walk, n *node, in []*constant) (*constant, error) {
	order, err := permutation(n, len(in[0].shape))
	if err != nil {
		return nil, err
	}
	if err := w.pay(in[0].len()); err != nil {
		return nil, err
	}
	return in[0].pick(transposed(in[0].shape, order)), nil
}

func foldSqueeze(w *walk, n *node, in []*constant) (*constant, error) {
	shape, err := w.squeezed(n, in[0].shape)
	if err != nil {
		return nil, err
	}
	return in[0].as(shape), nil
}

func foldUnsqueeze(w *walk, n *node, in []*constant) (*constant, error) {
	shape, err := w.unsqueezed(n, in[0].shape)
	if err != nil {
		return nil, err
	}
	return in[0].as(shape), nil
}

// foldSlice takes every step-th value from start to end along some axes; steps
// may be negative.
func foldSlice(w *walk, n *node, in []*constant) (*constant, error) {
	c := in[0]
	var lists [4][]int64 // starts, ends, axes, steps
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		var err error
		if n.opset < 10 {
			lists[i], err = n.integers(name)
		} else if i+1 < len(in) && in[i+1] != nil {
			lists[i], err = in[i+1].integers()
		}
		if err != nil {
			return nil, fmt.Errorf("its %s: %w", name, err)
		}
	}
	starts, ends, axes, steps := lists[0], lists[1], lists[2], lists[3]
	for i := 0; axes == nil && i < len(starts); i++ {
		axes = append(axes, int64(i))
	}
	for i := 0; lists[3] == nil && i < len(starts); i++ {
		steps = append(steps, 1)
	}
	if len(ends) != len(starts) || len(axes) != len(starts) || len(steps) != len(starts) {
		return nil, errors.New("its starts, ends, axes and steps differ in number")
	}
	if _, err := axesOf(axes, len(c.shape)); err != nil {
		return nil, err
	}
	shape, step := slices.Clone(c.shape), strides(c.shape)
	first := 0
	for i := range starts {
		a, _ := axis(axes[i], len(c.shape))
		from, count, err := slice(starts[i], ends[i], steps[i], c.shape[a])
		if err != nil {
			return nil, err
		}
		first += from * step[a]
		shape[a] = count
		step[a] *= int(max(min(steps[i], maxValues), -maxValues))
	}
	if err := w.pay(size(shape, math.MaxInt)); err != nil {
		return nil, err
	}
	return c.pick(shape, places(shape, step, first)), nil
}

// slice is where a slice of an axis begins, and how many values it has.
func slice(start, end, step int64, length int) (first, count int, err error) {
	n := int64(length)
	if step == 0 {
		return 0, 0, errors.New("its step is 0")
	}
	if start < 0 {
		start = max(start, -n-1) + n
	}
	if end < 0 {
		end = max(end, -n-1) + n
	}
	if step > 0 {
		start, end = min(max(start, 0), n), min(max(end, 0), n)
		if end <= start {
			return 0, 0, nil
		}
		return int(start), int((end-start-1)/step + 1), nil
	}
	start, end = min(max(start, -1), n-1), min(max(end, -1), n-1)
	if start <= end {
		return 0, 0, nil
	}
	if step < -n { // one value; keeps -step from overflowing
		return int(start), 1, nil
	}
	return int(start), int((start-end-1)/-step + 1), nil
}

// foldArithmetic adds, subtracts, multiplies or divides with broadcasting.
func foldArithmetic(w *walk, n *node, in []*constant) (*constant, error) {
	if len(in) != 2 || in[1] == nil || in[0].real != in[1].real {
		return nil, errors.New("it has not two inputs of one type")
	}
	a, b := in[0], in[1]
	shape, err := common(a.shape, b.shape)
	if err != nil {
		return nil, err
	}
	total := size(shape, maxValues)
	if total < 0 {
		return nil, fmt.Errorf("its output has the shape %v, too large to be folded", shape)
	}
	if err := w.pay(total); err != nil {
		return nil, err
	}
	from, with := a.pick(shape, spread(a.shape, shape)), b.pick(shape, spread(b.shape, shape))
	for i := range from.reals {
		from.reals[i] = calculate(n.Op, from.reals[i], with.reals[i])
	}
	for i := range from.whole {
		if n.Op == "Div" && with.whole[i] == 0 {
			return nil, errors.New("it divides by 0")
		}
		from.whole[i] = calculate(n.Op, from.whole[i], with.whole[i])
	}
	return from, nil
}

func calculate[T int64 | float64](op string, a, b T) T {
	switch op {
	case "Add":
		return a + b
	case "Sub":
		return a - b
	case "Mul":
		return a * b
	default:
		return a / b
	}
}

// common is the shape that two arrays broadcast to.
func common(a, b []int) ([]int, error) {
	if len(a) < len(b) {
		a, b = b, a
	}
	shape := slices.Clone(a)
	for i, n := range b {
		at := len(a) - len(b) + i
		switch {
		case shape[at] == 1:
			shape[at] = n
		case n != 1 && n != shape[at]:
			return nil, fmt.Errorf("its inputs have shapes %v and %v, which do not fit together", a, b)
		}
	}
	return shape, nil
}
