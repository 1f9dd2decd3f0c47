package patterngeneration

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets"
)

var _ datasets.Source = (*Source)(nil)

func paper() Options {
	return Options{Lines: 100, RateHz: 50, Steps: 1000, Curves: 1, Seed: 1, Threads: 1}
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
	if got, want := mustNew(t, paper()).Shape(), (datasets.Shape{Steps: 1000, Lines: 100, Curves: 1}); got != want {
		t.Errorf("shape %+v, want %+v", got, want)
	}
}

// The pattern is frozen: every trial of every batch and split is the same.
func TestOneTrialForAll(t *testing.T) {
	s := mustNew(t, paper())
	var a, b datasets.Batch
	for _, fill := range []func() error{
		func() error { return s.Train(&b, 3, 20) },
		func() error { return s.Evaluate(&b, "test", 0, 20) },
	} {
		if err := s.Train(&a, 0, 1); err != nil {
			t.Fatal(err)
		}
		if err := fill(); err != nil {
			t.Fatal(err)
		}
		for i, word := range a.Groups[0].Spikes.Words {
			if all := b.Groups[0].Spikes.Words[i]; all != -word || b.Groups[1].Spikes.Words[i] != all&0xf {
				t.Fatalf("word %d of 20 trials is %x and %x, of one %x", i, all, b.Groups[1].Spikes.Words[i], word)
			}
		}
		for trial := range 20 {
			if !slices.Equal(b.Targets[trial*1000:(trial+1)*1000], a.Targets) {
				t.Fatalf("trial %d has another target", trial)
			}
		}
	}
}

func TestInputHasItsRate(t *testing.T) {
	s := mustNew(t, paper())
	spikes := 0
	for _, w := range s.pattern.Words {
		spikes += int(w)
	}
	const want = 100 * 50
	if math.Abs(float64(spikes)-want) > 5*math.Sqrt(want) {
		t.Errorf("%d spikes, want about %d", spikes, want)
	}
}

// A curve starts at zero and reaches 1 or -1. The frequencies are whole numbers of
// cycles of 1, 2, 3 and 5 over the trial: their sines and the constant span it.
func TestCurvesAreSumsOfFourSines(t *testing.T) {
	o := paper()
	o.Curves = 3
	s := mustNew(t, o)
	for k := range o.Curves {
		y := make([]float64, o.Steps-1) // the last step is the first of the next period
		largest := 0.0
		for step := range y {
			y[step] = float64(s.curves[step*o.Curves+k])
			largest = max(largest, math.Abs(y[step]))
		}
		if y[0] != 0 || math.Abs(largest-1) > 1e-6 {
			t.Errorf("curve %d starts at %g and reaches %g, want 0 and 1", k, y[0], largest)
		}
		rest := slices.Clone(y)
		for _, cycles := range []float64{0, 1, 2, 3, 5} {
			var re, im float64
			for step, v := range y {
				sin, cos := math.Sincos(2 * math.Pi * cycles * float64(step) / float64(len(y)))
				re, im = re+v*cos, im+v*sin
			}
			scale := 2 / float64(len(y))
			if cycles == 0 {
				scale /= 2
			}
			for step := range rest {
				sin, cos := math.Sincos(2 * math.Pi * cycles * float64(step) / float64(len(y)))
				rest[step] -= scale * (re*cos + im*sin)
			}
		}
		for step, v := range rest {
			if math.Abs(v) > 1e-6 {
				t.Fatalf("curve %d has %g at step %d beyond its sines", k, v, step)
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"input_lines is 0": func(o *Options) { o.Lines = 0 },
		"rate_hz is 0":     func(o *Options) { o.RateHz = 0 },
		"trial_ms is 999":  func(o *Options) { o.Steps = 999 },
		"curves is 0":      func(o *Options) { o.Curves = 0 },
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
