package metrics

// ByTrial is, for each trial, the mean over episodes of errors [episodes][trials] with its
// standard error, NaN for fewer than two.
func ByTrial(errors [][]float64) (mean, standardError []float64) {
	column := make([]float64, len(errors))
	for k := range errors[0] {
		for i := range errors {
			column[i] = errors[i][k]
		}
		m, e := Mean(column)
		mean, standardError = append(mean, m), append(standardError, e)
	}
	return mean, standardError
}
