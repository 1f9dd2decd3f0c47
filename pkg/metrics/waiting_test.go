package metrics

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Cutting the time short leaves the mean of waiting times what it is, where the mean of
// the times that ended would be too short; and the standard error is the spread of the
// mean from sample to sample.
func TestMeanWaitOfCutTimes(t *testing.T) {
	const trueMean, cut, n, samples = 50.0, 40.0, 200, 2000
	r := rand.New(rand.NewPCG(1, 2))
	var sum, square, errors float64
	for range samples {
		time, events := make([]float64, n), make([]float64, n)
		for i := range time {
			if wait := trueMean * r.ExpFloat64(); wait < cut {
				time[i], events[i] = wait, 1
			} else {
				time[i] = cut
			}
		}
		m, s := MeanWait(time, events)
		sum += m / samples
		square += m * m / samples
		errors += s / samples
	}
	if spread := math.Sqrt(square - sum*sum); math.Abs(sum-trueMean) > 1 || math.Abs(errors/spread-1) > 0.1 {
		t.Errorf("mean %v, want %v; standard error %v, spread %v", sum, trueMean, errors, spread)
	}
}

func TestMeanHasTheUsualStandardError(t *testing.T) {
	mean, se := Mean([]float64{1, 2, 3, 6})
	if mean != 3 || math.Abs(se-math.Sqrt(14.0/3/4)) > 1e-12 {
		t.Errorf("mean %v ± %v", mean, se)
	}
	if m, s := MeanWait([]float64{5, 5}, []float64{0, 0}); !math.IsNaN(m) || !math.IsNaN(s) {
		t.Errorf("without an event: %v ± %v", m, s)
	}
	if m, s := Mean([]float64{4}); m != 4 || !math.IsNaN(s) {
		t.Errorf("of one number: %v ± %v", m, s)
	}
}
