// Package oneshot is e-prop 2, learning to learn from a single trial: a spiking
// network, the error module, watches the network that acts and gives each of its
// neurons a learning signal. With them and its eligibility traces the network
// changes its weights once, after one trial; what is trained, over many tasks, is
// the error module and where the network starts (Bellec et al.,
// arXiv:1901.09049; section 5 of the method).
//
// # The networks
//
// Both are LIF networks, which differ in size and input. With dt = 1 ms,
// α = exp(-dt/τ_m), κ = exp(-dt/τ_out), everything zero before step 0:
//
//	(1) v_j[t] = α v_j[t-1] + Σ_i Win_ij x_i[t] + Σ_{i≠j} Wrec_ij z_i[t-1] - v_th z_j[t-1]
//	(2) z_j[t] = 1 if v_j[t] > v_th and j did not spike in steps t-n_ref+1 … t-1, else 0
//
// The network that acts, the main one, sees a clock. Its motor commands move an arm
// (armtrajectory.Move):
//
//	(3) ω_k[t] = Σ_j Wout_jk z̄_j[t],  z̄_j[t] = κ z̄_j[t-1] + z_j[t]
//
// The error module sees, in this order, a population code of the target, the main
// network's spikes of the same step, and the clock. With its filtered spikes ē it
// gives the learning signals
//
//	(4) L_j[t] = Σ_i P_ij ē_i[t],  ē_i[t] = κ ē_i[t-1] + z^e_i[t]
//
// # One task
//
// In trial 1 both networks run. Then the main one learns, with the filtered input
// x̂ = α x̂ + x of its synapses:
//
//	(5) G_j[t] = L_j[t] ψ̂_j[t],  ψ̂_j = γ max(0, 1-|u_j|),  u_j = (v_j - v_th)/v_th
//	(6) ΔWin_ij = -η Σ_t x̂_i[t] G_j[t],  ΔWrec_ij = -η Σ_t ẑ_i[t-1] G_j[t], i ≠ j
//
// Trial 2 starts from the same zero state with W + ΔW, for the same target, and
// shows what was learnt. Moving the filter to the other factor,
// G̃[t] = G[t] + α G̃[t+1], makes (6) a sum over spikes.
//
// # Learning to learn
//
// The loss is that of trial 2, with means over tasks, steps and both components,
// and a penalty on firing rates, means over tasks, steps and both trials:
//
//	(7) E = ½ (mean (tip - tip*)² + c_ω mean (ω - ω*)²) + c_r [Σ_j (r_j - f)² + Σ_i (r^e_i - f^e)²]
//
// Its gradient goes back through trial 2, through the update (6) with ψ̂ in it,
// through the error module and through trial 1. A spike is differentiated as
//
//	(8) ∂z/∂v = ψ = γ/v_th max(0, 1-|u|), zero where the neuron is refractory
//
// Let D be the gradient with respect to the weights of trial 2. Then
//
//	(9)  ∂E/∂G_j[t] = H_j[t] = -η (Σ_i x̂_i[t] Din_ij + Σ_{i≠j} ẑ_i[t-1] Drec_ij)
//	(10) ∂E/∂z_i[t] gets -η Σ_{j≠i} Drec_ij G̃_j[t+1]                       of trial 1
//	(11) ∂E/∂v_j[t] gets H_j L_j ∂ψ̂_j/∂v_j, ∂ψ̂/∂v = -γ sign(u)/v_th where |u| < 1
//	(12) ∂E/∂L_j[t] = H_j ψ̂_j
//
// and D is added to the gradient of the weights that both trials start from.
package oneshot

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Params are the constants of both networks and of the loss.
type Params struct {
	ClockLines   int // n_in of the main network
	CodeLines    int // of the population code, which the error module sees
	Neurons      int // n, of the main network
	ErrorNeurons int // m, of the error module

	TauMembrane float64 // τ_m, ms
	TauReadout  float64 // τ_out, ms: of the motor commands and of the learning signals
	Threshold   float64 // v_th > 0
	Refractory  int     // n_ref ≥ 0: the shortest interval between spikes, in steps; 0 and 1 do not restrict it
	Dampening   float64 // γ

	InnerRate       float64 // η of the update (6)
	MotorWeight     float64 // c_ω
	RateStrength    float64 // c_r
	TargetRate      float64 // f, spikes per step
	ErrorTargetRate float64 // f^e, spikes per step
}

// ErrorInputs is the number of input lines of the error module.
func (p *Params) ErrorInputs() int { return p.CodeLines + p.Neurons + p.ClockLines }

// motors is the number of motor commands, two joints.
const motors = 2

// Weights are what is trained. Matrices are [pre][post]; the diagonals of the
// recurrent ones are ignored, there are no autapses.
type Weights[F tensor.Float] struct {
	In  []F // Win, [ClockLines][n]
	Rec []F // Wrec, [n][n]
	Out []F // Wout, [n][2]

	ErrorIn    []F // Win of the error module, [ErrorInputs][m]
	ErrorRec   []F // Wrec of the error module, [m][m]
	Projection []F // P, [m][n]
}

// NewWeights makes weights of zero.
func NewWeights[F tensor.Float](p *Params) Weights[F] {
	n, m := p.Neurons, p.ErrorNeurons
	return Weights[F]{
		In: make([]F, p.ClockLines*n), Rec: make([]F, n*n), Out: make([]F, n*motors),
		ErrorIn: make([]F, p.ErrorInputs()*m), ErrorRec: make([]F, m*m), Projection: make([]F, m*n),
	}
}

// all lists the matrices.
func (w *Weights[F]) all() [6][]F {
	return [...][]F{w.In, w.Rec, w.Out, w.ErrorIn, w.ErrorRec, w.Projection}
}

// constants are those of the equations, in the networks' precision.
type constants[F tensor.Float] struct {
	lif       kernel.LIF[F]
	inverse   F       // 1/v_th
	steepness float64 // γ/v_th, of ψ̂
	kappa     F
	blocked   int // steps after a spike in which a neuron is silent
}

func newConstants[F tensor.Float](p *Params) constants[F] {
	return constants[F]{
		lif:     kernel.LIF[F]{Beta: F(math.Exp(-1 / p.TauMembrane)), Threshold: F(p.Threshold), Dampening: F(p.Dampening)},
		inverse: 1 / F(p.Threshold), steepness: p.Dampening / p.Threshold,
		kappa: F(math.Exp(-1 / p.TauReadout)), blocked: max(p.Refractory-1, 0),
	}
}
