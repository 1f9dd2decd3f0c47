package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/experiment"
)

type evalOptions struct {
	sets   []string
	split  string
	trials int
	best   bool
}

// splits are the parts of a data set.
var splits = []string{"train", "validation", "test"}

func newEvalCommand(a *app) *cobra.Command {
	var o evalOptions
	command := &cobra.Command{
		Use:   "eval RUN|CHECKPOINT",
		Short: "Evaluate a run or a checkpoint",
		Long: "Evaluate the newest checkpoint of a run, or a checkpoint file.\n\n" +
			"--set changes the experiment: more noise (model.injected_noise=0.01), other data\n" +
			"(data.dataset=DIR). What would change the shape of the network is refused.\n" + exitStatusHelp,
		Example: "  snnctl eval lsnn-smnist-20261123-101500 --split validation\n" +
			"  snnctl eval runs/x/checkpoints/best.safetensors --set model.injected_noise=0.01",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeRuns(a),
		RunE:              func(_ *cobra.Command, args []string) error { return runEval(a, &o, args[0]) },
	}
	addSetFlag(command, &o.sets)
	command.Flags().StringVar(&o.split, "split", "test", "train, validation or test")
	command.Flags().IntVar(&o.trials, "trials", 0, "number of trials; 0 means the whole split")
	command.Flags().BoolVar(&o.best, "best", false, "of a run, the checkpoint that did best on the validation split")
	_ = command.RegisterFlagCompletionFunc("split", cobra.FixedCompletions(splits, cobra.ShellCompDirectiveNoFileComp))
	return command
}

func runEval(a *app, o *evalOptions, target string) error {
	if !slices.Contains(splits, o.split) {
		return fault.Inputf("--split is %q, expected %s", o.split, strings.Join(splits, ", "))
	}
	if o.trials < 0 {
		return fault.Inputf("--trials is %d, expected 0 (the whole split) or more", o.trials)
	}
	f, warnings, err := experiment.OpenCheckpoint(a.runsDir, target, o.best)
	for _, w := range warnings {
		fmt.Fprintln(a.stderr, "warning: "+w)
	}
	if err != nil {
		return err
	}
	yaml, ok := f.Metadata["config"]
	if !ok {
		return fault.Inputf("%s does not say which experiment it belongs to: its metadata has no key %q", f.Name(), "config")
	}
	resolved, err := config.Load([]byte(yaml), f.Name(), o.sets)
	if err != nil {
		return err
	}
	x, err := experiment.Build(&resolved.Experiment, a.buildSettings())
	if err != nil {
		return err
	}
	if err := x.RestoreModel(f); err != nil {
		return err
	}
	metrics, err := x.Evaluate(o.split, o.trials)
	if err != nil {
		return err
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
