// Package delayedcue generates a task of memory: a cue is shown on the left or on
// the right; after a delay a go signal asks on which side it was.
//
// A trial of cue_ms + delay_ms + go_ms + outcome_ms steps of 1 ms has four populations
// of Poisson lines:
//
//	left, right   one of them is on in the first cue_ms
//	go            on in the go_ms after the delay
//	noise         always on
//
// The decision is about the steps of the go signal. In the steps after it nothing
// is shown: that is how long the outcome of the decision lets wait.
package delayedcue

import (
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/poisson"
)

// Options say what the trials look like. Every field has a value; there are no
// defaults here.
type Options struct {
	Lines           int     // of each of the four populations
	RateHz, NoiseHz float64 // of a line that is on, and of one of the noise

	CueMS, DelayMS, GoMS, OutcomeMS int

	EvaluationTrials int // Size of every split
	Seed             uint64
	Threads          int
}

// The populations of input lines, in their order. The first two are the classes.
const (
	left = iota
	right
	goSignal
	noise
	populations
)

// Source generates trials; each depends on the seed and on its address alone:
// step and trial in training, split and trial in evaluation. It may be used by
// several goroutines at once.
type Source struct {
	Options
	datasets.Generated
	on, background poisson.Lines
}

// New returns a generator of trials.
func New(o Options) (*Source, error) {
	const longest = 10_000_000 // steps
	for _, length := range []struct {
		name         string
		value, least int
	}{{"cue_ms", o.CueMS, 1}, {"delay_ms", o.DelayMS, 0}, {"go_ms", o.GoMS, 1}, {"outcome_ms", o.OutcomeMS, 0}} {
		if length.value < length.least || length.value > longest {
			return nil, fault.Inputf("%s is %d, expected %d to %d", length.name, length.value, length.least, longest)
		}
	}
	switch {
	case o.Lines < 1:
		return nil, fault.Inputf("lines_per_population is %d, expected at least 1", o.Lines)
	case !(o.RateHz > 0 && o.RateHz <= 1000):
		return nil, fault.Inputf("rate_hz is %g, expected a number above 0 and at most 1000, a spike in every step", o.RateHz)
	case !(o.NoiseHz >= 0 && o.NoiseHz <= 1000):
		return nil, fault.Inputf("noise_hz is %g, expected a number from 0 to 1000", o.NoiseHz)
	case o.EvaluationTrials < 0:
		return nil, fault.Inputf("evaluation_trials is %d, expected no negative number", o.EvaluationTrials)
	}
	s := &Source{Options: o, on: poisson.AtRate(o.RateHz), background: poisson.AtRate(o.NoiseHz)}
	s.Generated = datasets.Generated{Name: "delayed-cue", Trials: o.EvaluationTrials, Fill: s.fill}
	return s, nil
}

// steps is the length of a trial.
func (s *Source) steps() int { return s.CueMS + s.DelayMS + s.GoMS + s.OutcomeMS }

// Shape implements datasets.Source.
func (s *Source) Shape() datasets.Shape {
	return datasets.Shape{Steps: s.steps(), Lines: populations * s.Lines, Classes: 2}
}

// Populations implements datasets.Source.
func (s *Source) Populations() []datasets.Population {
	n := s.Lines
	return []datasets.Population{{Name: "left", Lines: n}, {Name: "right", Lines: n}, {Name: "go", Lines: n}, {Name: "noise", Lines: n}}
}

// fill generates the trials [first, first+trials). A trial's stream begins with
// its side; the rest is for its spikes.
func (s *Source) fill(dst *datasets.Batch, purpose rng.Purpose, step, first, trials int) {
	shape := s.Shape()
	dst.RefillSpikes(trials, shape.Steps, shape.Lines)
	ask := s.CueMS + s.DelayMS
	for i := range trials {
		side := rng.Stream(s.Seed, purpose, uint64(step), uint64(first+i)).IntN(2)
		dst.Decisions = append(dst.Decisions, datasets.Decision{Trial: i, Start: ask, End: ask + s.GoMS, Class: side})
	}
	parallel.For(s.Threads, len(dst.Groups), func(_, i int) {
		g := &dst.Groups[i]
		clear(g.Spikes.Words)
		for lane := range g.Trials {
			r := rng.Stream(s.Seed, purpose, uint64(step), uint64(first+i*tensor.Lanes+lane))
			fire := func(p poisson.Lines, population, start, steps int) {
				p.Fire(r, g.Spikes, lane, poisson.Block{Start: start, Steps: steps, Line: population * s.Lines, Lines: s.Lines})
			}
			fire(s.on, left+r.IntN(2), 0, s.CueMS)
			fire(s.on, goSignal, ask, s.GoMS)
			fire(s.background, noise, 0, shape.Steps)
		}
	})
}
