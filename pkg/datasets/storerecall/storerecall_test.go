package storerecall

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

var _ datasets.Source = (*Source)(nil)

func paper() Options {
	return Options{LinesPerSymbol: 25, RateHz: 50, SymbolMS: 200, Symbols: 12, CommandProbability: 1. / 7,
		EvaluationTrials: 500, Seed: 1, Threads: 1}
}

func mustNew(t testing.TB, o Options) *Source {
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func train(t testing.TB, s *Source, step, trials int) *datasets.Batch {
	var b datasets.Batch
	if err := s.Train(&b, step, trials); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestShapeOfThePaper(t *testing.T) {
	if got, want := mustNew(t, paper()).Shape(), (datasets.Shape{Steps: 2400, Lines: 100, Classes: 2}); got != want {
		t.Errorf("shape %+v, want %+v", got, want)
	}
}

// At a rate of a spike a step, the spikes spell the sequence: in each symbol
// step whole populations fire, and the decisions can be read off them.
func TestSpikesSpellTheSequence(t *testing.T) {
	o := paper()
	o.RateHz, o.LinesPerSymbol, o.SymbolMS = 1000, 3, 4
	s := mustNew(t, o)
	b := train(t, s, 0, 37)
	var want []datasets.Decision
	for trial := range b.Trials {
		spikes, lane := b.Groups[trial/tensor.Lanes].Spikes, trial%tensor.Lanes
		kept := -1
		for position := range o.Symbols {
			var on [populations]bool
			for population := range populations {
				on[population] = spikes.At(position*o.SymbolMS, population*o.LinesPerSymbol, lane)
				for step := range o.SymbolMS {
					for line := range o.LinesPerSymbol {
						if spikes.At(position*o.SymbolMS+step, population*o.LinesPerSymbol+line, lane) != on[population] {
							t.Fatalf("trial %d, symbol %d: population %d is torn", trial, position, population)
						}
					}
				}
			}
			switch on {
			case [populations]bool{valueZero: true}, [populations]bool{valueOne: true}: // a digit
			case [populations]bool{valueZero: true, store: true}:
				kept = 0
			case [populations]bool{valueOne: true, store: true}:
				kept = 1
			case [populations]bool{recall: true}:
				want = append(want, datasets.Decision{Trial: trial, Start: position * o.SymbolMS, End: (position + 1) * o.SymbolMS, Class: kept})
			default:
				t.Fatalf("trial %d, symbol %d: populations %v fire", trial, position, on)
			}
		}
	}
	if !reflect.DeepEqual(b.Decisions, want) {
		t.Errorf("decisions %v\nwant %v", b.Decisions, want)
	}
	if last := b.Groups[2].Spikes; b.Groups[2].Trials != 5 {
		t.Errorf("the last group has %d trials, want 5", b.Groups[2].Trials)
	} else {
		for i, w := range last.Words {
			if w>>5 != 0 {
				t.Fatalf("word %d fires beyond the batch: %016b", i, w)
			}
		}
	}
}

// Each line of a population that is on fires at the rate asked for, one that is
// off never does.
func TestRates(t *testing.T) {
	for _, rate := range []float64{5, 50, 400} {
		o := paper()
		o.RateHz = rate
		sequences := o
		sequences.RateHz = 1000 // the same sequences: they are drawn first
		b, on := train(t, mustNew(t, o), 3, 48), train(t, mustNew(t, sequences), 3, 48)
		var steps, spikes float64 // of lines that are on
		perLine := make([][2]float64, 100)
		for i, g := range b.Groups {
			for t0, w := range g.Spikes.Words {
				if stray := w &^ on.Groups[i].Spikes.Words[t0]; stray != 0 {
					t.Fatalf("rate %g: a population that is off fires", rate)
				}
				for lane := range tensor.Lanes {
					n := float64(on.Groups[i].Spikes.Words[t0] >> lane & 1)
					k := float64(w >> lane & 1)
					steps += n
					spikes += k
					perLine[t0%100][0] += n
					perLine[t0%100][1] += k
				}
			}
		}
		p := rate / 1000
		if math.Abs(spikes/steps-p) > 4*math.Sqrt(p*(1-p)/steps) {
			t.Errorf("rate %g: %g spikes in %g steps", rate, spikes, steps)
		}
		for line, c := range perLine {
			if math.Abs(c[1]/c[0]-p) > 5*math.Sqrt(p*(1-p)/c[0]) {
				t.Errorf("rate %g: line %d fires %g times in %g steps", rate, line, c[1], c[0])
			}
		}
	}
}

// A trial depends on the seed and its address alone.
func TestTrialsDependOnTheirAddressAlone(t *testing.T) {
	for name, delay := range map[string]int{"random delays": 0, "fixed delay": 3} {
		o := paper()
		o.DelaySymbols = delay
		want := train(t, mustNew(t, o), 7, 40)
		threaded := o
		threaded.Threads = 4
		s := mustNew(t, threaded)
		dst := train(t, s, 2, 60)
		if err := s.Evaluate(dst, "test", 5, 60); err != nil {
			t.Fatal(err)
		}
		if err := s.Train(dst, 7, 40); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(dst, want) {
			t.Errorf("%s: a batch depends on the threads or on what was asked before", name)
		}
		o.Seed++
		for what, other := range map[string]*datasets.Batch{"seed": train(t, mustNew(t, o), 7, 40), "step": train(t, s, 8, 40)} {
			if reflect.DeepEqual(other.Groups, want.Groups) {
				t.Errorf("%s: another %s gives the same batch", name, what)
			}
		}
	}
}

func TestEvaluationTrialsAreFixed(t *testing.T) {
	s := mustNew(t, paper())
	var whole, part, other datasets.Batch
	for _, split := range []string{"train", "validation", "test"} {
		if s.Size(split) != 500 {
			t.Errorf("size of %s: %d, want 500", split, s.Size(split))
		}
		if err := s.Evaluate(&whole, split, 0, 32); err != nil {
			t.Fatal(err)
		}
		if err := s.Evaluate(&part, split, 16, 16); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(whole.Groups[1], part.Groups[0]) {
			t.Errorf("%s: trials 16 to 31 depend on the batch they are asked in", split)
		}
		if reflect.DeepEqual(whole.Groups, other.Groups) {
			t.Errorf("%s equals the split before it", split)
		}
		other, whole = whole, other
	}
	if err := s.Evaluate(&whole, "dev", 0, 1); !fault.IsInput(err) || !strings.Contains(err.Error(), `"dev"`) {
		t.Errorf("split dev: error %v, want an input error that names it", err)
	}
}

func TestImpossibleOptionsAreNamed(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"lines_per_symbol is 0":        func(o *Options) { o.LinesPerSymbol = 0 },
		"rate_hz is 0":                 func(o *Options) { o.RateHz = 0 },
		"rate_hz is 1001":              func(o *Options) { o.RateHz = 1001 },
		"rate_hz is NaN":               func(o *Options) { o.RateHz = math.NaN() },
		"symbol_ms is 0":               func(o *Options) { o.SymbolMS = 0 },
		"symbols is 0":                 func(o *Options) { o.Symbols = 0 },
		"symbols is 2, expected at le": func(o *Options) { o.Symbols = 2 },
		"command_probability is 0":     func(o *Options) { o.CommandProbability = 0 },
		"command_probability is 1":     func(o *Options) { o.CommandProbability = 1 },
		"command_probability is 1e-30": func(o *Options) { o.CommandProbability = 1e-300 },
		"delay_symbols is 12":          func(o *Options) { o.DelaySymbols = 12 },
		"delay_symbols is -1":          func(o *Options) { o.DelaySymbols = -1 },
		"evaluation_trials is -1":      func(o *Options) { o.EvaluationTrials = -1 },
	} {
		o := paper()
		change(&o)
		if _, err := New(o); !fault.IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want an input error with %q", err, want)
		}
	}
}

func BenchmarkTrain(b *testing.B) {
	s := mustNew(b, paper())
	var batch datasets.Batch
	for i := 0; b.Loop(); i++ {
		if err := s.Train(&batch, i, 128); err != nil {
			b.Fatal(err)
		}
	}
}
