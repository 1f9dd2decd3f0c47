package gated

import (
	"math"
)

// Gate is how a gate parameter v opens a neuron in a context.
type Gate string

const (
	// ReTanh2 is φ(v) = tanh²(max(v, 0)), in [0, 1) (2306.01690, section 2 of the method).
	ReTanh2 Gate = "retanh2"
	// Sigmoid is φ(v) = σ(s v) with the slope s of the network, in (0, 1): HAT (1801.01423).
	Sigmoid Gate = "sigmoid"
	// Binary is φ(v) = 1 for v > 0, else 0, and does not learn: XdG (1802.01569).
	Binary Gate = "binary"
	// Open is φ = 1: no gates.
	Open Gate = "none"
)

// value is φ(v).
func (g Gate) value(v, slope float64) float64 {
	switch g {
	case ReTanh2:
		t := math.Tanh(max(v, 0))
		return t * t
	case Sigmoid:
		return 1 / (1 + math.Exp(-slope*v))
	case Binary:
		if v > 0 {
			return 1
		}
		return 0
	}
	return 1
}

// derivative is φ'(v).
func (g Gate) derivative(v, slope float64) float64 {
	switch g {
	case ReTanh2:
		t := math.Tanh(max(v, 0))
		return 2 * t * (1 - t*t)
	case Sigmoid:
		y := g.value(v, slope)
		return slope * y * (1 - y)
	}
	return 0
}

// Learns reports whether gate parameters have a gradient.
func (g Gate) Learns() bool { return g == ReTanh2 || g == Sigmoid }

// closes reports whether a neuron can be off for good in a context: then its rows and
// columns of weights have no part in what is computed or learned there.
func (g Gate) closes() bool { return g == ReTanh2 || g == Binary }

// Gates are the gates g_l = φ(V_l[:, c]) of a hidden layer in context c.
func (n *Network[F]) Gates(layer, context int) []float64 {
	g := make([]float64, n.Sizes[layer+1])
	for j := range g {
		g[j] = n.Gate.value(n.parameter(layer, j, context), n.GateSlope)
	}
	return g
}

// parameter is V_l[j, c], 1 where there is none.
func (n *Network[F]) parameter(layer, j, context int) float64 {
	if n.Gate == Open {
		return 1
	}
	return float64(n.V[layer][j*n.Contexts+context])
}

// Overlap is, for each hidden layer, the mean over pairs of the first so many contexts of the
// neurons that are open in both over those that are open in one: how alike their parts are.
func (n *Network[F]) Overlap(contexts int) []float64 {
	if !n.Gate.closes() || contexts < 2 {
		return nil
	}
	overlaps := make([]float64, n.Hidden())
	for l, v := range n.V {
		pairs := float64(contexts*(contexts-1)) / 2
		for a := range contexts {
			for b := range a {
				both, either := 0, 0
				for j := range n.Sizes[l+1] {
					x, y := v[j*n.Contexts+a] > 0, v[j*n.Contexts+b] > 0
					if x && y {
						both++
					}
					if x || y {
						either++
					}
				}
				overlaps[l] += float64(both) / float64(max(1, either)) / pairs
			}
		}
	}
	return overlaps
}
