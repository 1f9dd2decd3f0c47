package gated

import (
	"slices"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Part is the network as it is in one context: the neurons that are open there, and the
// weights between them. A closed neuron is 0 whatever its weights are, and neither they nor
// those that lead away from it have a gradient, so a part computes and learns what the
// whole network would, with a quarter of the weights where half of the neurons are open.
//
// A part of all neurons shares the network's memory; another has copies, which Store
// writes back.
type Part[F tensor.Float] struct {
	Network *Network[F]
	Context int
	Sizes   []int

	W, B [][]F // as in Network, of the neurons of the part
	V    [][]F // [hidden layer][neuron], of the context; nil without gates

	open  [][]int32 // [hidden layer] the neurons of the part, ascending
	whole bool
}

// Whole is the part that has all neurons.
func (n *Network[F]) Whole(context int) *Part[F] {
	p := &Part[F]{Network: n, Context: context, whole: true, Sizes: n.Sizes, W: n.W, B: n.B}
	for l := range n.Hidden() {
		all := make([]int32, n.Sizes[l+1])
		for j := range all {
			all[j] = int32(j)
		}
		p.open = append(p.open, all)
	}
	p.loadGates()
	return p
}

// Open is the part that is open in a context.
func (n *Network[F]) Open(context int) *Part[F] {
	var open [][]int32
	for l := range n.Hidden() {
		var neurons []int32
		for j := range n.Sizes[l+1] {
			if !n.Gate.closes() || n.V[l][j*n.Contexts+context] > 0 {
				neurons = append(neurons, int32(j))
			}
		}
		open = append(open, neurons)
	}
	return n.Of(context, open)
}

// Of is the part that has these neurons of each hidden layer, ascending. All others must
// be closed in the context.
func (n *Network[F]) Of(context int, open [][]int32) *Part[F] {
	p := &Part[F]{Network: n, Context: context, open: open, Sizes: slices.Clone(n.Sizes)}
	p.whole = true
	for l, neurons := range open {
		p.Sizes[l+1] = len(neurons)
		p.whole = p.whole && len(neurons) == n.Sizes[l+1]
	}
	if p.whole {
		p.W, p.B = n.W, n.B
	} else {
		for l := range n.W {
			p.W = append(p.W, make([]F, p.Sizes[l+1]*p.Sizes[l]))
			p.B = append(p.B, make([]F, p.Sizes[l+1]))
		}
	}
	p.Load(1)
	return p
}

// Neurons lists the neurons of the part in a hidden layer, ascending. The list is the
// part's own.
func (p *Part[F]) Neurons(layer int) []int32 { return p.open[layer] }

// Load reads the parameters of the part from the network.
func (p *Part[F]) Load(threads int) {
	if !p.whole {
		p.Gather(threads, p.W, p.Network.W)
		for l := range p.B {
			p.GatherBias(l, p.B[l], p.Network.B[l])
		}
	}
	p.loadGates()
}

func (p *Part[F]) loadGates() {
	n := p.Network
	if p.V == nil && n.V != nil {
		for _, neurons := range p.open {
			p.V = append(p.V, make([]F, len(neurons)))
		}
	}
	for l := range p.V {
		for i, j := range p.open[l] {
			p.V[l][i] = n.V[l][int(j)*n.Contexts+p.Context]
		}
	}
}

// Store writes the parameters of the part to the network.
func (p *Part[F]) Store(threads int) {
	n := p.Network
	if !p.whole {
		p.Scatter(threads, n.W, p.W)
		for l := range p.B {
			p.ScatterBias(l, n.B[l], p.B[l])
		}
	}
	for l := range p.V {
		for i, j := range p.open[l] {
			n.V[l][int(j)*n.Contexts+p.Context] = p.V[l][i]
		}
	}
}

// eachRow visits the rows of arrays of the part's shape with those of arrays of the whole
// network's, and which entries of the latter are the part's; nil where all are.
func (p *Part[F]) eachRow(threads int, part, whole [][]F, visit func(part, whole []F, entries []int32)) {
	for l := range part {
		rows, in, all := p.out(l), p.Sizes[l], p.Network.Sizes[l]
		entries := p.in(l)
		parallel.For(threads, p.Sizes[l+1], func(_, i int) {
			j := i
			if rows != nil {
				j = int(rows[i])
			}
			visit(part[l][i*in:(i+1)*in], whole[l][j*all:(j+1)*all], entries)
		})
	}
}

// Gather copies arrays of the shape of the whole network's weights to such of the part's.
func (p *Part[F]) Gather(threads int, part, whole [][]F) {
	p.eachRow(threads, part, whole, func(part, whole []F, entries []int32) { gather(part, whole, entries) })
}

// Scatter is the way back; other entries stay as they are.
func (p *Part[F]) Scatter(threads int, whole, part [][]F) {
	p.eachRow(threads, part, whole, func(part, whole []F, entries []int32) { scatter(whole, part, entries) })
}

// GatherBias copies an array of the shape of a layer's bias to one of the part's.
func (p *Part[F]) GatherBias(layer int, part, whole []F) { gather(part, whole, p.out(layer)) }

// ScatterBias is the way back.
func (p *Part[F]) ScatterBias(layer int, whole, part []F) { scatter(whole, part, p.out(layer)) }

// out lists the part's neurons of the layer that weights lead to, in those that they come
// from; nil where all are.
func (p *Part[F]) out(layer int) []int32 {
	if layer == p.Network.Hidden() {
		return nil
	}
	return p.open[layer]
}

func (p *Part[F]) in(layer int) []int32 {
	if layer == 0 {
		return nil
	}
	return p.open[layer-1]
}

func gather[F tensor.Float](part, whole []F, from []int32) {
	if from == nil {
		copy(part, whole)
		return
	}
	for i, j := range from {
		part[i] = whole[j]
	}
}

func scatter[F tensor.Float](whole, part []F, to []int32) {
	if to == nil {
		copy(whole, part)
		return
	}
	for i, j := range to {
		whole[j] = part[i]
	}
}
