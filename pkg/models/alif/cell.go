// Package alif is the leaky integrate-and-fire neuron with an adaptive threshold
// as a unit of a dense recurrent network, in the unit-gain form of e-prop's 2020
// article (section 3.1 of the method; form UnitGain of package eprop, which is
// the faster one where spikes are sparse).
//
// With α = exp(-1/τ_m) and ρ = exp(-1/τ_a), neuron j, driven by the current u, does
//
//	(1) v[t] = α v[t-1] + u[t]
//	(2) A[t] = v_th + β_j b[t-1]                       β_j = 0: LIF
//	(3) z[t] = 1 if v[t] > A[t] and r[t-1] = 0, else 0
//	(4) b[t] = ρ b[t-1] + z[t]                         what step t+1 adds to the threshold
//	(5) r[t] = clip(r[t-1] + n_ref z[t] - 1, 0, n_ref) steps yet to be silent
//
// The reset, -v_th z_j[t-1] in v_j[t], is the neuron's constant weight onto
// itself. The hidden state is (v, b, r).
//
// # Derivatives
//
// A spike is differentiated by
//
//	(6) ψ = γ/v_th max(0, 1-|v-A|/v_th), 0 where r[t-1] > 0
//
// and, with gz = ∂E/∂z[t] from other neurons, the readout and the reset, and
// (gv, gb) = ∂E/∂(v, b)[t] from the neuron's own later steps, the way back is
//
//	(7) d = ψ (gz + gb)
//	(8) ∂E/∂u = gv + d
//	(9) ∂E/∂v[t-1] = α (gv + d),  ∂E/∂b[t-1] = ρ gb - β d
//
// The path from a spike to its own threshold, by (4), is the neuron's own.
package alif

import (
	"math"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Params are the constants of a population; LIF neurons come first.
type Params struct {
	LIF, ALIF     int
	TauMembrane   float64   // τ_m, ms
	TauAdaptation []float64 // τ_a, ms: one for all neurons, or one each
	Threshold     float64   // v_th > 0
	Beta          float64   // β of the ALIF neurons
	Refractory    int       // n_ref ≥ 0
	Dampening     float64   // γ
}

// Neurons is a population. It implements recurrent.Cell.
type Neurons[F tensor.Float] struct {
	n                            int
	rho, beta                    []F // of each neuron
	alpha, threshold             F
	dampening, refractory, scale F // scale is 1/v_th
}

// New returns the population of p.
func New[F tensor.Float](p Params) *Neurons[F] {
	c := &Neurons[F]{
		n: p.LIF + p.ALIF, alpha: F(math.Exp(-1 / p.TauMembrane)), threshold: F(p.Threshold), scale: F(1 / p.Threshold),
		dampening: F(p.Dampening), refractory: F(p.Refractory),
	}
	for j := range c.n {
		tau, beta := p.TauAdaptation[0], F(0)
		if len(p.TauAdaptation) > 1 {
			tau = p.TauAdaptation[j]
		}
		if j >= p.LIF {
			beta = F(p.Beta)
		}
		c.rho, c.beta = append(c.rho, F(math.Exp(-1/tau))), append(c.beta, beta)
	}
	return c
}

const (
	potential = iota
	adaptation
	silence
	states
)

// Units is n.
func (c *Neurons[F]) Units() int { return c.n }

// Drives is 1: the current.
func (c *Neurons[F]) Drives() int { return 1 }

// States is 3: v, b, r.
func (c *Neurons[F]) States() int { return states }

// Autapse is the reset.
func (c *Neurons[F]) Autapse() (F, bool) { return -c.threshold, true }

// split returns v, b and r of one trial.
func (c *Neurons[F]) split(s []F) (v, b, r []F) {
	n := c.n
	return s[:n:n], s[n : 2*n : 2*n], s[2*n : 3*n : 3*n]
}

// Step is equations (1) to (6); it leaves ψ in u.
func (c *Neurons[F]) Step(u, before, after, z []F) {
	n := c.n
	for ; len(z) > 0; u, before, after, z = u[n:], before[states*n:], after[states*n:], z[n:] {
		v0, b0, r0 := c.split(before)
		v, b, r := c.split(after)
		for j := range n {
			v[j] = F(c.alpha*v0[j]) + u[j]
			above := (v[j] - c.threshold - F(c.beta[j]*b0[j])) * c.scale
			u[j], z[j] = 0, 0
			if r0[j] == 0 {
				u[j] = c.dampening * c.scale * max(0, 1-max(above, -above))
				if above > 0 {
					z[j] = 1
				}
			}
			b[j] = F(c.rho[j]*b0[j]) + z[j]
			r[j] = min(max(r0[j]+F(c.refractory*z[j])-1, 0), c.refractory)
		}
	}
}

// Adjoint is equations (7) to (9).
func (c *Neurons[F]) Adjoint(gu, gs, gz, psi, _, _, _ []F) {
	n := c.n
	for ; len(gz) > 0; gu, gs, gz, psi = gu[n:], gs[states*n:], gz[n:], psi[n:] {
		gv, gb, gr := c.split(gs)
		for j := range n {
			d := psi[j] * (gz[j] + gb[j])
			whole := gv[j] + d
			gu[j], gv[j] = whole, c.alpha*whole
			gb[j] = F(c.rho[j]*gb[j]) - F(c.beta[j]*d)
			gr[j] = 0
		}
	}
}

// Jacobian gives, with ε = ∂(v, b)/∂W, the traces of section 3.1 of the method.
func (c *Neurons[F]) Jacobian(jac, psi, _, _ []F) {
	const columns = states + 1
	clear(jac)
	set := func(row, column, j int, x F) { jac[(row*columns+column)*c.n+j] = x }
	const current, spike = states, states // the last column, the last row
	for j := range c.n {
		dv, db := psi[j]*c.alpha, -c.beta[j]*psi[j]
		set(potential, potential, j, c.alpha)
		set(potential, current, j, 1)
		set(adaptation, potential, j, dv)
		set(adaptation, adaptation, j, c.rho[j]+db)
		set(adaptation, current, j, psi[j])
		set(spike, potential, j, dv)
		set(spike, adaptation, j, db)
		set(spike, current, j, psi[j])
	}
}

// Initialise draws weights from N(0,1)/√n_pre and leaves the neurons' weights
// onto themselves as they are.
func (c *Neurons[F]) Initialise(in, rec []F, seed uint64) {
	r := rng.Stream(seed, "alif-in", 0, 0)
	for k := range in {
		in[k] = F(r.NormFloat64() / math.Sqrt(float64(len(in)/c.n)))
	}
	r = rng.Stream(seed, "alif-rec", 0, 0)
	for k := range rec {
		if w := F(r.NormFloat64() / math.Sqrt(float64(c.n))); k/c.n != k%c.n {
			rec[k] = w
		}
	}
}
