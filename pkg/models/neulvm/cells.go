package neulvm

import "math"

// refractoryHazard is what the published code gives to refractory neurons, Hz.
const refractoryHazard = 1e-8

// smallHazard is the q = λΔt below which the published code takes P = q.
const smallHazard = 0.01

// cohorts is one population's cells of the age grid at one time step. A cohort is the
// neurons that spiked in one bin; it keeps its place in the arrays for life, so that
// those of step t are the window [t, t+A) of arrays over bins, oldest first, and
// nothing is shifted.
type cohorts struct {
	v, s    []float64 // [A] potential and survival; changed in place
	z       []float64 // [A] fraction of the population in the cohort
	lam, pr []float64 // [A] hazard in Hz and spike probability, out
}

// sums are what the population equation needs of all cohorts.
type sums struct {
	x, m, w, wp float64 // Σ m P, Σ m, Σ w, Σ w P with m = S Z and w = (1 - S) m
}

// step advances the potentials of all cohorts but the youngest r by u ← c u + drive, and
// returns hazards, spike probabilities and sums (section 4 of the method, points 3 to 6).
// Survival is that at the start of the bin.
func (k *cohorts) step(c, drive, theta, dt float64, r int, published bool) sums {
	n := len(k.v)
	v, s, z, lam, pr := k.v, k.s[:n], k.z[:n], k.lam[:n], k.pr[:n]
	old := n - r
	for i := range v[:old] {
		u := c*v[i] + drive
		v[i] = u
		lam[i] = u - theta
	}
	expSlice(lam[:old])
	for i := old; i < n; i++ {
		v[i] = 0
		lam[i] = refractoryHazard
	}
	spikeProbabilities(pr, lam, dt)
	if published {
		for i, l := range lam {
			if q := l * dt; q < smallHazard {
				pr[i] = q
			}
		}
	}
	var t sums
	for i := range v {
		m := s[i] * z[i]
		w := (1 - s[i]) * m
		t.x += m * pr[i]
		t.m += m
		t.w += w
		t.wp += w * pr[i]
	}
	return t
}

// survive takes survival to the end of the bin: S ← S exp(-λΔt).
func (k *cohorts) survive(dt float64, published bool) {
	if published {
		for i, l := range k.lam {
			k.s[i] *= math.Exp(-l * dt)
		}
		return
	}
	for i, p := range k.pr {
		k.s[i] *= 1 - p
	}
}

// expected is the population equation: Zbar = Σ m P + Λ mess, clipped to [0, 1], where
// mess = 1 - Σ m is the mass that the cohorts lack and Λ = Σ w P / Σ w.
func (t sums) expected() (zbar, mess, rate float64, clipped bool) {
	mess = 1 - t.m
	if t.w != 0 {
		rate = t.wp / t.w
	}
	raw := t.x + rate*mess
	zbar = min(max(raw, 0), 1)
	return zbar, mess, rate, zbar != raw
}

// expSlice is x ← eˣ.
func expSlice(x []float64) {
	for i, v := range x {
		x[i] = math.Exp(v)
	}
}

// spikeProbabilities is p = 1 - exp(-λΔt).
func spikeProbabilities(p, lam []float64, dt float64) {
	for i, l := range lam {
		p[i] = -math.Expm1(-l * dt)
	}
}
