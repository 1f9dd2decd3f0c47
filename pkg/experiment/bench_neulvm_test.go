package experiment

import (
	"path/filepath"
	"testing"
)

func TestBenchNeuLVM(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates 16,000 neurons for a moment")
	}
	r, err := BenchNeuLVM(1, filepath.Join(t.TempDir(), "problem.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Simulation) != 3 || r.Neurons[2] != 16*r.Neurons[0] || !(r.Likelihood > 0) || !(r.Fit > r.Likelihood) {
		t.Errorf("%+v", r)
	}
	for i, spikes := range r.SpikesSimulated {
		if spikes == 0 || !(r.Simulation[i] > 0) {
			t.Errorf("%d spikes of %d neurons in %v s", spikes, r.Neurons[i], r.Simulation[i])
		}
	}
	if _, err := BenchNeuLVM(0, ""); err == nil {
		t.Error("no repeats were accepted")
	}
}
