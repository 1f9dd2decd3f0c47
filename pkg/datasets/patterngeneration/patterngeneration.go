// Package patterngeneration asks a network to draw curves: sums of sines, in answer
// to one frozen pattern of input spikes (Bellec et al., arXiv:1901.09049).
//
// With T steps and t' from 0 to 2π over them, ends included, a curve is
//
//	y*[t] ∝ s[t] - s[0],  s[t] = Σ_p A_p sin(c_p t' + φ_p),  c_p = ⌊T/p⌋ cycles
//
// for the periods p of 1000, 500, 333 and 200 ms, with A uniform in [0.5, 2] and φ in
// [0, 2π], divided by its largest magnitude.
package patterngeneration

import (
	"math"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/poisson"
)

// periods of the sines, ms.
var periods = [...]int{1000, 500, 333, 200}

// Options say what the one trial looks like. Every field has a value; there are no
// defaults here.
type Options struct {
	Lines   int     // input lines
	RateHz  float64 // of each line, above 0 and up to 1000
	Steps   int     // T, of 1 ms
	Curves  int     // outputs
	Seed    uint64
	Threads int
}

// Source is the one trial, which is its every split.
type Source struct {
	Options
	datasets.Generated
	pattern *tensor.Spikes // of lane 0
	curves  []float32      // [T][Curves]
}

// New draws the input pattern and the curves.
func New(o Options) (*Source, error) {
	const longest = 100_000_000 // steps
	switch {
	case o.Lines < 1:
		return nil, fault.Inputf("input_lines is %d, expected at least 1", o.Lines)
	case !(o.RateHz > 0 && o.RateHz <= 1000):
		return nil, fault.Inputf("rate_hz is %g, expected a number above 0 and at most 1000, a spike in every step", o.RateHz)
	case o.Steps < periods[0] || o.Steps > longest:
		return nil, fault.Inputf("trial_ms is %d, expected %d, the longest period, to %d", o.Steps, periods[0], longest)
	case o.Curves < 1:
		return nil, fault.Inputf("curves is %d, expected at least 1", o.Curves)
	}
	s := &Source{Options: o, pattern: tensor.NewSpikes(o.Steps, o.Lines), curves: make([]float32, o.Steps*o.Curves)}
	s.Generated = datasets.Generated{Name: "pattern-generation", Trials: 1, Fill: s.fill}
	poisson.AtRate(o.RateHz).Fire(rng.Stream(o.Seed, "pattern-generation input", 0, 0), s.pattern, 0,
		poisson.Block{Steps: o.Steps, Lines: o.Lines})
	for k := range o.Curves {
		for t, y := range curve(o.Seed, k, o.Steps) {
			s.curves[t*o.Curves+k] = float32(y)
		}
	}
	return s, nil
}

// curve draws curve number k.
func curve(seed uint64, k, steps int) []float64 {
	r := rng.Stream(seed, "pattern-generation curve", 0, uint64(k))
	y := make([]float64, steps)
	for _, period := range periods {
		amplitude, phase := 0.5+1.5*r.Float64(), 2*math.Pi*r.Float64()
		cycles := float64(steps / period)
		for t := range y {
			y[t] += amplitude * math.Sin(2*math.Pi*cycles*float64(t)/float64(steps-1)+phase)
		}
	}
	first, largest := y[0], 0.0
	for t := range y {
		y[t] -= first
		largest = max(largest, math.Abs(y[t]))
	}
	for t := range y {
		y[t] /= largest
	}
	return y
}

// Shape implements datasets.Source.
func (s *Source) Shape() datasets.Shape {
	return datasets.Shape{Steps: s.Steps, Lines: s.Lines, Curves: s.Curves}
}

// Populations implements datasets.Source.
func (s *Source) Populations() []datasets.Population {
	return []datasets.Population{{Name: "pattern", Lines: s.Lines}}
}

// fill repeats the one trial there is.
func (s *Source) fill(dst *datasets.Batch, _ rng.Purpose, _, _, trials int) {
	dst.RefillSpikes(trials, s.Steps, s.Lines)
	for range trials {
		dst.Targets = append(dst.Targets, s.curves...)
	}
	parallel.For(s.Threads, len(dst.Groups), func(_, i int) {
		g := &dst.Groups[i]
		used := uint16(1)<<g.Trials - 1 // all lanes: the shift leaves 0
		for at, word := range s.pattern.Words {
			g.Spikes.Words[at] = -word & used // word is 0 or 1
		}
	})
}
