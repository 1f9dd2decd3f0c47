package spiketrain

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/metrics"
)

// clock is a session in which neuron i of trial k fires once, in bin (k+i) mod 10 of 0.1 s;
// the last neuron never does.
func clock(trials, neurons int) *Recording {
	r := &Recording{Name: "clock"}
	for i := range neurons {
		r.Neurons = append(r.Neurons, Neuron{Name: fmt.Sprint(i)})
	}
	for k := range trials {
		r.Trials = append(r.Trials, Trial{Start: float64(k), Stop: float64(k + 1)})
		for i := range neurons - 1 {
			r.Neurons[i].Spikes = append(r.Neurons[i].Spikes, float64(k)+0.1*float64((k+i)%10)+0.05)
		}
	}
	return r
}

func TestCutting(t *testing.T) {
	trials, err := clock(20, 4).Cut("clock", Cut{Bin: 0.1, Start: 0.1, History: 2, Validation: 3, Test: 5}) // to the trials' end
	if err != nil {
		t.Fatal(err)
	}
	if trials.Steps != 7 || len(trials.Train) != 12 || len(trials.Test) != 5 || len(trials.Validation) != 3 {
		t.Errorf("%d steps, %d to train, %d to test, %d to validate", trials.Steps, len(trials.Train), len(trials.Test), len(trials.Validation))
	}
	if !slices.Equal(trials.Neurons, []string{"0", "1", "2"}) || !strings.Contains(fmt.Sprint(trials.Notes), "1 neurons fire too little") {
		t.Errorf("neurons %v, notes %q", trials.Neurons, trials.Notes)
	}
	for j := range trials.Test { // trial 12+j
		for bin := range 9 {
			var want []int32
			for i := range 3 {
				if (12+j+i)%10 == bin+1 {
					want = append(want, int32(i))
				}
			}
			if got := trials.Test[j].At(bin); !slices.Equal(got, want) {
				t.Errorf("test trial %d, bin %d: %v, want %v", j, bin, got, want)
			}
		}
	}
}

func TestInterleavedSplitsAreSpread(t *testing.T) {
	for _, c := range []Cut{{Validation: 3, Test: 5, Interleaved: true}, {Validation: 2, Test: 2, Interleaved: true}} {
		kinds := splits(40, c)
		count := map[int]int{}
		longest, run := 0, 0
		for _, k := range kinds {
			count[k]++
			if run++; k != 0 {
				run = 0
			}
			longest = max(longest, run)
		}
		if count[1] != c.Test || count[2] != c.Validation || longest > 2*40/(c.Validation+c.Test) {
			t.Errorf("%+v: %v", c, kinds)
		}
	}
}

func TestTrialsOfOnesOwn(t *testing.T) {
	r := clock(20, 4)
	r.RegularTrials(2.5)
	if len(r.Trials) != 7 || r.Trials[0].Start != 0.05 || math.Abs(r.Trials[6].Stop-17.55) > 1e-9 { // spikes from 0.05 to 19.95 s, or less
		t.Errorf("%d trials, the first at %v, the last to %v", len(r.Trials), r.Trials[0].Start, r.Trials[len(r.Trials)-1].Stop)
	}
	path := filepath.Join(t.TempDir(), "onsets.csv")
	for content, message := range map[string]string{
		"onset_s\n1\n2.5\n7\n": "",
		"onset_s\n1\n0.5\n":    "trial 1 starts at 0.5 s, before trial 0 at 1 s",
		"onset\n1\n":           "has no column onset_s",
		"onset_s\nx\n":         `onsets.csv:2: "x" is no number`,
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		onsets, err := ReadOnsets(path)
		if err == nil {
			err = r.OnsetTrials(path, onsets)
		}
		if message != "" {
			if !fault.IsInput(err) || !strings.Contains(err.Error(), message) {
				t.Errorf("%q: %v, want %q", content, err, message)
			}
			continue
		}
		if err != nil || len(r.Trials) != 3 || r.Trials[1].Stop != 7 || r.Trials[2].Stop != 11.5 {
			t.Errorf("%v, %v", r.Trials, err)
		}
	}
}

func TestWhatCannotBeCut(t *testing.T) {
	silent := &Recording{Name: "silent", Neurons: []Neuron{{Name: "0"}}}
	for range 5 {
		silent.Trials = append(silent.Trials, Trial{Start: 0, Stop: 1})
	}
	for message, c := range map[string]struct {
		r *Recording
		c Cut
	}{
		"has no trials":                       {&Recording{}, Cut{Bin: 0.1}},
		"expected more than the 10 bins":      {clock(5, 2), Cut{Bin: 0.1, History: 10}},
		"5 trials can be used, expected more": {clock(5, 2), Cut{Bin: 0.1, Validation: 3, Test: 2}},
		"no neuron fires":                     {silent, Cut{Bin: 0.1, Validation: 1, Test: 1}},
		"wider bins or shorter trials":        {clock(5, 2), Cut{Bin: 1e-9, Validation: 1, Test: 1}},
	} {
		if _, err := c.r.Cut("file", c.c); !fault.IsInput(err) || !strings.Contains(err.Error(), message) {
			t.Errorf("%v, want %q", err, message)
		}
	}
}

// Bumps add up to a constant away from the ends, as each spans four spaces.
func TestBumpsCoverTime(t *testing.T) {
	trials := &Trials{Steps: 91}
	trials.Bumps(10)
	for step := 20; step < 70; step++ {
		var sum float64
		for _, x := range trials.Stimulus[step*10 : (step+1)*10] {
			sum += x
		}
		if math.Abs(sum-2) > 1e-12 {
			t.Errorf("bin %d: the bumps add up to %v, want 2", step, sum)
		}
	}
}

// A bin sees its own frame last, and the movie begins with the trial.
func TestFramesOfABin(t *testing.T) {
	movie := &Movie{Frames: 12, Rows: 1, Columns: 1}
	for f := range 12 {
		movie.Pixels = append(movie.Pixels, float32(f))
	}
	trials := &Trials{History: 2, Steps: 6}
	if err := trials.Show(movie, "movie", 1, 4, 1); err != nil { // bin 0 is bin 1+2 of a trial
		t.Fatal(err)
	}
	trials.Flatten()
	for step := range trials.Steps {
		want := []float64{float64(step), float64(step + 1), float64(step + 2), float64(step + 3)}
		if got := trials.Stimulus[step*4 : (step+1)*4]; !slices.Equal(got, want) {
			t.Errorf("bin %d sees %v, want %v", step, got, want)
		}
	}
	if err := trials.Show(movie, "movie", 1, 4, 5); !fault.IsInput(err) {
		t.Errorf("a movie that is too short: %v", err)
	}
}

// A session made of trials has their bins again.
func TestSessionOfTrials(t *testing.T) {
	r := clock(20, 4)
	trials, err := r.Cut("clock", Cut{Bin: 0.1, History: 3, Validation: 3, Test: 5})
	if err != nil {
		t.Fatal(err)
	}
	s := Session("again", trials.Neurons, trials.Areas, trials.Bin, 0, 10, trials.Test)
	again, err := s.Cut("again", Cut{Bin: 0.1, History: 3, Validation: 1, Test: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := metrics.TrialAverage(trials.Test[:3], 0, 3)
	if got := metrics.TrialAverage(again.Train, 0, 3); !slices.Equal(got, want) {
		t.Errorf("PSTH %v, want %v", got, want)
	}
}
