package main

import (
	"fmt"

	"github.com/snnctl/snnctl/pkg/experiment"
)

func benchEProp(a *app, o benchOptions) error {
	if o.check {
		return a.printJSON(experiment.CheckEProp())
	}
	r, err := experiment.BenchEProp(experiment.EPropBench{Compute: o.compute, Steps: o.Steps, Batch: o.Batch, Repeats: o.Repeats}, a.threads)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(r)
	}
	table := newTable(a.stdout, "JOB", r.Job)
	table.row("compute", r.Compute)
	table.row("size", fmt.Sprintf("%d inputs, %d neurons, %d steps, batch %d", r.Inputs, r.Neurons, r.Steps, r.Batch))
	table.row("firing rate", fmt.Sprintf("%.1f Hz", r.RateHz))
	table.row("threads", fmt.Sprint(r.Threads))
	table.row("median", fmt.Sprintf("%.4f s", r.Median))
	table.row("minimum", fmt.Sprintf("%.4f s", r.Min))
	table.row("allocations", fmt.Sprintf("%d in a step", r.Allocations))
	table.row("peak memory", formatBytes(r.Peak))
	return table.flush()
}
