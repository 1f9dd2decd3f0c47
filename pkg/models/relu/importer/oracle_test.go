package importer

import (
	"fmt"
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/onnx/onnxtest"
)

// oracle computes a graph on data, each operator as the ONNX documents state it,
// with nothing of the importer: no layouts, no folding, all arrays in full.
type oracle struct {
	opset  int64
	values map[string]array
}

// evaluate gives the graph's output for a batch of inputs.
func evaluate(m *onnxtest.Model, x array) array {
	o := &oracle{opset: m.Opset, values: map[string]array{}}
	for _, t := range m.Initializers {
		o.values[t.Name] = stored(t)
	}
	o.values[m.Inputs[0].Name] = x
	for _, n := range m.Nodes {
		o.values[n.Out[0]] = o.compute(n)
	}
	return o.values[m.Outputs[0].Name]
}

// stored is a tensor with its values as the file keeps them.
func stored(t onnxtest.Tensor) array {
	a := array{Data: slices.Clone(t.Values)}
	for i, v := range a.Data {
		switch t.Type {
		case onnxtest.Float32:
			a.Data[i] = float64(float32(v))
		case onnxtest.BFloat16:
			a.Data[i] = float64(math.Float32frombits(math.Float32bits(float32(v)) >> 16 << 16))
		}
	}
	for _, d := range t.Dims {
		a.Shape = append(a.Shape, int(d))
	}
	return a
}

// empty is an array of zeros.
func empty(shape ...int) array {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return array{shape, make([]float64, n)}
}

// offset is where an element lies; -1 is outside.
func (a array) offset(index ...int) int {
	at := 0
	for i, k := range index {
		if k < 0 || k >= a.Shape[i] {
			return -1
		}
		at = at*a.Shape[i] + k
	}
	return at
}

// each calls visit with every index.
func (a array) each(visit func(at int, index []int)) {
	index := make([]int, len(a.Shape))
	for at := range a.Data {
		rest := at
		for i := len(a.Shape) - 1; i >= 0; i-- {
			index[i], rest = rest%a.Shape[i], rest/a.Shape[i]
		}
		visit(at, index)
	}
}

func attribute(n onnxtest.Node, name string) (onnxtest.Attribute, bool) {
	for _, a := range n.Attributes {
		if a.Name == name {
			return a, true
		}
	}
	return onnxtest.Attribute{}, false
}

func number(n onnxtest.Node, name string, byDefault int64) int {
	if a, ok := attribute(n, name); ok {
		return int(a.Integer())
	}
	return int(byDefault)
}

func real(n onnxtest.Node, name string, byDefault float64) float64 {
	if a, ok := attribute(n, name); ok {
		return float64(a.Number())
	}
	return byDefault
}

// list is an attribute or, if the node has none, an input.
func (o *oracle) list(n onnxtest.Node, name string, input int) []int {
	var out []int
	if a, ok := attribute(n, name); ok {
		for _, v := range a.List() {
			out = append(out, int(v))
		}
		return out
	}
	if input > 0 && input < len(n.In) && n.In[input] != "" {
		for _, v := range o.values[n.In[input]].Data {
			out = append(out, int(v))
		}
	}
	return out
}

func (o *oracle) compute(n onnxtest.Node) array {
	in := make([]array, len(n.In))
	for i, name := range n.In {
		in[i] = o.values[name]
	}
	switch n.Op {
	case "Constant":
		a, _ := attribute(n, "value")
		return stored(a.Tensor())
	case "Identity", "Dropout", "Cast", "Softmax", "LogSoftmax": // compared at the logits
		return in[0]
	case "Relu":
		return apply(in[0], func(v float64) float64 { return max(v, 0) })
	case "Clip":
		low, high := real(n, "min", math.Inf(-1)), real(n, "max", math.Inf(1))
		if len(in) > 1 && n.In[1] != "" {
			low = in[1].Data[0]
		}
		if len(in) > 2 && n.In[2] != "" {
			high = in[2].Data[0]
		}
		return apply(in[0], func(v float64) float64 { return min(max(v, low), high) })
	case "Add", "Sub", "Mul", "Div":
		return arithmetic(n.Op, in[0], in[1])
	case "Gemm":
		return gemm(n, in)
	case "MatMul":
		return matMul(in[0], in[1])
	case "Conv":
		return o.convolve(n, in)
	case "BatchNormalization":
		out := empty(in[0].Shape...)
		out.each(func(at int, index []int) {
			c := index[1]
			out.Data[at] = in[1].Data[c]*(in[0].Data[at]-in[3].Data[c])/math.Sqrt(in[4].Data[c]+real(n, "epsilon", 1e-5)) + in[2].Data[c]
		})
		return out
	case "MaxPool", "AveragePool":
		return o.pool(n, in[0])
	case "GlobalAveragePool", "GlobalMaxPool":
		axes := []int{}
		for i := 2; i < len(in[0].Shape); i++ {
			axes = append(axes, i)
		}
		return reduce(in[0], axes, true, n.Op == "GlobalMaxPool")
	case "ReduceMean":
		return reduce(in[0], o.list(n, "axes", 1), number(n, "keepdims", 1) != 0, false)
	}
	return o.rearrange(n, in)
}

func apply(a array, f func(float64) float64) array {
	out := empty(a.Shape...)
	for i, v := range a.Data {
		out.Data[i] = f(v)
	}
	return out
}

func arithmetic(op string, a, b array) array {
	shape := slices.Clone(a.Shape)
	if len(b.Shape) > len(shape) {
		shape = slices.Clone(b.Shape)
	}
	for _, s := range [][]int{a.Shape, b.Shape} {
		for i, d := range s {
			at := len(shape) - len(s) + i
			shape[at] = max(shape[at], d)
		}
	}
	at := func(a array, index []int) float64 {
		own := slices.Clone(index[len(index)-len(a.Shape):])
		for i, d := range a.Shape {
			if d == 1 {
				own[i] = 0
			}
		}
		return a.Data[a.offset(own...)]
	}
	out := empty(shape...)
	out.each(func(k int, index []int) {
		x, y := at(a, index), at(b, index)
		out.Data[k] = map[string]float64{"Add": x + y, "Sub": x - y, "Mul": x * y, "Div": x / y}[op]
	})
	return out
}

func matMul(a, b array) array {
	k, m := b.Shape[0], b.Shape[1]
	out := empty(append(slices.Clone(a.Shape[:len(a.Shape)-1]), m)...)
	for i := range len(a.Data) / k {
		for j := range m {
			for l := range k {
				out.Data[i*m+j] += a.Data[i*k+l] * b.Data[l*m+j]
			}
		}
	}
	return out
}

func gemm(n onnxtest.Node, in []array) array {
	b := in[1]
	if number(n, "transB", 0) != 0 {
		b = empty(in[1].Shape[1], in[1].Shape[0])
		b.each(func(at int, index []int) { b.Data[at] = in[1].Data[in[1].offset(index[1], index[0])] })
	}
	alpha, beta := real(n, "alpha", 1), real(n, "beta", 1)
	out := apply(matMul(in[0], b), func(v float64) float64 { return alpha * v })
	if len(in) > 2 && n.In[2] != "" {
		out = arithmetic("Add", out, apply(in[2], func(v float64) float64 { return beta * v }))
	}
	return out
}

// pads are the attribute, or what auto_pad makes of the lengths.
func (o *oracle) pads(n onnxtest.Node, lengths, kernel, strides, dilations []int) (before, after []int) {
	axes := len(lengths)
	before, after = make([]int, axes), make([]int, axes)
	auto, _ := attribute(n, "auto_pad")
	pads := o.list(n, "pads", 0)
	for i, length := range lengths {
		switch auto.String() {
		case "SAME_UPPER", "SAME_LOWER":
			outputs := int(math.Ceil(float64(length) / float64(strides[i])))
			total := max((outputs-1)*strides[i]+(kernel[i]-1)*dilations[i]+1-length, 0)
			before[i], after[i] = total/2, total-total/2
			if auto.String() == "SAME_LOWER" {
				before[i], after[i] = after[i], before[i]
			}
		case "VALID":
		default:
			if pads != nil {
				before[i], after[i] = pads[i], pads[axes+i]
			}
		}
	}
	return before, after
}

func filled(list []int, n int) []int {
	for len(list) < n {
		list = append(list, 1)
	}
	return list
}

func (o *oracle) convolve(n onnxtest.Node, in []array) array {
	x, w := in[0], in[1]
	axes := len(x.Shape) - 2
	strides, dilations := filled(o.list(n, "strides", 0), axes), filled(o.list(n, "dilations", 0), axes)
	before, after := o.pads(n, x.Shape[2:], w.Shape[2:], strides, dilations)
	groups := number(n, "group", 1)
	shape := []int{x.Shape[0], w.Shape[0]}
	for i := range axes {
		shape = append(shape, (x.Shape[2+i]+before[i]+after[i]-dilations[i]*(w.Shape[2+i]-1)-1)/strides[i]+1)
	}
	out := empty(shape...)
	out.each(func(at int, index []int) {
		sum := 0.0
		if len(in) > 2 && n.In[2] != "" {
			sum = in[2].Data[index[1]]
		}
		tap := empty(w.Shape[1:]...)
		first := index[1] / (w.Shape[0] / groups) * w.Shape[1]
		tap.each(func(_ int, k []int) {
			from := []int{index[0], first + k[0]}
			for i := range axes {
				from = append(from, index[2+i]*strides[i]-before[i]+k[1+i]*dilations[i])
			}
			if p := x.offset(from...); p >= 0 {
				sum += x.Data[p] * w.Data[w.offset(append([]int{index[1]}, k...)...)]
			}
		})
		out.Data[at] = sum
	})
	return out
}

func (o *oracle) pool(n onnxtest.Node, x array) array {
	axes := len(x.Shape) - 2
	kernel := o.list(n, "kernel_shape", 0)
	strides, ones := filled(o.list(n, "strides", 0), axes), filled(nil, axes)
	before, after := o.pads(n, x.Shape[2:], kernel, strides, ones)
	shape := []int{x.Shape[0], x.Shape[1]}
	for i := range axes {
		room := x.Shape[2+i] + before[i] + after[i] - kernel[i]
		outputs := room/strides[i] + 1
		if number(n, "ceil_mode", 0) != 0 {
			outputs = (room+strides[i]-1)/strides[i] + 1
			if (outputs-1)*strides[i] >= x.Shape[2+i]+before[i] {
				outputs--
			}
		}
		shape = append(shape, outputs)
	}
	out := empty(shape...)
	out.each(func(at int, index []int) {
		best, sum, inside, all := math.Inf(-1), 0.0, 0.0, 0.0
		empty(kernel...).each(func(_ int, k []int) {
			from := []int{index[0], index[1]}
			for i := range axes {
				from = append(from, index[2+i]*strides[i]-before[i]+k[i])
			}
			all++
			if p := x.offset(from...); p >= 0 {
				best, sum, inside = max(best, x.Data[p]), sum+x.Data[p], inside+1
			}
		})
		switch {
		case n.Op == "MaxPool":
			out.Data[at] = best
		case number(n, "count_include_pad", 0) != 0:
			out.Data[at] = sum / all
		default:
			out.Data[at] = sum / inside
		}
	})
	return out
}

// reduce takes the mean or the maximum over axes.
func reduce(x array, axes []int, keep, greatest bool) array {
	gone := map[int]bool{}
	for _, a := range axes {
		gone[(a+len(x.Shape))%len(x.Shape)] = true
	}
	var full, shape []int
	for i, d := range x.Shape {
		switch {
		case !gone[i]:
			full, shape = append(full, d), append(shape, d)
		default:
			full = append(full, 1)
			if keep {
				shape = append(shape, 1)
			}
		}
	}
	out := empty(full...)
	count := float64(len(x.Data)) / float64(len(out.Data))
	if greatest {
		for i := range out.Data {
			out.Data[i] = math.Inf(-1)
		}
	}
	x.each(func(at int, index []int) {
		to := slices.Clone(index)
		for i := range to {
			if gone[i] {
				to[i] = 0
			}
		}
		k := out.offset(to...)
		if greatest {
			out.Data[k] = max(out.Data[k], x.Data[at])
		} else {
			out.Data[k] += x.Data[at] / count
		}
	})
	return array{shape, out.Data}
}

// rearrange computes the operators that only move values or work on shapes.
func (o *oracle) rearrange(n onnxtest.Node, in []array) array {
	x := array{}
	if len(in) > 0 {
		x = in[0]
	}
	switch n.Op {
	case "Flatten":
		return array{[]int{x.Shape[0], len(x.Data) / x.Shape[0]}, x.Data}
	case "Reshape":
		return array{o.reshape(x, in[1]), x.Data}
	case "Squeeze":
		var shape []int
		axes := o.list(n, "axes", 1)
		for i, d := range x.Shape {
			if !slices.Contains(axes, i) && !slices.Contains(axes, i-len(x.Shape)) {
				shape = append(shape, d)
			}
		}
		return array{shape, x.Data}
	case "Unsqueeze":
		shape := slices.Clone(x.Shape)
		for _, a := range o.list(n, "axes", 1) { // in tests they rise
			shape = slices.Insert(shape, a, 1)
		}
		return array{shape, x.Data}
	case "Transpose":
		perm := o.list(n, "perm", 0)
		if perm == nil {
			for i := range x.Shape {
				perm = append(perm, len(x.Shape)-1-i)
			}
		}
		var shape []int
		for _, p := range perm {
			shape = append(shape, x.Shape[p])
		}
		out := empty(shape...)
		out.each(func(at int, index []int) {
			from := make([]int, len(index))
			for i, p := range perm {
				from[p] = index[i]
			}
			out.Data[at] = x.Data[x.offset(from...)]
		})
		return out
	case "Pad":
		pads := o.list(n, "pads", 1)
		shape := slices.Clone(x.Shape)
		for i := range shape {
			shape[i] += pads[i] + pads[len(shape)+i]
		}
		out := empty(shape...)
		out.each(func(at int, index []int) {
			from := slices.Clone(index)
			for i := range from {
				from[i] -= pads[i]
			}
			if p := x.offset(from...); p >= 0 {
				out.Data[at] = x.Data[p]
			}
		})
		return out
	case "Shape":
		out := empty(len(x.Shape))
		for i, d := range x.Shape {
			out.Data[i] = float64(d)
		}
		return out
	case "ConstantOfShape":
		var shape []int
		for _, d := range x.Data {
			shape = append(shape, int(d))
		}
		out := empty(shape...)
		if a, ok := attribute(n, "value"); ok {
			for i := range out.Data {
				out.Data[i] = a.Tensor().Values[0]
			}
		}
		return out
	case "Gather": // along the first axis of a vector
		out := empty(in[1].Shape...)
		for i, k := range in[1].Data {
			out.Data[i] = x.Data[(int(k)+len(x.Data))%len(x.Data)]
		}
		return out
	case "Concat": // of vectors
		var data []float64
		for _, a := range in {
			data = append(data, a.Data...)
		}
		return array{[]int{len(data)}, data}
	case "Slice": // of rows, with one start, end and step
		start, end, step := o.list(n, "starts", 1)[0], o.list(n, "ends", 2)[0], 1
		if list := o.list(n, "steps", 4); list != nil {
			step = list[0]
		}
		return rows(x, start, end, step)
	}
	panic(fmt.Sprintf("the oracle has no operator %s", n.Op))
}

func (o *oracle) reshape(x, to array) []int {
	shape, open, total := make([]int, len(to.Data)), -1, 1
	for i, d := range to.Data {
		switch d {
		case 0:
			shape[i] = x.Shape[i]
		case -1:
			open = i
			continue
		default:
			shape[i] = int(d)
		}
		total *= shape[i]
	}
	if open >= 0 {
		shape[open] = len(x.Data) / total
	}
	return shape
}

// rows is x[start:end:step] of Python along the first axis.
func rows(x array, start, end, step int) array {
	n := x.Shape[0]
	each := len(x.Data) / max(n, 1)
	limit := func(v, low, high int) int {
		if v < 0 {
			v += n
		}
		return min(max(v, low), high)
	}
	var data []float64
	if step > 0 {
		for i := limit(start, 0, n); i < limit(end, 0, n); i += step {
			data = append(data, x.Data[i*each:(i+1)*each]...)
		}
	} else {
		for i := limit(start, -1, n-1); i > limit(end, -1, n-1); i += step {
			data = append(data, x.Data[i*each:(i+1)*each]...)
		}
	}
	return array{append([]int{len(data) / each}, x.Shape[1:]...), data}
}
