package run

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/snnctl/snnctl/internal/checkpoint"
)

func weights(values ...float32) *checkpoint.File {
	return &checkpoint.File{Tensors: []checkpoint.Tensor{{Name: "w", Shape: []int{len(values)}, Data: values}}}
}

func save(t *testing.T, d *Dir, keep int, steps ...int) {
	t.Helper()
	for _, step := range steps {
		if err := d.SaveCheckpoint(step, weights(float32(step)), keep); err != nil {
			t.Fatal(err)
		}
	}
}

func steps(t *testing.T, d *Dir) (steps []int) {
	t.Helper()
	all, err := d.Checkpoints()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		steps = append(steps, c.Step)
	}
	return steps
}

func TestNewestCheckpointsAreKept(t *testing.T) {
	for _, test := range []struct{ keep, left int }{{1, 1}, {2, 2}, {9, 5}, {0, 1}, {-1, 1}} {
		d := create(t)
		save(t, d, test.keep, 1, 20, 300, 4000, 123456789)
		if got := steps(t, d); len(got) != test.left || got[len(got)-1] != 123456789 {
			t.Errorf("keeping %d leaves %v", test.keep, got)
		}
	}
}

func TestOtherFilesAreNoCheckpoints(t *testing.T) {
	d := create(t)
	for _, name := range []string{"best.safetensors", "step-1.safetensors", "step-00000001.safetensors.bak", "step-00000002.txt", "notes"} {
		touch(t, d.Path("checkpoints", name), "")
	}
	save(t, d, 1, 3, 4)
	if diff := cmp.Diff([]int{4}, steps(t, d)); diff != "" {
		t.Error(diff)
	}
	if left, _ := os.ReadDir(d.Path("checkpoints")); len(left) != 6 {
		t.Errorf("%d files are left, expected the foreign 5 and a checkpoint", len(left))
	}
}

func TestTheBestStays(t *testing.T) {
	d := create(t)
	save(t, d, 1, 1)
	if err := d.MarkBest(1); err != nil {
		t.Fatal(err)
	}
	want, _ := os.ReadFile(d.CheckpointPath(1))
	save(t, d, 1, 2)
	if got, err := os.ReadFile(d.BestPath()); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the best is not the checkpoint it was made from: %v", err)
	}
	expectFault(t, d.MarkBest(1), d.CheckpointPath(1))
	if got, err := os.ReadFile(d.BestPath()); err != nil || !bytes.Equal(got, want) {
		t.Errorf("marking a missing checkpoint harmed the best: %v", err)
	}
}

func TestNewestValidPassesOverDamage(t *testing.T) {
	d := create(t)
	save(t, d, 9, 1, 2, 3)
	whole, err := os.ReadFile(d.CheckpointPath(3))
	if err != nil {
		t.Fatal(err)
	}
	touch(t, d.CheckpointPath(3), string(whole[:len(whole)-1]))
	touch(t, d.CheckpointPath(2), "")
	f, step, warnings, err := d.NewestValid()
	if err != nil {
		t.Fatal(err)
	}
	w, err := checkpoint.Get[float32](f, "w", 1)
	if err != nil || step != 1 || w[0] != 1 {
		t.Errorf("found step %d with %v (%v), expected step 1", step, w, err)
	}
	if len(warnings) != 2 || !strings.Contains(warnings[0], "step-00000003") || !strings.Contains(warnings[1], "step-00000002") {
		t.Errorf("the warnings are %q", warnings)
	}

	// A resumed run must not lose its only valid checkpoint to a damaged later one.
	save(t, d, 1, 2)
	if diff := cmp.Diff([]int{2, 3}, steps(t, d)); diff != "" {
		t.Error(diff)
	}
	if _, step, _, err := d.NewestValid(); err != nil || step != 2 {
		t.Errorf("found step %d (%v), expected 2", step, err)
	}
}

func TestNewestValidWithoutOne(t *testing.T) {
	d := create(t)
	_, _, _, err := d.NewestValid()
	expectFault(t, err, d.Path(), "no checkpoint", "snnctl train "+d.ConfigPath())
	touch(t, d.CheckpointPath(1), "")
	_, _, warnings, err := d.NewestValid()
	expectFault(t, err, d.Path(), "none of the 1")
	if len(warnings) != 1 {
		t.Errorf("the warnings are %q", warnings)
	}
}

func TestNewestValidRefusesANewerVersion(t *testing.T) {
	d := create(t)
	save(t, d, 9, 1, 2)
	content, err := os.ReadFile(d.CheckpointPath(2))
	if err != nil {
		t.Fatal(err)
	}
	newer := bytes.Replace(content, []byte(`"format_version":"1"`), []byte(`"format_version":"2"`), 1)
	touch(t, d.CheckpointPath(2), string(newer))
	_, _, _, err = d.NewestValid()
	expectFault(t, err, d.CheckpointPath(2), "version 2", "version 1")
}
