// Package lsnn is the recurrent network of leaky integrate-and-fire neurons, a
// part of them with an adaptive threshold (LIF and ALIF), of Bellec et al.,
// "Long short-term memory and learning-to-learn in networks of spiking
// neurons" (1803.09574).
//
// With dt = 1 ms, α = exp(-dt/τ_m), ρ = exp(-dt/τ_a), κ = exp(-dt/τ_out), and
// everything zero before step 0, neuron j in step t does
//
//	(1) b_j[t] = ρ b_j[t-1] + (1-ρ) z_j[t-1]
//	(2) A_j[t] = v_th + β_j b_j[t]
//	(3) I_j[t] = Σ_i Win_ij x_i[t-d_ij] + Σ_{i≠j} Wrec_ij z_i[t-1-d_ij]
//	(4) v_j[t] = α v_j[t-1] + (1-α) I_j[t] - A_j[t] z_j[t-1]
//	(5) u_j[t] = (v_j[t] - A_j[t]) / A_j[t]
//	(6) z_j[t] = 1 if u_j[t] > 0 and j did not spike in steps t-n_ref … t-1, else 0
//	(7) z̄_j[t] = κ z̄_j[t-1] + (1-κ) z_j[t]
//	(8) y_k[t] = Σ_j Wout_jk z̄_j[t] + bout_k
//
// and the backward pass takes ∂z/∂u := γ max(0, 1-|u|), zero where the neuron
// is refractory. LIF neurons come first and have β = 0. Matrices are
// [pre][post].
package lsnn

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Params are the constants of a network.
type Params struct {
	Inputs    int // n_in, input lines
	LIF, ALIF int // neurons of each kind

	TauMembrane   float64   // τ_m, ms
	TauAdaptation []float64 // τ_a, ms: one for all neurons, or one each
	TauReadout    float64   // τ_out, ms
	Threshold     float64   // v_th > 0
	Beta          float64   // β ≥ 0 of the ALIF neurons
	Refractory    int       // n_ref ≥ 0, steps without a spike after a spike
	DelaySlots    int       // n_delay, 1 … 256: delays are 0 … n_delay-1 steps
	ResetAtSpike  bool      // (4) subtracts A[t-1], the threshold that the spike crossed
	Dampening     float64   // γ
	DetachReset   bool      // no gradient through the reset term of (4)
	Noise         float64   // standard deviation of the normal current added to (3) each step

	// KeepPotentials keeps potentials and thresholds of all steps for the way
	// back, which otherwise recomputes them: the same bits, sooner, in memory that
	// grows by 2 n Lanes numbers with each step of each group of trials.
	KeepPotentials bool
}

// Neurons is n, the size of the recurrent network.
func (p *Params) Neurons() int { return p.LIF + p.ALIF }

// neurons converts the constants for the kernels.
func neurons[F tensor.Float](p *Params) kernel.Neurons[F] {
	k := kernel.Neurons[F]{
		Alpha:     F(math.Exp(-1 / p.TauMembrane)),
		Dampening: F(p.Dampening),
		Constants: make([]kernel.Constants[F], p.Neurons()),
	}
	for j := range k.Constants {
		tau := p.TauAdaptation[0]
		if len(p.TauAdaptation) > 1 {
			tau = p.TauAdaptation[j]
		}
		rho := math.Exp(-1 / tau)
		c := kernel.Constants[F]{Rho: F(rho), OneMinusRho: F(1 - rho), Threshold: F(p.Threshold)}
		if j >= p.LIF {
			c.Beta = F(p.Beta)
		}
		k.Constants[j] = c
	}
	return k
}
