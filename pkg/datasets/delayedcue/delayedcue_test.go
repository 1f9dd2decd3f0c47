package delayedcue

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

func options() Options {
	return Options{Lines: 5, RateHz: 200, NoiseHz: 20, CueMS: 50, DelayMS: 100, GoMS: 30, OutcomeMS: 20,
		EvaluationTrials: 40, Seed: 3, Threads: 2}
}

func source(t *testing.T, o Options) *Source {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Where and when a line fires says what is shown: the cue of the trial's side at
// the start, the go signal in the decision's window, noise always, at their rates.
func TestSpikesTellTheTrial(t *testing.T) {
	s := source(t, options())
	var b datasets.Batch
	const trials = 200
	if err := s.Train(&b, 2, trials); err != nil {
		t.Fatal(err)
	}
	if len(b.Decisions) != trials {
		t.Fatalf("%d decisions, want one for each of %d trials", len(b.Decisions), trials)
	}
	var counts [populations]float64
	rights := 0
	for i, d := range b.Decisions {
		if d.Trial != i || d.Start != 150 || d.End != 180 {
			t.Fatalf("decision %d is %+v", i, d)
		}
		rights += d.Class
		x := b.Groups[i/tensor.Lanes].Spikes
		for step := range x.T {
			for line := range x.N {
				if !x.At(step, line, i%tensor.Lanes) {
					continue
				}
				population := line / 5
				counts[population]++
				cue := population == d.Class && step < 50
				asked := population == goSignal && step >= d.Start && step < d.End
				if !cue && !asked && population != noise {
					t.Fatalf("trial %d, class %d: population %d fires in step %d", i, d.Class, population, step)
				}
			}
		}
	}
	near := func(name string, got, want float64) {
		if math.Abs(got-want) > 5*math.Sqrt(want) {
			t.Errorf("%s: %g, want about %g", name, got, want)
		}
	}
	near("trials on the right", float64(rights), trials/2)
	near("spikes of cues", counts[left]+counts[right], trials*5*50*0.2)
	near("spikes of go", counts[goSignal], trials*5*30*0.2)
	near("spikes of noise", counts[noise], trials*5*200*0.02)
}

// A trial depends on its address alone, not on the batch it comes in or the threads.
func TestTrialsDependOnTheirAddressAlone(t *testing.T) {
	o := options()
	s := source(t, o)
	o.Threads = 1
	var all, part, again datasets.Batch
	if err := s.Evaluate(&all, "test", 0, 40); err != nil {
		t.Fatal(err)
	}
	if err := source(t, o).Evaluate(&part, "test", 16, 20); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(all.Groups[1], part.Groups[0]) || all.Decisions[16].Class != part.Decisions[0].Class {
		t.Error("trials 16 to 31 depend on the batch")
	}
	if err := s.Evaluate(&again, "validation", 0, 40); err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(all.Groups, again.Groups) {
		t.Error("the splits are the same")
	}
}

func TestImpossibleOptionsAreNamed(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"cue_ms": func(o *Options) { o.CueMS = 0 }, "delay_ms": func(o *Options) { o.DelayMS = -1 },
		"go_ms": func(o *Options) { o.GoMS = 0 }, "outcome_ms": func(o *Options) { o.OutcomeMS = -1 },
		"lines_per_population": func(o *Options) { o.Lines = 0 }, "rate_hz": func(o *Options) { o.RateHz = math.NaN() },
		"noise_hz": func(o *Options) { o.NoiseHz = 1001 }, "evaluation_trials": func(o *Options) { o.EvaluationTrials = -1 },
	} {
		o := options()
		change(&o)
		if _, err := New(o); err == nil || !strings.HasPrefix(err.Error(), name+" is ") {
			t.Errorf("a wrong %s: %v", name, err)
		}
	}
}
