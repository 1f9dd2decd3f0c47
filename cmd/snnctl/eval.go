package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
	"github.com/snnctl/snnctl/pkg/experiment"
	"github.com/snnctl/snnctl/pkg/experiment/conversion"
)

type evalOptions struct {
	sets   []string
	split  string
	trials int
	best   bool
	export string // file

	sweep  string // NAME=V1,V2,…
	repeat int
	plot   string // file
	ttfs   conversion.EvalOptions
}

// splits are the parts of a data set.
var splits = []string{"train", "validation", "test"}

func newEvalCommand(a *app) *cobra.Command {
	var o evalOptions
	command := &cobra.Command{
		Use:   "eval RUN|CHECKPOINT|MODEL",
		Short: "Evaluate a run or a checkpoint",
		Long: "Evaluate the newest checkpoint of a run, a checkpoint file, or a network that\n" +
			"snnctl convert has made.\n\n" +
			"--set changes the experiment: more noise (model.injected_noise=0.01), other data\n" +
			"(data.dataset=DIR). What would change the shape of the network is refused.\n\n" +
			"--sweep evaluates with several values of one setting and prints the mean over --repeat\n" +
			"trials with its standard error. Defects of networks of single spikes have short names:\n" +
			"jitter, slope-noise, time-bits, weight-bits, zeta and quantile (of the windows).\n\n" +
			"--export writes what a network that was fitted to recordings does on its own, as many trials\n" +
			"as it is evaluated on, in a form that other programs read: .nwb, .csv or .npz.\n" + exitStatusHelp,
		Example: "  snnctl eval lsnn-smnist-20261123-101500 --split validation\n" +
			"  snnctl eval runs/x/checkpoints/best.safetensors --set model.injected_noise=0.01\n" +
			"  snnctl eval ttfs-mnist-fc2-20261127-065000 --sweep jitter=0.01,0.1,1 --repeat 16 --plot jitter.svg",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeRuns(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			kept, err := conversion.OpenKept(args[0])
			if err != nil {
				return err
			}
			for _, name := range evalTTFSFlags {
				if kept == nil && cmd.Flags().Changed(name) {
					return fault.Inputf("--%s is of converted networks, which %s is not", name, args[0])
				}
			}
			return runEval(a, &o, args[0], kept)
		},
	}
	addSetFlag(command, &o.sets)
	command.Flags().StringVar(&o.split, "split", "test", "train, validation or test")
	command.Flags().IntVar(&o.trials, "trials", 0, "number of trials; 0 means the whole split")
	command.Flags().BoolVar(&o.best, "best", false, "of a run, the checkpoint that did best on the validation split")
	command.Flags().StringVar(&o.export, "export", "", "of a network fitted to recordings: write the spikes it makes to this file, .nwb, .csv or .npz")
	command.Flags().StringVar(&o.sweep, "sweep", "", "NAME=V1,V2,...: evaluate with one value after another of "+strings.Join(experiment.SweepNames(), ", ")+", or of an entry of the experiment file")
	command.Flags().IntVar(&o.repeat, "repeat", 1, "with --sweep: trials of each value, that differ in their random numbers")
	command.Flags().StringVar(&o.plot, "plot", "", "with --sweep: draw the result into an SVG or PNG file")
	addEvalTTFSFlags(command, &o.ttfs)
	_ = command.RegisterFlagCompletionFunc("split", cobra.FixedCompletions(splits, cobra.ShellCompDirectiveNoFileComp))
	return command
}

func runEval(a *app, o *evalOptions, target string, kept *conversion.Kept) error {
	if !slices.Contains(splits, o.split) {
		return fault.Inputf("--split is %q, expected %s", o.split, strings.Join(splits, ", "))
	}
	if o.trials < 0 {
		return fault.Inputf("--trials is %d, expected 0 (the whole split) or more", o.trials)
	}
	if form := extension(o.export); o.export != "" && !slices.Contains(spiketrain.Forms, form) {
		return fault.Inputf("--export is %q, expected a name that ends in %s", o.export, strings.Join(spiketrain.Forms, ", "))
	}
	if o.export != "" && (kept != nil || o.sweep != "") {
		return fault.Inputf("--export is of one evaluation of a network that was fitted to recordings")
	}
	if kept != nil {
		if o.best {
			return fault.Inputf("--best is of runs; %s is a converted network", kept.Path())
		}
		o.ttfs.Split, o.ttfs.Trials, o.ttfs.Sets = o.split, o.trials, o.sets
		if !o.defective() {
			return runEvalTTFS(a, o, kept)
		}
		var err error
		if o.sets, err = kept.ExperimentSets(o.ttfs); err != nil {
			return err
		}
		target = kept.Path()
	}
	f, warnings, err := experiment.OpenCheckpoint(a.runsDir, target, o.best)
	for _, w := range warnings {
		fmt.Fprintln(a.stderr, "warning: "+w)
	}
	if err != nil {
		return err
	}
	if o.sweep != "" {
		return runEvalSweep(a, o, f)
	}
	x, err := experiment.Restore(f, o.sets, a.buildSettings())
	if err != nil {
		return err
	}
	metrics, err := x.Evaluate(o.split, o.trials)
	if err != nil {
		return err
	}
	if o.export != "" {
		if err := x.Export(o.split, o.trials, o.export); err != nil {
			return err
		}
	}
	values := x.FinalMetrics(o.split, metrics)
	if a.json {
		return a.printJSON(map[string]any{"checkpoint": f.Name(), "split": o.split, "metrics": values})
	}
	table := newTable(a.stdout, "METRIC", "VALUE")
	for _, name := range values.Names() {
		table.row(name, number(values[name]))
	}
	return table.flush()
}
