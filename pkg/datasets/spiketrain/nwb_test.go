package spiketrain

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
)

func TestRealNWBFiles(t *testing.T) {
	dir := golden.Data(t, "spikes")
	for name, want := range map[string]struct{ neurons, spikes, trials int }{
		"A8604-211122.nwb":                        {3, 21354, 0},
		"ecephys_tutorial_matnwb.nwb":             {3, 10, 3}, // with references to regions for indices
		"ecephys_tutorial_v2.5.0.nwb":             {10, 195, 0},
		"linear-track/linear-track_converted.nwb": {31, 28829, 196}, // chunked and compressed
	} {
		r, err := ReadNWB(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if len(r.Neurons) != want.neurons || r.Spikes() != want.spikes || len(r.Trials) != want.trials {
			t.Errorf("%s: %d neurons with %d spikes in %d trials, want %+v", name, len(r.Neurons), r.Spikes(), len(r.Trials), want)
		}
	}
	r, err := ReadNWB(filepath.Join(dir, "A8604-211122.nwb"))
	if err != nil {
		t.Fatal(err)
	}
	if first, last := r.Span(); first < 0.02 || first > 0.04 || last < 1087.3 || last > 1087.4 {
		t.Errorf("spikes from %v to %v s, want 0.03 to 1087.35", first, last)
	}
}

func TestNWBFilesWithoutUnits(t *testing.T) {
	dir := golden.Data(t, "spikes")
	for name, message := range map[string]string{
		"test_Units.nwb":          "has no table /units",
		"test_TimeIntervals.nwb":  "has no table /units",
		"linear-track/spikes.mat": "is no HDF5 file",
		"missing.nwb":             "no such file",
	} {
		_, err := ReadNWB(filepath.Join(dir, name))
		if err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v, want %q", name, err, message)
		}
	}
}
