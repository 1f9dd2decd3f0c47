package spiketrain

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func write(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spikes.csv")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSpikesOfACSVFile(t *testing.T) {
	path := write(t, "trial,neuron,time_s\n0,2,0.5\n2,0,0.04\n0,2,0.1\n2,0,0.05\n1,1,7\n")
	r, err := ReadCSV(path, CSVOptions{Duration: 1, Neurons: 4})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Neurons) != 4 || len(r.Trials) != 3 || r.Spikes() != 4 {
		t.Errorf("%d neurons, %d trials, %d spikes", len(r.Neurons), len(r.Trials), r.Spikes())
	}
	if len(r.Notes) != 2 || !strings.Contains(r.Notes[0], "1 spike lies outside its trial") || !strings.Contains(r.Notes[1], "2 neurons have no spikes") {
		t.Errorf("notes %q", r.Notes)
	}
	b := r.Bin(Binning{Bin: 0.04, To: 1})
	if b.Binning.Bins() != 25 || b.Clipped != 1 {
		t.Errorf("%d bins, %d spikes clipped", b.Binning.Bins(), b.Clipped)
	}
	for k, want := range []map[int]int32{{2: 2, 12: 2}, {}, {1: 0}} {
		for bin := range 25 {
			neuron, fires := want[bin]
			got := b.Trials[k].At(bin)
			if fires != (len(got) == 1) || fires && got[0] != neuron {
				t.Errorf("trial %d, bin %d: %v", k, bin, got)
			}
		}
	}
}

func TestLabelsKeepTheirOrder(t *testing.T) {
	r, err := ReadCSV(write(t, "time_s,neuron,trial\n0.1,b,first\n0.2,a,second\n"), CSVOptions{Duration: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Neurons[0].Name != "b" || r.Neurons[1].Name != "a" || len(r.Trials) != 2 {
		t.Errorf("%+v", r)
	}
}

func TestBadCSVFilesAreNamedByRow(t *testing.T) {
	for content, message := range map[string]string{
		"":                                     "is empty",
		"trial,neuron\n":                       "has no column time_s",
		"trial,neuron,time_s\n0,0,x\n":         `spikes.csv:2: "x" is no number`,
		"trial,neuron,time_s\n0,0,NaN\n":       `"NaN" is no number`,
		"trial,neuron,time_s\n0,0\n":           "wrong number of fields",
		"trial,neuron,time_s\n0,5,0.1\n":       "names neuron 5, expected 3 of them",
		"trial,neuron,time_s\n\"0,5,0.1\n0,0,": "spikes.csv",
	} {
		_, err := ReadCSV(write(t, content), CSVOptions{Duration: 1, Neurons: 3})
		if err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%q: %v, want %q", content, err, message)
		}
	}
	if _, err := ReadCSV("x.csv", CSVOptions{}); err == nil || !strings.Contains(err.Error(), "the duration of a trial is 0 s") {
		t.Errorf("without a duration: %v", err)
	}
}

// What is written is read back with the same bins.
func TestRoundTripOfCSV(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		const bin, bins = 0.002, 50
		r := &Recording{}
		for i := range rapid.IntRange(1, 4).Draw(t, "neurons") {
			n := Neuron{Name: string(rune('a' + i)), Spikes: []float64{}}
			for k := range 3 {
				for _, b := range rapid.SliceOfNDistinct(rapid.IntRange(0, bins-1), 1, 6, rapid.ID).Draw(t, "bins") {
					n.Spikes = append(n.Spikes, float64(k)*bin*bins+float64(b)*bin)
				}
			}
			slices.Sort(n.Spikes)
			r.Neurons = append(r.Neurons, n)
		}
		for k := range 3 {
			r.Trials = append(r.Trials, Trial{Start: float64(k) * bin * bins, Stop: float64(k+1)*bin*bins - bin/2})
		}
		var out bytes.Buffer
		if err := r.WriteCSV(&out); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "spikes.csv")
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		back, err := ReadCSV(path, CSVOptions{Duration: bin * bins, Trials: 3})
		if err != nil {
			t.Fatal(err)
		}
		want, got := r.Bin(Binning{Bin: bin, To: bin * bins}), back.Bin(Binning{Bin: bin, To: bin * bins})
		for k := range want.Trials {
			if !slices.Equal(want.Trials[k].Active, got.Trials[k].Active) || !slices.Equal(want.Trials[k].Start, got.Trials[k].Start) {
				t.Fatalf("trial %d: %v, want %v", k, got.Trials[k], want.Trials[k])
			}
		}
	})
}

func TestUnobservedTrialsAreMissingNotSilent(t *testing.T) {
	r := &Recording{
		Neurons: []Neuron{{Spikes: []float64{0.5, 1.5}}, {Spikes: []float64{0.5}, Observed: [][2]float64{{0, 1}}}},
		Trials:  []Trial{{Start: 0, Stop: 1}, {Start: 1, Stop: 2}},
	}
	b := r.Bin(Binning{Bin: 0.1, To: 1})
	if len(b.Missing[0]) != 0 || !slices.Equal(b.Missing[1], []int{1}) {
		t.Errorf("missing %v", b.Missing)
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("trial,neuron,time_s\n0,2,0.5\n2,0,0.04\n")
	f.Add("time_s,trial,neuron\n1e300,x,\"\"\n")
	f.Fuzz(func(t *testing.T, content string) {
		r, err := ReadCSV(write(t, content), CSVOptions{Duration: 1})
		if err == nil && len(r.Trials) <= 1000 {
			r.Bin(Binning{Bin: 0.1, To: 1})
		}
	})
}
