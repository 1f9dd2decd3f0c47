package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/pkg/experiment/run"
)

func newRunsCompareCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "compare RUN RUN...",
		Short: "Compare runs: the settings that differ, and the final metrics",
		Long: "Compare runs side by side: the settings that are not the same in all of them, and\n" +
			"their final metrics.\n" + exitStatusHelp,
		Args:              cobra.MinimumNArgs(2),
		ValidArgsFunction: completeRuns(a),
		RunE:              func(_ *cobra.Command, args []string) error { return runRunsCompare(a, args) },
	}
}

func runRunsCompare(a *app, args []string) error {
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
	if a.json {
		return a.printJSON(c)
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
	return metrics.flush()
}
