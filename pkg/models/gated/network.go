// Package gated is feed-forward networks of rectified units whose activity depends on
// a context: a gate for each pair of neuron and context multiplies it (2306.01690).
package gated

import (
	"math"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Norm is what follows the gates of a hidden layer.
type Norm string

const (
	// BatchL2 normalises each neuron over the batch, always with the batch's own
	// statistics and without affine parameters, rectifies, and then scales each
	// sample to a Euclidean norm of 1 over the layer:
	//
	//	u = g ∘ a,  n = (u - mean u)/√(var u + 1e-5),  r = max(n, 0),  h = r / max(‖r‖₂, 1e-12)
	BatchL2 Norm = "batch-l2"
	// Plain only rectifies: h = g ∘ max(a, 0).
	Plain Norm = "none"
)

const (
	// VarianceFloor is added to the variance of a batch.
	VarianceFloor = 1e-5
	// NormFloor is the least norm that a sample's activity is divided by.
	NormFloor = 1e-12
)

// Network is a network of dense layers (2306.01690, section 3 of the method):
//
//	a_l = W_l h_{l-1} + b_l,  h_l = norm(g_l(c) ∘ a_l),  logits = W_out h + b_out
//
// The last layer has neither gates nor norm.
type Network[F tensor.Float] struct {
	Sizes     []int // of the input, the hidden layers and the output
	Contexts  int
	Norm      Norm
	Gate      Gate
	GateSlope float64 // s of sigmoid gates

	W [][]F // [layer][out][in]
	B [][]F // [layer][out]
	V [][]F // [hidden layer][neuron][context]; nil without gates

	Front *Front[F] // before the first layer; nil for none
}

// New makes a network whose parameters are 0.
func New[F tensor.Float](sizes []int, contexts int, norm Norm, gate Gate) *Network[F] {
	n := &Network[F]{Sizes: sizes, Contexts: contexts, Norm: norm, Gate: gate, GateSlope: 1}
	for l, out := range sizes[1:] {
		n.W = append(n.W, make([]F, out*sizes[l]))
		n.B = append(n.B, make([]F, out))
		if l < n.Hidden() && gate != Open {
			n.V = append(n.V, make([]F, out*contexts))
		}
	}
	return n
}

// Hidden counts the hidden layers.
func (n *Network[F]) Hidden() int { return len(n.Sizes) - 2 }

// Layers counts the layers of weights.
func (n *Network[F]) Layers() int { return len(n.Sizes) - 1 }

// BiasLearns reports whether the biases of a layer have a gradient. Those before a
// normalisation over the batch have none: it subtracts them again.
func (n *Network[F]) BiasLearns(layer int) bool {
	return layer == n.Hidden() || n.Norm == Plain
}

// leastOpen is the part of a layer's neurons that must be open in a context at first.
const leastOpen = 0.25

// Initialise draws W and b uniformly from ±1/√fan_in, and V from ±1/√contexts, as
// PyTorch does for linear layers. V of a layer and context is drawn again until a
// quarter of the neurons is open, which matters for small layers only.
func (n *Network[F]) Initialise(seed uint64) {
	for l := range n.W {
		r := rng.Stream(seed, "gated-weights", 0, uint64(l))
		half := 1 / math.Sqrt(float64(n.Sizes[l]))
		for _, x := range [][]F{n.W[l], n.B[l]} {
			for i := range x {
				x[i] = F(half * (2*r.Float64() - 1))
			}
		}
	}
	for l, v := range n.V {
		drawGates(v, n.Sizes[l+1], n.Contexts, func(c int) func() float64 {
			return rng.Stream(seed, "gated-gates", uint64(l), uint64(c)).Float64
		})
	}
	if n.Front != nil {
		n.Front.initialise(seed, n.Contexts)
	}
}

// drawGates draws v, [neuron][context], given uniform numbers for a context.
func drawGates[F tensor.Float](v []F, neurons, contexts int, uniform func(context int) func() float64) {
	if v == nil {
		return
	}
	half := 1 / math.Sqrt(float64(contexts))
	for c := range contexts {
		draw := uniform(c)
		for open := -1.0; open < leastOpen*float64(neurons); {
			open = 0
			for j := range neurons {
				x := F(half * (2*draw() - 1))
				v[j*contexts+c] = x
				if x > 0 {
					open++
				}
			}
		}
	}
}

// Empty is a network of the same shape whose parameters are 0.
func (n *Network[F]) Empty() *Network[F] {
	e := New[F](n.Sizes, n.Contexts, n.Norm, n.Gate)
	e.GateSlope = n.GateSlope
	if f := n.Front; f != nil {
		e.Front = NewFront[F](f.Channels, f.Height, f.Width, f.Filters, n.Contexts, n.Gate)
	}
	return e
}

// Mask gives each context a fixed random part of each hidden layer's neurons, exactly
// closed·n of which are off, rounded: the gates of XdG (1802.01569). The network's
// gates must be Binary.
func (n *Network[F]) Mask(seed uint64, closed float64) {
	for l := range n.V {
		neurons := n.Sizes[l+1]
		off := int(math.Round(closed * float64(neurons)))
		for c := range n.Contexts {
			for i, j := range rng.Stream(seed, "xdg-gates", uint64(l), uint64(c)).Perm(neurons) {
				v := F(1)
				if i < off {
					v = 0
				}
				n.V[l][j*n.Contexts+c] = v
			}
		}
	}
}

// Parameters counts weights, biases and gates.
func (n *Network[F]) Parameters() int {
	total := 0
	for _, all := range [][][]F{n.W, n.B, n.V} {
		for _, x := range all {
			total += len(x)
		}
	}
	if f := n.Front; f != nil {
		for k := range f.W {
			total += len(f.W[k]) + len(f.B[k]) + len(f.V[k])
		}
	}
	return total
}
