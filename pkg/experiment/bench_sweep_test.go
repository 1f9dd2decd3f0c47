package experiment

import (
	"math"
	"testing"
)

func TestLineFitsALine(t *testing.T) {
	slope, intercept, fit := line([]float64{1, 2, 4}, []float64{5, 7, 11})
	if math.Abs(slope-2) > 1e-12 || math.Abs(intercept-3) > 1e-12 || math.Abs(fit-1) > 1e-12 {
		t.Errorf("2x + 3 is fitted by %g x + %g, R² %g", slope, intercept, fit)
	}
	if exponent, _, _ := line(logs([]float64{1, 2, 8}), logs([]float64{3, 12, 192})); math.Abs(exponent-2) > 1e-12 {
		t.Errorf("3x² has the exponent %g", exponent)
	}
	if _, _, fit := line([]float64{1, 2, 3}, []float64{1, 5, 1}); fit > 1e-12 {
		t.Errorf("a tent has R² %g", fit)
	}
}

func TestSweepGrowsWhatItSays(t *testing.T) {
	all := sweeps
	defer func() { sweeps = all }()
	for _, s := range all {
		s.sizes = []float64{20, 40}
		sweeps = []sweep{s}
		r, err := BenchSweep(s.over, LSNNBench{Neurons: 24, Steps: 60, Batch: 16, RateHz: 20, Connectivity: 0.5, Memory: "checkpointed", Repeats: 1}, 1)
		if err != nil {
			t.Fatal(err)
		}
		p := r.Series[0].Points
		if len(p) != 2 || !(r.Series[0].Values[0] < r.Series[0].Values[1]) {
			t.Errorf("%s at fixed %s: values %v", s.over, s.fixed, r.Series[0].Values)
		}
		if s.over != "steps" && p[0].Steps != p[1].Steps || s.over != "neurons" && p[0].Neurons != p[1].Neurons {
			t.Errorf("%s at fixed %s: something else grew: %+v", s.over, s.fixed, p)
		}
	}
	if _, err := BenchSweep("colour", LSNNBench{}, 1); err == nil {
		t.Error("a sweep over colours was accepted")
	}
}
