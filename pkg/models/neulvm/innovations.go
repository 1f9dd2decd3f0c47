package neulvm

import "math"

// The trajectory may be written as what is new in each bin,
//
//	Z_t = Zbar_t + ξ_t √var_t,  var = Zbar/N + 0.1 Δt/N
//
// with independent standard normal ξ. Then -ln p(y, ξ) = ½ Σ ξ² - ln p(y | Z(ξ)) up to a
// constant: the scale of the noise is in the map and not in the density, so that its
// maximum gives no reward for expecting few spikes, and the prior is the same in all
// directions, which descent likes.

// leastFraction is the floor under a fraction made from innovations.
const leastFraction = 1e-7

// NegLogSpikes is -ln p(y | Z(ξ), network) for the trajectory that innovations xi, [M][T],
// make. It writes the trajectory into the last T bins of z, [M][A+T], whose history it
// reads.
func (l *Likelihood) NegLogSpikes(net *Network, xi, z [][]float64) float64 {
	l.net = net
	l.start(net)
	m := net.Populations()
	for t := range l.problem.Bins {
		l.step(t, z)
		for p := range m {
			term := &l.terms[t*m+p]
			fraction := term.Zbar + xi[p][t]*math.Sqrt(Variance(term.Zbar, net.Neurons[p], l.problem.Grid.Dt))
			term.floored = fraction < leastFraction
			z[p][l.problem.Grid.Ages+t] = max(fraction, leastFraction)
		}
	}
	sum := 0.0
	for p := range m {
		l.observe(p)
	}
	for _, t := range l.terms[min(l.problem.Unscored, l.problem.Bins)*m:] {
		sum -= t.SpikeLogLikelihood
	}
	return sum
}

// SpikesGradient is the gradient of NegLogSpikes at its last arguments: by xi into gxi,
// [M][T], by the parameters into grad; grad.Z is overwritten.
func (l *Likelihood) SpikesGradient(xi, z, gxi [][]float64, grad *Gradient) {
	l.backwards(z, grad, func(t, p int) float64 {
		term := &l.terms[t*len(l.steps)+p]
		n := float64(l.net.Neurons[p])
		deviation := math.Sqrt(Variance(term.Zbar, l.net.Neurons[p], l.problem.Grid.Dt))
		to := grad.Z[p][l.problem.Grid.Ages+t] // complete: only later bins depend on Z_t
		if term.floored {
			to = 0
		}
		gxi[p][t] = to * deviation
		if term.clipped {
			return 0
		}
		return to * (1 + xi[p][t]/(2*n*deviation))
	})
}
