package importer

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/onnx"
)

// graph is a model's graph with its names looked up: the nodes that the output
// depends on, each after those that it reads.
type graph struct {
	model     *onnx.Model
	opset     int64
	nodes     []*node
	inputs    []onnx.Value // without the initializers that older exporters list too
	output    string
	constants map[string]*onnx.Tensor
	reads     map[string]bool // names that a node of nodes reads
	unused    []string
}

// node is a node with a name to be called by.
type node struct {
	*onnx.Node
	label string // its name, or what stands for it: Conv_3 is the file's node 3
	index int    // in the file
	opset int64
}

// maxNodes is more than any network has.
const maxNodes = 1 << 20

// link looks names up. Its errors follow "it", which is the graph.
func link(m *onnx.Model) (*graph, error) {
	g := &graph{model: m, opset: m.Opsets[""], constants: map[string]*onnx.Tensor{}, reads: map[string]bool{}}
	if len(m.Graph.Nodes) > maxNodes {
		return nil, fmt.Errorf("has %d nodes, at most %d are read", len(m.Graph.Nodes), maxNodes)
	}
	for _, t := range m.Graph.Initializers {
		if g.constants[t.Name] != nil {
			return nil, fmt.Errorf("has two initializers that are called %q", t.Name)
		}
		g.constants[t.Name] = t
	}
	given := map[string]bool{}
	for _, in := range m.Graph.Inputs {
		if given[in.Name] {
			return nil, fmt.Errorf("has two inputs that are called %q", in.Name)
		}
		given[in.Name] = true
		if g.constants[in.Name] == nil {
			g.inputs = append(g.inputs, in)
		}
	}
	if len(m.Graph.Outputs) == 0 {
		return nil, fmt.Errorf("has no output")
	}
	g.output = m.Graph.Outputs[0].Name

	producers, err := g.producers(given)
	if err != nil {
		return nil, err
	}
	needed, err := g.needed(producers, given)
	if err != nil {
		return nil, err
	}
	return g, g.sort(producers, needed)
}

// producers finds the node that writes each value.
func (g *graph) producers(given map[string]bool) (map[string]*node, error) {
	producers, labels := map[string]*node{}, map[string]bool{}
	for i, n := range g.model.Graph.Nodes {
		w := &node{Node: n, label: n.Name, index: i, opset: g.opset}
		if w.label == "" || labels[w.label] { // names are optional, and not always unique
			w.label = fmt.Sprintf("%s_%d", n.Op, i)
		}
		labels[w.label] = true
		for _, out := range n.Outputs {
			switch {
			case out == "":
				continue
			case producers[out] != nil:
				return nil, fmt.Errorf("has two nodes, %s and %s, that write %q", producers[out].label, w.label, out)
			case given[out] || g.constants[out] != nil:
				return nil, fmt.Errorf("has a node %s that writes %q, which is an input or initializer", w.label, out)
			}
			producers[out] = w
		}
	}
	return producers, nil
}

// needed finds the nodes that the output depends on.
func (g *graph) needed(producers map[string]*node, given map[string]bool) (map[*node]bool, error) {
	if producers[g.output] == nil {
		return nil, fmt.Errorf("has the output %q, which no node writes", g.output)
	}
	needed := map[*node]bool{producers[g.output]: true}
	for queue := []*node{producers[g.output]}; len(queue) > 0; queue = queue[1:] {
		n := queue[0]
		for _, in := range n.Inputs {
			if in == "" {
				continue
			}
			g.reads[in] = true
			p := producers[in]
			switch {
			case p == nil && !given[in] && g.constants[in] == nil:
				return nil, fmt.Errorf("has a node %s (%s) that reads %q, which no node writes and the file does not hold", n.label, n.Op, in)
			case p != nil && !needed[p]:
				needed[p] = true
				queue = append(queue, p)
			}
		}
	}
	for _, t := range g.model.Graph.Initializers {
		if !g.reads[t.Name] {
			g.unused = append(g.unused, t.Name)
		}
	}
	return needed, nil
}

// sort puts the needed nodes into an order in which each follows those that it
// reads, and among those that may come next takes the file's first.
func (g *graph) sort(producers map[string]*node, needed map[*node]bool) error {
	var inFile []*node
	labels := map[int]*node{}
	for n := range needed {
		labels[n.index] = n
	}
	for i, n := range g.model.Graph.Nodes {
		if labels[i] != nil {
			inFile = append(inFile, labels[i])
		} else {
			name := n.Name
			if name == "" {
				name = fmt.Sprintf("%s_%d", n.Op, i)
			}
			g.unused = append(g.unused, name)
		}
	}
	const open, done = 1, 2
	state := make(map[*node]int, len(inFile))
	for _, start := range inFile {
		for stack := []*node{start}; len(stack) > 0; {
			n := stack[len(stack)-1]
			if state[n] == done {
				stack = stack[:len(stack)-1]
				continue
			}
			state[n] = open
			waits := false
			for _, in := range n.Inputs {
				p := producers[in]
				if p == nil || state[p] == done {
					continue
				}
				if state[p] == open {
					return fmt.Errorf("is cyclic: the node %s (%s) reads %q, which depends on its own output", n.label, n.Op, in)
				}
				stack, waits = append(stack, p), true
				break
			}
			if !waits {
				state[n] = done
				g.nodes = append(g.nodes, n)
				stack = stack[:len(stack)-1]
			}
		}
	}
	return nil
}
