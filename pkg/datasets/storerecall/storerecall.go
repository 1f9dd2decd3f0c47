// Package storerecall generates the store-recall task: keep a bit from the
// command "store" to the command "recall" (Bellec et al., arXiv:1803.09574).
package storerecall

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
	LinesPerSymbol int     // input lines of each of the four populations
	RateHz         float64 // of a line whose symbol is on, above 0 and up to 1000
	SymbolMS       int     // steps of 1 ms that a symbol is on
	Symbols        int     // symbol steps of a trial

	// CommandProbability is that of the next command (store and recall come in
	// turn) in each symbol step, above 0 and below 1.
	CommandProbability float64

	// DelaySymbols, if not 0, makes every recall follow that many symbol steps
	// after its store; CommandProbability is then of no meaning.
	DelaySymbols int

	EvaluationTrials int // Size of every split
	Seed             uint64
	Threads          int
}

// The populations of input lines, in their order.
const (
	valueZero = iota // the digit 0 is shown
	valueOne
	store
	recall
	populations
)

// Source generates trials; each depends on the seed and on its address alone:
// step and trial in training, split and trial in evaluation. It may be used by
// several goroutines at once.
type Source struct {
	Options
	datasets.Generated
	sequences sequences
	spikes    poisson.Lines
}

// New returns a generator of trials.
func New(o Options) (*Source, error) {
	const longest = 100_000_000 // steps
	switch {
	case o.LinesPerSymbol < 1:
		return nil, fault.Inputf("lines_per_symbol is %d, expected at least 1", o.LinesPerSymbol)
	case !(o.RateHz > 0 && o.RateHz <= 1000):
		return nil, fault.Inputf("rate_hz is %g, expected a number above 0 and at most 1000, a spike in every step", o.RateHz)
	case o.SymbolMS < 1 || o.SymbolMS > longest:
		return nil, fault.Inputf("symbol_ms is %d, expected 1 to %d", o.SymbolMS, longest)
	case o.Symbols < 1 || o.Symbols > longest/o.SymbolMS:
		return nil, fault.Inputf("symbols is %d, expected 1 to %d", o.Symbols, longest/o.SymbolMS)
	case o.EvaluationTrials < 0:
		return nil, fault.Inputf("evaluation_trials is %d, expected no negative number", o.EvaluationTrials)
	}
	s := &Source{Options: o, spikes: poisson.AtRate(o.RateHz)}
	s.Generated = datasets.Generated{Name: "store-recall", Trials: o.EvaluationTrials, Fill: s.fill}
	var err error
	if o.DelaySymbols == 0 {
		s.sequences, err = newRandomDelays(o.Symbols, o.CommandProbability)
	} else {
		s.sequences, err = newFixedDelay(o.Symbols, o.DelaySymbols)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Shape implements datasets.Source.
func (s *Source) Shape() datasets.Shape {
	return datasets.Shape{Steps: s.Symbols * s.SymbolMS, Lines: populations * s.LinesPerSymbol, Classes: 2}
}

// Populations implements datasets.Source.
func (s *Source) Populations() []datasets.Population {
	n := s.LinesPerSymbol
	return []datasets.Population{{Name: "0", Lines: n}, {Name: "1", Lines: n}, {Name: "store", Lines: n}, {Name: "recall", Lines: n}}
}

// fill generates the trials [first, first+trials). A trial's stream begins with
// its sequence, the rest is for its spikes; so that the threads share nothing,
// the sequence is drawn twice: for the decisions, and for the spikes.
func (s *Source) fill(dst *datasets.Batch, purpose rng.Purpose, step, first, trials int) {
	shape := s.Shape()
	dst.RefillSpikes(trials, shape.Steps, shape.Lines)

	sequence := make([]symbol, s.Symbols)
	for i := range trials {
		s.sequences.draw(rng.Stream(s.Seed, purpose, uint64(step), uint64(first+i)), sequence)
		for position, symbol := range sequence {
			if symbol.command == recall {
				dst.Decisions = append(dst.Decisions, datasets.Decision{
					Trial: i, Start: position * s.SymbolMS, End: (position + 1) * s.SymbolMS, Class: int(symbol.bit)})
			}
		}
	}
	parallel.For(s.Threads, len(dst.Groups), func(_, i int) {
		g := &dst.Groups[i]
		clear(g.Spikes.Words)
		sequence := make([]symbol, s.Symbols)
		for lane := range g.Trials {
			r := rng.Stream(s.Seed, purpose, uint64(step), uint64(first+i*tensor.Lanes+lane))
			s.sequences.draw(r, sequence)
			for position, symbol := range sequence {
				for _, population := range symbol.populations() {
					s.spikes.Fire(r, g.Spikes, lane, poisson.Block{
						Start: position * s.SymbolMS, Steps: s.SymbolMS,
						Line: population * s.LinesPerSymbol, Lines: s.LinesPerSymbol})
				}
			}
		}
	})
}
