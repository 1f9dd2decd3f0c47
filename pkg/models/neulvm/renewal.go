package neulvm

import "math"

// RenewalRate is the rate in Hz of neurons of population p that are driven to the constant
// potential h (section 8.1 of the method): 1/A = Δt Σ_k S_k, with S_k the chance that a
// neuron is still silent k bins after its spike, S_0 = 1.
func (n *Network) RenewalRate(p int, h float64, g Grid) float64 {
	r := n.RefractoryBins(g.Dt)
	of := newStepper(g.Integrator, n.Leak[p], g.Dt)
	u, s, sum := 0.0, 1.0, 0.0
	for k := 0; s > 1e-16 && k < 100_000_000; k++ {
		sum += s
		if k < r {
			continue
		}
		before := u
		u = of.c*u + of.kMu*h
		hazard := math.Exp(u-n.Threshold[p]) * g.Dt
		if u == before { // at rest: what is left is a geometric series
			return 1 / (g.Dt * (sum + s/math.Expm1(hazard)))
		}
		s *= math.Exp(-hazard)
	}
	return 1 / (g.Dt * sum)
}

// FixedPoint finds rates, Hz, at which each population fires at the rate that its drive
// makes, near the ones given; ok says whether it got there.
func (n *Network) FixedPoint(g Grid, from []float64) (rates []float64, ok bool) {
	rates = append([]float64(nil), from...)
	for range 200 {
		if n.RelaxRates(g, rates, 100) < 1e-10 {
			return rates, true
		}
	}
	return rates, false
}

// RelaxRates moves rates, Hz, a twentieth of the way to those that their drive makes, which
// inhibition cannot make oscillate, and so again, steps times. It returns the largest
// distance that was left before the last step.
func (n *Network) RelaxRates(g Grid, rates []float64, steps int) (change float64) {
	const rate = 0.05
	next := make([]float64, len(rates))
	for range steps {
		change = 0
		for p := range rates {
			next[p] = n.RenewalRate(p, n.effectiveDrive(p, rates, g), g)
			change = max(change, math.Abs(next[p]-rates[p]))
		}
		for p := range rates {
			rates[p] += rate * (next[p] - rates[p])
		}
	}
	return change
}

// effectiveDrive is the potential that neurons of population p tend to on the grid, which is
// Drive but for ExactLeak.
func (n *Network) effectiveDrive(p int, rates []float64, g Grid) float64 {
	of := newStepper(g.Integrator, n.Leak[p], g.Dt)
	return n.Rest[p] + (n.Drive(p, rates)-n.Rest[p])*n.Leak[p]*of.kG/of.kMu
}
