// Package eprop learns in recurrent spiking networks by e-prop: each synapse
// carries an eligibility trace forward in time, each neuron gets a learning
// signal from the error of the readout, and the gradient is the sum over time
// of their products (Bellec et al., arXiv:1901.09049; Nature Communications 11:3625,
// 2020).
//
// # The network
//
// With dt = 1 ms, α = exp(-dt/τ_m), ρ = exp(-dt/τ_a), κ = exp(-dt/τ_out), and
// everything zero before step 0, neuron j in step t does
//
//	(1) b_j[t] = ρ b_j[t-1] + c z_j[t-1]
//	(2) A_j[t] = v_th + β_j b_j[t]
//	(3) v_j[t] = α v_j[t-1] + g_v (Σ_i Win_ij x_i[t] + Σ_{i≠j} Wrec_ij z_i[t-1]) - R_j[t] z_j[t-1]
//	(4) u_j[t] = (v_j[t] - A_j[t]) / S_j[t]
//	(5) z_j[t] = 1 if u_j[t] > 0 and j did not spike in steps t-n_ref+1 … t-1, else 0
//	(6) z̄_j[t] = κ z̄_j[t-1] + g z_j[t]
//	(7) y_k[t] = Σ_j Wout_jk z̄_j[t] + bias_k
//
// where a synapse may have a delay of d_ij steps, so that x_i and z_i are those of d_ij
// steps before, and the Form chooses g_v, c, R and S, and g is 1-κ or 1. LIF neurons come
// first and have β = 0. Matrices are [pre][post].
//
// # The rule
//
// A spike is differentiated with respect to the neuron's state (v, b) as
//
//	(8) ψ_j = ∂z/∂v = γ/S max(0, 1-|u|), zero where the neuron is refractory
//	(9) φ_j = -∂z/∂b = β ψ q, with q = 1 where S = v_th, q = v/A where S = A
//
// and the eligibility vector (εv, εa) = ∂(v, b)/∂W, the eligibility trace e and
// its filtered form are, with pre_i[t] = x_i[t] or z_i[t-1],
//
//	(10) εv_i[t]  = α εv_i[t-1] + g_v pre_i[t]
//	(11) εa_ij[t] = ρ εa_ij[t-1] + c e_ij[t-1]      (= c ψ εv + (ρ - c φ) εa, all of step t-1)
//	(12) e_ij[t]  = ψ_j[t] εv_i[t] - φ_j[t] εa_ij[t]
//	(13) ē_ij[t]  = κ ē_ij[t-1] + g e_ij[t]
//
// From the errors δ_k[t] = ∂E/∂y_k[t] and the feedback matrix B (Feedback) come
// the learning signals and the gradients, Σ over trials and steps:
//
//	(14) L_j[t] = Σ_k B_jk δ_k[t]
//	(15) dWin_ij, dWrec_ij = Σ L_j[t] ē_ij[t] + C_j e_ij[t]
//	(16) dWout_jk = Σ z̄_j[t] δ_k[t],  dbias_k = Σ δ_k[t]
//	(17) C_j = 2 c_reg (r_j - f_0)/(B T)
//
// where C is the learning signal of the penalty c_reg Σ_j (r_j - f_0)² on the
// firing rates r_j, means over B trials and T steps. With B = Wout this is
// back-propagation through time with z[t-1] taken for a constant in (3) but not
// in (1). Method names three ways to compute the same sums.
package eprop

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Form chooses the constants of equations (1), (3) and (4) in which the
// publications of the rule differ.
type Form int

const (
	// UnitGain, of the 2020 article: g_v = 1, c = 1, R = S = v_th.
	UnitGain Form = iota
	// Light, of the arXiv version and its tutorials: g_v = 1-α, c = 1-ρ,
	// R = v_th, S = A.
	Light
	// LSNN, of the network that the rule was made for (1803.09574): like Light,
	// but with the reset R = A.
	LSNN
)

// Params are the constants of a network.
type Params struct {
	Inputs    int // n_in, input lines
	LIF, ALIF int // neurons of each kind
	Outputs   int // K, readout neurons

	Form          Form
	TauMembrane   float64   // τ_m, ms
	TauAdaptation []float64 // τ_a, ms: one for all neurons, or one each
	TauReadout    float64   // τ_out, ms
	Threshold     float64   // v_th > 0
	Beta          float64   // β ≥ 0 of the ALIF neurons
	DelaySlots    int       // n_delay ≤ 256: delays are 0 … n_delay-1 steps; 0 and 1 are none
	Refractory    int       // n_ref ≥ 0: the shortest interval between spikes, in steps; 0 and 1 do not restrict it
	Dampening     float64   // γ
	UnitReadout   bool      // the gain g of the readout's filter is 1, not 1-κ
}

// Neurons is n, the size of the recurrent network.
func (p *Params) Neurons() int { return p.LIF + p.ALIF }

// blockedSteps is how many steps after a spike a neuron is silent.
func (p *Params) blockedSteps() int { return max(p.Refractory-1, 0) }

// slots is how many delays there are.
func (p *Params) slots() int { return max(p.DelaySlots, 1) }

// UnitGainOf converts constants of an ALIF neuron of the form Light for the
// form UnitGain with the same weights: v_th/(1-α) and β (1-ρ)/(1-α). The two then
// spike alike; their pseudo-derivatives differ, as S does.
func UnitGainOf(threshold, beta, tauMembrane, tauAdaptation float64) (unitThreshold, unitBeta float64) {
	rise := -math.Expm1(-1 / tauMembrane)
	return threshold / rise, beta * -math.Expm1(-1/tauAdaptation) / rise
}

// constants are those of the equations, in the network's precision.
type constants[F tensor.Float] struct {
	neurons      kernel.Neurons[F] // α, γ; of each neuron ρ, c (as OneMinusRho), β, v_th
	kappa, rise  F                 // κ, g
	gain         F                 // g_v
	weightScale  F                 // g_v/(1-α): the kernel's gain is 1-α, the weights it is given make up for it
	byThreshold  bool              // S is v_th, not A
	resetToBase  bool              // R is v_th, not A
	thresholdRow []F               // v_th in every lane
}

func newConstants[F tensor.Float](p *Params) constants[F] {
	alpha, kappa := math.Exp(-1/p.TauMembrane), math.Exp(-1/p.TauReadout)
	c := constants[F]{
		neurons: kernel.Neurons[F]{Alpha: F(alpha), Dampening: F(p.Dampening), Constants: make([]kernel.Constants[F], p.Neurons())},
		kappa:   F(kappa), rise: F(1 - kappa), gain: F(1 - alpha), weightScale: 1,
		byThreshold: p.Form == UnitGain, resetToBase: p.Form != LSNN,
		thresholdRow: make([]F, p.Neurons()*tensor.Lanes),
	}
	if p.UnitReadout {
		c.rise = 1
	}
	if p.Form == UnitGain {
		c.gain, c.weightScale = 1, F(1/(1-alpha))
	}
	for i := range c.thresholdRow {
		c.thresholdRow[i] = F(p.Threshold)
	}
	for j := range c.neurons.Constants {
		tau := p.TauAdaptation[0]
		if len(p.TauAdaptation) > 1 {
			tau = p.TauAdaptation[j]
		}
		rho := math.Exp(-1 / tau)
		k := kernel.Constants[F]{Rho: F(rho), OneMinusRho: F(1 - rho), Threshold: F(p.Threshold)}
		if p.Form == UnitGain {
			k.OneMinusRho = 1
		}
		if j >= p.LIF {
			k.Beta = F(p.Beta)
		}
		c.neurons.Constants[j] = k
	}
	return c
}
