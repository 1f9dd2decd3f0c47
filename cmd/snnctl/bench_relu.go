package main

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/pkg/experiment"
)

func benchReLU(a *app, o benchOptions) error {
	r, err := experiment.BenchReLU(o.Repeats, a.threads)
	if err != nil {
		return err
	}
	return printSteps(a, r)
}

func benchGateON(a *app, o benchOptions) error {
	r, err := experiment.BenchGateON(o.Repeats, a.threads)
	if err != nil {
		return err
	}
	return printSteps(a, r)
}

func benchCLAPP(a *app, o benchOptions) error {
	r, err := experiment.BenchCLAPP(o.Repeats, a.threads)
	if err != nil {
		return err
	}
	return printSteps(a, r)
}

func benchAudioCodec(a *app, o benchOptions) error {
	r, err := experiment.BenchAudioCodec(o.Repeats, a.threads)
	if err != nil {
		return err
	}
	return printSteps(a, r)
}

// printSteps prints what training steps of some networks took.
func printSteps(a *app, r *experiment.StepsResult) error {
	if a.json {
		return a.printJSON(r)
	}
	table := newTable(a.stdout, "NETWORK", "BATCH", "THREADS", "INSTRUCTIONS", "MEDIAN OF A STEP", "MINIMUM", "ALLOCATIONS", "ACTIVITY")
	for _, c := range r.Cases {
		activity := "-"
		if c.Activity > 0 {
			activity = formatBytes(c.Activity)
		}
		table.row(c.Network, fmt.Sprint(c.Batch), fmt.Sprint(r.Threads), kernel.Instructions(),
			fmt.Sprintf("%.3f ms", 1e3*c.Median), fmt.Sprintf("%.3f ms", 1e3*c.Min), fmt.Sprint(c.Allocations), activity)
	}
	return table.flush()
}
