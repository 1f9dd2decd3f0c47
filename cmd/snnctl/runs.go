package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/pkg/experiment/run"
)

func newRunsCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "runs",
		Short: "List, show and compare runs",
		Long:  "List, show and compare the runs below --runs-dir.\n\nA RUN is its directory, or its name below --runs-dir.\n" + exitStatusHelp,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newRunsListCommand(a), newRunsShowCommand(a), newRunsCompareCommand(a))
	return command
}

func newRunsListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all runs, the newest last",
		Long: "List the runs below --runs-dir, the newest last: status, steps done, and the metric\n" +
			"that the paper reports.\n\n" +
			"A run that was killed is lost; one whose files cannot be read is broken.\n" + exitStatusHelp,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return runRunsList(a, time.Now()) },
	}
}

// listedRun is a run in the JSON of runs list.
type listedRun struct {
	Name       string         `json:"name"`
	Path       string         `json:"path"`
	Status     run.Status     `json:"status"`
	Experiment string         `json:"experiment"`
	Seed       uint64         `json:"seed"`
	Step       int            `json:"step"`
	Steps      int            `json:"steps"`
	Metric     string         `json:"metric,omitempty"`
	Value      *float64       `json:"value"` // null: none yet, or not finite
	Reference  *run.Reference `json:"reference,omitempty"`
	Start      time.Time      `json:"start,omitzero"`
	End        time.Time      `json:"end,omitzero"`
	Error      string         `json:"error,omitempty"`
}

func runRunsList(a *app, now time.Time) error {
	entries, err := run.List(a.runsDir)
	if err != nil {
		return err
	}
	if a.json {
		listed := make([]listedRun, 0, len(entries))
		for _, e := range entries {
			listed = append(listed, asListed(e))
		}
		return a.printJSON(map[string]any{"runs": listed})
	}
	if len(entries) == 0 {
		fmt.Fprintf(a.stderr, "there are no runs in %s\n", a.runsDir)
		return nil
	}
	table := newTable(a.stdout, "NAME", "STATUS", "EXPERIMENT", "SEED", "STEP", "METRIC", "AGE")
	for _, e := range entries {
		if e.Err != nil {
			fmt.Fprintf(a.stderr, "warning: %v\n", e.Err)
			table.row(e.Name, string(e.Info.Status), "-", "-", "-", "-", "-")
			continue
		}
		table.row(e.Name, string(e.Info.Status), e.Info.Experiment, strconv.FormatUint(e.Info.Seed, 10),
			progress(e.Info), mainMetric(e.Summary), age(now.Sub(e.Info.Start)))
	}
	return table.flush()
}

func asListed(e run.Entry) listedRun {
	l := listedRun{Name: e.Name, Path: e.Path, Status: e.Info.Status, Experiment: e.Info.Experiment, Seed: e.Info.Seed,
		Step: e.Info.Step, Steps: e.Info.Steps, Start: e.Info.Start, End: e.Info.End, Error: e.Info.Error}
	if e.Err != nil {
		l.Error = e.Err.Error()
	}
	if e.Summary != nil {
		l.Reference = e.Summary.Reference
		name, value, ok := e.Summary.Main()
		l.Metric = name
		if ok && !math.IsNaN(value) {
			l.Value = &value
		}
	}
	return l
}

// progress says how many steps are done, and of how many if some are left.
func progress(info run.Info) string {
	if info.Step == info.Steps {
		return strconv.Itoa(info.Step)
	}
	return fmt.Sprintf("%d/%d", info.Step, info.Steps)
}

func mainMetric(s *run.Summary) string {
	if s == nil {
		return "-"
	}
	name, value, ok := s.Main()
	if !ok {
		return "-"
	}
	return name + " " + number(value)
}

// number has four digits that count; a count has all of its own.
func number(value float64) string {
	if value == math.Trunc(value) && math.Abs(value) < 1e9 {
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	return strconv.FormatFloat(value, 'g', 4, 64)
}

// age is a duration in its largest whole unit.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d d", int(d.Hours()/24))
	}
}

// table aligns columns.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer, heads ...string) table {
	t := table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	if len(heads) > 0 {
		t.row(heads...)
	}
	return t
}

// row adds one line. Control characters, which a damaged file may hold, do
// not reach the terminal.
func (t table) row(cells ...string) {
	for len(cells) > 1 && cells[len(cells)-1] == "" { // no spaces at the end of the line
		cells = cells[:len(cells)-1]
	}
	for i, cell := range cells {
		if i > 0 {
			io.WriteString(t.w, "\t")
		}
		io.WriteString(t.w, strings.Map(printable, cell))
	}
	io.WriteString(t.w, "\n")
}

func printable(r rune) rune {
	if strconv.IsPrint(r) {
		return r
	}
	return ' '
}

func (t table) flush() error {
	if err := t.w.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// completeRuns completes the names of runs. The settings are not loaded yet
// when the shell asks.
func completeRuns(a *app) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		if err := a.loadSettings(cmd); err != nil {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return run.Names(a.runsDir), cobra.ShellCompDirectiveDefault // a directory will do too
	}
}
