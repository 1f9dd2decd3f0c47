package run

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/snnctl/snnctl/internal/atomicfile"
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
)

const (
	stepPattern = "step-%08d.safetensors"
	bestFile    = "best.safetensors"
)

// Checkpoint is a file in checkpoints/, not yet read.
type Checkpoint struct {
	Step int
	Path string
}

// CheckpointPath is where the checkpoint after step steps lies.
func (d *Dir) CheckpointPath(step int) string {
	return d.Path(checkpointsDir, fmt.Sprintf(stepPattern, step))
}

// BestPath is where the best checkpoint lies, once MarkBest was called.
func (d *Dir) BestPath() string { return d.Path(checkpointsDir, bestFile) }

// Checkpoints lists the checkpoints of the run by step, the best one aside.
func (d *Dir) Checkpoints() ([]Checkpoint, error) {
	entries, err := os.ReadDir(d.Path(checkpointsDir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fault.Inputf("cannot read %s: %w", d.Path(checkpointsDir), cause(err))
	}
	var found []Checkpoint
	for _, entry := range entries {
		digits := strings.TrimSuffix(strings.TrimPrefix(entry.Name(), "step-"), ".safetensors")
		step, err := strconv.Atoi(digits)
		if err != nil || entry.Name() != fmt.Sprintf(stepPattern, step) {
			continue
		}
		found = append(found, Checkpoint{step, d.CheckpointPath(step)})
	}
	slices.SortFunc(found, func(a, b Checkpoint) int { return cmp.Compare(a.Step, b.Step) })
	return found, nil
}

// SaveCheckpoint writes the checkpoint after step steps, and then removes
// those before it but the keep newest, this one included. Checkpoints of later
// steps neither count nor go: a resumed run that passed over a damaged one
// overwrites it when it gets there.
func (d *Dir) SaveCheckpoint(step int, f *checkpoint.File, keep int) error {
	if err := checkpoint.Write(d.CheckpointPath(step), f); err != nil {
		return err
	}
	all, err := d.Checkpoints()
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(c Checkpoint) bool { return c.Step > step })
	for _, old := range all[:len(all)-min(max(keep, 1), len(all))] {
		if err := os.Remove(old.Path); err != nil {
			return fault.Inputf("cannot remove the old checkpoint %s: %w", old.Path, cause(err))
		}
	}
	return nil
}

// MarkBest makes the checkpoint after step steps the best one. It stays when
// SaveCheckpoint removes the one it was made from.
func (d *Dir) MarkBest(step int) error {
	source, err := os.Open(d.CheckpointPath(step))
	if err != nil {
		return fault.Inputf("cannot read the checkpoint %s: %w", d.CheckpointPath(step), cause(err))
	}
	defer source.Close()
	return atomicfile.Write(d.BestPath(), func(w io.Writer) error {
		_, err := io.Copy(w, source)
		return err
	})
}

// NewestValid reads the newest checkpoint that is whole, and returns it with
// its step. A damaged one is passed over, with a warning that names it; one of
// a newer version of the program is an error, lest an older one silently takes
// its place.
func (d *Dir) NewestValid() (f *checkpoint.File, step int, warnings []string, err error) {
	all, err := d.Checkpoints()
	if err != nil {
		return nil, 0, nil, err
	}
	for _, c := range slices.Backward(all) {
		f, err := checkpoint.Read(c.Path)
		if err == nil {
			return f, c.Step, warnings, nil
		}
		if errors.Is(err, checkpoint.ErrNewer) {
			return nil, 0, warnings, err
		}
		warnings = append(warnings, fmt.Sprintf("passed over %s: %v", filepath.Base(c.Path), err))
	}
	if len(all) == 0 {
		return nil, 0, nil, fault.Inputf("the run %s has no checkpoint, train it anew: snnctl train %s", d.path, d.ConfigPath())
	}
	return nil, 0, warnings, fault.Inputf("none of the %d checkpoints of the run %s can be read, train it anew: snnctl train %s", len(all), d.path, d.ConfigPath())
}
