package neulvm

import (
	"math"

	"github.com/snnctl/snnctl/internal/fault"
)

// Initial is the state of the populations and of the observed neurons before bin 0. Ages
// count from the youngest cohort, which spiked in the bin before.
type Initial struct {
	V     [][]float64 // [M][A] potential by age
	S     [][]float64 // [M][A] survival by age
	Trace []float64   // [M] synaptic trace, Hz
	U     [][]float64 // [M][R] potential of each observed neuron
	Age   [][]int     // [M][R] bins since its spike, 0 if it spiked in the bin before
}

// survivalStep is the step of the integral of the hazard in the stationary initial state, s.
const survivalStep = 1e-3

// StationaryInitial is the state of populations that have always been active at rates
// A0 Hz (section 5.4 of the method): with h = μ + Σ_q A0_q J_qp / α_p,
//
//	V(k) = h (1 - exp(-α kΔt)), 0 for k < r;  S(k) = exp(-∫ λ)
//
// ages are those of the observed neurons. The published code has S(0) = 0; silentYoungest
// gives that.
func StationaryInitial(net *Network, g Grid, rates []float64, ages [][]int, silentYoungest bool) (*Initial, error) {
	m := net.Populations()
	if len(rates) != m || len(ages) != m {
		return nil, fault.Inputf("there are rates for %d and ages for %d populations, expected %d", len(rates), len(ages), m)
	}
	s := &Initial{V: make([][]float64, m), S: make([][]float64, m), Trace: append([]float64(nil), rates...), U: make([][]float64, m), Age: make([][]int, m)}
	for p := range m {
		h := net.Drive(p, rates)
		potential := func(k int) float64 {
			if k < net.RefractoryBins(g.Dt) {
				return 0
			}
			return h * -math.Expm1(-net.Leak[p]*float64(k)*g.Dt)
		}
		s.V[p], s.S[p] = make([]float64, g.Ages), make([]float64, g.Ages)
		for k := range g.Ages {
			s.V[p][k] = potential(k)
			s.S[p][k] = net.survival(p, h, float64(k)*g.Dt)
		}
		if silentYoungest {
			s.S[p][0] = 0
		}
		for _, age := range ages[p] {
			s.U[p] = append(s.U[p], potential(age))
			s.Age[p] = append(s.Age[p], age)
		}
	}
	return s, nil
}

// Drive is h_p = μ_p + Σ_q A_q J_qp / α_p, the potential that a neuron of population p
// tends to while the populations fire at these rates, Hz.
func (n *Network) Drive(p int, rates []float64) float64 {
	m := n.Populations()
	sum := 0.0
	for q, a := range rates {
		sum += a * n.J[q*m+p]
	}
	return n.Rest[p] + sum/n.Leak[p]
}

// survival is exp(-dr Σ_{j=0..n} f(j r/n)), n = ⌊r/dr⌋, the published sum over both end points.
func (n *Network) survival(p int, h, age float64) float64 {
	steps := int(math.Floor(age/survivalStep + 1e-9))
	sum := 0.0
	for j := range steps + 1 {
		at := 0.0
		if steps > 0 {
			at = age * float64(j) / float64(steps)
		}
		v := h * -math.Expm1(-n.Leak[p]*at)
		if at < n.Refractory-1e-12 || v == 0 {
			continue
		}
		sum += math.Exp(v - n.Threshold[p])
	}
	return math.Exp(-survivalStep * sum)
}

// SynchronousInitial is the state of populations whose neurons have all just spiked: the
// history is 0 but for its last bin, which is 1.
func SynchronousInitial(net *Network, g Grid, observed []int) *Initial {
	m := net.Populations()
	s := &Initial{V: make([][]float64, m), S: make([][]float64, m), Trace: make([]float64, m), U: make([][]float64, m), Age: make([][]int, m)}
	for p := range m {
		s.V[p], s.S[p] = make([]float64, g.Ages), make([]float64, g.Ages)
		for k := range s.S[p] {
			s.S[p][k] = 1
		}
		s.U[p], s.Age[p] = make([]float64, observed[p]), make([]int, observed[p])
	}
	return s
}
