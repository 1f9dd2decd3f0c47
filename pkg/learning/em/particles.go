package em

import (
	"math"

	"github.com/snnctl/snnctl/pkg/models/neulvm"
)

// Inference is how a trajectory is inferred with given parameters.
type Inference struct {
	Particles int
	Lag       int // bins that means look ahead
	Seed      uint64
	Threads   int

	// Guide is the most iterations of L-BFGS that look for the most probable innovations. Where
	// they add up, as at a switch, half of the particles of a second filter draw around them; the
	// mean of both filters' estimates of the likelihood has the right expectation, as either has,
	// and the one that explains the spikes better gives the trajectory. 0: all particles go their own way.
	Guide int
	// Patience is how many bins the cost of a push is not counted in resampling.
	Patience int
}

// Particles sums over trajectories instead of taking the most probable one: particles of the
// present network go along with the spikes. Means and deviations are given the spikes of o.Lag
// bins more. The fit's own trajectory moves where there is a guide.
func (f *Fit) Particles(o Inference) (Inferred, error) {
	if o.Guide > 0 {
		f.Innovate(innovationLimit)
		if _, _, err := f.Descend(Posterior{Threads: o.Threads}, o.Guide, false); err != nil {
			return Inferred{}, err
		}
	}
	if err := f.Restart(); err != nil {
		return Inferred{}, err
	}
	history := make([][]float64, len(f.Z))
	for p := range history {
		history[p] = f.Z[p][:f.options.Grid.Ages]
	}
	run := func(trial uint64, guide [][]float64) (r Inferred) {
		e := neulvm.NewEnsemble(f.Network, f.problem, history, o.Particles, o.Lag, o.Threads)
		if guide != nil {
			e.Guide(guide, max(o.Patience, 1))
		}
		r.LogLikelihood = e.Run(o.Seed, trial)
		r.Mean, r.Deviation = e.Smoothed()
		return r
	}
	alone := run(0, nil)
	if o.Guide == 0 {
		return alone, nil
	}
	guide := pushes(f.xi, max(o.Patience, 1))
	if guide == nil {
		return alone, nil
	}
	both, _ := Mix([]Inferred{alone, run(1, guide)}, nil)
	return both, nil
}

// leastPush is what innovations must sum to over a stretch, in standard deviations of that sum, to
// be worth following there. Each push costs particles weight by chance: pushes everywhere
// cost more than the few that lead across a switch bring in.
const leastPush = 2

// pushes are innovations, [M][T], where those of some stretch of the given number of bins around
// sum to much, and 0 elsewhere; nil where none do.
func pushes(xi [][]float64, bins int) [][]float64 {
	kept, found := rows(len(xi), len(xi[0])), false
	for p, of := range xi {
		sum, width := 0.0, min(bins, len(of))
		least := leastPush * math.Sqrt(float64(width))
		for t, x := range of {
			sum += x
			if t >= width {
				sum -= of[t-width]
			}
			if t >= width-1 && math.Abs(sum) >= least {
				copy(kept[p][t-width+1:t+1], of[t-width+1:t+1])
				found = true
			}
		}
	}
	if !found {
		return nil
	}
	return kept
}
