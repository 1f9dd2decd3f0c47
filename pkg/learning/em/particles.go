package em

import "github.com/snnctl/snnctl/pkg/models/neulvm"

// Particles sums over trajectories instead of taking the most probable one: n particles of
// the present network go along with the spikes. It returns ln p(spikes) and the means of
// the trajectory, [M][T], given the spikes of lag bins more.
func (f *Fit) Particles(n, lag int, seed uint64, threads int) (logLikelihood float64, mean [][]float64, err error) {
	logLikelihood, mean, _, err = f.Infer(n, lag, seed, threads)
	return logLikelihood, mean, err
}

// Infer is Particles with the standard deviations of the trajectory.
func (f *Fit) Infer(n, lag int, seed uint64, threads int) (logLikelihood float64, mean, deviation [][]float64, err error) {
	if err := f.Restart(); err != nil {
		return 0, nil, nil, err
	}
	history := make([][]float64, len(f.Z))
	for p := range history {
		history[p] = f.Z[p][:f.options.Grid.Ages]
	}
	e := neulvm.NewEnsemble(f.Network, f.problem, history, n, lag, threads)
	logLikelihood = e.Run(seed, 0)
	mean, deviation = e.Smoothed()
	return logLikelihood, mean, deviation, nil
}
