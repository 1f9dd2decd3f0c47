package main

import (
	"fmt"
	"strconv"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/experiment"
)

func benchLinLIF(a *app, o benchOptions) error {
	if o.check {
		return a.printJSON(map[string]*experiment.LinLIFCheck{
			"spikes": experiment.CheckLinLIF(false, a.threads), "numbers": experiment.CheckLinLIF(true, a.threads)})
	}
	sizes := experiment.LinLIFNeurons
	if len(o.sizes) > 0 {
		sizes = nil
	}
	for _, s := range o.sizes {
		n, err := strconv.Atoi(s)
		if err != nil {
			return fault.Inputf("linlif %s: expected a number of neurons", s)
		}
		sizes = append(sizes, n)
	}
	r, err := experiment.BenchLinLIF(experiment.LinLIFBench{Neurons: sizes, Repeats: o.Repeats}, a.threads)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(r)
	}
	table := newTable(a.stdout, "NEURONS", "INPUT", "PRODUCT", "THREADS", "MEDIAN", "MINIMUM", "LIF", "GFLOP/S", "SPIKES/S", "RATE", "ALLOC", "MEMORY")
	for _, c := range r.Cases {
		input := c.Input
		if input == "spikes" {
			input = fmt.Sprintf("spikes, %.2g %%", 100*c.Density)
		}
		table.row(fmt.Sprint(c.Neurons), input, c.Product, fmt.Sprint(r.Threads),
			fmt.Sprintf("%.4f s", c.Median), fmt.Sprintf("%.4f s", c.Min), fmt.Sprintf("%.4f s", c.LIF),
			fmt.Sprintf("%.1f", c.GFLOPs), fmt.Sprintf("%.3g", c.SpikesPerSecond), fmt.Sprintf("%.1f %%", 100*c.Rate),
			fmt.Sprint(c.Allocations), formatBytes(c.Memory))
	}
	return table.flush()
}
