package neulvm

import (
	"math"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/kernel"
)

// Problem is what was observed, and what is known of the populations before it.
//
// Trajectories of the fraction that spikes are [M][A+T]: A bins of history, oldest
// first, then the T bins of the problem.
type Problem struct {
	Grid     Grid
	Bins     int        // T
	Spikes   [][][]bool // [M][R][T], of the observed neurons
	Input    []float64  // [T][M] external input x; nil for none
	Initial  *Initial
	Unscored int // first bins whose terms are left out of the likelihood

	// Slack divides the squared distances of Z from Zbar in the likelihood, for trajectories
	// that are known less well than a population keeps to its expectation; 0 stands for 1.
	Slack float64
}

// Variance is the variance of Z around Zbar in a population of n neurons: Zbar/N and a
// floor of 0.1 Δt/N (section 4 of the method, point 8).
func Variance(zbar float64, n int, dt float64) float64 {
	return zbar/float64(n) + varianceFloor*dt/float64(n)
}

const varianceFloor = 0.1

// Terms are the parts of one bin's likelihood in one population.
type Terms struct {
	Trace, Drive       float64 // I, Hz, and G
	X, Mess, Lambda    float64 // Σ m P, 1 - Σ m, Λ
	Zbar               float64
	NegLogZ            float64 // of Z given Zbar
	SpikeLogLikelihood float64 // of the observed neurons together
	weight             float64 // Σ w
	clipped            bool    // Zbar was out of range
	floored            bool    // Z, made of innovations, was
	dead               int     // cohorts left out, the oldest
}

// Likelihood evaluates the joint negative log-likelihood of spikes and trajectory, and its
// gradient. It keeps its memory; one of it serves one goroutine.
type Likelihood struct {
	problem *Problem
	net     *Network

	terms   []Terms                          // [T][M]
	v, s    [][]float64                      // [M][A+T] by cohort
	tape    struct{ v, lam, p, s []float64 } // [T][M][A]: u and λ, P after the step, S before it
	spikes  [][]neuron                       // [M][R]
	steps   []stepper
	r, d    int
	decay   []float64 // exp(-α^s Δt)
	trace   []float64 // I, [M]
	adjoint adjointState
}

// neuron is what an observed neuron did: u before the reset, and dNLL/du, of each bin.
type neuron struct {
	u, du []float64 // [T]
	free  []bool    // [T] not refractory
}

// NewLikelihood prepares the memory for a problem of a network with as many populations.
func NewLikelihood(p *Problem, populations int) *Likelihood {
	l := &Likelihood{problem: p}
	cells := p.Bins * populations * p.Grid.Ages
	l.terms = make([]Terms, p.Bins*populations)
	l.tape.v, l.tape.lam, l.tape.p, l.tape.s = make([]float64, cells), make([]float64, cells), make([]float64, cells), make([]float64, cells)
	l.v, l.s = rows(populations, p.Grid.Ages+p.Bins), rows(populations, p.Grid.Ages+p.Bins)
	l.spikes = make([][]neuron, populations)
	for m := range populations {
		l.spikes[m] = make([]neuron, len(p.Spikes[m]))
		for i := range l.spikes[m] {
			l.spikes[m][i] = neuron{u: make([]float64, p.Bins), du: make([]float64, p.Bins), free: make([]bool, p.Bins)}
		}
	}
	l.steps, l.decay, l.trace = make([]stepper, populations), make([]float64, populations), make([]float64, populations)
	l.adjoint = newAdjointState(populations, p.Grid.Ages+p.Bins)
	return l
}

// Bytes is the memory of a likelihood.
func (p *Problem) Bytes(populations int) int64 {
	return 8 * int64(populations) * (4*int64(p.Bins)*int64(p.Grid.Ages) + 5*int64(p.Grid.Ages+p.Bins))
}

func (p *Problem) slack() float64 {
	if p.Slack == 0 {
		return 1
	}
	return p.Slack
}

func rows(n, length int) [][]float64 {
	r := make([][]float64, n)
	for i := range r {
		r[i] = make([]float64, length)
	}
	return r
}

// Check says what makes the problem unfit for a network.
func (p *Problem) Check(net *Network) error {
	if err := net.Check(); err != nil {
		return err
	}
	if err := net.CheckGrid(p.Grid); err != nil {
		return err
	}
	m := net.Populations()
	if len(p.Spikes) != m {
		return fault.Inputf("there are spikes of %d populations, expected %d", len(p.Spikes), m)
	}
	if p.Bins < 1 {
		return fault.Inputf("there are %d bins to explain, expected at least 1", p.Bins)
	}
	if p.Input != nil && len(p.Input) != p.Bins*m {
		return fault.Inputf("the external input has %d values, expected %d bins of %d populations", len(p.Input), p.Bins, m)
	}
	for q, of := range p.Spikes {
		for i, train := range of {
			if len(train) != p.Bins {
				return fault.Inputf("neuron %d of population %d has %d bins, expected %d", i, q, len(train), p.Bins)
			}
		}
	}
	return nil
}

// NegLogLikelihood is -ln p(y, Z | network), summed over bins, populations and neurons, for
// a trajectory z (section 4.2 of the method).
func (l *Likelihood) NegLogLikelihood(net *Network, z [][]float64) float64 {
	zs, spikes := l.Parts(net, z)
	return zs - spikes
}

// Parts gives -ln p(Z | network) and ln p(y | Z, network), of the terms
//
//	-ln p(Z_t | past) = (Z_t - Zbar)²/(2 var) + ½ ln var + ½ ln 2π,  var = Zbar/N + 0.1 Δt/N
//	 ln p(y_t | past) = Σ_i y ln(1 - e^{-λΔt}) - (1 - y) λΔt
func (l *Likelihood) Parts(net *Network, z [][]float64) (negLogZ, logSpikes float64) {
	l.net = net
	l.start(net)
	for t := range l.problem.Bins {
		l.step(t, z)
	}
	m := net.Populations()
	for p := range m {
		l.observe(p)
	}
	for _, t := range l.terms[min(l.problem.Unscored, l.problem.Bins)*m:] {
		negLogZ += t.NegLogZ
		logSpikes += t.SpikeLogLikelihood
	}
	return negLogZ, logSpikes
}

// Terms of bin t and population p, as the last evaluation left them.
func (l *Likelihood) Terms(t, p int) Terms { return l.terms[t*len(l.steps)+p] }

// Expected gives Zbar of the last evaluation, [M][T].
func (l *Likelihood) Expected() [][]float64 {
	m := len(l.steps)
	z := rows(m, l.problem.Bins)
	for i, t := range l.terms {
		z[i%m][i/m] = t.Zbar
	}
	return z
}

func (l *Likelihood) start(net *Network) {
	g, init := l.problem.Grid, l.problem.Initial
	l.r, l.d = net.RefractoryBins(g.Dt), net.DelayBins(g.Dt)
	for p := range l.steps {
		l.steps[p] = newStepper(g.Integrator, net.Leak[p], g.Dt)
		l.decay[p] = math.Exp(-net.Synapse[p] * g.Dt)
		l.trace[p] = init.Trace[p]
		startCohorts(l.v[p], l.s[p], init.V[p], init.S[p])
		l.adjoint.initial[p] = append(l.adjoint.initial[p][:0], l.v[p][:g.Ages]...)
	}
}

// startCohorts lays the initial state, by age, into arrays by cohort; those to come are at
// u = 0 and all silent.
func startCohorts(v, s, byAgeV, byAgeS []float64) {
	a := len(byAgeV)
	for k := range a {
		v[a-1-k], s[a-1-k] = byAgeV[k], byAgeS[k]
	}
	for i := a; i < len(v); i++ {
		v[i], s[i] = 0, 1
	}
}

// step goes through bin t.
func (l *Likelihood) step(t int, z [][]float64) {
	g, net := l.problem.Grid, l.net
	m := len(l.steps)
	for q := range m {
		if t > l.d {
			l.trace[q] = l.decay[q]*l.trace[q] + (1-l.decay[q])*z[q][g.Ages+t-1-l.d]/g.Dt
		}
	}
	for p := range m {
		term := &l.terms[t*m+p]
		*term = Terms{Trace: l.trace[p], Drive: net.input(p, l.trace, l.problem.external(t, p, m))}
		cell := (t*m + p) * g.Ages
		k := cohorts{Cohorts: kernel.Cohorts{V: l.v[p][t : t+g.Ages], S: l.s[p][t : t+g.Ages], Z: z[p][t : t+g.Ages],
			Before: l.tape.s[cell : cell+g.Ages], Potential: l.tape.v[cell : cell+g.Ages],
			Hazard: l.tape.lam[cell : cell+g.Ages], Chance: l.tape.p[cell : cell+g.Ages]}, dead: l.firstLive(t, p)}
		of := l.steps[p]
		sum := k.step(of.c, of.kMu*net.Rest[p]+of.kG*term.Drive, net.Threshold[p], g.Dt, l.r, g.Published)
		term.X, term.weight, term.dead = sum.X, sum.W, k.dead
		term.Zbar, term.Mess, term.Lambda, term.clipped = expected(sum)
		vz := Variance(term.Zbar, net.Neurons[p], g.Dt)
		e := z[p][g.Ages+t] - term.Zbar
		term.NegLogZ = e*e/(2*vz*l.problem.slack()) + 0.5*math.Log(vz) + 0.5*math.Log(2*g.pi())
	}
}

// firstLive is where the cohorts that may be alive in bin t begin: those that were dead stay so.
func (l *Likelihood) firstLive(t, p int) int {
	if t == 0 {
		return 0
	}
	return max(l.terms[(t-1)*len(l.steps)+p].dead-1, 0)
}

// pi is π, or what the published code takes for it in the density.
func (g Grid) pi() float64 {
	if g.Published {
		return 3.14
	}
	return math.Pi
}

// input is G = Σ_q I_q J_qp + ε x_p.
func (n *Network) input(p int, trace []float64, x float64) float64 {
	m := n.Populations()
	sum := n.Gain * x
	for q, i := range trace {
		sum += i * n.J[q*m+p]
	}
	return sum
}

func (p *Problem) external(t, m, populations int) float64 {
	if p.Input == nil {
		return 0
	}
	return p.Input[t*populations+m]
}
