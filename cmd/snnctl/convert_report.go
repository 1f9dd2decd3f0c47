package main

import (
	"fmt"

	"github.com/snnctl/snnctl/pkg/experiment/conversion"
)

// printConversion prints how exact a conversion is, node by node.
func printConversion(a *app, r *conversion.Report) error {
	heads := []string{"NODE", "ROLE", "SHAPE", "NEURONS", "WINDOW", "T_MIN", "T_MAX", "GREATEST", "SPIKES/NEURON", "MAX |x-x_ReLU|", "BEYOND"}
	if r.EarlyCrossings != nil {
		heads = append(heads, "EARLY")
	}
	table := newTable(a.stdout, heads...)
	for _, n := range r.Nodes {
		row := []string{n.Name, n.Role, n.Shape, whole(n.Neurons), optional(n.Window), optional(n.Min), optional(n.Max), optional(n.Largest),
			optional(n.SpikesPerNeuron), optional(n.MaxDifference), whole(n.Beyond)}
		if n.Role == "max-pool" && n.MinPools > 0 {
			row[1] = fmt.Sprintf("max-pool (min in %d channels)", n.MinPools)
		}
		if n.EarlyCrossings != nil {
			row = append(row, fmt.Sprint(*n.EarlyCrossings))
		}
		table.row(row...)
	}
	if err := table.flush(); err != nil {
		return err
	}
	v := r.Verification
	summary := newTable(a.stdout)
	summary.row("", "")
	summary.row("compared on", fmt.Sprintf("%d inputs (%s), engine %s", v.Inputs, v.Data, r.Engine))
	summary.row("max |Δ logit|", number(v.MaxLogitDifference))
	summary.row("agreement of classes", number(v.Agreement))
	if v.Accuracy != nil {
		summary.row("accuracy", fmt.Sprintf("%s (ReLU: %s)", number(*v.Accuracy), number(*v.ReLUAccuracy)))
	}
	summary.row("spikes per neuron", fmt.Sprintf("%s (%s with those that are forced)", number(r.SpikesPerNeuron), number(r.ForcedSpikesPerNeuron)))
	summary.row("spikes per inference", fmt.Sprintf("%s, and %s of inputs", number(r.SpikesPerInference), number(r.InputSpikes)))
	summary.row("synaptic operations", number(r.SynapsesPerInference))
	summary.row("latency", number(r.Latency)+" τ_c")
	summary.row("inputs outside range", fmt.Sprintf("%d values outside [%g, %g]", v.Outside, r.InputRange[0], r.InputRange[1]))
	summary.row("model", r.Out)
	return summary.flush()
}

// optional is a number that need not be there.
func optional(x *float64) string {
	if x == nil {
		return "-"
	}
	return number(*x)
}

// whole is a count; nothing for 0.
func whole(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}
