// Package functionepisodes generates episodes in which a function is to be learnt from
// examples: the learning-to-learn tasks of Bellec et al. (arXiv:1803.09574, section 6.5
// of the method).
//
// An episode is about one function C of a family: a teacher network, or a sinusoid. It is a
// sequence of trials. In trial k the network is shown x^k, uniform in [-1, 1], and
// what it should have said in the trial before, C(x^(k-1)) (0 in the first), and is
// asked for C(x^k). All numbers are shown by population codes. No weight tells one
// function from another: a network can only learn it by the state that it carries from
// trial to trial.
//
// To the rest of the program an episode is one trial of a batch, with a decision for each
// of its own trials.
package functionepisodes

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/populationcode"
)

// Options say what the episodes look like. Every field has a value; there are no
// defaults here.
type Options struct {
	Family        Family
	EpisodeTrials int     // trials of an episode
	TrialMS       int     // steps of 1 ms of a trial
	Lines         int     // of the population code of each number
	PeakHz        float64 // of a line at its preferred value

	EvaluationEpisodes int // Size of every split
	Seed               uint64
	Threads            int
}

// name is the purpose of random numbers.
const name = "function-episodes"

// Source generates episodes; each depends on the seed and on its address alone: step
// and number in training, split and number in evaluation. It may be used by several
// goroutines at once.
type Source struct {
	Options
	datasets.Generated
	input, target populationcode.Code
}

// New returns a generator of episodes.
func New(o Options) (*Source, error) {
	const longest = 100_000_000 // steps
	switch {
	case o.Lines < 2:
		return nil, fault.Inputf("lines_per_number is %d, expected at least 2", o.Lines)
	case !(o.PeakHz > 0 && o.PeakHz < 1000):
		return nil, fault.Inputf("peak_hz is %g, expected a number above 0 and below 1000", o.PeakHz)
	case o.TrialMS < 1 || o.TrialMS > longest:
		return nil, fault.Inputf("trial_ms is %d, expected 1 to %d", o.TrialMS, longest)
	case o.EpisodeTrials < 1 || o.EpisodeTrials > longest/o.TrialMS:
		return nil, fault.Inputf("trials is %d, expected 1 to %d", o.EpisodeTrials, longest/o.TrialMS)
	case o.EvaluationEpisodes < 0:
		return nil, fault.Inputf("evaluation_episodes is %d, expected no negative number", o.EvaluationEpisodes)
	}
	if f, ok := o.Family.(Sinusoids); ok && !(0 <= f.LeastAmplitude && f.LeastAmplitude <= f.MostAmplitude && f.MostAmplitude <= 0.5) {
		return nil, fault.Inputf("amplitudes are from %g to %g, expected a range within 0 to 0.5", f.LeastAmplitude, f.MostAmplitude)
	}
	s := &Source{Options: o,
		input:  populationcode.New(o.Lines, -1, 1, o.PeakHz),
		target: populationcode.New(o.Lines, 0, 1, o.PeakHz)}
	s.Generated = datasets.Generated{Name: name, Trials: o.EvaluationEpisodes, Fill: s.fill}
	return s, nil
}

// numbers is how many numbers are shown in a trial.
func (s *Source) numbers() int { return s.Family.inputs() + 1 }

// Shape implements datasets.Source.
func (s *Source) Shape() datasets.Shape {
	return datasets.Shape{Steps: s.EpisodeTrials * s.TrialMS, Lines: s.numbers() * s.Lines, Numbers: 1}
}

// Populations implements datasets.Source.
func (s *Source) Populations() []datasets.Population {
	var populations []datasets.Population
	for i := range s.Family.inputs() {
		populations = append(populations, datasets.Population{Name: fmt.Sprint("x", i+1), Lines: s.Lines})
	}
	return append(populations, datasets.Population{Name: "previous target", Lines: s.Lines})
}

// Episode is episode number index of a split.
func (s *Source) Episode(split string, index int) (*Episode, error) {
	if err := datasets.CheckSplit(split); err != nil {
		return nil, err
	}
	return s.draw(name+" "+rng.Purpose(split), 0, index), nil
}

// fill generates the episodes [first, first+episodes).
func (s *Source) fill(dst *datasets.Batch, purpose rng.Purpose, step, first, episodes int) {
	shape := s.Shape()
	dst.RefillSpikes(episodes, shape.Steps, shape.Lines)
	drawn := make([]*Episode, episodes)
	for i := range drawn {
		drawn[i] = s.draw(purpose, step, first+i)
		for k, y := range drawn[i].Y {
			dst.Decisions = append(dst.Decisions, datasets.Decision{Trial: i, Start: k * s.TrialMS, End: (k + 1) * s.TrialMS})
			dst.Targets = append(dst.Targets, float32(y))
		}
	}
	parallel.For(s.Threads, len(dst.Groups), func(_, i int) {
		g := &dst.Groups[i]
		clear(g.Spikes.Words)
		for lane := range g.Trials {
			episode := i*tensor.Lanes + lane
			s.encode(g.Spikes, lane, drawn[episode].X, drawn[episode].Y, purpose, step, first+episode)
		}
	})
}

// encode fires the population codes of an episode's trials into a lane: of inputs x and,
// as far as they are needed, of targets y. The spikes of a trial depend on what it shows
// and on its address alone.
func (s *Source) encode(spikes *tensor.Spikes, lane int, x [][]float64, y []float64, purpose rng.Purpose, step, index int) {
	for k := range x {
		r := rng.Stream(s.Seed, purpose+" spikes", uint64(step), uint64(index*s.EpisodeTrials+k))
		for i := range s.numbers() {
			code, value := s.input, 0.0
			switch {
			case i < len(x[k]):
				value = x[k][i]
			case k > 0:
				code, value = s.target, y[k-1]
			default:
				code = s.target
			}
			code.Hold(r, value, s.TrialMS, func(t, neuron int) { spikes.Set(k*s.TrialMS+t, i*s.Lines+neuron, lane) })
		}
	}
}
