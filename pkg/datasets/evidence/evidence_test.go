package evidence

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

var _ datasets.Source = (*Source)(nil)

func paper() Options {
	return Options{LinesPerGroup: 10, Cues: 7, SlotMS: 150, CueMS: 100, DelayMS: 1200, RecallMS: 150,
		RateHz: 40, NoiseHz: 10, SideProbability: 0.7, EvaluationTrials: 500, Seed: 1, Threads: 1}
}

func mustNew(t *testing.T, o Options) *Source {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestShapeOfThePaper(t *testing.T) {
	if got, want := mustNew(t, paper()).Shape(), (datasets.Shape{Steps: 2250, Lines: 40, Classes: 2}); got != want {
		t.Errorf("shape %+v, want %+v", got, want)
	}
}

// At a rate of a spike a step, the spikes spell the trial: in each slot one side fires,
// in its cue and not before; the answer is the side that did so more often.
func TestSpikesSpellTheCues(t *testing.T) {
	o := paper()
	o.RateHz, o.NoiseHz, o.LinesPerGroup = 1000, 0, 2
	s := mustNew(t, o)
	var b datasets.Batch
	if err := s.Train(&b, 3, 21); err != nil {
		t.Fatal(err)
	}
	for trial := range b.Trials {
		spikes, lane := b.Groups[trial/tensor.Lanes].Spikes, trial%tensor.Lanes
		on := func(group, step int) bool {
			if spikes.At(step, 2*group, lane) != spikes.At(step, 2*group+1, lane) {
				t.Fatalf("trial %d, step %d: group %d is torn", trial, step, group)
			}
			return spikes.At(step, 2*group, lane)
		}
		rights := 0
		for step := range 2250 {
			cue := step < 1050 && step%150 >= 50
			if on(left, step) == on(right, step) == cue || on(recall, step) != (step >= 2100) || on(noise, step) {
				t.Fatalf("trial %d, step %d: left %t, right %t, recall %t, noise %t", trial, step,
					on(left, step), on(right, step), on(recall, step), on(noise, step))
			}
			if step%150 == 149 && on(right, step) {
				rights++
			}
			if cue && step%150 > 50 && on(right, step) != on(right, step-1) {
				t.Fatalf("trial %d: the cue changes at step %d", trial, step)
			}
		}
		want := datasets.Decision{Trial: trial, Start: 2100, End: 2250, Class: left}
		if rights > 3 {
			want.Class = right
		}
		if b.Decisions[trial] != want {
			t.Errorf("trial %d with %d cues from the right: decision %+v", trial, rights, b.Decisions[trial])
		}
	}
}

// Oracle 15: half of the answers are right, and the majority of the cues is on the
// favoured side with probability 0.874.
func TestOracle15LabelsAndMajority(t *testing.T) {
	s := mustNew(t, paper())
	const trials = 40_000
	cues := make([]int, s.Cues)
	var rights, agree int
	for i := range trials {
		favoured, majority := s.draw(rng.Stream(1, "test", 0, uint64(i)), cues)
		rights += majority
		if favoured == majority {
			agree++
		}
	}
	for _, c := range []struct {
		what string
		got  int
		want float64
	}{{"right", rights, 0.5}, {"majority on the favoured side", agree, 0.873964}} {
		if deviation := math.Abs(float64(c.got)/trials - c.want); deviation > 4*math.Sqrt(c.want*(1-c.want)/trials) {
			t.Errorf("%s: a fraction of %g, want %g", c.what, float64(c.got)/trials, c.want)
		}
	}
}

// Oracle 15: each group fires at its rate.
func TestOracle15Rates(t *testing.T) {
	s := mustNew(t, paper())
	var b datasets.Batch
	if err := s.Train(&b, 0, 160); err != nil {
		t.Fatal(err)
	}
	var counts [groups]float64
	for trial := range b.Trials {
		spikes, lane := b.Groups[trial/tensor.Lanes].Spikes, trial%tensor.Lanes
		for step := range spikes.T {
			for line := range spikes.N {
				if spikes.At(step, line, lane) {
					counts[line/10]++
				}
			}
		}
	}
	counts[left], counts[right] = counts[left]+counts[right], 0
	for group, steps := range [groups]float64{left: 7 * 100, recall: 150, noise: 2250} {
		p := 0.04
		if group == noise {
			p = 0.01
		}
		n := 160 * 10 * steps
		if math.Abs(counts[group]-p*n) > 5*math.Sqrt(n*p*(1-p)) {
			t.Errorf("group %d: %g spikes, want about %g", group, counts[group], p*n)
		}
	}
}

// A trial depends on its address, not on the batch around it nor on the threads.
func TestTrialsDependOnTheirAddressAlone(t *testing.T) {
	o := paper()
	one := mustNew(t, o)
	o.Threads = 3
	several := mustNew(t, o)
	var all, some datasets.Batch
	if err := one.Evaluate(&all, "validation", 0, 40); err != nil {
		t.Fatal(err)
	}
	if err := several.Evaluate(&some, "validation", 16, 20); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(all.Groups[1].Spikes, some.Groups[0].Spikes) {
		t.Error("trials 16 to 31 differ")
	}
	for i, d := range some.Decisions {
		if d.Class != all.Decisions[16+i].Class {
			t.Errorf("trial %d has another answer", 16+i)
		}
	}
	if err := one.Evaluate(&some, "test", 0, 40); err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(all.Groups[0].Spikes, some.Groups[0].Spikes) {
		t.Error("validation and test are the same")
	}
}

func TestMistakes(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"lines_per_group is 0":    func(o *Options) { o.LinesPerGroup = 0 },
		"cues is 6":               func(o *Options) { o.Cues = 6 },
		"cue_ms is 151":           func(o *Options) { o.CueMS = 151 },
		"recall_ms is 1201":       func(o *Options) { o.RecallMS = 1201 },
		"more than":               func(o *Options) { o.DelayMS = 1 << 40 },
		"rate_hz is 0":            func(o *Options) { o.RateHz = 0 },
		"noise_hz is -1":          func(o *Options) { o.NoiseHz = -1 },
		"side_probability is 0.4": func(o *Options) { o.SideProbability = 0.4 },
		"evaluation_trials is -1": func(o *Options) { o.EvaluationTrials = -1 },
	} {
		o := paper()
		change(&o)
		if _, err := New(o); err == nil || !fault.IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want a fault that says %s", err, want)
		}
	}
	s := mustNew(t, paper())
	if err := s.Evaluate(&datasets.Batch{}, "dev", 0, 1); err == nil || s.Size("dev") != 0 {
		t.Errorf("split dev: error %v, size %d", err, s.Size("dev"))
	}
}
