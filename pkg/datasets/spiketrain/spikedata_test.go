package spiketrain

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSpikeDataOfMATLAB(t *testing.T) {
	all, err := ReadSpikeData("testdata/spikedata.mat")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 { // the second of three is no expert
		t.Fatalf("%d sessions, want 2", len(all))
	}
	r := all[0]
	if r.Name != "VE00_20190304" || len(r.Neurons) != 4 || len(all[1].Neurons) != 3 {
		t.Errorf("session %s has %d neurons, the other %d, want VE00_20190304, 4 and 3", r.Name, len(r.Neurons), len(all[1].Neurons))
	}
	for i, want := range []struct {
		area, kind string
		spikes     int
	}{{"wS1", "exc", 0}, {"wS1", "inh", 40}, {"ALM", "exc", 50}, {"ALM", "inh", 60}} {
		if n := r.Neurons[i]; n.Area != want.area || n.CellType != want.kind || len(n.Spikes) != want.spikes {
			t.Errorf("neuron %d is %s %s with %d spikes, want %v", i, n.Area, n.CellType, len(n.Spikes), want)
		}
	}
	for k, want := range []string{"Miss", "Hit", "CR", "FA", "Hit", ""} {
		trial := r.Trials[k]
		stimulus := 0.0
		if want == "Miss" || want == "Hit" {
			stimulus = 1
		}
		if _, reacted := trial.Values[ReactionTime]; trial.Type != want || trial.Start != 2+6*float64(k) || trial.Values[StimulusTime] != trial.Start+1 ||
			trial.Values[Stimulus] != stimulus && k < 5 || reacted != (want == "Hit" || want == "FA" || k == 5) {
			t.Errorf("trial %d is %+v, want %q", k, trial, want)
		}
	}
	if jaw := r.Behaviour[0]; len(jaw.Values) != 6*2000 || jaw.Times[2000] != 8 || jaw.Values[0] != jaw.Values[9] || jaw.Values[0] == jaw.Values[2000] {
		t.Errorf("the jaw has %d samples, the second trial's begin at %v", len(jaw.Values), jaw.Times[2000])
	}
	one, err := ReadSpikeData("testdata/spikedata-one.mat")
	if err != nil {
		t.Fatal(err)
	}
	if len(one) != 1 || one[0].Name != r.Name || len(one[0].Neurons) != 4 || one[0].Trials[1].Type != "Hit" {
		t.Errorf("a structure alone gives %d sessions", len(one))
	}
}

func TestSpikeDataThatIsNone(t *testing.T) {
	if _, err := ReadSpikeData("../../../internal/hdf5/testdata/old.h5"); err == nil || !strings.Contains(err.Error(), "no variable spikeData_v9") {
		t.Errorf("error %v", err)
	}
	if _, err := ReadSpikeData("spikedata_test.go"); err == nil {
		t.Error("a text file is read")
	}
}

// FuzzReadSpikeData damages a byte of the file.
func FuzzReadSpikeData(f *testing.F) {
	whole, err := os.ReadFile("testdata/spikedata-one.mat")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), byte(0))
	f.Add(uint32(3000), byte(255))
	f.Add(uint32(len(whole)-10), byte(7))
	f.Fuzz(func(t *testing.T, at uint32, to byte) {
		content := append([]byte(nil), whole...)
		content[int(at)%len(content)] = to
		file := filepath.Join(t.TempDir(), "x.mat")
		if err := os.WriteFile(file, content, 0o666); err != nil {
			t.Fatal(err)
		}
		all, err := ReadSpikeData(file)
		if err == nil && len(all) == 0 {
			t.Error("neither sessions nor an error")
		}
	})
}

func TestNormalisedBehaviour(t *testing.T) {
	r := twoSessions()[0]
	if err := r.NormaliseBehaviour(Jaw, 0.8); err != nil {
		t.Fatal(err)
	}
	jaw := r.Behaviour[0]
	// Trials differ by constants 0, 1, 2, whose variance is 1 at all times; each is brought
	// to zero in its first 0.8 s, and flipped.
	for k := range 3 {
		own := jaw.Values[2000*k : 2000*(k+1)]
		var mean float64
		for _, x := range own[:400] {
			mean += x / 400
		}
		if math.Abs(mean) > 1e-9 || math.Abs(own[1]-own[0]+1) > 1e-9 {
			t.Errorf("trial %d: mean %v before, step %v, want 0 and -1", k, mean, own[1]-own[0])
		}
	}
	if err := r.NormaliseBehaviour("tongue", 0.8); err == nil {
		t.Error("an unknown trace is normalised")
	}
}
