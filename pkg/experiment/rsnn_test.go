package experiment

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
)

// v1 is the experiment on the V1 recordings in small: 3 units, 8 trials of 25 bins.
func v1(t *testing.T, sets ...string) *config.Experiment {
	t.Helper()
	dir := t.TempDir()
	movie, err := os.Create(filepath.Join(dir, "movie.npy"))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	pixels := make([]uint8, 12*10*25)
	for i := range pixels {
		pixels[i] = uint8(r.UintN(256))
	}
	if err := npy.Encode(movie, pixels, 12, 10, 25); err != nil {
		t.Fatal(err)
	}
	movie.Close()
	yaml := fmt.Sprintf(`
name: small-v1
data: {type: spike-trains, file: ../datasets/spiketrain/testdata/events.mat, bin_ms: 40, duration_ms: 1000,
  stimulus: frames, stimulus_file: %s, frame_side: 9, frame_history: 4, validation_trials: 2, test_trials: 2}
model: {type: rsnn, history_bins: 3, hidden_neurons: 1, stimulus_network: cnn, cnn_filters: 2, cnn_kernel: 3}
rule: {type: sample-and-measure, optimizer: {type: adam, learning_rate: 0.01}}
train: {iterations: 13, batch_size: 4, eval_every: 4, checkpoint_every: 5, log_every: 3}
`, filepath.Join(dir, "movie.npy"))
	resolved, err := config.Load([]byte(yaml), "v1.yaml", sets)
	if err != nil {
		t.Fatal(err)
	}
	return &resolved.Experiment
}

// The stimulus network learns with the neurons, whatever the threads and the stops.
func TestStimulusNetworkLearnsWithTheNeurons(t *testing.T) {
	e := v1(t)
	reference := uninterrupted(t, e, 1)
	uninterrupted(t, e, 3).sameAs(t, reference, "3 threads")
	x, err := Build(e, Settings{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	var before, after []float32
	for _, tensor := range x.Model() {
		if tensor.Name == "stimulus_w1" {
			before, after = slices.Clone(tensor.Data.([]float32)), tensor.Data.([]float32)
		}
	}
	var losses []float64
	for step := range 60 {
		m, err := x.Step(step)
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, m["loss"])
	}
	if slices.Equal(before, after) || len(before) == 0 {
		t.Error("the filters have not moved")
	}
	if !(losses[59] < losses[0]) {
		t.Errorf("the loss went from %v to %v", losses[0], losses[59])
	}
	checks, err := x.Check()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if !c.Passed() {
			t.Errorf("gradients of float32 and float64: %+v", c)
		}
	}
}

// What a fitted network does on its own is written, and read again as a recording with
// the bins of the data.
func TestExportedSpikesAreARecording(t *testing.T) {
	x, err := Build(v1(t), Settings{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	m, err := x.Evaluate("test", 0)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, form := range spiketrain.Forms {
		path := filepath.Join(dir, "spikes"+form)
		if err := x.Export("test", 0, path); err != nil {
			t.Fatal(err)
		}
		r, err := spiketrain.Open(path, spiketrain.OpenOptions{CSV: spiketrain.CSVOptions{Duration: 1, Trials: 2, Neurons: 3}, Array: spiketrain.ArrayOptions{Bin: 0.04}})
		if err != nil {
			t.Fatal(err)
		}
		// Of 25 bins the first 3 are history: the network does not run in them.
		if got, want := float64(r.Spikes()), m["rate_hz"]*2*3*22*0.04; got < want-0.5 || got > want+0.5 {
			t.Errorf("%s: %v spikes, want %v", form, got, want)
		}
	}
	if err := x.Export("test", 0, filepath.Join(dir, "spikes.txt")); !fault.IsInput(err) {
		t.Errorf("a form that nobody knows: %v", err)
	}
	plain, err := Build(load(t), Settings{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := plain.Export("test", 0, filepath.Join(dir, "spikes.nwb")); !fault.IsInput(err) {
		t.Errorf("a network that was not fitted to spikes: %v", err)
	}
}

func TestWhatDoesNotFitARecording(t *testing.T) {
	for set, message := range map[string]string{
		"data.file=none.nwb":              "there is no file none.nwb",
		"data.stimulus_file=none.npy":     "there is no file none.npy",
		"data.duration_ms=1040":           "has 25 frames, expected one for each of the 26 bins",
		"data.test_trials=6":              "8 trials can be used, expected more than the 2 that validate and the 6 that test",
		"data.stimulus_file=rsnn_test.go": "is no MATLAB file",
	} {
		_, err := Build(v1(t, set), Settings{Threads: 1})
		if !fault.IsInput(err) || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v, want %q", set, err, message)
		}
	}
}
