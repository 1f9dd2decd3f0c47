package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/pkg/experiment"
	"github.com/snnctl/snnctl/pkg/experiment/run"
)

func newRunsCompareCommand(a *app) *cobra.Command {
	var picture string
	command := &cobra.Command{
		Use:   "compare RUN RUN...",
		Short: "Compare runs: the settings that differ, and the final metrics",
		Long: "Compare runs side by side: the settings that are not the same in all of them, their\n" +
			"final metrics, and how far the weights of the same name and shape are from those of\n" +
			"the first run, at the last step of which both keep a checkpoint. --plot draws the\n" +
			"learning curves of all and how the weights go apart.\n" + exitStatusHelp,
		Args:              cobra.MinimumNArgs(2),
		ValidArgsFunction: completeRuns(a),
		RunE:              func(_ *cobra.Command, args []string) error { return runRunsCompare(a, args, picture) },
	}
	command.Flags().StringVar(&picture, "plot", "", "draw the trajectories into an SVG or PNG file")
	return command
}

func runRunsCompare(a *app, args []string, picture string) error {
	if err := checkPicture(picture); err != nil {
		return err
	}
	var runs []*run.Dir
	for _, arg := range args {
		d, err := run.Open(a.runsDir, arg)
		if err != nil {
			return err
		}
		runs = append(runs, d)
	}
	c, err := run.Compare(runs)
	if err != nil {
		return err
	}
	distances, err := weightDistances(runs)
	if err != nil {
		return err
	}
	if picture != "" {
		if err := experiment.DrawTrajectories(runs, picture); err != nil {
			return err
		}
	}
	if a.json {
		return a.printJSON(struct {
			*run.Comparison
			Weights map[string][]experiment.WeightDistance `json:"weights,omitempty"` // of each run to the first
		}{c, distances})
	}

	settings := newTable(a.stdout, append([]string{"SETTING"}, c.Runs...)...)
	for _, d := range c.Config {
		cells := []string{d.Key}
		for _, value := range d.Values {
			if value == nil {
				cells = append(cells, "-")
				continue
			}
			cells = append(cells, *value)
		}
		settings.row(cells...)
	}
	if len(c.Config) == 0 {
		settings.row("(all the same)")
	}
	if err := settings.flush(); err != nil {
		return err
	}

	fmt.Fprintln(a.stdout)
	metrics := newTable(a.stdout, append([]string{"METRIC"}, c.Runs...)...)
	for _, m := range c.Metrics {
		cells := []string{m.Name}
		for _, value := range m.Values {
			if value == nil {
				cells = append(cells, "-")
				continue
			}
			cells = append(cells, number(*value))
		}
		metrics.row(cells...)
	}
	if err := metrics.flush(); err != nil || len(distances) == 0 {
		return err
	}

	fmt.Fprintln(a.stdout)
	weights := newTable(a.stdout, "WEIGHTS AGAINST "+c.Runs[0], "STEP", "COSINE", "GREATEST DIFFERENCE")
	for i, r := range runs {
		if all := distances[r.Name()]; i > 0 && len(all) > 0 {
			last := all[len(all)-1]
			weights.row(r.Name(), fmt.Sprint(last.Step), fmt.Sprintf("%.6f", last.Cosine), fmt.Sprintf("%.2g", last.Greatest))
		}
	}
	return weights.flush()
}

// weightDistances are those of each run to the first that share weights and steps.
func weightDistances(runs []*run.Dir) (map[string][]experiment.WeightDistance, error) {
	all := map[string][]experiment.WeightDistance{}
	for _, r := range runs[1:] {
		d, err := experiment.CompareWeights(runs[0], r)
		if err != nil {
			return nil, err
		}
		if len(d) > 0 {
			all[r.Name()] = d
		}
	}
	return all, nil
}
