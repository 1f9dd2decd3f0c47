package main

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/pkg/experiment"
)

func benchConv(a *app, o benchOptions) error {
	switch {
	case o.check && o.shape == "lenet":
		return a.printJSON(experiment.CheckLeNet(a.threads))
	case o.check && o.shape == "vgg":
		return a.printJSON(experiment.CheckConv(a.threads))
	}
	r, err := experiment.BenchConv(experiment.ConvBench{Shape: o.shape, Batch: experiment.ConvBatch, Repeats: o.Repeats}, a.threads)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(r)
	}
	table := newTable(a.stdout, "JOB", r.Job)
	table.row("shape", r.Shape)
	table.row("size", fmt.Sprintf("%d images", r.Batch))
	table.row("threads", fmt.Sprint(r.Threads))
	table.row("instructions", kernel.Instructions())
	table.row("median", fmt.Sprintf("%.4f s", r.Median))
	table.row("minimum", fmt.Sprintf("%.4f s", r.Min))
	table.row("convolutions", fmt.Sprintf("%.1f GFLOP/s", r.GFLOPs))
	table.row("allocations", fmt.Sprintf("%d in a pass", r.Allocations))
	table.row("peak memory", formatBytes(r.Peak))
	return table.flush()
}
