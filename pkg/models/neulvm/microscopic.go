package neulvm

import (
	"math"
	"math/rand/v2"

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
// The largest potential there can be bounds the hazard; neurons are drawn at the rate of
// that bound, by the lengths of the gaps between them, and keep their spike with the
// probability that their own hazard has under it. The law is that of one draw a neuron
// and step, while the work is for the neurons drawn: it grows with spikes, not with steps.
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
	past         []float64 // W of the last len(past) steps, a ring
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
		k.past = make([]float64, len(k.power)+s.r+1)
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
	k.past[t%len(k.past)] = k.w
	k.spiked = k.spiked[:0]
	rate := math.Exp(k.most+k.w+max(k.below, 0)-k.theta) * dt
	if !(rate > 0) {
		return
	}
	chance := -math.Expm1(-rate)
	n := float64(len(k.last))
	for i := math.Floor(random.ExpFloat64() / rate); i < n; i += 1 + math.Floor(random.ExpFloat64()/rate) {
		if j := int(i); k.spikes(j, t, r, chance*random.Float64(), dt) {
			k.last[j] = t
			k.spiked = append(k.spiked, j)
		}
	}
}

// spikes reports whether a uniform number below the spike probability of neuron j is given.
func (k *group) spikes(j, t, r int, uniform, dt float64) bool {
	n := t - k.last[j] - r
	if n < 1 {
		return false
	}
	mu := k.rest[0]
	if len(k.rest) > 1 {
		mu = k.rest[j]
	}
	u := mu + k.w
	if n < len(k.power) {
		u -= k.power[n] * (mu + k.past[(t-n)%len(k.past)])
	}
	q := math.Exp(u-k.theta) * dt
	switch { // q - q²/2 ≤ 1 - e^{-q} ≤ q decides nearly always
	case uniform >= q:
		return false
	case uniform < q-q*q/2:
		return true
	}
	return uniform < -math.Expm1(-q)
}
