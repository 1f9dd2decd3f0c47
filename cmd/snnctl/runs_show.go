package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/pkg/experiment/run"
)

func newRunsShowCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show RUN",
		Short: "Show a run: how it went, metrics, settings and files",
		Long: "Show a run: how it went, its metrics beside the paper's, its settings and files.\n\n" +
			"While a run has no final metrics yet, its newest ones are shown.\n" + exitStatusHelp,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeRuns(a),
		RunE:              func(_ *cobra.Command, args []string) error { return runRunsShow(a, args[0]) },
	}
}

// shownRun is the JSON of runs show.
type shownRun struct {
	Name    string                `json:"name"`
	Path    string                `json:"path"`
	Info    run.Info              `json:"info"`
	Config  map[string]string     `json:"config"`  // by dotted path
	Summary *run.Summary          `json:"summary"` // null until the run has one
	Latest  map[string]run.Record `json:"latest"`  // the newest record of each split
	Files   []run.File            `json:"files"`

	settings []run.Setting // Config in the order of the file
}

func runRunsShow(a *app, nameOrPath string) error {
	d, err := run.Open(a.runsDir, nameOrPath)
	if err != nil {
		return err
	}
	shown, err := readShown(d)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(shown)
	}
	return shown.print(a)
}

func readShown(d *run.Dir) (*shownRun, error) {
	s := &shownRun{Name: d.Name(), Path: d.Path(), Config: map[string]string{}, Latest: map[string]run.Record{}}
	var err error
	if s.Info, err = d.ReadInfo(); err != nil {
		return nil, err
	}
	if s.settings, err = d.Settings(); err != nil {
		return nil, err
	}
	for _, setting := range s.settings {
		s.Config[setting.Key] = setting.Value
	}
	summary, err := d.ReadSummary()
	if err == nil {
		s.Summary = &summary
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	records, err := d.ReadMetrics()
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		s.Latest[r.Split] = r
	}
	s.Files, err = d.Files()
	return s, err
}

func (s *shownRun) print(a *app) error {
	const layout = "2006-01-02 15:04:05"
	head := newTable(a.stdout)
	head.row("run", s.Path)
	head.row("status", string(s.Info.Status)+", step "+progress(s.Info))
	if s.Info.Error != "" {
		head.row("error", s.Info.Error)
	}
	head.row("experiment", s.Info.Experiment)
	if s.Info.Paper != "" {
		head.row("paper", "arXiv:"+s.Info.Paper)
	}
	head.row("seed", strconv.FormatUint(s.Info.Seed, 10))
	head.row("started", s.Info.Start.Format(layout))
	if !s.Info.End.IsZero() {
		head.row("ended", fmt.Sprintf("%s (after %v)", s.Info.End.Format(layout), s.Info.End.Sub(s.Info.Start).Round(time.Second)))
	}
	head.row("machine", fmt.Sprintf("%s, %s, threads: %d", s.Info.Host, s.Info.CPU, s.Info.Threads))
	head.row("snnctl", s.Info.Version)
	head.row("command", strings.Join(s.Info.CommandLine, " "))
	if err := head.flush(); err != nil {
		return err
	}

	fmt.Fprintln(a.stdout)
	if err := s.printMetrics(a); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout)
	config := newTable(a.stdout, "SETTING", "VALUE")
	for _, setting := range s.settings {
		config.row(setting.Key, setting.Value)
	}
	if err := config.flush(); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout)
	files := newTable(a.stdout, "FILE", "BYTES")
	for _, f := range s.Files {
		files.row(f.Name, strconv.FormatInt(f.Bytes, 10))
	}
	return files.flush()
}

// printMetrics prints the final metrics beside the reference; while there are
// none, the newest of each split.
func (s *shownRun) printMetrics(a *app) error {
	if s.Summary == nil {
		t := newTable(a.stdout, "METRIC", "SPLIT", "STEP", "SO FAR")
		for _, split := range slices.Sorted(maps.Keys(s.Latest)) {
			r := s.Latest[split]
			for _, name := range r.Values.Names() {
				t.row(name, split, strconv.Itoa(r.Step), number(r.Values[name]))
			}
		}
		return t.flush()
	}
	t := newTable(a.stdout, "METRIC", "RESULT", "REFERENCE", "SOURCE")
	reference := s.Summary.Reference
	names := s.Summary.Metrics.Names()
	if reference != nil && !slices.Contains(names, reference.Metric) {
		names = append(names, reference.Metric)
	}
	for _, name := range names {
		value, ok := s.Summary.Metrics[name]
		cells := []string{name, "-", "", ""}
		if ok && !math.IsNaN(value) {
			cells[1] = number(value)
		}
		if reference != nil && reference.Metric == name {
			cells[2], cells[3] = number(reference.Value), reference.Source
		}
		t.row(cells...)
	}
	return t.flush()
}
