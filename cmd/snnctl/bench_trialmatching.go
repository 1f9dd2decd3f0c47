package main

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/pkg/experiment"
)

func benchTrialMatching(a *app, o benchOptions) error {
	r, err := experiment.BenchTrialMatching(o.Batch, o.Repeats, a.threads)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(r)
	}
	table := newTable(a.stdout, "JOB", r.Job)
	table.row("size", fmt.Sprintf("%d inputs, %d neurons, 150 steps of run-in and %d of trials, batch %d", r.Inputs, r.Neurons, r.Steps, r.Batch))
	table.row("firing rate", fmt.Sprintf("%.1f Hz", r.RateHz))
	table.row("threads", fmt.Sprint(r.Threads))
	table.row("instructions", kernel.Instructions())
	table.row("median", fmt.Sprintf("%.4f s", r.Median))
	table.row("minimum", fmt.Sprintf("%.4f s", r.Min))
	table.row("CPU time", fmt.Sprintf("%.4f s, at least", r.CPU))
	table.row("spikes", fmt.Sprintf("%.3g per second", r.SpikesPerSecond))
	table.row("allocations", fmt.Sprintf("%d in a step", r.Allocations))
	table.row("peak memory", formatBytes(r.Peak))
	return table.flush()
}
