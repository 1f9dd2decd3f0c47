package neulvm

import "github.com/snnctl/snnctl/internal/kernel"

// Gradient is that of the negative log-likelihood.
type Gradient struct {
	Leak, Rest, Threshold []float64   // [M]
	J                     []float64   // [M][M], of zero entries too
	Z                     [][]float64 // [M][A+T], of the history too
}

// NewGradient makes room for the gradient of a problem.
func NewGradient(p *Problem, populations int) *Gradient {
	return &Gradient{
		Leak: make([]float64, populations), Rest: make([]float64, populations), Threshold: make([]float64, populations),
		J: make([]float64, populations*populations), Z: rows(populations, p.Grid.Ages+p.Bins),
	}
}

func (g *Gradient) clear() {
	for _, s := range append([][]float64{g.Leak, g.Rest, g.Threshold, g.J}, g.Z...) {
		clear(s)
	}
}

// adjointState is what goes back in time.
type adjointState struct {
	log, v [][]float64 // [M][A+T] by cohort: adjoints of ln S and of u before the step
	drive  []float64   // [M] of G
	trace  []float64   // [M] of I
	u      [][]float64 // [M][R] of the observed neurons' u before the step

	initial [][]float64 // [M][A] potentials of the cohorts before bin 0, oldest first
}

func newAdjointState(populations, length int) adjointState {
	return adjointState{log: rows(populations, length), v: rows(populations, length),
		drive: make([]float64, populations), trace: make([]float64, populations), u: make([][]float64, populations), initial: make([][]float64, populations)}
}

// Gradient is the gradient of the negative log-likelihood at the network and trajectory of
// its last evaluation, by going back through it (section 4.3 of the method).
func (l *Likelihood) Gradient(z [][]float64, grad *Gradient) {
	g := l.problem.Grid
	l.backwards(z, grad, func(t, p int) float64 {
		if t < l.problem.Unscored {
			return 0
		}
		term := &l.terms[t*len(l.steps)+p]
		n := float64(l.net.Neurons[p])
		vz := Variance(term.Zbar, l.net.Neurons[p], g.Dt)
		slack := l.problem.slack()
		e := z[p][g.Ages+t] - term.Zbar
		grad.Z[p][g.Ages+t] += e / (vz * slack)
		if term.clipped {
			return 0
		}
		return -e/(vz*slack) - e*e/(2*vz*vz*n*slack) + 1/(2*vz*n)
	})
}

// backwards goes back through all bins; toZbar gives ∂NLL/∂Zbar of a bin and population.
func (l *Likelihood) backwards(z [][]float64, grad *Gradient, toZbar func(t, p int) float64) {
	a, m := &l.adjoint, len(l.steps)
	grad.clear()
	for p := range m {
		clear(a.log[p])
		clear(a.v[p])
		a.trace[p] = 0
		a.u[p] = append(a.u[p][:0], make([]float64, len(l.spikes[p]))...)
	}
	for t := l.problem.Bins - 1; t >= 0; t-- {
		for p := range m {
			l.backThroughCohorts(t, p, z, toZbar(t, p), grad)
			l.backThroughNeurons(t, p, grad)
		}
		l.backThroughSynapses(t, grad)
	}
}

// backThroughCohorts is the step back of the population equation; it starts a.drive[p].
func (l *Likelihood) backThroughCohorts(t, p int, z [][]float64, toZbar float64, grad *Gradient) {
	g, a, m := l.problem.Grid, &l.adjoint, len(l.steps)
	term := &l.terms[t*m+p]
	var toRate float64
	if term.weight != 0 {
		toRate = toZbar * term.Mess / term.weight
	}
	cell := (t*m+p)*g.Ages + term.dead
	n := g.Ages - term.dead
	first := t + term.dead
	cells := kernel.CohortAdjoints{
		S: l.tape.s[cell : cell+n], Hazard: l.tape.lam[cell : cell+n], Chance: l.tape.p[cell : cell+n], Z: z[p][first : first+n],
		Before: l.before(t, p)[term.dead:], LogS: a.log[p][first : first+n], V: a.v[p][first : first+n], GZ: grad.Z[p][first : first+n],
		ToZbar: toZbar, ToRate: toRate, Rate: term.Lambda,
	}
	back := backThroughCells(&cells, l.steps[p].c, g.Dt, l.r, g.Published)
	grad.Threshold[p] -= back.Hazard
	a.drive[p] = l.backThroughStep(p, term.Drive, back.U, back.Before, grad)
}

// before gives the potentials of the cohorts of bin t before its step, oldest first; the
// youngest, which has none, may be missing.
func (l *Likelihood) before(t, p int) []float64 {
	g, m := l.problem.Grid, len(l.steps)
	if t > 0 {
		previous := ((t-1)*m + p) * g.Ages
		return l.tape.v[previous+1 : previous+g.Ages]
	}
	return l.adjoint.initial[p]
}

// backThroughStep adds to the gradients of α and μ what steps u ← c u + kMu μ + kG G pass
// on, and returns what they pass on to G. sum is Σ ∂NLL/∂u, before is Σ u_before ∂NLL/∂u.
func (l *Likelihood) backThroughStep(p int, drive, sum, before float64, grad *Gradient) float64 {
	of := l.steps[p]
	grad.Rest[p] += of.kMu * sum
	grad.Leak[p] += of.dc*before + (of.dkMu*l.net.Rest[p]+of.dkG*drive)*sum
	return of.kG * sum
}

// backThroughNeurons is the step back of the observed neurons. A reset, and refractoriness,
// cut what comes back.
func (l *Likelihood) backThroughNeurons(t, p int, grad *Gradient) {
	a, m := &l.adjoint, len(l.steps)
	scored := t >= l.problem.Unscored
	var sum, before float64
	for i := range l.spikes[p] {
		n := &l.spikes[p][i]
		if !n.free[t] {
			a.u[p][i] = 0
			continue
		}
		du := a.u[p][i]
		if l.problem.Spikes[p][i][t] {
			du = 0
		}
		if scored {
			du += n.du[t]
			grad.Threshold[p] -= n.du[t]
		}
		last := l.problem.Initial.U[p][i]
		if t > 0 {
			last = n.u[t-1]
			if l.problem.Spikes[p][i][t-1] {
				last = 0
			}
		}
		sum += du
		before += last * du
		a.u[p][i] = l.steps[p].c * du
	}
	a.drive[p] += l.backThroughStep(p, l.terms[t*m+p].Drive, sum, before, grad)
}

// backThroughSynapses passes on what reached G: to J, and through the traces to the
// spikes that fed them.
func (l *Likelihood) backThroughSynapses(t int, grad *Gradient) {
	g, a, m := l.problem.Grid, &l.adjoint, len(l.steps)
	for q := range m {
		trace := l.terms[t*m+q].Trace
		for p, d := range a.drive {
			grad.J[q*m+p] += trace * d
			a.trace[q] += l.net.J[q*m+p] * d
		}
		if t > l.d {
			grad.Z[q][g.Ages+t-1-l.d] += a.trace[q] * (1 - l.decay[q]) / g.Dt
			a.trace[q] *= l.decay[q]
		}
	}
}

// backThroughCells goes back through cohorts.step and expected.
func backThroughCells(k *kernel.CohortAdjoints, c, dt float64, r int, published bool) (t kernel.CohortAdjointSums) {
	n := len(k.S)
	done := 0
	if !published {
		done = max(min(n-r, len(k.Before)), 0)
		kernel.CohortBack(k, done, c, dt, &t)
	}
	// The rest: refractory cohorts, and one that was not there before, at u = 0.
	for i := done; i < n; i++ {
		s, p := k.S[i], k.Chance[i]
		m := s * k.Z[i]
		over := p - k.Rate
		f := k.ToZbar + k.ToRate*(1-s)
		k.GZ[i] += over * f * s
		silent := 1 - p // exp(-q)
		if published && k.Hazard[i]*dt < smallHazard {
			silent = 1
		}
		toHazard := k.Hazard[i] * dt * (m*f*silent - k.LogS[i])
		k.LogS[i] += (over*f*k.Z[i] - k.ToRate*m*over) * s
		if i >= n-r {
			k.V[i] = 0
			continue
		}
		u := toHazard + k.V[i]
		t.Hazard += toHazard
		t.U += u
		if i < len(k.Before) {
			t.Before += u * k.Before[i]
		}
		k.V[i] = c * u
	}
	return t
}
