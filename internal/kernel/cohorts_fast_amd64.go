//go:build amd64 && !purego

package kernel

func cohortStepFast(k *Cohorts, n int, c, drive, theta, dt float64, sums *CohortSums) bool {
	if !denseVectors() {
		return false
	}
	for _, x := range [...][]float64{k.V, k.S, k.Z, k.Before, k.Potential, k.Hazard, k.Chance} {
		_ = x[n-1]
	}
	cohortStepAVX2(n, &k.V[0], &k.S[0], &k.Z[0], &k.Before[0], &k.Potential[0], &k.Hazard[0], &k.Chance[0], c, drive, theta, dt, &sums.X)
	return true
}

func cohortBackFast(k *CohortAdjoints, n int, c, dt float64, sums *CohortAdjointSums) bool {
	if !denseVectors() {
		return false
	}
	for _, x := range [...][]float64{k.S, k.Hazard, k.Chance, k.Z, k.Before, k.LogS, k.V, k.GZ} {
		_ = x[n-1]
	}
	cohortBackAVX2(n, &k.S[0], &k.Hazard[0], &k.Chance[0], &k.Z[0], &k.Before[0], &k.LogS[0], &k.V[0], &k.GZ[0], k.ToZbar, k.ToRate, k.Rate, c, dt, &sums.U)
	return true
}
