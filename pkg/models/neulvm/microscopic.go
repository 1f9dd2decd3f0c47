package neulvm

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"github.com/snnctl/snnctl/internal/rng"
)

// Microscopic simulates every neuron of a network (section 3 of the method):
//
//	I_q ← e^{-α_q^s Δt} I_q + (1 - e^{-α_q^s Δt}) A_q(t-1-d)
//	u_i ← c u_i + k_μ μ_i + k_G (Σ_q I_q J_qp + ε x_p), 0 while refractory
//	spikes with probability 1 - exp(-Δt exp(u_i - θ_p)); then u_i ← 0
//
// A population shares its drive, so the potential of a neuron follows from the step of its
// last spike: with W the potential of a neuron that started long ago without drive and
// n steps since the end of refractoriness, u_i = μ_i (1 - cⁿ) + W(t) - cⁿ W(t-n).
// The largest potential there can be bounds the hazard; spikes are drawn at the rate of that
// bound, by the gaps between them, and stay with the probability that their neuron's
// own hazard has to it. The law is that of one draw a neuron and step, while the work is for
// what was drawn: it grows with spikes, not with neurons and steps.
type Microscopic struct {
	net    *Network
	grid   Grid
	r      int
	t      int // steps done
	groups []group
	rand   *rand.Rand

	// delayed[q] are the spike counts of the last d+1 steps.
	delayed [][]int
}

// group is one population.
type group struct {
	of           stepper
	decay, trace float64
	theta        float64
	rest         []float64 // of each neuron; one for all of them if there is no difference
	least, most  float64   // of rest
	last         []int     // step of each neuron's last spike
	w            float64   // W
	past         []float64 // W of the last len(past) steps, a ring; a power of two
	power        []float64 // cⁿ
	below        float64   // bound on -cⁿ (μ + W(t-n)), not negative
	spiked       []int     // in the last step
}

// forgotten is the cⁿ from which on a past potential no longer counts, in rounding or in hazard.
const forgotten = 1e-18

const purposeMicroscopic rng.Purpose = "neulvm-neurons"

// NewMicroscopic starts with all neurons at u = 0, as if each had just spiked. rest has
// a resting potential for each neuron of each population, where they differ; nil where
// they do not. The grid's ages do not count.
func NewMicroscopic(net *Network, g Grid, rest [][]float64, seed, trial uint64) *Microscopic {
	s := &Microscopic{net: net, grid: g, r: net.RefractoryBins(g.Dt), rand: rng.Stream(seed, purposeMicroscopic, trial, 0)}
	for p, n := range net.Neurons {
		k := group{of: newStepper(g.Integrator, net.Leak[p], g.Dt), decay: math.Exp(-net.Synapse[p] * g.Dt),
			rest: []float64{net.Rest[p]}, last: make([]int, n), spiked: make([]int, 0, n), theta: net.Threshold[p]}
		if rest != nil {
			k.rest = rest[p]
		}
		k.least, k.most = math.Inf(1), math.Inf(-1)
		for _, mu := range k.rest {
			k.least, k.most = min(k.least, mu), max(k.most, mu)
		}
		for i := range k.last {
			k.last[i] = -1
		}
		for c := 1.0; c > forgotten; c *= k.of.c {
			k.power = append(k.power, c)
		}
		k.past = make([]float64, 1<<bits.Len(uint(len(k.power))))
		s.groups = append(s.groups, k)
		s.delayed = append(s.delayed, make([]int, net.DelayBins(g.Dt)+1))
	}
	return s
}

// Advance runs one step. input is the external input of each population, nil for none.
func (s *Microscopic) Advance(input []float64) {
	now := s.t % len(s.delayed[0])
	for q := range s.groups {
		k := &s.groups[q]
		// The place of this step still holds the count of d+1 steps ago.
		arriving := float64(s.delayed[q][now]) / (float64(len(k.last)) * s.grid.Dt)
		k.trace = k.decay*k.trace + (1-k.decay)*arriving
	}
	for p := range s.groups {
		drive := 0.0
		if input != nil {
			drive = s.net.Gain * input[p]
		}
		for q := range s.groups {
			drive += s.groups[q].trace * s.net.J[q*len(s.groups)+p]
		}
		s.groups[p].advance(s.t, s.r, drive, s.grid.Dt, s.rand)
		s.delayed[p][now] = len(s.groups[p].spiked)
	}
	s.t++
}

// Spiked are the neurons of population p that spiked in the last step, in ascending order; they
// are valid until the next.
func (s *Microscopic) Spiked(p int) []int { return s.groups[p].spiked }

func (k *group) advance(t, r int, drive, dt float64, random *rand.Rand) {
	k.below = k.of.c * max(k.below, -(k.least+k.w))
	k.w = k.of.c*k.w + k.of.kG*drive
	mask := len(k.past) - 1
	k.past[t&mask] = k.w
	k.spiked = k.spiked[:0]
	highest := k.most + k.w + max(k.below, 0)
	rate := math.Exp(highest-k.theta) * dt
	n := float64(len(k.last))
	if !(rate*n > 1e-300) {
		return
	}
	if rate > mostCandidates {
		k.visit(t, r, highest, rate, random)
		return
	}
	// Points of a Poisson process with the highest hazard lie along the neurons, as many as a
	// Poisson number says, anywhere; each stays with the chance exp(u - highest) that its
	// neuron's hazard has to it. A neuron spikes if a point of it stays. One random number
	// has the place and the chance in its halves.
	for range poisson(random, rate*n) {
		word := random.Uint64()
		j := int(word >> 32 * uint64(len(k.last)) >> 32)
		since := t - k.last[j] - r
		if since < 1 {
			continue
		}
		mu := k.rest[0]
		if len(k.rest) > 1 {
			mu = k.rest[j]
		}
		below := highest - mu - k.w
		if since < len(k.power) {
			below += k.power[since] * (mu + k.past[(t-since)&mask])
		}
		if below < decayReach && stays(float64(uint32(word))*(1.0/(1<<32)), below) {
			k.last[j] = t
			k.spiked = append(k.spiked, j)
		}
	}
	slices.Sort(k.spiked)
}

// mostCandidates is how many spikes may be drawn for a neuron and step before it is cheaper to look
// at each neuron: under a strong drive the highest potential there can be is far above those
// that neurons reach before they spike.
const mostCandidates = 64

// visit draws once for each neuron.
func (k *group) visit(t, r int, highest, rate float64, random *rand.Rand) {
	mask := len(k.past) - 1
	for j, last := range k.last {
		since := t - last - r
		if since < 1 {
			continue
		}
		mu := k.rest[0]
		if len(k.rest) > 1 {
			mu = k.rest[j]
		}
		below := highest - mu - k.w
		if since < len(k.power) {
			below += k.power[since] * (mu + k.past[(t-since)&mask])
		}
		if random.Float64() < -math.Expm1(-rate*math.Exp(-below)) {
			k.last[j] = t
			k.spiked = append(k.spiked, j)
		}
	}
}

// poisson draws a number with the given mean, by going along the distribution; large means in
// parts.
func poisson(random *rand.Rand, mean float64) (n int) {
	const part = 32
	for ; mean > part; mean -= part {
		n += poisson(random, part)
	}
	u, p := random.Float64(), math.Exp(-mean)
	for k := 1; u >= p && k < 10*part; k++ {
		u -= p
		p *= mean / float64(k)
		n++
	}
	return n
}

// decay[i] is e^{-i/8}: bounds for most of what is compared with an exponential.
var decay = func() (d [8*decayReach + 2]float64) {
	for i := range d {
		d[i] = math.Exp(-float64(i) / 8)
	}
	return d
}()

// decayReach is the x from which on e^{-x} is less than the step of the numbers compared with it.
const decayReach = 23

// stays reports whether u < e^{-x}, for x < decayReach.
func stays(u, x float64) bool {
	i := int(max(x, 0) * 8)
	switch {
	case u >= decay[i]:
		return false
	case u < decay[i+1]:
		return true
	}
	return u < math.Exp(-x)
}
