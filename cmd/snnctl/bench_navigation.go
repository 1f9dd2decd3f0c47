package main

import (
	"fmt"

	"github.com/snnctl/snnctl/pkg/experiment"
)

func benchNavigation(a *app, o benchOptions) error {
	r, err := experiment.BenchNavigation(experiment.NavigationBench{Steps: o.Steps, Batch: o.Batch, Repeats: o.Repeats}, a.threads)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(r)
	}
	table := newTable(a.stdout, "THREADS", "MEDIAN", "MINIMUM", "EPISODES")
	for _, t := range r.Timings {
		table.row(fmt.Sprint(t.Threads), fmt.Sprintf("%.4f s", t.Median), fmt.Sprintf("%.4f s", t.Min), fmt.Sprintf("%.1f per second", t.Episodes))
	}
	table.row("ratio", fmt.Sprintf("%.2f", r.Speedup))
	return table.flush()
}
