package metrics

import (
	"math"
	"slices"
	"testing"
)

func TestByTrial(t *testing.T) {
	mean, standardError := ByTrial([][]float64{{1, 4}, {2, 4}, {6, 4}})
	if !slices.Equal(mean, []float64{3, 4}) {
		t.Errorf("means %v, want 3 and 4", mean)
	}
	// squares of -2, -1, 3 over 2, over 3 episodes
	if want := math.Sqrt(14. / 2 / 3); math.Abs(standardError[0]-want) > 1e-15 || standardError[1] != 0 {
		t.Errorf("standard errors %v, want %g and 0", standardError, want)
	}
	if mean, standardError := ByTrial([][]float64{{1, 2}}); !slices.Equal(mean, []float64{1, 2}) || !math.IsNaN(standardError[0]) {
		t.Errorf("of one episode %v with standard errors %v, want no error", mean, standardError)
	}
}
