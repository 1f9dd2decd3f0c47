package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/pkg/experiment/conversion"
)

// evalTTFSFlags are of networks that fire once, which snnctl convert has made.
var evalTTFSFlags = []string{"data", "engine", "precision"}

func addEvalTTFSFlags(command *cobra.Command, o *conversion.EvalOptions) {
	flags := command.Flags()
	flags.StringVar(&o.Data, "data", "", "of a converted network: another data set, or inputs in a NumPy file")
	flags.StringVar(&o.Engine, "engine", conversion.ClosedForm, "of a converted network: closed-form, or events")
	flags.StringVar(&o.Precision, "precision", "float64", "of a converted network: float32 or float64")
}

// defective reports whether defects of hardware are asked for, singly (--set rule.defects…)
// or as a sweep: then an experiment simulates the network, in the closed form.
func (o *evalOptions) defective() bool {
	return o.sweep != "" || slices.ContainsFunc(o.sets, func(set string) bool { return !strings.HasPrefix(set, "data.") })
}

// runEvalTTFS evaluates a converted network as it is.
func runEvalTTFS(a *app, o *evalOptions, kept *conversion.Kept) error {
	e, err := kept.Evaluate(o.ttfs, a.buildSettings())
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(e)
	}
	table := newTable(a.stdout, "METRIC", "VALUE")
	table.row("inputs", fmt.Sprintf("%d (%s)", e.Inputs, e.Data))
	if e.Accuracy != nil {
		table.row("accuracy", number(*e.Accuracy))
	}
	table.row("spikes per neuron", number(e.SpikesPerNeuron))
	table.row("spikes per inference", number(e.Spikes))
	table.row("synaptic operations per inference", number(e.Synapses))
	table.row("latency (τ_c)", number(e.Latency))
	table.row("values beyond their window", fmt.Sprint(e.Beyond))
	table.row("values outside the input range", fmt.Sprint(e.Outside))
	return table.flush()
}
