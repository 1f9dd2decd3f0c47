// Package multiarea has the recurrent network of stochastic leaky
// integrate-and-fire neurons in several areas, under Dale's law and with delays,
// that is fitted to many recording sessions at once (arXiv:2306.03603, section 2 of
// the method). In step t of a trial
//
//	(1) I = Σ_m s_m Win_nm x_m(t) + Σ_g Σ_m s_m W_g,nm z_m(t-d_g),   s = +1 (excitatory) or -1 (inhibitory)
//	(2) v⁻ = α v⁺(t-1) + (1-α) (I/2 + o + v_rest) + (θ - v_rest) σ √Δt ε,   ε ~ N(0,1)
//	(3) p = S(β (v⁻ - θ)/θ) Δt/2,   S the logistic function, Δt in ms
//	(4) z = 1 if U < p and the neuron is not refractory, else 0;   U uniform in [0,1)
//	(5) v⁺ = v⁻ - (θ - v_rest) z
//
// A neuron is silent for RefractorySteps steps after a spike. o is the offset of the
// trial (offset.go), and a jaw is moved by some of the neurons (jaw.go).
//
// # The way back through a spike
//
// dz/dξ := γ β S(1-S) Δt/2 with ξ = (v⁻-θ)/θ, the derivative of p times a dampening γ;
// it is 0 for a refractory neuron. The gradient goes through the reset too.
//
// # Layout and cost
//
// Weights are [pre][post], so that a spike adds one row to the potentials to come,
// and its weight gradient is one row of ∂L/∂v: the cost of both follows the number
// of spikes.
package multiarea

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Params are the sizes and constants of a network. Excitatory neurons and inputs come
// first, inhibitory ones after them.
type Params struct {
	Neurons, Excitatory      int   // N, N_e
	Inputs, ExcitatoryInputs int   // I, I_e
	Delays                   []int // d_g, steps, of each group of synapses; at least 1
	Area                     []int // of each neuron

	StepMS          float64 // Δt; 2
	Threshold       float64 // θ; 0.1
	Noise           float64 // σ; 0.1
	Steepness       float64 // β; 15
	Dampening       float64 // γ; 0.3
	RefractorySteps int     // 2
	TauMS           []float64
	TrialNoise      int   // dimensions of ξ; 0 for no offset
	Motor           []int // neurons that move the jaw; none for no jaw
	TauJawMS        float64
	JawLinear       bool  // (9) for (8)
	JawTaps         []int // delays after which the jaw moves the neurons, steps; none for an open loop
}

// Weights are the parameters of a network, or the gradient with respect to them.
type Weights[F tensor.Float] struct {
	Input     []F // Win ≥ 0, [I][N]
	Recurrent []F // W ≥ 0, [groups][N pre][N post]
	Rest      []F // v_rest, [N]

	OffsetIn   []F // A1, [dimensions][dimensions], as [out][in]
	OffsetBias []F // c1, [dimensions]
	OffsetOut  []F // A2, [N][dimensions]

	Jaw         []F // w_jaw, one for each motor neuron
	JawBias     []F // b; mean and deviation of a linear jaw; empty without a jaw
	JawFeedback []F // K, [taps][N]
}

// NewWeights returns zeros.
func NewWeights[F tensor.Float](p *Params) Weights[F] {
	d := p.TrialNoise
	w := Weights[F]{
		Input: make([]F, p.Inputs*p.Neurons), Recurrent: make([]F, len(p.Delays)*p.Neurons*p.Neurons), Rest: make([]F, p.Neurons),
		OffsetIn: make([]F, d*d), OffsetBias: make([]F, d), OffsetOut: make([]F, p.Neurons*d), Jaw: make([]F, len(p.Motor)),
	}
	w.JawBias, w.JawFeedback = make([]F, p.jawNumbers()), make([]F, len(p.JawTaps)*p.Neurons)
	return w
}

// Network simulates, and carries gradients back. Its scratch memory is used again
// from batch to batch.
//
// A *row* is one number for each neuron, and for some more that fill up the last block of
// the kernels; these never fire.
type Network[F tensor.Float] struct {
	Params
	Threads           int
	KeepProbabilities bool // in runs that are kept for Backward

	row              int // length of a row
	decay, rise      []F // α and 1-α, row
	drop, scale      []F // θ - v_rest and (θ - v_rest) σ √Δt, row
	sign, signIn     []F
	input, recurrent []F                 // effective weights: sign (1-α)/2 times those of Weights; a row for each [I], [groups][N pre]
	jawFeedback      []F                 // effective weights: (1-α)/2 K, a row for each tap
	packed           []kernel.PackedB[F] // recurrent, turned, of each group
	groups           []blockGradient[F]
	gradOffset       []F // ∂L/∂o, [trials][N]
	scratch          []scratch[F]
}

// New returns a network.
func New[F tensor.Float](p Params, threads int) *Network[F] {
	n := p.Neurons
	row := (n + kernel.NoiseBlock - 1) / kernel.NoiseBlock * kernel.NoiseBlock
	net := &Network[F]{Params: p, Threads: threads, row: row, decay: make([]F, row), rise: make([]F, row), drop: make([]F, row), scale: make([]F, row),
		sign: signs[F](n, p.Excitatory), signIn: signs[F](p.Inputs, p.ExcitatoryInputs),
		input: make([]F, p.Inputs*row), recurrent: make([]F, len(p.Delays)*n*row), packed: make([]kernel.PackedB[F], len(p.Delays)), jawFeedback: make([]F, len(p.JawTaps)*row)}
	for i, tau := range p.TauMS {
		net.decay[i] = F(math.Exp(-p.StepMS / tau))
		net.rise[i] = F(1 - math.Exp(-p.StepMS/tau))
	}
	return net
}

func signs[F tensor.Float](n, excitatory int) []F {
	s := make([]F, n)
	for i := range s {
		s[i] = 1
		if i >= excitatory {
			s[i] = -1
		}
	}
	return s
}

// Row is the length of a row.
func (net *Network[F]) Row() int { return net.row }

// SetWeights computes the effective weights; call it after every change of w.
func (net *Network[F]) SetWeights(w *Weights[F]) {
	n, theta, amplitude := net.Neurons, F(net.Threshold), F(net.amplitude())
	for i, rest := range w.Rest {
		net.drop[i] = theta - rest
		net.scale[i] = (theta - rest) * amplitude
	}
	effective := func(to, from, sign []F) {
		for pre := range len(from) / n {
			s := sign[pre%len(sign)] / 2
			row := to[pre*net.row : pre*net.row+n]
			for j, x := range from[pre*n : (pre+1)*n] {
				row[j] = s * net.rise[j] * x
			}
		}
	}
	effective(net.input, w.Input, net.signIn)
	effective(net.recurrent, w.Recurrent, net.sign)
	effective(net.jawFeedback, w.JawFeedback, []F{1})
	for g := range net.packed {
		net.packed[g].Pack(true, n, n, net.recurrent[g*n*net.row:(g+1)*n*net.row], net.row)
	}
}

// backToWeights adds to grad, with respect to weights, what from, [pre][row] with respect
// to effective weights, says of them.
func (net *Network[F]) backToWeights(grad, from, sign []F) {
	n := net.Neurons
	for pre := range len(grad) / n {
		s := sign[pre%len(sign)] / 2
		to := grad[pre*n : (pre+1)*n]
		for j, x := range from[pre*net.row : pre*net.row+n] {
			to[j] += s * net.rise[j] * x
		}
	}
}

// jawNumbers is the length of JawBias.
func (p *Params) jawNumbers() int {
	switch {
	case len(p.Motor) == 0:
		return 0
	case p.JawLinear:
		return 2
	}
	return 1
}

// maxDelay is the longest delay.
func (p *Params) maxDelay() int {
	longest := 0
	for _, d := range p.Delays {
		longest = max(longest, d)
	}
	return longest
}

// minDelay is the shortest, of synapses and of the jaw's feedback.
func (p *Params) minDelay() int {
	shortest := p.maxDelay()
	for _, d := range p.Delays {
		shortest = min(shortest, d)
	}
	for _, tap := range p.JawTaps {
		shortest = min(shortest, tap)
	}
	return max(1, shortest)
}

// amplitude is σ √Δt.
func (p *Params) amplitude() float64 { return p.Noise * math.Sqrt(p.StepMS) }
