package spiketrain

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
)

func readJSON(t *testing.T, path string, to any) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, to); err != nil {
		t.Fatal(err)
	}
}

func TestMATLABEvents(t *testing.T) {
	var want [][][]float64
	readJSON(t, "testdata/events.json", &want)
	r, err := Open("testdata/events.mat", OpenOptions{CSV: CSVOptions{Duration: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Neurons) != 3 || len(r.Trials) != 8 {
		t.Fatalf("%d neurons, %d trials", len(r.Neurons), len(r.Trials))
	}
	for i := range r.Neurons {
		for k, trial := range r.Trials {
			var inside []float64
			for _, x := range want[i][k] {
				if x < 1 {
					inside = append(inside, x+float64(k))
				}
			}
			if got := r.Neurons[i].Between(trial.Start, trial.Stop); !slices.EqualFunc(got, inside, func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
				t.Errorf("unit %d, trial %d: %v, want %v", i, k, got, inside)
			}
		}
	}
	if !strings.Contains(fmt.Sprint(r.Notes), "2 spikes lie outside their trials") {
		t.Errorf("notes %q", r.Notes)
	}
	if _, err := ReadMATLABEvents("testdata/events.mat", 0); !fault.IsInput(err) {
		t.Errorf("without a duration: %v", err)
	}
}

// Frames are resized as scikit-image does it.
func TestResizing(t *testing.T) {
	var cases []struct {
		Rows, Columns, Side int
		Pixels              []float32
		Resized             []float64
	}
	readJSON(t, "testdata/resized.json", &cases)
	for _, c := range cases {
		m := Movie{Frames: 1, Rows: c.Rows, Columns: c.Columns, Pixels: c.Pixels}
		for i, x := range m.Resized(c.Side).Pixels {
			if math.Abs(float64(x)-c.Resized[i]) > 1e-6 {
				t.Errorf("%d × %d to %d: pixel %d is %v, want %v", c.Rows, c.Columns, c.Side, i, x, c.Resized[i])
				break
			}
		}
	}
}

func TestMoviesOfNumPyAndMATLAB(t *testing.T) {
	path := filepath.Join(t.TempDir(), "movie.npy")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]uint8, 2*3*4) // rows, columns, frames
	for i := range values {
		values[i] = uint8(10 * i)
	}
	if err := npy.Encode(f, values, 2, 3, 4); err != nil {
		t.Fatal(err)
	}
	f.Close()
	m, err := ReadMovie(path)
	if err != nil {
		t.Fatal(err)
	}
	if m.Rows != 2 || m.Columns != 3 || m.Frames != 4 || m.Pixels[(3*2+1)*3+2] != float32(10*(1*12+2*4+3))/255 {
		t.Errorf("%+v", m)
	}
	var arrays map[string]struct {
		Shape  []int
		Values []float64
	}
	readJSON(t, "../../../internal/matlab/testdata/arrays.json", &arrays)
	want := arrays["M"]
	for _, version := range []string{"v5", "v7", "v73"} {
		m, err := ReadMovie("../../../internal/matlab/testdata/" + version + ".mat")
		if err != nil {
			t.Error(err)
			continue
		}
		rows, columns := want.Shape[0], want.Shape[1]
		if at := 1 + rows*(2+columns*3); m.Rows != rows || m.Columns != columns || m.Pixels[(3*rows+1)*columns+2] != float32(want.Values[at]/255) {
			t.Errorf("%s: %+v, want %v", version, m, want)
		}
	}
	if _, err := ReadMovie("testdata/events.mat"); !fault.IsInput(err) {
		t.Errorf("a file without a movie: %v", err)
	}
}

// drawn is a session with a spike in the middle of some bins.
func drawn(t *rapid.T, bin float64, bins int) *Recording {
	r := &Recording{Name: "drawn"}
	trials := rapid.IntRange(1, 5).Draw(t, "trials")
	length := float64(bins) * bin
	for k := range trials {
		r.Trials = append(r.Trials, Trial{Start: float64(k) * length, Stop: float64(k+1) * length})
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "neurons") {
		n := Neuron{Name: fmt.Sprint(i), Spikes: []float64{}}
		for k := range trials {
			for _, b := range rapid.SliceOfN(rapid.IntRange(0, bins-1), 0, 8).Draw(t, "bins") { // twice: a bin with two spikes
				n.Spikes = append(n.Spikes, r.Trials[k].Start+(float64(b)+rapid.SampledFrom([]float64{0, 0.25, 0.5}).Draw(t, "place"))*bin)
			}
		}
		slices.Sort(n.Spikes)
		r.Neurons = append(r.Neurons, n)
	}
	return r
}

// Oracle 10: the same spikes written as CSV, npz and NWB have the same bins.
func TestEveryFormHasTheSameBins(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		bin, bins := rapid.SampledFrom([]float64{0.002, 0.04, 1.0 / 3}).Draw(t, "bin"), rapid.IntRange(1, 30).Draw(t, "count")
		r := drawn(t, bin, bins)
		cut := Binning{Bin: bin, To: float64(bins) * bin}
		want := r.Bin(cut)
		for _, form := range Forms {
			path := filepath.Join(dir, "session"+form)
			if err := r.Write(path, "test", bin); err != nil {
				t.Fatal(err)
			}
			back, err := Open(path, OpenOptions{CSV: CSVOptions{Duration: float64(bins) * bin, Trials: len(r.Trials), Neurons: len(r.Neurons)}, Array: ArrayOptions{Bin: bin}})
			if err != nil {
				t.Fatal(err)
			}
			got := back.Bin(cut)
			if len(back.Neurons) != len(r.Neurons) || len(got.Trials) != len(want.Trials) {
				t.Fatalf("%s: %d neurons in %d trials", form, len(back.Neurons), len(got.Trials))
			}
			for k := range want.Trials {
				if !slices.Equal(got.Trials[k].Active, want.Trials[k].Active) || !slices.Equal(got.Trials[k].Start, want.Trials[k].Start) {
					t.Fatalf("%s, trial %d: %v, want %v", form, k, got.Trials[k], want.Trials[k])
				}
			}
		}
	})
}

// NWB keeps what CSV and arrays cannot say.
func TestRoundTripOfNWB(t *testing.T) {
	r := &Recording{Name: "full",
		Neurons: []Neuron{{Name: "a", Area: "V1", CellType: "exc", Spikes: []float64{0.1, 0.5}}, {Name: "b", Area: "LM"},
			{Name: "c", Spikes: []float64{1.5}, Observed: [][2]float64{{1, 2}}}},
		Trials: []Trial{{Start: 0, Stop: 1, Type: "hit", Values: map[string]float64{"contrast": 0.5}, Labels: map[string]string{"side": "left"}},
			{Start: 1, Stop: 2, Type: "miss", Values: map[string]float64{"contrast": 1}, Labels: map[string]string{"side": "right"}}},
		Behaviour: []Trace{{Name: "jaw", Times: []float64{0, 0.5, 1}, Values: []float64{1, 2, 3}}}}
	path := filepath.Join(t.TempDir(), "full.nwb")
	if err := r.Write(path, "test", 0.1); err != nil {
		t.Fatal(err)
	}
	back, err := ReadNWB(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range r.Neurons {
		if got := back.Neurons[i]; got.Name != n.Name || got.Area != n.Area || got.CellType != n.CellType || !slices.Equal(got.Spikes, n.Spikes) {
			t.Errorf("neuron %d is %+v, want %+v", i, got, n)
		}
	}
	for i, want := range [][]bool{{true, true}, {true, true}, {false, true}} {
		for k, trial := range r.Trials {
			if got := back.Neurons[i].observes(trial.Start, trial.Stop); got != want[k] {
				t.Errorf("neuron %d was recorded in trial %d: %v, want %v", i, k, got, want[k])
			}
		}
	}
	for k, want := range r.Trials {
		got := back.Trials[k]
		if got.Start != want.Start || got.Stop != want.Stop || got.Type != want.Type || got.Values["contrast"] != want.Values["contrast"] || got.Labels["side"] != want.Labels["side"] {
			t.Errorf("trial %d is %+v, want %+v", k, got, want)
		}
	}
	if b := back.Behaviour; len(b) != 1 || !slices.Equal(b[0].Times, r.Behaviour[0].Times) || !slices.Equal(b[0].Values, r.Behaviour[0].Values) {
		t.Errorf("behaviour %+v", b)
	}
}

func TestArraysBelowEachOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "counts.npy")
	write := func(values []uint8, shape ...int) {
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := npy.Encode(f, values, shape...); err != nil {
			t.Fatal(err)
		}
	}
	write([]uint8{1, 0, 0, 2, 0, 0, 1, 1}, 4, 2) // 2 trials of 2 bins of 2 neurons
	r, err := ReadArray(path, ArrayOptions{Bin: 0.1, Frames: 2})
	if err != nil {
		t.Fatal(err)
	}
	b := r.Bin(Binning{Bin: 0.1, To: 0.2})
	if len(r.Trials) != 2 || b.Clipped != 1 || !slices.Equal(b.Trials[0].At(0), []int32{0}) || !slices.Equal(b.Trials[0].At(1), []int32{1}) ||
		len(b.Trials[1].At(0)) != 0 || !slices.Equal(b.Trials[1].At(1), []int32{0, 1}) {
		t.Errorf("%+v", b)
	}
	for want, o := range map[string]ArrayOptions{
		"how many bins a trial has must be said": {Bin: 0.1},
		"expected a multiple of the 3 bins":      {Bin: 0.1, Frames: 3},
		"the width of a bin is 0 s":              {Frames: 2},
	} {
		if _, err := ReadArray(path, o); !fault.IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	write([]uint8{1, 1}, 2)
	if _, err := ReadArray(path, ArrayOptions{Bin: 1}); !fault.IsInput(err) || !strings.Contains(err.Error(), "expected (trials, bins, neurons)") {
		t.Error(err)
	}
}

func FuzzReadArray(f *testing.F) {
	r := &Recording{Neurons: []Neuron{{Name: "0", Spikes: []float64{0.05, 0.35}}}, Trials: []Trial{{Start: 0, Stop: 0.2}, {Start: 0.2, Stop: 0.4}}}
	path := filepath.Join(f.TempDir(), "x.npz")
	if err := r.Write(path, "", 0.1); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := ReadArray(path, ArrayOptions{Bin: 0.1}); err == nil && len(r.Trials) < 1000 && len(r.Neurons) < 1000 {
			r.Bin(Binning{Bin: 0.1, To: 0.2})
		} else if err != nil && !fault.IsInput(err) {
			t.Error(err)
		}
	})
}

func FuzzReadMATLABEvents(f *testing.F) {
	b, err := os.ReadFile("testdata/events.mat")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	path := filepath.Join(f.TempDir(), "x.mat")
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadMATLABEvents(path, 1); err != nil && !fault.IsInput(err) {
			t.Error(err)
		}
	})
}

// What is unusual is told with the first row that is so; what nobody can use is refused
// with its row.
func TestCheckNamesRows(t *testing.T) {
	nan := math.NaN()
	odd := &Recording{
		Neurons:   []Neuron{{Name: "a", Spikes: []float64{2, 1}}, {Name: "b"}, {Name: "c"}},
		Trials:    []Trial{{Start: 0, Stop: 2}, {Start: 1, Stop: 3}, {Start: 2, Stop: 4}},
		Behaviour: []Trace{{Name: "jaw", Times: []float64{0, 1}, Values: []float64{0, nan}}},
	}
	if err := odd.check("file"); err != nil {
		t.Fatal(err)
	}
	want := []string{"jaw is no number from sample 1 on, at least once", "1 neuron had unsorted spikes, which are sorted now: neuron a",
		"2 neurons have no spikes, the first of them neuron b", "2 trials start before the ones before them end, the first of them trial 1"}
	if !slices.Equal(odd.Notes, want) {
		t.Errorf("notes %q, want %q", odd.Notes, want)
	}
	for message, r := range map[string]*Recording{
		"spike 1 of neuron a is at NaN":         {Neurons: []Neuron{{Name: "a", Spikes: []float64{1, nan}}}},
		"trial 1 ends at 1 s, before it starts": {Trials: []Trial{{Start: 0, Stop: 1}, {Start: 2, Stop: 1}}},
		"trial 0 goes from NaN to 1":            {Trials: []Trial{{Start: nan, Stop: 1}}},
	} {
		if err := r.check("file"); !fault.IsInput(err) || !strings.Contains(err.Error(), message) {
			t.Errorf("%v, want %q", err, message)
		}
	}
}

func FuzzReadNWB(f *testing.F) {
	r := &Recording{Name: "r", Neurons: []Neuron{{Name: "a", Area: "V1", Spikes: []float64{0.5, 1.5}}, {Name: "b", Spikes: []float64{1}, Observed: [][2]float64{{0, 2}}}},
		Trials: []Trial{{Start: 0, Stop: 1, Type: "hit"}, {Start: 1, Stop: 2}}, Behaviour: []Trace{{Name: "jaw", Times: []float64{0, 1}, Values: []float64{1, 2}}}}
	path := filepath.Join(f.TempDir(), "x.nwb")
	if err := r.Write(path, "fuzz", 0.1); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-100])
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadNWB(path); err != nil && !fault.IsInput(err) {
			t.Error(err)
		}
	})
}
