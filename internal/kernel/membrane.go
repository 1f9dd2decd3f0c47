package kernel

import "github.com/snnctl/snnctl/internal/tensor"

// Neurons holds the constants of adaptive leaky integrate-and-fire neurons.
type Neurons[F tensor.Float] struct {
	Alpha     F // α = exp(-dt/τ_m), membrane decay
	Dampening F // γ of the pseudo-derivative
	Constants []Constants[F]
}

// Constants is what differs from neuron to neuron.
type Constants[F tensor.Float] struct {
	Rho         F // ρ = exp(-dt/τ_a), adaptation decay
	OneMinusRho F
	Beta        F // β, strength of the adaptation; 0 for a LIF neuron
	Threshold   F // v_th
}

// Step is the memory of MembraneStep: rows of Lanes numbers and words, a neuron each.
type Step[F tensor.Float] struct {
	V       []F // in: v
	VNext   []F // out: v', may be V
	B       []F // in: b, out: b'
	A       []F // out: the threshold A
	Current []F // in: I
	Reset   []F // in: R, what a spike subtracts; nil for A itself

	Spikes   []uint16 // out: z'
	Previous []uint16 // in: z, the spikes of the step before
	Blocked  []uint16 // in: the lanes that are refractory or unused
}

// MembraneStep advances the neurons by one step (1803.09574, eqs. 1, 2, 4, 6):
//
//	b' = ρ b + (1-ρ) z
//	A  = v_th + β b'
//	v' = α v + (1-α) I - R z
//	z' = v' > A and not blocked
//
// A must be positive: then v' > A is the same as u = (v' - A)/A > 0.
func MembraneStep[F tensor.Float](p *Neurons[F], s *Step[F]) {
	if membraneStepFast(p, s) {
		return
	}
	oneMinusAlpha := 1 - p.Alpha
	for j, c := range p.Constants {
		z, v, vNext, b := s.Previous[j], lanes(s.V, j), lanes(s.VNext, j), lanes(s.B, j)
		a, current := lanes(s.A, j), lanes(s.Current, j)
		var fired uint16
		for l := range a {
			b[l] = F(c.Rho*b[l]) + pick(z, l, c.OneMinusRho)
			threshold := c.Threshold + F(c.Beta*b[l])
			reset := threshold
			if s.Reset != nil {
				reset = s.Reset[j*Lanes+l]
			}
			x := F(p.Alpha*v[l]) + F(oneMinusAlpha*current[l]) - pick(z, l, reset)
			vNext[l], a[l] = x, threshold
			if x > threshold {
				fired |= 1 << l
			}
		}
		s.Spikes[j] = fired &^ s.Blocked[j]
	}
}

// AdjointStep is the memory of PseudoDerivative and MembraneAdjoint. A ⁺ marks
// step t+1; GV and GB hold ∂E/∂v and ∂E/∂b.
type AdjointStep[F tensor.Float] struct {
	V, A    []F      // in: v and A of step t
	Blocked []uint16 // in: the lanes that could not fire in step t

	Psi    []F      // ψ, from PseudoDerivative to MembraneAdjoint
	Active []uint16 // the lanes where ψ is not zero

	External    []F // in: ∂E/∂z of step t from outside the layer; nil for none
	Regulariser []F // in: ∂E/∂z in every lane, a number a neuron
	Recurrent   []F // in: Σ_k w gv_k[t+1+d], from GatherAdjoint, where active

	GVNext []F // in: gv⁺
	GV     []F // out: gv
	GB     []F // in: gb⁺, out: gb

	// The reset term. Reset is R⁺; what it leads back to A is read from
	// ResetWords and ResetGrad: z⁻ and GV where the reset subtracts the
	// updated threshold (R = A), z and GVNext where it subtracts that of the
	// step before. Detached drops it all.
	Reset      []F
	ResetWords []uint16
	ResetGrad  []F
	Detached   bool
}

// PseudoDerivative computes ψ = γ max(0, 1-|u|), u = (v-A)/A, zero in blocked
// lanes, and the words of the lanes where it is not zero.
func PseudoDerivative[F tensor.Float](p *Neurons[F], s *AdjointStep[F]) {
	if pseudoDerivativeFast(p, s) {
		return
	}
	for j, blocked := range s.Blocked {
		v, a, psi := lanes(s.V, j), lanes(s.A, j), lanes(s.Psi, j)
		var active uint16
		for l := range psi {
			u := (v[l] - a[l]) / a[l]
			psi[l] = 0
			if x := 1 - max(u, -u); x > 0 && blocked>>l&1 == 0 {
				psi[l] = p.Dampening * x
				active |= 1 << l
			}
		}
		s.Active[j] = active
	}
}

// MembraneAdjoint is the adjoint of MembraneStep at step t, with every path
// differentiated:
//
//	gz = regulariser + external + (1-α) recurrent - R⁺ gv⁺ + (1-ρ) gb⁺
//	gu = ψ gz
//	gv = α gv⁺ + gu/A
//	gA = -(gu/A)(v/A) - z⁻ gv
//	gb = ρ gb⁺ + β gA
func MembraneAdjoint[F tensor.Float](p *Neurons[F], s *AdjointStep[F]) {
	if membraneAdjointFast(p, s) {
		return
	}
	oneMinusAlpha := 1 - p.Alpha
	for j, c := range p.Constants {
		v, a, psi := lanes(s.V, j), lanes(s.A, j), lanes(s.Psi, j)
		gv, gvNext, gb := lanes(s.GV, j), lanes(s.GVNext, j), lanes(s.GB, j)
		for l := range gv {
			var gvSpike, gA F // gu/A, and what it leads to A
			if s.Active[j] != 0 {
				gz := s.Regulariser[j]
				if s.External != nil {
					gz += s.External[j*Lanes+l]
				}
				gz += F(oneMinusAlpha * s.Recurrent[j*Lanes+l])
				if !s.Detached {
					gz -= F(s.Reset[j*Lanes+l] * gvNext[l])
				}
				gz += F(c.OneMinusRho * gb[l])
				gvSpike = F(psi[l]*gz) / a[l]
				gA = -F(gvSpike * F(v[l]/a[l]))
			}
			gv[l] = F(p.Alpha*gvNext[l]) + gvSpike
			if !s.Detached {
				gA -= pick(s.ResetWords[j], l, s.ResetGrad[j*Lanes+l])
			}
			gb[l] = F(c.Rho*gb[l]) + F(c.Beta*gA)
		}
	}
}
