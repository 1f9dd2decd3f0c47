package neulvm

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

// Gradient is the gradient at the network and trajectory of the last evaluation, by going
// back through it (section 4.3 of the method).
func (l *Likelihood) Gradient(z [][]float64, grad *Gradient) {
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
			l.backThroughCohorts(t, p, z, grad)
			l.backThroughNeurons(t, p, grad)
		}
		l.backThroughSynapses(t, grad)
	}
}

// backThroughCohorts is the step back of the population equation; it starts a.drive[p].
func (l *Likelihood) backThroughCohorts(t, p int, z [][]float64, grad *Gradient) {
	g, a, m := l.problem.Grid, &l.adjoint, len(l.steps)
	term := &l.terms[t*m+p]
	var toZbar float64 // ∂NLL/∂Zbar
	if t >= l.problem.Unscored {
		n := float64(l.net.Neurons[p])
		vz := variance(term.Zbar, l.net.Neurons[p], g.Dt)
		e := z[p][g.Ages+t] - term.Zbar
		grad.Z[p][g.Ages+t] += e / vz
		if !term.clipped {
			toZbar = -e/vz - e*e/(2*vz*vz*n) + 1/(2*vz*n)
		}
	}
	cell := (t*m + p) * g.Ages
	cells := backCells{
		s: l.tape.s[cell : cell+g.Ages], lam: l.tape.lam[cell : cell+g.Ages], p: l.tape.p[cell : cell+g.Ages], z: z[p][t : t+g.Ages],
		before: l.before(t, p), log: a.log[p][t : t+g.Ages], v: a.v[p][t : t+g.Ages], gz: grad.Z[p][t : t+g.Ages],
	}
	back := cells.back(toZbar, term, l.steps[p].c, g.Dt, l.r, g.Published)
	grad.Threshold[p] -= back.hazard
	a.drive[p] = l.backThroughStep(p, term.Drive, back.u, back.before, grad)
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

// backCells are the cells of one population and bin, oldest first, for the way back: what
// the forward pass left, and the adjoints, of ln S after the bin on entry and before it
// on return, of u likewise.
type backCells struct {
	s, lam, p, z, before []float64
	log, v, gz           []float64
}

// backSums are sums over the cells of the adjoint of u after the step, alone and times u
// before it, and of λ ∂NLL/∂λ of the cells that are not refractory.
type backSums struct{ u, before, hazard float64 }

// back goes back through cohorts.step, expected and survive, from toZbar = ∂NLL/∂Zbar.
func (k *backCells) back(toZbar float64, term *Terms, c, dt float64, r int, published bool) backSums {
	n := len(k.s)
	s, lam, p, z, log, v, gz := k.s, k.lam[:n], k.p[:n], k.z[:n], k.log[:n], k.v[:n], k.gz[:n]
	toLambda := 0.0 // c of the method: what each w gets for P - Λ
	if term.weight != 0 {
		toLambda = toZbar * term.Mess / term.weight
	}
	var t backSums
	for i := range s {
		m := s[i] * z[i]
		over := p[i] - term.Lambda
		toM := over * (toZbar + toLambda*(1-s[i]))
		toS := toM*z[i] - toLambda*m*over
		gz[i] += toM * s[i]
		toP := m * (toZbar + toLambda*(1-s[i]))
		silent := 1 - p[i] // exp(-q)
		if published && lam[i]*dt < smallHazard {
			silent = 1
		}
		toLam := dt * (toP*silent - log[i])
		log[i] += toS * s[i]
		if i >= n-r {
			v[i] = 0
			continue
		}
		toU := toLam*lam[i] + v[i]
		t.hazard += toLam * lam[i]
		t.u += toU
		if i < len(k.before) {
			t.before += toU * k.before[i]
		}
		v[i] = c * toU
	}
	return t
}
