package eprop

import (
	"math/bits"

	"github.com/snnctl/snnctl/internal/tensor"
)

// Gradients are those of the weights, in float64 whatever the network's
// precision, as sums over thousands of steps ask for.
//
// That of an adaptive feedback matrix is Out.
type Gradients struct {
	In   []float64 // [n_in][n]
	Rec  []float64 // [n][n], zero on the diagonal
	Out  []float64 // [n][K]
	Bias []float64 // [K]
}

// grow makes g fit the network; new memory is zero.
func (net *Network[F]) grow(g *Gradients) {
	n, k := net.Neurons(), net.Outputs
	if len(g.In) != net.Inputs*n || len(g.Rec) != n*n || len(g.Out) != n*k || len(g.Bias) != k {
		*g = Gradients{In: make([]float64, net.Inputs*n), Rec: make([]float64, n*n), Out: make([]float64, n*k), Bias: make([]float64, k)}
	}
}

func (g *Gradients) clear() {
	clear(g.In)
	clear(g.Rec)
	clear(g.Out)
	clear(g.Bias)
}

// add adds h to g.
func (g *Gradients) add(h *Gradients) {
	for _, m := range [...]struct{ to, from []float64 }{{g.In, h.In}, {g.Rec, h.Rec}, {g.Out, h.Out}, {g.Bias, h.Bias}} {
		for i, x := range m.from {
			m.to[i] += x
		}
	}
}

// Penalty is the term Strength Σ_j (r_j - Target)² of the loss, r_j being the
// mean spikes per step of neuron j. The zero Penalty is none.
type Penalty struct {
	Strength float64 // c_reg ≥ 0
	Target   float64 // f_0, spikes per step
}

// Loss is the value of the penalty.
func (p Penalty) Loss(rates []float64) float64 {
	var sum float64
	for _, r := range rates {
		sum += (r - p.Target) * (r - p.Target)
	}
	return p.Strength * sum
}

// penaltySignal is equation (17) with samples = B T.
func penaltySignal[F tensor.Float](p Penalty, rates []float64, samples int) []F {
	c := make([]F, 0, len(rates))
	for _, rate := range rates {
		c = append(c, F(2*p.Strength*(rate-p.Target)/float64(samples)))
	}
	return c
}

// count adds the spikes of a step to each neuron's count.
func count(counts []int64, words []uint16) {
	for j, w := range words {
		counts[j] += int64(bits.OnesCount16(w))
	}
}
