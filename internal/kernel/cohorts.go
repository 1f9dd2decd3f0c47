package kernel

import "math"

//go:generate sh -c "cd gen/cohorts && go run . -out ../../cohorts_amd64.s -stubs ../../cohorts_amd64.go -pkg kernel"

// Cohorts are groups of neurons that spiked in the same bin, the members of a population
// by age (escape-noise LIF, arXiv:2205.13493). All slices have the length of V.
type Cohorts struct {
	V, S, Z                           []float64 // potential; fraction still silent, both advanced in place; size
	Before, Potential, Hazard, Chance []float64 // out: S before the bin, V after it, λ in Hz, P
}

// CohortSums are Σ m P, Σ m, Σ w and Σ w P with m = S Z and w = (1 - S) m.
type CohortSums struct{ X, M, W, WP float64 }

// CohortStep takes n cohorts through a bin of dt seconds:
//
//	v ← c v + drive;  λ = exp(v - θ);  P = 1 - exp(-λ dt);  S ← S (1 - P)
//
// and adds to the sums, with S before the bin.
func CohortStep(k *Cohorts, n int, c, drive, theta, dt float64, sums *CohortSums) {
	if n <= 0 || cohortStepFast(k, n, c, drive, theta, dt, sums) {
		return
	}
	for i := range n {
		v := c*k.V[i] + drive
		lam := math.Exp(v - theta)
		p := -math.Expm1(-lam * dt)
		s := k.S[i]
		k.V[i], k.Potential[i], k.Hazard[i], k.Chance[i], k.Before[i] = v, v, lam, p, s
		m := s * k.Z[i]
		w := (1 - s) * m
		sums.X += m * p
		sums.M += m
		sums.W += w
		sums.WP += w * p
		k.S[i] = s * (1 - p)
	}
}

// CohortAdjoints is what CohortBack reads and changes.
type CohortAdjoints struct {
	S, Hazard, Chance, Z []float64 // as CohortStep had them: S before the bin
	Before               []float64 // v before the bin
	LogS, V              []float64 // ∂E/∂ ln S and ∂E/∂v after the bin; on return before it
	GZ                   []float64 // ∂E/∂Z, added to
	ToZbar               float64   // ∂E/∂Zbar, with Zbar = X + Λ (1 - M)
	ToRate               float64   // ∂E/∂Λ / W, with Λ = WP / W; 0 where W is
	Rate                 float64   // Λ
}

// CohortAdjointSums are, with ∂E/∂v after the bin, Σ ∂E/∂v, Σ v_before ∂E/∂v, and Σ λ ∂E/∂λ.
type CohortAdjointSums struct{ U, Before, Hazard float64 }

// CohortBack goes back through CohortStep and the population equation for n cohorts.
func CohortBack(k *CohortAdjoints, n int, c, dt float64, sums *CohortAdjointSums) {
	if n <= 0 || cohortBackFast(k, n, c, dt, sums) {
		return
	}
	for i := range n {
		s, p := k.S[i], k.Chance[i]
		m := s * k.Z[i]
		over := p - k.Rate
		f := k.ToZbar + k.ToRate*(1-s)
		toM := over * f
		toS := toM*k.Z[i] - k.ToRate*m*over
		k.GZ[i] += toM * s
		toHazard := k.Hazard[i] * dt * (m*f*(1-p) - k.LogS[i])
		k.LogS[i] += toS * s
		u := toHazard + k.V[i]
		sums.Hazard += toHazard
		sums.U += u
		sums.Before += u * k.Before[i]
		k.V[i] = c * u
	}
}
