package main

import (
	"fmt"

	"github.com/snnctl/snnctl/pkg/experiment"
)

func benchSweep(a *app, o benchOptions) error {
	r, err := experiment.BenchSweep(o.sweep, o.LSNNBench, a.threads)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(r)
	}
	table := newTable(a.stdout, "FIXED", "NEURONS", "SYNAPSES", "STEPS", "BATCH", "RATE", "THREADS", "MEDIAN", "MINIMUM", "CPU", "CPU PER UNIT")
	for _, s := range r.Series {
		for i, p := range s.Points {
			table.row(s.Fixed, fmt.Sprint(p.Neurons), fmt.Sprintf("%.0f", p.Connectivity*float64(p.Neurons*(p.Neurons-1+p.Inputs))),
				fmt.Sprint(p.Steps), fmt.Sprint(p.Batch), fmt.Sprintf("%.1f Hz", p.RateHz), fmt.Sprint(p.Threads),
				fmt.Sprintf("%.4f s", p.Median), fmt.Sprintf("%.4f s", p.Min), fmt.Sprintf("%.4f s", p.CPU), fmt.Sprintf("%.3g ms", 1e3*p.CPU/s.Values[i]))
		}
	}
	if err := table.flush(); err != nil {
		return err
	}
	for _, s := range r.Series {
		fmt.Fprintf(a.stdout, "\nfixed %s: %.3g ms + %.3g ms per unit of %s (R² %.4f); as a power, %s^%.2f\n",
			s.Fixed, 1e3*s.Intercept, 1e3*s.Slope, o.sweep, s.Fit, o.sweep, s.Exponent)
	}
	return nil
}
