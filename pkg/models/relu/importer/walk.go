package importer

import (
	"errors"
	"fmt"

	"github.com/snnctl/snnctl/internal/onnx"
)

// walk goes through a graph once, in order, and turns nodes into layers.
type walk struct {
	chain
	graph   *graph
	path    string
	values  map[string]value
	current *activation // the end of the chain
	report  *Report
	refused []Refusal
	budget  int64 // elements of constants that may still be made
}

// value is what a name stands for: one of the three.
type value struct {
	tensor     *onnx.Tensor // of the file; decoded when it is read
	constant   *constant
	activation *activation
}

// activation is an array that depends on the input.
type activation struct {
	writer string // the label of the node that computes it, "" for the input
	reader string // of the node that took it as the chain's end

	// detached is not on the chain: a second input, or behind a branch. Nodes
	// that read it are only looked at, not imported; the branch was refused.
	detached bool

	// known is false where a refused node hides the shape.
	known bool
	dims  []int // of one sample, without the batch axis, which is always the first

	// order gives for each of its elements the place in the output of the chain
	// so far; nil if they are in that order. Before the first layer it is the place
	// in the file's input.
	order []int
}

// refuse notes what cannot be imported.
func (w *walk) refuse(n *node, format string, args ...any) {
	w.refused = append(w.refused, Refusal{n.label, n.operator(), fmt.Sprintf(format, args...)})
}

func (n *node) operator() string {
	if n.Domain == "" {
		return n.Op
	}
	return n.Domain + "::" + n.Op
}

// did notes what became of a node that is no layer.
func (w *walk) did(n *node, format string, args ...any) {
	w.report.Steps = append(w.report.Steps, Step{n.label, n.Op, fmt.Sprintf(format, args...)})
}

// readInputs starts the chain at the graph's input.
func (w *walk) readInputs() {
	for name, t := range w.graph.constants {
		w.values[name] = value{tensor: t}
	}
	if len(w.graph.model.Graph.Outputs) > 1 {
		w.refused = append(w.refused, Refusal{Node: fmt.Sprintf("output %q", w.graph.model.Graph.Outputs[1].Name),
			Reason: fmt.Sprintf("the graph has %d outputs, expected one", len(w.graph.model.Graph.Outputs))})
	}
	if w.graph.model.Graph.Sparse > 0 {
		w.refused = append(w.refused, Refusal{Node: "sparse_initializer", Reason: "sparse weights are not read"})
	}
	if len(w.graph.inputs) == 0 {
		w.refused = append(w.refused, Refusal{Node: "graph", Reason: "it has no input"})
	}
	for i, in := range w.graph.inputs {
		a := &activation{detached: i > 0}
		if i == 0 {
			w.current = a
		} else {
			w.refused = append(w.refused, Refusal{Node: fmt.Sprintf("input %q", in.Name), Reason: fmt.Sprintf("the graph has %d inputs, expected one", len(w.graph.inputs))})
		}
		w.values[in.Name] = value{activation: a}
		if i > 0 {
			continue
		}
		var err error
		if w.batch, a.dims, err = sample(in); err != nil {
			w.refused = append(w.refused, Refusal{Node: fmt.Sprintf("input %q", in.Name), Reason: err.Error()})
			continue
		}
		a.known = true
		w.fileInput, w.report.Input = a.dims, a.dims
	}
}

// sample is the shape of a graph's input without its first axis, the batch, which
// counts as 1 where the file leaves it open.
func sample(in onnx.Value) (batch int, dims []int, err error) {
	if !in.Shaped {
		return 0, nil, errors.New("its shape is not in the file")
	}
	if !in.Type.IsReal() {
		return 0, nil, fmt.Errorf("it has values of type %s, expected real numbers", in.Type)
	}
	if len(in.Dims) < 2 || len(in.Dims) > 4 {
		return 0, nil, fmt.Errorf("it has %d dimensions, expected a batch of vectors (2), of rows of channels (3) or of images (4)", len(in.Dims))
	}
	batch = 1
	for i, d := range in.Dims {
		switch {
		case i == 0:
			batch = max(1, int(min(d.Size, maxValues)))
		case d.Size < 1:
			name := d.Symbol
			if name == "" {
				name = "open"
			}
			return 0, nil, fmt.Errorf("its dimension %d is %s, expected a fixed number: only the batch, which is the first, may change", i, name)
		case d.Size > maxValues:
			return 0, nil, fmt.Errorf("its dimension %d is %d, at most %d is supported", i, d.Size, maxValues)
		default:
			dims = append(dims, int(d.Size))
		}
	}
	if size(dims, maxValues) < 0 {
		return 0, nil, fmt.Errorf("a sample of shape %v has more than %d values", dims, maxValues)
	}
	return batch, dims, nil
}

// maxValues bounds the values of one sample between two layers.
const maxValues = 1 << 28

// maxRearranged bounds those whose order import computes one by one.
const maxRearranged = 1 << 24

// visit imports one node.
func (w *walk) visit(n *node) {
	var chain, others []*activation
	for _, in := range n.Inputs {
		if a := w.values[in].activation; in != "" && a != nil {
			if a == w.current {
				chain = append(chain, a)
			} else {
				others = append(others, a)
			}
		}
	}
	switch {
	case n.Domain != "":
		w.refuse(n, "it is not an operator of ONNX itself")
		w.continueAfter(n, w.readChain(n, chain), false)
	case len(chain)+len(others) == 0:
		w.foldNode(n)
	case n.Op == "Shape" && len(n.Inputs) == 1:
		w.foldShapeOfActivation(n)
	case len(chain)+len(others) > 1:
		w.refuse(n, "%s", joins[n.Op].or("it reads two activations, expected one and constants: the network must be one chain"))
		w.continueAfter(n, w.readChain(n, chain), elementwise[n.Op])
	case len(chain) == 1:
		w.layer(n, w.readChain(n, chain))
	default:
		if a := others[0]; !a.detached {
			w.refuse(n, "it reads the output of %s, which %s reads too: the network must be one chain without branches", orInput(a.writer), a.reader)
		}
		w.layer(n, &activation{detached: true})
	}
}

// why is a reason, or nothing.
type why string

func (r why) or(otherwise string) string {
	if r == "" {
		return otherwise
	}
	return string(r)
}

// joins says why an operator cannot have two activations.
var joins = map[string]why{
	"Add":    "it adds two activations (a residual connection)",
	"Sum":    "it adds two activations (a residual connection)",
	"Sub":    "it subtracts one activation from another",
	"Mul":    "it multiplies two activations",
	"Div":    "it divides one activation by another",
	"MatMul": "it multiplies two activations, expected constant weights",
	"Gemm":   "it multiplies two activations, expected constant weights",
	"Concat": "it joins several branches",
}

// elementwise are those of joins that keep the shape.
var elementwise = map[string]bool{"Add": true, "Sum": true, "Sub": true, "Mul": true, "Div": true}

func orInput(writer string) string {
	if writer == "" {
		return "the input"
	}
	return writer
}

// readChain marks the end of the chain as read, so that no other node can.
func (w *walk) readChain(n *node, chain []*activation) *activation {
	if len(chain) == 0 {
		return &activation{detached: true}
	}
	chain[0].reader = n.label
	return chain[0]
}

// layer imports a node that reads one activation.
func (w *walk) layer(n *node, x *activation) {
	op, ok := operators[n.Op]
	if !ok {
		if reason, known := unsupported[n.Op]; known {
			w.refuse(n, "%s", reason)
		} else {
			w.refuse(n, "the operator is not supported")
		}
		w.continueAfter(n, x, keepsShape(n.Op))
		return
	}
	if w.output != "" && !x.detached && !passive[n.Op] {
		w.refuse(n, "it comes after %s, which is only supported as the last layer", w.output)
		w.continueAfter(n, x, false)
		return
	}
	for i, out := range n.Outputs {
		if i > 0 && out != "" && w.graph.reads[out] {
			w.refuse(n, "its output %d (%q) is used, only the first is supported", i+1, out)
			w.continueAfter(n, x, keepsShape(n.Op))
			return
		}
	}
	y, err := op(w, n, x)
	if err != nil {
		if !errors.Is(err, errUnknown) {
			w.refuse(n, "%v", err)
		}
		w.continueAfter(n, x, keepsShape(n.Op))
		return
	}
	w.writes(n, x, y)
}

// passive operators change no values, and may come after a Softmax.
var passive = map[string]bool{"Identity": true, "Cast": true, "Dropout": true, "Flatten": true, "Reshape": true, "Squeeze": true}

// continueAfter goes on behind a node that was refused, so that the next ones can
// be refused too. If the node keeps the shape, it is as if a ReLU were there.
func (w *walk) continueAfter(n *node, x *activation, sameShape bool) {
	if !x.detached {
		w.sums, w.rectified, w.nonNegative, w.padding = "", nil, true, nil
	}
	y := &activation{}
	if sameShape {
		y = x.same()
	}
	w.writes(n, x, y)
}

// writes gives the node's first output its value.
func (w *walk) writes(n *node, x, y *activation) {
	y.detached = x.detached
	y.writer = n.label
	if !x.detached {
		w.current = y
	}
	for i, out := range n.Outputs {
		if out == "" {
			continue
		}
		if i == 0 {
			w.values[out] = value{activation: y}
		} else {
			w.values[out] = value{activation: &activation{detached: true}}
		}
	}
}

// constant is the value of input i of a node, or nil if it was left out.
func (w *walk) constant(n *node, i int) (*constant, error) {
	name := n.input(i)
	if name == "" {
		return nil, nil
	}
	v := w.values[name]
	switch {
	case v.constant != nil:
		if v.constant.unknown {
			return nil, errUnknown
		}
		return v.constant, nil
	case v.tensor != nil:
		if err := w.pay(v.tensor.Elements()); err != nil {
			return nil, err
		}
		c, err := fromTensor(v.tensor)
		if err != nil {
			return nil, fmt.Errorf("the array %q %w", name, err)
		}
		return c, nil
	}
	return nil, fmt.Errorf("its input %d (%q) is computed from the data, expected a constant", i, name)
}

// errUnknown is that a node depends on one that has been refused already.
var errUnknown = errors.New("depends on what was refused")

// pay takes elements from the budget, which bounds memory by the size of the file.
func (w *walk) pay(elements int) error {
	if w.budget -= int64(elements); w.budget < 0 {
		return errors.New("its constants are used so often that they would need far more memory than the file holds")
	}
	return nil
}

// weights are the real and finite values of input i, with their shape.
func (w *walk) weights(n *node, i int) (*constant, error) {
	c, err := w.constant(n, i)
	if c == nil || err != nil {
		return nil, err
	}
	if !c.real {
		return nil, fmt.Errorf("the array %q has whole numbers, expected real ones", n.input(i))
	}
	if err := finite(c.reals); err != nil {
		return nil, fmt.Errorf("the array %q %w", n.input(i), err)
	}
	return c, nil
}

// finish checks the end of the chain once all nodes are imported.
func (w *walk) finish() {
	if len(w.refused) > 0 {
		return
	}
	refuse := func(format string, args ...any) {
		w.refused = append(w.refused, Refusal{Node: fmt.Sprintf("output %q", w.graph.output), Reason: fmt.Sprintf(format, args...)})
	}
	end := w.values[w.graph.output].activation
	switch {
	case end == nil || end != w.current || !end.known:
		refuse("it does not depend on the input")
	case w.padding != nil:
		refuse("%v", w.padding.misplaced())
	case w.last() == nil:
		refuse("the network has no layers")
	case w.sums == "":
		refuse("the last layer is %s (%s), expected a dense layer or a convolution, whose sums are the logits", w.network.Layers[len(w.network.Layers)-1].Name, w.last().Kind())
	case w.pooled != "":
		refuse("the last layer is the max pool %s, expected a dense layer or a convolution, whose sums are the logits", w.pooled)
	case end.order != nil:
		refuse("it has the values of an image of %v in another order", w.shape)
	}
}
