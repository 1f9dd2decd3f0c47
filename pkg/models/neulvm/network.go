// Package neulvm holds the neural latent variable model of arXiv:2205.13493: networks of
// populations of escape-noise LIF neurons, neuron by neuron, and their mesoscopic
// description, in which a population of N neurons is one number a bin, the fraction Z
// of them that spikes.
//
// One neuron of population p, with potential u in units of the slope of its escape
// noise, follows
//
//	du/dt = -α_p (u - μ_p) + Σ_q J_qp s_q(t) + ε x_p(t)
//	ds_q/dt = -α_q^s (s_q - A_q(t - delay))
//
// where A_q = Z_q/Δt is the activity of population q in Hz and J_qp the weight from q
// to p. It fires with the hazard λ = exp(u - θ_p) Hz; then u = 0 for the refractory time.
// Numbers are float64: a likelihood of thousands of bins is a difference of large sums.
package neulvm

import (
	"fmt"
	"math"

	"github.com/snnctl/snnctl/internal/fault"
)

// Network is the parameters of M populations (sections 2 and 3 of the method). Every
// slice has a number for each population.
type Network struct {
	Neurons    []int     // N, at least 1
	Leak       []float64 // α = 1/τ of the membrane, 1/s, positive
	Synapse    []float64 // α^s = 1/τ of the synapses that the population makes, 1/s, positive
	Rest       []float64 // μ, resting potential with constant drive
	Threshold  []float64 // θ = threshold - ln c, with c the hazard at threshold in Hz
	J          []float64 // [M][M]: J[q*M+p] is the weight from q to p
	Refractory float64   // s, not negative
	Delay      float64   // s, not negative
	Gain       float64   // ε of the external input
}

// Populations is M.
func (n *Network) Populations() int { return len(n.Neurons) }

// Clone returns a copy that shares nothing.
func (n *Network) Clone() *Network {
	c := *n
	c.Neurons = append([]int(nil), n.Neurons...)
	for _, s := range []*[]float64{&c.Leak, &c.Synapse, &c.Rest, &c.Threshold, &c.J} {
		*s = append([]float64(nil), *s...)
	}
	return &c
}

// Check says what makes these no parameters of a network.
func (n *Network) Check() error {
	m := n.Populations()
	if m == 0 {
		return fault.Inputf("the network has no population, expected at least one")
	}
	for _, s := range []struct {
		name     string
		values   []float64
		length   int
		positive bool
	}{
		{"leak", n.Leak, m, true}, {"synapse", n.Synapse, m, true}, {"rest", n.Rest, m, false},
		{"threshold", n.Threshold, m, false}, {"J", n.J, m * m, false},
		{"refractory", []float64{n.Refractory}, 1, false}, {"delay", []float64{n.Delay}, 1, false}, {"gain", []float64{n.Gain}, 1, false},
	} {
		if len(s.values) != s.length {
			return fault.Inputf("%s has %d values for %d populations, expected %d", s.name, len(s.values), m, s.length)
		}
		for i, x := range s.values {
			if math.IsNaN(x) || math.IsInf(x, 0) || s.positive && x <= 0 {
				return fault.Inputf("%s of population %d is %v, expected a %s number", s.name, i%m, x, map[bool]string{true: "positive", false: "finite"}[s.positive])
			}
		}
	}
	for p, k := range n.Neurons {
		if k < 1 {
			return fault.Inputf("population %d has %d neurons, expected at least 1", p, k)
		}
	}
	if n.Refractory < 0 || n.Delay < 0 {
		return fault.Inputf("the refractory time is %v s and the delay %v s, expected neither to be negative", n.Refractory, n.Delay)
	}
	return nil
}

// Grid is how time is cut (sections 3 and 4 of the method).
type Grid struct {
	Dt         float64 // s, of a bin
	Ages       int     // A, bins that a cohort is followed for
	Integrator Integrator
	Published  bool // the hazard as the published code has it: P = q below q = 0.01
}

// bins is how many whole bins fit into a time; a time that is a multiple of dt up to
// rounding counts in full.
func bins(seconds, dt float64) int { return int(math.Floor(seconds/dt + 1e-9)) }

// RefractoryBins and DelayBins are the refractory time and the delay in whole bins.
func (n *Network) RefractoryBins(dt float64) int { return bins(n.Refractory, dt) }
func (n *Network) DelayBins(dt float64) int      { return bins(n.Delay, dt) }

// CheckGrid says what makes a grid unfit for the network.
func (n *Network) CheckGrid(g Grid) error {
	if !(g.Dt > 0) || math.IsInf(g.Dt, 0) {
		return fault.Inputf("a bin is %v s long, expected a positive time", g.Dt)
	}
	if n.Refractory > 0 && g.Dt > n.Refractory*(1+1e-9) {
		return fault.Inputf("a bin of %g ms is too coarse for the refractory time of %g ms: a neuron could fire twice in it; expected at most %g ms", g.Dt*1e3, n.Refractory*1e3, n.Refractory*1e3)
	}
	if r := n.RefractoryBins(g.Dt); g.Ages <= r {
		return fault.Inputf("cohorts are followed for %d bins, expected more than the refractory time (%d bins)", g.Ages, r)
	}
	for p, alpha := range n.Leak {
		if g.Integrator == Euler && alpha*g.Dt >= 1 {
			return fault.Inputf("the membrane of population %d decays within a bin (τ = %g ms, bin %g ms), expected a longer time constant with Euler's method", p, 1e3/alpha, g.Dt*1e3)
		}
	}
	return nil
}

// Integrator is how the potential goes over a bin: u ← c u + k_μ μ + k_G G.
type Integrator int

const (
	// Euler has c = 1 - α Δt, k_μ = α Δt, k_G = Δt, as the published mesoscopic model.
	Euler Integrator = iota
	// ExactLeak has c = exp(-α Δt), k_μ = 1 - c, k_G = Δt, as the published simulation of neurons.
	ExactLeak
	// Exponential has c = exp(-α Δt), k_μ = 1 - c, k_G = (1 - c)/α: exact where G is
	// constant over the bin, whatever its length.
	Exponential
)

func (i Integrator) String() string { return [...]string{"euler", "exact-leak", "exponential"}[i] }

// ParseIntegrator is the inverse of String.
func ParseIntegrator(name string) (Integrator, error) {
	for i := Euler; i <= Exponential; i++ {
		if i.String() == name {
			return i, nil
		}
	}
	return 0, fmt.Errorf("unknown integrator %q", name)
}

// stepper is one population's step u ← c u + drive, drive = kMu μ + kG G, and what the
// coefficients become with α: the primes.
type stepper struct {
	c, kMu, kG    float64
	dc, dkMu, dkG float64
}

func newStepper(i Integrator, alpha, dt float64) stepper {
	switch i {
	case Euler:
		return stepper{c: 1 - alpha*dt, kMu: alpha * dt, kG: dt, dc: -dt, dkMu: dt}
	case ExactLeak:
		c := math.Exp(-alpha * dt)
		return stepper{c: c, kMu: -math.Expm1(-alpha * dt), kG: dt, dc: -dt * c, dkMu: dt * c}
	default:
		c, k := math.Exp(-alpha*dt), -math.Expm1(-alpha*dt)
		return stepper{c: c, kMu: k, kG: k / alpha, dc: -dt * c, dkMu: dt * c, dkG: (dt*c - k/alpha) / alpha}
	}
}
