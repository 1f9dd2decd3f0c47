package run

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/snnctl/snnctl/internal/atomicfile"
	"github.com/snnctl/snnctl/internal/fault"
)

// Status is how far a run has come.
type Status string

const (
	Running     Status = "running"
	Done        Status = "done"
	Failed      Status = "failed"
	Interrupted Status = "interrupted" // stopped by a signal, with a checkpoint

	// Lost is a run that says running while no process holds its lock: it was
	// killed. Only readers see it; it is never written.
	Lost Status = "lost"
	// Broken is a run whose run.json cannot be read; never written either.
	Broken Status = "broken"
)

// Info is run.json: what happened, where and with what.
type Info struct {
	Status      Status            `json:"status"`
	Experiment  string            `json:"experiment"`
	Paper       string            `json:"paper,omitempty"`
	Version     string            `json:"version"` // of the program
	Seed        uint64            `json:"seed"`
	Step        int               `json:"step"`  // training steps done, as of the last checkpoint
	Steps       int               `json:"steps"` // training steps to do
	Threads     int               `json:"threads"`
	Host        string            `json:"host"`
	CPU         string            `json:"cpu"` // model
	Start       time.Time         `json:"start"`
	End         time.Time         `json:"end,omitzero"`
	CommandLine []string          `json:"command_line"`
	Data        map[string]string `json:"data,omitempty"` // SHA-256 of each file read, by name
	Error       string            `json:"error,omitempty"`
}

// WriteInfo replaces run.json.
func (d *Dir) WriteInfo(info Info) error { return d.writeJSON(infoFile, info) }

// ReadInfo reads run.json; a run that was killed has the status Lost.
func (d *Dir) ReadInfo() (Info, error) {
	var info Info
	if err := d.readJSON(infoFile, &info); err != nil {
		return Info{}, err
	}
	if info.Status == Running && d.lock == nil && !d.inUse() {
		info.Status = Lost
	}
	return info, nil
}

// Summary is summary.json: where the run arrived, and the paper.
type Summary struct {
	Step      int        `json:"step"`
	Metrics   Values     `json:"metrics"`
	Reference *Reference `json:"reference,omitempty"`
}

// Reference is a result that the paper reports.
type Reference struct {
	Metric string  `json:"metric"`
	Value  float64 `json:"value"`
	Source string  `json:"source"`
}

// Main is the metric to judge the run by: that of the reference, or else the
// first of the test split by name, or else of all; ok is false if there is none.
func (s *Summary) Main() (name string, value float64, ok bool) {
	if s.Reference != nil {
		value, ok = s.Metrics[s.Reference.Metric]
		return s.Reference.Metric, value, ok
	}
	names := s.Metrics.Names()
	if len(names) == 0 {
		return "", math.NaN(), false
	}
	first := max(0, slices.IndexFunc(names, func(name string) bool { return strings.HasPrefix(name, "test_") }))
	return names[first], s.Metrics[names[first]], true
}

// WriteSummary replaces summary.json.
func (d *Dir) WriteSummary(s Summary) error { return d.writeJSON(summaryFile, s) }

// ReadSummary reads summary.json; before the run has one, the error is
// fs.ErrNotExist.
func (d *Dir) ReadSummary() (Summary, error) {
	var s Summary
	err := d.readJSON(summaryFile, &s)
	return s, err
}

func (d *Dir) writeJSON(name string, value any) error {
	content, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(d.Path(name), append(content, '\n'))
}

func (d *Dir) readJSON(name string, value any) error {
	content, err := d.readFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, value); err != nil {
		return fault.Inputf("%s is damaged: %w", d.Path(name), err)
	}
	return nil
}

// isMissing tells a file that is not there yet from a damaged one.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
