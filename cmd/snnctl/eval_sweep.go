package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/experiment"
)

// sweepColumns are the metrics that a sweep prints, where there are any.
var sweepColumns = []string{"accuracy", "error", "loss", "spikes_per_neuron", "early_spikes", "latency", "latency_steps"}

// maxRepeats bounds the trials of a value.
const maxRepeats = 100000

// runEvalSweep evaluates a checkpoint with one value of a setting after another.
func runEvalSweep(a *app, o *evalOptions, f *checkpoint.File) error {
	if o.repeat < 1 || o.repeat > maxRepeats {
		return fault.Inputf("--repeat is %d, expected 1 to %d", o.repeat, maxRepeats)
	}
	if err := checkPicture(o.plot); err != nil {
		return err
	}
	name, values, err := experiment.ParseSweep(o.sweep)
	if err != nil {
		return err
	}
	sweep := experiment.Sweep{Name: name, Values: values, Trials: o.repeat, Sets: o.sets, Split: o.split, Count: o.trials}
	points, err := sweep.Run(f, a.buildSettings())
	if err != nil {
		return err
	}
	columns := slices.DeleteFunc(slices.Clone(sweepColumns), func(name string) bool {
		_, there := points[0].Metrics[name]
		return !there
	})
	if o.plot != "" && len(columns) > 0 {
		if err := sweep.Draw(points, columns[0], o.plot); err != nil {
			return err
		}
	}
	if a.json {
		return a.printJSON(map[string]any{"checkpoint": f.Name(), "split": o.split, "sweep": name, "trials": o.repeat, "points": points})
	}
	header := []string{name}
	for _, c := range columns {
		header = append(header, o.split+"_"+c)
	}
	table := newTable(a.stdout, header...)
	for _, p := range points {
		cells := []string{p.Value}
		for _, c := range columns {
			cells = append(cells, withError(p.Metrics[c], o.repeat))
		}
		table.row(cells...)
	}
	return table.flush()
}

// withError is a mean with its standard error, if it is of several trials.
func withError(m experiment.Mean, trials int) string {
	if trials == 1 || m.StandardError == 0 {
		return number(m.Mean)
	}
	return fmt.Sprintf("%s ± %.2g", number(m.Mean), m.StandardError)
}

// checkPicture refuses a file for a picture, if one is wanted, whose name does not say
// which kind.
func checkPicture(path string) error {
	if extension := filepath.Ext(path); path != "" && extension != ".svg" && extension != ".png" {
		return fault.Inputf("--plot is %s, expected a file that ends in .svg or .png", path)
	}
	return nil
}
