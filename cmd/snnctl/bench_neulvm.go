package main

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/pkg/experiment"
)

func benchNeuLVM(a *app, o benchOptions) error {
	r, err := experiment.BenchNeuLVM(o.Repeats, o.problem)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(r)
	}
	table := newTable(a.stdout, "JOB", r.Job)
	for i, n := range r.Neurons {
		table.row(fmt.Sprintf("%d neurons", n), fmt.Sprintf("%.4f s for a simulated second (%.4f s of CPU), %d spikes in %g s", r.Simulation[i], r.SimulationCPU[i], r.SpikesSimulated[i], r.SimulatedSeconds))
	}
	for i, hz := range r.RatesHz {
		table.row(fmt.Sprintf("%d at %.1f Hz", r.Uncoupled, hz), fmt.Sprintf("%.4f s of CPU for a simulated second, %.0f ns a spike", r.UncoupledCPU[i], 1e9*r.UncoupledCPU[i]/(hz*float64(r.Uncoupled))))
	}
	table.row("likelihood", fmt.Sprintf("%.4f s with its gradient (%.4f s of CPU), %d bins of 3 populations, %d ages", r.Likelihood, r.LikelihoodCPU, r.Bins, r.Ages))
	table.row("fit", fmt.Sprintf("%.3f s (%.3f s of CPU), %d steps to the trajectory, %d iterations for the parameters, loss %.6f", r.Fit, r.FitCPU, r.TrajectorySteps, r.ParameterIterations, r.FitLoss))
	table.row("instructions", kernel.Instructions())
	return table.flush()
}
