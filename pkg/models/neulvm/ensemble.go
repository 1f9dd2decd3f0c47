package neulvm

import (
	"math"
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
)

// Ensemble is many copies of the mesoscopic model that go along with what was observed: a
// particle filter. In each bin every particle is weighted by the chance that its past gives
// to the spikes of the observed neurons, and then draws its own fractions. Where few
// particles carry most of the weight, all are drawn anew by weight.
//
// It yields the likelihood of the spikes, the trajectory being summed over, and means of
// the trajectory given the spikes up to some bins later.
//
// A network that hardly ever switches on its own sends hardly any particle to where the spikes of
// a switch come from. Guide mends that: it gives half of the particles a push, and makes
// up for it in their weights.
type Ensemble struct {
	net       *Network
	problem   *Problem
	particles []particle
	log       []float64 // ln weight
	age       [][]int   // [M][R] of the observed neurons, the same in all particles

	lag          int         // bins
	done         int         // bins that are smoothed
	parents      [][]int32   // [T][particles] whose descendant a particle is; nil: its own
	drawn        [][]float64 // [T][particles · M]
	mean, square [][]float64 // [M][T]
	order        []int32
	normal       []float64
	threads      int

	guide   [][]float64 // [M][T]; nil: none
	patient int         // bins
	pending [][]float64 // [patient][particles], a ring over bins: ln weight that is yet to be charged
	owed    []float64   // [particles] the sum of pending
}

type particle struct {
	sim *Simulation
	u   [][]float64 // [M][R] of the observed neurons
}

const purposeEnsemble rng.Purpose = "neulvm-particles"

// NewEnsemble makes n particles that start from the problem's initial state and a history,
// [M][A]. Means will look lag bins ahead.
func NewEnsemble(net *Network, p *Problem, history [][]float64, n, lag, threads int) *Ensemble {
	e := &Ensemble{net: net, problem: p, lag: lag, mean: rows(net.Populations(), p.Bins), square: rows(net.Populations(), p.Bins), particles: make([]particle, n), log: make([]float64, n), order: make([]int32, n),
		normal: make([]float64, n*net.Populations()), threads: threads}
	for i := range e.particles {
		e.log[i] = -math.Log(float64(n))
		e.particles[i].sim = NewSimulation(net, p.Grid, p.Initial, history)
		for _, u := range p.Initial.U {
			e.particles[i].u = append(e.particles[i].u, append([]float64(nil), u...))
		}
	}
	for _, age := range p.Initial.Age {
		e.age = append(e.age, append([]int(nil), age...))
	}
	return e
}

// Guide makes half of the particles draw their innovations around xi, [M][T], such as the most
// probable ones, instead of 0. What they draw costs them
//
//	ln N(ξ; 0, 1) - ln N(ξ; xi, 1) = Σ_p (xi²/2 - ξ xi)
//
// of their weight, so that means and likelihood have the right expectation, whatever
// xi is. The cost comes before what it buys: it counts in resampling only after the given number
// of bins, at least 1, until when the particles carry it along.
func (e *Ensemble) Guide(xi [][]float64, bins int) {
	e.guide, e.patient = xi, bins
	e.pending = rows(bins, len(e.particles))
	e.owed = make([]float64, len(e.particles))
}

// Run goes through the problem's bins and returns ln p(spikes). Random numbers are those of
// seed and trial, whatever the number of threads.
func (e *Ensemble) Run(seed, trial uint64) float64 {
	m, total := e.net.Populations(), 0.0
	for t := range e.problem.Bins {
		parallel.For(e.threads, e.chunks(), func(_, c int) {
			for i := c * particlesAtATime; i < min((c+1)*particlesAtATime, len(e.particles)); i++ {
				e.log[i] += e.observe(i, t)
			}
		})
		for q := range e.age {
			for i := range e.age[q] {
				e.age[q][i]++
				if e.problem.Spikes[q][i][t] {
					e.age[q][i] = 0
				}
			}
		}
		e.charge(t)
		total += e.normalise()
		random := rng.Stream(seed, purposeEnsemble, trial, uint64(t))
		e.parents = append(e.parents, e.resample(random))
		for i := range e.normal {
			e.normal[i] = random.NormFloat64()
		}
		drawn := make([]float64, len(e.normal))
		for i := range e.particles {
			k := &e.particles[i]
			for q := range m {
				zbar := k.sim.Expected(q)
				xi := e.normal[i*m+q]
				if e.guided(i) {
					xi += e.guide[q][t]
					e.owe(i, t, e.guide[q][t]*(e.guide[q][t]/2-xi))
				}
				z := zbar + xi*math.Sqrt(Variance(zbar, e.net.Neurons[q], e.problem.Grid.Dt))
				drawn[i*m+q] = max(z, leastFraction)
			}
			k.sim.Commit(drawn[i*m : i*m+m])
		}
		e.drawn = append(e.drawn, drawn)
		if last := t == e.problem.Bins-1; last || (t+1)%smoothingBlock == 0 {
			to := t + 1 - e.lag
			if last {
				to = t + 1
				total += e.settle()
			}
			if to > e.done {
				e.smooth(e.done, to, t)
				for i := e.done; i < to; i++ {
					e.drawn[i], e.parents[i] = nil, nil
				}
				e.done = to
			}
		}
	}
	return total
}

// guided reports whether particle i follows the guide: every second one does.
func (e *Ensemble) guided(i int) bool { return e.guide != nil && i%2 == 1 }

// owe adds to what particle i will be charged for bin t.
func (e *Ensemble) owe(i, t int, cost float64) {
	e.pending[t%e.patient][i] += cost
	e.owed[i] += cost
}

// charge takes from the weights what was owed since e.patient bins before t.
func (e *Ensemble) charge(t int) {
	if e.guide == nil {
		return
	}
	due := e.pending[t%e.patient]
	for i, cost := range due {
		e.log[i] += cost
		e.owed[i] -= cost
		due[i] = 0
	}
}

// settle takes all that is owed, and returns the logarithm of what the weights sum to then.
func (e *Ensemble) settle() float64 {
	if e.guide == nil {
		return 0
	}
	for i := range e.log {
		e.log[i] += e.owed[i]
		e.owed[i] = 0
	}
	return e.normalise()
}

// smoothingBlock is how many bins pass between two looks back.
const smoothingBlock = 25

// particlesAtATime is a thread's unit of work.
const particlesAtATime = 16

func (e *Ensemble) chunks() int { return (len(e.particles) + particlesAtATime - 1) / particlesAtATime }

// observe takes particle i to the expectation of bin t, and returns the log-likelihood of the
// spikes there.
func (e *Ensemble) observe(i, t int) (logLikelihood float64) {
	k, m := &e.particles[i], e.net.Populations()
	var input []float64
	if e.problem.Input != nil {
		input = e.problem.Input[t*m : t*m+m]
	}
	k.sim.Predict(input)
	g := e.problem.Grid
	for p := range m {
		of := k.sim.steps[p]
		for j := range k.u[p] {
			u, lam, spiked := &k.u[p][j], refractoryHazard, e.problem.Spikes[p][j][t]
			if e.age[p][j] >= k.sim.r {
				*u = of.c**u + of.kMu*e.net.Rest[p] + of.kG*k.sim.drive[p]
				lam = math.Exp(*u - e.net.Threshold[p])
			} else {
				*u = 0
			}
			ll, _ := spikeTerm(spiked, lam*g.Dt, *u-e.net.Threshold[p]+math.Log(g.Dt), g.Published)
			logLikelihood += ll
			if spiked {
				*u = 0
			}
		}
	}
	return logLikelihood
}

// normalise makes the weights sum to 1, and returns the logarithm of what they summed to.
func (e *Ensemble) normalise() float64 {
	top := math.Inf(-1)
	for _, l := range e.log {
		top = max(top, l)
	}
	sum := 0.0
	for _, l := range e.log {
		sum += math.Exp(l - top)
	}
	total := top + math.Log(sum)
	for i := range e.log {
		e.log[i] -= total
	}
	return total
}

// resample draws the particles anew if few of them carry the weight, by systematic
// resampling: one of them for each n-th of the weight. It returns their parents, nil if all
// remain.
func (e *Ensemble) resample(random *rand.Rand) []int32 {
	n := len(e.particles)
	squares := 0.0
	for _, l := range e.log {
		squares += math.Exp(2 * l)
	}
	if squares*float64(n) < 2 { // more than half of the particles count
		return nil
	}
	offspring := make([]int, n)
	at, sum := random.Float64()/float64(n), 0.0
	for i, l := range e.log {
		sum += math.Exp(l)
		for at < sum || i == n-1 && at < 1 {
			offspring[i]++
			at += 1 / float64(n)
		}
	}
	// Those with descendants stay where they are; others are overwritten.
	parents := make([]int32, n)
	from := 0
	for i := range parents {
		parents[i] = int32(i)
	}
	for i := range parents {
		if offspring[i] > 0 {
			continue
		}
		for offspring[from] < 2 {
			from++
		}
		offspring[from]--
		parents[i] = int32(from)
	}
	parallel.For(e.threads, n, func(_, i int) {
		if p := int(parents[i]); p != i {
			e.particles[i].copy(&e.particles[p])
		}
	})
	if e.guide != nil {
		for i, p := range parents {
			e.owed[i] = e.owed[p]
			for _, of := range e.pending {
				of[i] = of[p]
			}
		}
	}
	for i := range e.log {
		e.log[i] = -math.Log(float64(n))
	}
	return parents
}

func (k *particle) copy(from *particle) {
	k.sim.copy(from.sim)
	for p := range k.u {
		copy(k.u[p], from.u[p])
	}
}

// smooth adds the means of bins [from, to) as the particles' ancestors had them, by the
// weights of now, after bin now.
func (e *Ensemble) smooth(from, to, now int) {
	m := e.net.Populations()
	for i := range e.order {
		e.order[i] = int32(i)
	}
	weights := e.weights()
	for t := now; t >= from; t-- {
		// A particle's fractions of bin t were drawn after its resampling.
		if t < to {
			for i, k := range e.order {
				w := weights[i]
				for p := range m {
					z := e.drawn[t][int(k)*m+p]
					e.mean[p][t] += w * z
					e.square[p][t] += w * z * z
				}
			}
		}
		if parents := e.parents[t]; parents != nil {
			for i, k := range e.order {
				e.order[i] = parents[k]
			}
		}
	}
}

// weights are those of now, all that is owed being charged; they sum to 1.
func (e *Ensemble) weights() []float64 {
	w := make([]float64, len(e.log))
	top := math.Inf(-1)
	for i, l := range e.log {
		w[i] = l
		if e.guide != nil {
			w[i] += e.owed[i]
		}
		top = max(top, w[i])
	}
	sum := 0.0
	for i := range w {
		w[i] = math.Exp(w[i] - top)
		sum += w[i]
	}
	for i := range w {
		w[i] /= sum
	}
	return w
}

// Smoothed gives means and standard deviations of the trajectory, [M][T], each given the
// spikes of at least lag bins more as far as there are any.
func (e *Ensemble) Smoothed() (mean, deviation [][]float64) {
	deviation = rows(len(e.mean), e.problem.Bins)
	for p := range deviation {
		for t, mu := range e.mean[p] {
			deviation[p][t] = math.Sqrt(max(e.square[p][t]-mu*mu, 0))
		}
	}
	return e.mean, deviation
}
