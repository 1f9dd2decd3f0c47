package neulvm

import "math"

// observe runs the observed neurons of population p along the drive that the bins gave,
// and adds what their spikes say (section 4.1 of the method): each has its own potential
// and age, and is not taken out of its population.
func (l *Likelihood) observe(p int) {
	g, m, init := l.problem.Grid, len(l.steps), l.problem.Initial
	of, theta := l.steps[p], l.net.Threshold[p]
	constant := of.kMu * l.net.Rest[p]
	for i, train := range l.problem.Spikes[p] {
		n := &l.spikes[p][i]
		u, age := init.U[p][i], init.Age[p][i]
		for t, spiked := range train {
			term := &l.terms[t*m+p]
			free := age >= l.r
			lam := refractoryHazard
			if free {
				u = of.c*u + constant + of.kG*term.Drive
				lam = math.Exp(u - theta)
			} else {
				u = 0
			}
			n.u[t], n.free[t] = u, free
			ll, du := spikeTerm(spiked, lam*g.Dt, u-theta+math.Log(g.Dt), g.Published)
			term.SpikeLogLikelihood += ll
			n.du[t] = 0
			if free {
				n.du[t] = du
			}
			age++
			if spiked {
				u, age = 0, 0
			}
		}
	}
}

// spikeTerm is the log-likelihood of a bin with q = λΔt, and minus its derivative by u.
// logQ is u - θ + ln Δt, which the published code takes for ln P below q = 0.01.
func spikeTerm(spiked bool, q, logQ float64, published bool) (logLikelihood, du float64) {
	switch {
	case !spiked:
		return -q, q
	case published && q < smallHazard:
		return logQ, -1
	case q > 700: // P is 1, and its derivative 0
		return 0, 0
	default:
		p := -math.Expm1(-q)
		return math.Log(p), -q * math.Exp(-q) / p
	}
}
