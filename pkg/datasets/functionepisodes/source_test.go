package functionepisodes

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/populationcode"
)

var _ datasets.Source = (*Source)(nil)

func options(family Family) Options {
	return Options{Family: family, EpisodeTrials: 6, TrialMS: 5, Lines: 20, PeakHz: 200, EvaluationEpisodes: 40, Seed: 7, Threads: 1}
}

var sines = Sinusoids{LeastAmplitude: 0.1, MostAmplitude: 0.5, Cycles: 1, PhaseCycles: 1}

// families by their names.
var families = map[string]Family{"family": Teachers{OfFamily}, "teacher": Teachers{OfTeacher}, "sinusoid": sines}

func mustNew(t *testing.T, o Options) *Source {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The paper's teacher has 40 parameters, each uniform in [-1, 1]: variance 1/3.
func TestTeachersParameters(t *testing.T) {
	const teachers = 2000
	var count int
	var squares, largest float64
	for i := range teachers {
		teacher := NewTeacher(rng.Stream(1, "test", 0, uint64(i)), OfFamily)
		count = 0
		for _, parameters := range [][]float64{teacher.In[0][:], teacher.In[1][:], teacher.Bias[:], teacher.Out[:]} {
			for _, p := range parameters {
				squares += p * p
				largest = max(largest, math.Abs(p))
			}
			count += len(parameters)
		}
	}
	if n := float64(count * teachers); count != 40 || largest > 1 || math.Abs(squares/n-1./3) > 5*0.3/math.Sqrt(n) {
		t.Errorf("%d parameters of variance %g within ±%g, want 40, 1/3 and 1", count, squares/n, largest)
	}
}

// The network of equations (1) and (2), summed by hand for inputs at a corner.
func TestTeacherAtACorner(t *testing.T) {
	teacher := &Teacher{low: 0.2, high: 0.7}
	for j := range hidden {
		teacher.In[0][j], teacher.In[1][j], teacher.Bias[j] = 0.5, -0.25, 0.1
		teacher.Out[j] = 0.2 * float64(j-4) // their sum is 1
	}
	h := 1 / (1 + math.Exp(-(0.1 + 0.5 + 0.25)))
	want := (1/(1+math.Exp(-h)) - 0.2) / 0.5
	if got := teacher.At([]float64{1, -1}); math.Abs(got-want) > 1e-14 {
		t.Errorf("C(1, -1) = %.16g, want %.16g", got, want)
	}
}

// Values lie in [0, 1]. What is attainable to a teacher is all of it; to the family, it is
// what the teacher with the largest parameters reaches.
func TestValuesAreBetweenZeroAndOne(t *testing.T) {
	for name, family := range families {
		o := options(family)
		o.EpisodeTrials = 2000
		s := mustNew(t, o)
		for i := range 40 {
			e, err := s.Episode("test", i)
			if err != nil {
				t.Fatal(err)
			}
			for k, x := range e.X {
				if len(x) != family.inputs() || slices.Max(x) > 1 || slices.Min(x) < -1 {
					t.Fatalf("%s: inputs %v, want %d within ±1", name, x, family.inputs())
				}
				if y := e.Y[k]; y != e.Function.At(x) || !(y >= 0 && y <= 1) {
					t.Fatalf("%s: y = %v at %v", name, y, x)
				}
			}
			low, high := slices.Min(e.Y), slices.Max(e.Y)
			if name == "teacher" && (low > 0.15 || high < 0.85) {
				t.Errorf("a teacher's values are from %g to %g, want nearly all of 0 to 1", low, high)
			}
		}
	}
	most := NewTeacher(rng.Stream(1, "test", 0, 0), OfFamily)
	for j := range hidden {
		most.In[0][j], most.In[1][j], most.Bias[j], most.Out[j] = 1, 1, 1, 1
	}
	if y := most.At([]float64{1, 1}); math.Abs(y-1) > 1e-12 {
		t.Errorf("the largest teacher reaches %.15g, want 1", y)
	}
}

// Spikes tell the inputs and the previous target: a number's lines fire, on the mean over
// many episodes, by the tuning curves of the population code.
func TestSpikesTellInputsAndThePreviousTarget(t *testing.T) {
	o := options(Teachers{OfTeacher})
	o.TrialMS, o.EpisodeTrials = 400, 4
	s := mustNew(t, o)
	codes := []populationcode.Code{populationcode.New(20, -1, 1, 200), populationcode.New(20, -1, 1, 200), populationcode.New(20, 0, 1, 200)}
	var b datasets.Batch
	if err := s.Evaluate(&b, "validation", 0, 20); err != nil {
		t.Fatal(err)
	}
	var chi float64
	lines := 0
	for i := range 20 {
		e, _ := s.Episode("validation", i)
		for k := range o.EpisodeTrials {
			previous := 0.0
			if k > 0 {
				previous = e.Y[k-1]
			}
			for number, value := range []float64{e.X[k][0], e.X[k][1], previous} {
				for c := range 20 {
					count := 0.0
					for step := k * 400; step < (k+1)*400; step++ {
						if b.Groups[i/tensor.Lanes].Spikes.At(step, number*20+c, i%tensor.Lanes) {
							count++
						}
					}
					d := (codes[number].Preferred(c) - value) / codes[number].Width()
					p := 0.2 * math.Exp(-d*d/2)
					if 400*p < 5 {
						continue
					}
					lines++
					chi += (count - 400*p) * (count - 400*p) / (400 * p * (1 - p))
				}
			}
		}
	}
	if n := float64(lines); math.Abs(chi-n) > 6*math.Sqrt(2*n) {
		t.Errorf("chi-squared %g over %d lines, want about their number", chi, lines)
	}
	if len(b.Decisions) != 80 || b.Decisions[6] != (datasets.Decision{Trial: 1, Start: 800, End: 1200}) {
		t.Errorf("%d decisions, number 6 is %+v", len(b.Decisions), b.Decisions[6])
	}
}

// Causality: up to the end of trial k the input is the same whatever the function makes
// of x^k and of the inputs after it.
func TestInputTellsNoTargetBeforeItsTime(t *testing.T) {
	s := mustNew(t, options(sines))
	e, err := s.Episode("test", 0)
	if err != nil {
		t.Fatal(err)
	}
	encoded := func(y []float64) *tensor.Spikes {
		spikes := tensor.NewSpikes(s.Shape().Steps, s.Shape().Lines)
		s.encode(spikes, 3, e.X, y, "test", 0, 0)
		return spikes
	}
	as := encoded(e.Y)
	for k := range e.Y {
		other := slices.Clone(e.Y)
		for i := k; i < len(other); i++ {
			other[i] = 1 - other[i]
		}
		spikes := encoded(other)
		until := (k + 1) * s.TrialMS * spikes.N
		if !slices.Equal(spikes.Words[:until], as.Words[:until]) {
			t.Errorf("the input of trials 0 to %d depends on targets from %d on", k, k)
		}
		if k+1 < len(e.Y) && slices.Equal(spikes.Words[until:], as.Words[until:]) {
			t.Errorf("the input after trial %d does not tell its target", k)
		}
	}
}

// An episode depends on its address, not on the batch around it nor on the threads; every
// episode and split has a function of its own.
func TestEpisodesDependOnTheirAddressAlone(t *testing.T) {
	for name, family := range families {
		o := options(family)
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
		if !reflect.DeepEqual(all.Groups[1].Spikes, some.Groups[0].Spikes) || !slices.Equal(all.Targets[16*6:36*6], some.Targets) {
			t.Errorf("%s: episodes 16 to 35 differ", name)
		}
		seen := map[float32]bool{}
		take := func(targets []float32) {
			for i := 0; i < len(targets); i += 6 {
				if seen[targets[i]] {
					t.Errorf("%s: two episodes begin with the same target", name)
				}
				seen[targets[i]] = true
			}
		}
		take(all.Targets)
		for _, split := range []string{"test", "train"} {
			if err := one.Evaluate(&some, split, 0, 40); err != nil {
				t.Fatal(err)
			}
			take(some.Targets)
		}
		for step := range 3 {
			if err := one.Train(&some, step, 10); err != nil {
				t.Fatal(err)
			}
			take(some.Targets)
		}
	}
}

// A probe shows the first trials of the episode, spike for spike, and then its question.
func TestProbeContinuesTheEpisode(t *testing.T) {
	s := mustNew(t, options(Teachers{OfTeacher}))
	var whole, probe datasets.Batch
	if err := s.Evaluate(&whole, "test", 5, 1); err != nil {
		t.Fatal(err)
	}
	e, _ := s.Episode("test", 5)
	questions := [][]float64{{-0.5, 0.2}, e.X[4], {0.9, 0.9}}
	if err := s.Probe(&probe, "test", 5, 4, questions); err != nil {
		t.Fatal(err)
	}
	for i, x := range questions {
		if float64(probe.Targets[i]) != float64(float32(e.Function.At(x))) || probe.Decisions[i] != (datasets.Decision{Trial: i, Start: 20, End: 25}) {
			t.Errorf("question %d: target %v, decision %+v", i, probe.Targets[i], probe.Decisions[i])
		}
	}
	same := func(lane, until int) bool {
		for step := range until {
			for line := range whole.Groups[0].Spikes.N {
				if whole.Groups[0].Spikes.At(step, line, 0) != probe.Groups[0].Spikes.At(step, line, lane) {
					return false
				}
			}
		}
		return true
	}
	if !same(0, 20) || !same(1, 25) || !same(2, 20) || same(0, 25) {
		t.Error("the probe's input is not that of the episode with other questions at its end")
	}
}

func TestMistakes(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"lines_per_number is 1":          func(o *Options) { o.Lines = 1 },
		"peak_hz is 1000":                func(o *Options) { o.PeakHz = 1000 },
		"trial_ms is 0":                  func(o *Options) { o.TrialMS = 0 },
		"trials is 20000001":             func(o *Options) { o.EpisodeTrials = 20000001 },
		"evaluation_episodes is -1":      func(o *Options) { o.EvaluationEpisodes = -1 },
		"amplitudes are from 0.4 to 0.3": func(o *Options) { o.Family = Sinusoids{LeastAmplitude: 0.4, MostAmplitude: 0.3} },
	} {
		o := options(sines)
		change(&o)
		if _, err := New(o); err == nil || !fault.IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want a fault that says %s", err, want)
		}
	}
	s := mustNew(t, options(sines))
	if _, err := s.Episode("dev", 0); !fault.IsInput(err) {
		t.Errorf("split dev: error %v", err)
	}
}
