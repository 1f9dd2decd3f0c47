package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/pkg/experiment"
)

func newBenchCommand(a *app) *cobra.Command {
	o := experiment.LSNNBench{}
	command := &cobra.Command{
		Use:   "bench [JOB]",
		Short: "Measure how fast this machine is on the standard jobs",
		Long: "Measure how fast this machine is on the standard jobs.\n\n" +
			"  lsnn   a training step of lsnn-smnist (forward, backward, update, rewiring), on made-up\n" +
			"         input of the density of sequential MNIST\n" + exitStatusHelp,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: []string{"lsnn"},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] != "lsnn" {
				return fault.Inputf("there is no job %q, expected lsnn", args[0])
			}
			return runBench(a, o)
		},
	}
	flags := command.Flags()
	flags.IntVar(&o.Neurons, "neurons", 220, "size of the recurrent network")
	flags.IntVar(&o.Steps, "steps", 840, "steps of 1 ms")
	flags.IntVar(&o.Batch, "batch", 256, "trials in a batch")
	flags.Float64Var(&o.RateHz, "rate-hz", 20, "mean firing rate, Hz")
	flags.Float64Var(&o.Connectivity, "connectivity", 0.12, "part of the synapses that exist, by DEEP R; 1: all of them, without rewiring")
	flags.IntVar(&o.Repeats, "repeats", 5, "training steps to time")
	return command
}

func runBench(a *app, o experiment.LSNNBench) error {
	r, err := experiment.BenchLSNN(o, a.threads)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(r)
	}
	table := newTable(a.stdout, "JOB", r.Job)
	table.row("size", fmt.Sprintf("%d inputs, %d neurons (%.0f %% of the synapses), %d steps, batch %d", r.Inputs, r.Neurons, 100*r.Connectivity, r.Steps, r.Batch))
	table.row("firing rate", fmt.Sprintf("%.1f Hz", r.RateHz))
	table.row("threads", fmt.Sprint(r.Threads))
	table.row("instructions", kernel.Instructions())
	table.row("median", fmt.Sprintf("%.4f s", r.Median))
	table.row("minimum", fmt.Sprintf("%.4f s", r.Min))
	table.row("spikes", fmt.Sprintf("%.3g per second", r.SpikesPerSecond))
	table.row("allocations", fmt.Sprintf("%d in a step", r.Allocations))
	table.row("peak memory", formatBytes(r.Peak))
	return table.flush()
}
