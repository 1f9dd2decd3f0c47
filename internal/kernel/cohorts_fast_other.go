//go:build !amd64 || purego

package kernel

func cohortStepFast(*Cohorts, int, float64, float64, float64, float64, *CohortSums) bool {
	return false
}

func cohortBackFast(*CohortAdjoints, int, float64, float64, *CohortAdjointSums) bool { return false }
