package metrics

import "math"

// MeanWait is the mean time between events of which many are not seen to come, because
// the watching ends before: the time that all were watched for, over the number of
// events,
//
//	m = Σ_i time_i / Σ_i events_i
//
// Whoever was watched in vain counts by his time, so that m is not too short, as the
// mean over the events that came would be. It is the maximum-likelihood estimate where
// the event is as likely at any moment. The standard error is that of a ratio of means
// over independent i,
//
//	s² = n/(n-1) Σ_i (time_i - m events_i)² / (Σ_i events_i)²
//
// Both are NaN without an event, and s of fewer than two i.
func MeanWait(time, events []float64) (mean, standardError float64) {
	var total, count float64
	for i := range time {
		total += time[i]
		count += events[i]
	}
	if count == 0 {
		return math.NaN(), math.NaN()
	}
	mean = total / count
	n, sum := float64(len(time)), 0.0
	for i := range time {
		d := time[i] - mean*events[i]
		sum += d * d
	}
	if n < 2 {
		return mean, math.NaN()
	}
	return mean, math.Sqrt(n/(n-1)*sum) / count
}

// Mean is the mean of x with its standard error: NaN of nothing, and the error of fewer
// than two.
func Mean(x []float64) (mean, standardError float64) {
	ones := make([]float64, len(x))
	for i := range ones {
		ones[i] = 1
	}
	return MeanWait(x, ones)
}
