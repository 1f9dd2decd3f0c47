package relu

import (
	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Pass takes a batch through a network's layers, on a tape.
type Pass[F tensor.Float] struct {
	Tape    *autodiff.Tape[F]
	Threads int

	// Training normalises by the statistics of the batch, which the running
	// averages then follow, and drops values; Seed and Step name the masks.
	Training bool
	Seed     uint64
	Step     int

	// Gradients of parameters; those that are not in it get none.
	Gradients Gradients[F]

	// Observe, if not nil, is shown what layer i makes of the batch; in inference it
	// may not keep y.
	Observe func(i int, y *autodiff.Var[F])
}

// Gradients have the gradient of each parameter that learns.
type Gradients[F tensor.Float] map[*tensor.Dense[F]]*autodiff.Var[F]

// NewGradients are zeros for all parameters of a network.
func NewGradients[F tensor.Float](n *Network[F]) Gradients[F] {
	g := Gradients[F]{}
	for _, layer := range n.Layers {
		for _, p := range layer.Parameters() {
			g[p.Values] = autodiff.NewVar(p.Values)
		}
	}
	return g
}

// Clear makes all gradients zero.
func (g Gradients[F]) Clear() {
	for _, v := range g {
		clear(v.Grad.Data)
	}
}

// variable is a parameter as the tape's operations take it.
func (p *Pass[F]) variable(values *tensor.Dense[F]) *autodiff.Var[F] {
	if v, ok := p.Gradients[values]; ok {
		return v
	}
	return autodiff.Constant(values)
}

// Forward returns the logits [trials][classes] of x [trials][channels][height][width].
// The tape's Inference mode needs the memory of two layers only.
func (n *Network[F]) Forward(p *Pass[F], x *autodiff.Var[F]) *autodiff.Var[F] {
	trials := x.Value.Shape[0]
	owner := x // of the memory that x lies in
	for i := 0; i < len(n.Layers); i++ {
		y, taken := n.apply(p, i, x)
		i += taken - 1
		if &y.Value.Data[0] != &owner.Value.Data[0] {
			p.Tape.Release(owner)
			owner = y
		}
		x = y
		if p.Observe != nil {
			p.Observe(i, x)
		}
	}
	return autodiff.Reshape(x, trials, len(x.Value.Data)/trials)
}

// apply takes x through layer i, and through the one after it where both are one
// operation; taken is how many.
func (n *Network[F]) apply(p *Pass[F], i int, x *autodiff.Var[F]) (y *autodiff.Var[F], taken int) {
	layer := n.Layers[i]
	if conv, ok := layer.Layer.(*Conv[F]); ok && (p.Training || p.Observe == nil) && i+1 < len(n.Layers) {
		if next, ok := n.Layers[i+1].Layer.(*ReLU[F]); ok && next.Ceiling == 0 {
			return conv.forwardReLU(p, x), 2
		}
	}
	if norm, ok := layer.Layer.(*BatchNorm[F]); ok && p.Training && i+1 < len(n.Layers) {
		if next, ok := n.Layers[i+1].Layer.(*ReLU[F]); ok && next.Ceiling == 0 {
			return norm.forwardReLU(p, x), 2
		}
	}
	return layer.Forward(p, layer.Name, x), 1
}

// Evaluator runs a network without learning. It keeps its memory from batch to
// batch, and serves one goroutine.
type Evaluator[F tensor.Float] struct {
	Network *Network[F]
	Threads int
	Observe func(i int, y *autodiff.Var[F]) // as in Pass

	tape autodiff.Tape[F]
}

// Logits [trials][classes] of values [trials][channels][height][width]; they are
// the evaluator's memory until the next call.
func (e *Evaluator[F]) Logits(values []F, trials int) []F {
	e.tape.Inference = true
	e.tape.Reset()
	in := e.Network.Input
	x := &tensor.Dense[F]{Shape: []int{trials, in.Channels, in.Height, in.Width}, Data: values}
	p := Pass[F]{Tape: &e.tape, Threads: e.Threads, Observe: e.Observe}
	return e.Network.Forward(&p, autodiff.Constant(x)).Value.Data
}
