package neulvm

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
)

// refractoryHazard is what the published code gives to refractory neurons, Hz.
const refractoryHazard = 1e-8

// smallHazard is the q = λΔt below which the published code takes P = q.
const smallHazard = 0.01

// cohorts is one population's cells of the age grid at one time step. A cohort is the
// neurons that spiked in one bin; it keeps its place in the arrays for life, so that
// those of step t are the window [t, t+A) of arrays over bins, oldest first, and
// nothing is shifted.
type cohorts struct {
	kernel.Cohorts
	dead int // cohorts, the oldest, that have no neuron left to speak of
}

// extinct is the survival below which a cohort no longer counts, in rounding.
const extinct = 1e-18

// sums are what the population equation needs of all cohorts.
type sums = kernel.CohortSums

// step advances the potentials of all cohorts but the youngest r by u ← c u + drive, and
// survival by S ← S exp(-λΔt). It leaves hazards, spike probabilities, and survival before
// the bin, and returns sums (section 4 of the method, points 3 to 6). Of dead cohorts it
// leaves nothing.
func (k *cohorts) step(c, drive, theta, dt float64, r int, published bool) (t sums) {
	n := len(k.V)
	old := n - r
	for k.dead < old && k.S[k.dead] < extinct {
		k.dead++
	}
	from := k.dead
	live := kernel.Cohorts{V: k.V[from:old], S: k.S[from:old], Z: k.Z[from:old],
		Before: k.Before[from:old], Potential: k.Potential[from:old], Hazard: k.Hazard[from:old], Chance: k.Chance[from:old]}
	if published {
		publishedStep(&live, c, drive, theta, dt, &t)
	} else {
		kernel.CohortStep(&live, old-from, c, drive, theta, dt, &t)
	}
	young := refractoryHazard * dt
	chance := young
	if !published {
		chance = -math.Expm1(-young)
	}
	for i := old; i < n; i++ {
		s := k.S[i]
		k.V[i], k.Potential[i], k.Hazard[i], k.Chance[i], k.Before[i] = 0, 0, refractoryHazard, chance, s
		k.S[i] = s * math.Exp(-young)
		add(&t, s, k.Z[i], chance)
	}
	return t
}

func add(t *sums, s, z, chance float64) {
	m := s * z
	w := (1 - s) * m
	t.X += m * chance
	t.M += m
	t.W += w
	t.WP += w * chance
}

// publishedStep is kernel.CohortStep with P = q where q = λΔt is small, as the published
// code has it.
func publishedStep(k *kernel.Cohorts, c, drive, theta, dt float64, t *sums) {
	for i, s := range k.S {
		v := c*k.V[i] + drive
		lam := math.Exp(v - theta)
		q := lam * dt
		chance := -math.Expm1(-q)
		if q < smallHazard {
			chance = q
		}
		k.V[i], k.Potential[i], k.Hazard[i], k.Chance[i], k.Before[i] = v, v, lam, chance, s
		k.S[i] = s * math.Exp(-q)
		add(t, s, k.Z[i], chance)
	}
}

// expected is the population equation: Zbar = Σ m P + Λ mess, clipped to [0, 1], where
// mess = 1 - Σ m is the mass that the cohorts lack and Λ = Σ w P / Σ w.
func expected(t sums) (zbar, mess, rate float64, clipped bool) {
	mess = 1 - t.M
	if t.W != 0 {
		rate = t.WP / t.W
	}
	raw := t.X + rate*mess
	zbar = min(max(raw, 0), 1)
	return zbar, mess, rate, zbar != raw
}
