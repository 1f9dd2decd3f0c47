// Package evidence generates evidence accumulation: a few cues come from the left or
// the right, and after a delay the network says from where there were more (Bellec
// et al., arXiv:1901.09049).
//
// A trial is
//
//	cues × slot_ms      in each slot, after a pause, one cue of cue_ms: the lines of its
//	                    side fire
//	delay_ms            silence, the last recall_ms of which the recall lines fire and
//	                    the answer is read
//
// while the noise lines fire throughout.
package evidence

import (
	"math/rand/v2"

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
	LinesPerGroup   int     // input lines of each of the four groups
	Cues            int     // an odd number
	SlotMS, CueMS   int     // a cue is the last CueMS of its slot
	DelayMS         int     // after the last cue to the end
	RecallMS        int     // the last part of the delay
	RateHz          float64 // of a group that is on
	NoiseHz         float64 // of the noise lines; 0 for silence
	SideProbability float64 // of a cue to come from the side that the trial favours

	EvaluationTrials int // Size of every split
	Seed             uint64
	Threads          int
}

// The groups of input lines, in their order.
const (
	left = iota
	right
	recall
	noise
	groups
)

// Source generates trials; each depends on the seed and on its address alone: step
// and trial in training, split and trial in evaluation. It may be used by several
// goroutines at once.
type Source struct {
	Options
	datasets.Generated
	on, background poisson.Lines
}

// New returns a generator of trials.
func New(o Options) (*Source, error) {
	const longest = 100_000_000 // steps
	rate := func(hz float64) bool { return hz >= 0 && hz <= 1000 }
	switch {
	case o.LinesPerGroup < 1:
		return nil, fault.Inputf("lines_per_group is %d, expected at least 1", o.LinesPerGroup)
	case o.Cues < 1 || o.Cues%2 == 0:
		return nil, fault.Inputf("cues is %d, expected an odd number, so that one side has more", o.Cues)
	case o.CueMS < 1 || o.CueMS > o.SlotMS:
		return nil, fault.Inputf("cue_ms is %d, expected 1 to slot_ms (%d)", o.CueMS, o.SlotMS)
	case o.RecallMS < 1 || o.RecallMS > o.DelayMS:
		return nil, fault.Inputf("recall_ms is %d, expected 1 to delay_ms (%d)", o.RecallMS, o.DelayMS)
	case o.SlotMS > longest || o.DelayMS > longest || o.Cues > longest/o.SlotMS:
		return nil, fault.Inputf("cues, slot_ms and delay_ms make a trial of more than %d steps", longest)
	case !(rate(o.RateHz) && o.RateHz > 0):
		return nil, fault.Inputf("rate_hz is %g, expected a number above 0 and at most 1000, a spike in every step", o.RateHz)
	case !rate(o.NoiseHz):
		return nil, fault.Inputf("noise_hz is %g, expected a number from 0 to 1000", o.NoiseHz)
	case !(o.SideProbability >= 0.5 && o.SideProbability <= 1):
		return nil, fault.Inputf("side_probability is %g, expected a number from 0.5 to 1", o.SideProbability)
	case o.EvaluationTrials < 0:
		return nil, fault.Inputf("evaluation_trials is %d, expected no negative number", o.EvaluationTrials)
	}
	s := &Source{Options: o, on: poisson.AtRate(o.RateHz), background: poisson.AtRate(o.NoiseHz)}
	s.Generated = datasets.Generated{Name: "evidence", Trials: o.EvaluationTrials, Fill: s.fill}
	return s, nil
}

// Shape implements datasets.Source.
func (s *Source) Shape() datasets.Shape {
	return datasets.Shape{Steps: s.Cues*s.SlotMS + s.DelayMS, Lines: groups * s.LinesPerGroup, Classes: 2}
}

// Populations implements datasets.Source.
func (s *Source) Populations() []datasets.Population {
	n := s.LinesPerGroup
	return []datasets.Population{{Name: "left", Lines: n}, {Name: "right", Lines: n}, {Name: "recall", Lines: n}, {Name: "noise", Lines: n}}
}

// draw draws the side that a trial favours and the side of each cue, left or right,
// and returns the side of the majority.
func (s *Source) draw(r *rand.Rand, cues []int) (favoured, majority int) {
	favoured = r.IntN(2)
	rights := 0
	for i := range cues {
		cues[i] = favoured
		if r.Float64() >= s.SideProbability {
			cues[i] = left + right - favoured
		}
		rights += cues[i]
	}
	if 2*rights > len(cues) {
		return favoured, right
	}
	return favoured, left
}

// fill generates the trials [first, first+trials). A trial's stream begins with
// its cues, the rest is for its spikes; so that the threads share nothing, the cues are
// drawn twice: for the decisions, and for the spikes.
func (s *Source) fill(dst *datasets.Batch, purpose rng.Purpose, step, first, trials int) {
	shape := s.Shape()
	dst.RefillSpikes(trials, shape.Steps, shape.Lines)
	stream := func(trial int) *rand.Rand { return rng.Stream(s.Seed, purpose, uint64(step), uint64(first+trial)) }

	cues := make([]int, s.Cues)
	for i := range trials {
		_, class := s.draw(stream(i), cues)
		dst.Decisions = append(dst.Decisions, datasets.Decision{Trial: i, Start: shape.Steps - s.RecallMS, End: shape.Steps, Class: class})
	}
	parallel.For(s.Threads, len(dst.Groups), func(_, i int) {
		g := &dst.Groups[i]
		clear(g.Spikes.Words)
		cues := make([]int, s.Cues)
		for lane := range g.Trials {
			r := stream(i*tensor.Lanes + lane)
			s.draw(r, cues)
			fire := func(lines poisson.Lines, group, start, steps int) {
				lines.Fire(r, g.Spikes, lane, poisson.Block{Start: start, Steps: steps, Line: group * s.LinesPerGroup, Lines: s.LinesPerGroup})
			}
			for slot, side := range cues {
				fire(s.on, side, (slot+1)*s.SlotMS-s.CueMS, s.CueMS)
			}
			fire(s.on, recall, shape.Steps-s.RecallMS, s.RecallMS)
			fire(s.background, noise, 0, shape.Steps)
		}
	})
}
