package em

import "github.com/snnctl/snnctl/pkg/models/neulvm"

// Inference is how a trajectory is inferred with given parameters.
type Inference struct {
	Particles int
	Lag       int // bins that means look ahead
	Seed      uint64
	Threads   int

	// Guide is the most iterations of L-BFGS that look for the most probable innovations, around
	// which half of the particles draw; 0: all go their own way.
	Guide int
	// Patience is how many bins the cost of a push is not counted in resampling.
	Patience int
}

// Particles sums over trajectories instead of taking the most probable one: particles of the
// present network go along with the spikes. It returns ln p(spikes) and means and standard
// deviations of the trajectory, [M][T], given the spikes of o.Lag bins more. The fit's own
// trajectory moves where there is a guide.
func (f *Fit) Particles(o Inference) (logLikelihood float64, mean, deviation [][]float64, err error) {
	if o.Guide > 0 {
		f.Innovate(innovationLimit)
		if _, _, err := f.Descend(Posterior{Threads: o.Threads}, o.Guide, false); err != nil {
			return 0, nil, nil, err
		}
	}
	if err := f.Restart(); err != nil {
		return 0, nil, nil, err
	}
	history := make([][]float64, len(f.Z))
	for p := range history {
		history[p] = f.Z[p][:f.options.Grid.Ages]
	}
	e := neulvm.NewEnsemble(f.Network, f.problem, history, o.Particles, o.Lag, o.Threads)
	if o.Guide > 0 {
		e.Guide(f.xi, max(o.Patience, 1))
	}
	logLikelihood = e.Run(o.Seed, 0)
	mean, deviation = e.Smoothed()
	return logLikelihood, mean, deviation, nil
}
