package run

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fill makes n finished runs in runsDir, the latest first by name.
func fill(t testing.TB, runsDir string, n int) {
	t.Helper()
	for i := range n {
		d := &Dir{path: filepath.Join(runsDir, fmt.Sprintf("run-%04d", i))}
		if err := os.Mkdir(d.path, 0o777); err != nil {
			t.Fatal(err)
		}
		// Written without syncing, which is what takes the time.
		for name, content := range map[string]string{
			infoFile: fmt.Sprintf(`{"status":"done","experiment":"lsnn-smnist","version":"v1","seed":%d,"step":36000,"steps":36000,
				"threads":2,"host":"h","cpu":"c","start":%q,"command_line":["snnctl","train","lsnn-smnist"],
				"data":{"train-images-idx3-ubyte.gz":"440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"}}`,
				i, noon.Add(-time.Duration(i)*time.Hour).Format(time.RFC3339)),
			summaryFile: `{"step":36000,"metrics":{"test_accuracy":0.94,"test_loss":null},"reference":{"metric":"test_accuracy","value":0.947,"source":"Fig. 1"}}`,
		} {
			if err := os.WriteFile(d.Path(name), []byte(content), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestListSortsByTime(t *testing.T) {
	runs := t.TempDir()
	fill(t, runs, 3)
	entries, err := List(runs)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
		if name, value, ok := e.Summary.Main(); e.Err != nil || e.Info.Status != Done || name != "test_accuracy" || value != 0.94 || !ok {
			t.Errorf("%s is read as %+v", e.Name, e)
		}
		if !math.IsNaN(e.Summary.Metrics["test_loss"]) {
			t.Error("a loss of null is not read as NaN")
		}
	}
	if diff := cmp.Diff([]string{"run-0002", "run-0001", "run-0000"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestListShowsBrokenRunsAndNoOtherFolders(t *testing.T) {
	runs := t.TempDir()
	fill(t, runs, 1)
	touch(t, filepath.Join(runs, "no-info", configFile), "")
	touch(t, filepath.Join(runs, "bad-info", infoFile), "{")
	touch(t, filepath.Join(runs, "bad-summary", infoFile), `{"status":"done"}`)
	touch(t, filepath.Join(runs, "bad-summary", summaryFile), `[]`)
	touch(t, filepath.Join(runs, "info-is-a-folder", infoFile, "a"), "")
	touch(t, filepath.Join(runs, "other", "a"), "")
	touch(t, filepath.Join(runs, ".hidden", infoFile), "{}")
	touch(t, filepath.Join(runs, "a-file"), "")
	entries, err := List(runs)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Status{}
	for _, e := range entries {
		got[e.Name] = e.Info.Status
		if (e.Info.Status == Broken) != (e.Err != nil) {
			t.Errorf("%s is %s with the error %v", e.Name, e.Info.Status, e.Err)
		}
		if e.Err != nil {
			expectFault(t, e.Err, e.Path)
		}
	}
	want := map[string]Status{"run-0000": Done, "no-info": Broken, "bad-info": Broken, "bad-summary": Broken}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestListWithoutRuns(t *testing.T) {
	if entries, err := List(filepath.Join(t.TempDir(), "none")); len(entries) != 0 || err != nil {
		t.Errorf("got %v, %v", entries, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	touch(t, file, "")
	_, err := List(file)
	expectFault(t, err, file)
}

// The bound is ten times what the design asks, for a machine that is busy
// with other tests; the benchmark gives the time itself.
func TestAThousandRunsAreListedAtOnce(t *testing.T) {
	runs := t.TempDir()
	fill(t, runs, 1000)
	start := time.Now()
	entries, err := List(runs)
	if err != nil || len(entries) != 1000 {
		t.Fatalf("%d runs, %v", len(entries), err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
}

func BenchmarkListOfAThousand(b *testing.B) {
	runs := b.TempDir()
	fill(b, runs, 1000)
	for b.Loop() {
		if _, err := List(runs); err != nil {
			b.Fatal(err)
		}
	}
}

func TestMainMetric(t *testing.T) {
	for _, test := range []struct {
		summary Summary
		name    string
		ok      bool
	}{
		{Summary{Metrics: Values{"b": 1, "a": 2}}, "a", true},
		{Summary{Metrics: Values{"seconds_per_step": 1, "test_error": 2, "test_loss": 3}}, "test_error", true},
		{Summary{Metrics: Values{"b": 1, "a": 2}, Reference: &Reference{Metric: "b"}}, "b", true},
		{Summary{Metrics: Values{"a": 2}, Reference: &Reference{Metric: "b"}}, "b", false},
		{Summary{}, "", false},
	} {
		name, value, ok := test.summary.Main()
		if name != test.name || ok != test.ok || ok && value != test.summary.Metrics[name] {
			t.Errorf("%+v: got %q, %v, %v", test.summary, name, value, ok)
		}
	}
}

func TestInfoAndSummaryAreReadAsWritten(t *testing.T) {
	d := create(t)
	info := Info{Status: Failed, Experiment: "a", Seed: math.MaxUint64, Step: 3, Steps: 9, Threads: 2, Start: noon,
		End: noon.Add(time.Minute), CommandLine: []string{"snnctl", "train", "a b"}, Data: map[string]string{"f": "0"}, Error: "the loss is NaN"}
	if err := d.WriteInfo(info); err != nil {
		t.Fatal(err)
	}
	if got, err := d.ReadInfo(); err != nil || !cmp.Equal(got, info) {
		t.Errorf("%s %v", cmp.Diff(info, got), err)
	}
	summary := Summary{Step: 3, Metrics: Values{"a": 0.1}, Reference: &Reference{"a", 0.2, "Table 1"}}
	if err := d.WriteSummary(summary); err != nil {
		t.Fatal(err)
	}
	if got, err := d.ReadSummary(); err != nil || !cmp.Equal(got, summary) {
		t.Errorf("%s %v", cmp.Diff(summary, got), err)
	}
}

func TestFilesLeavesOutHiddenOnes(t *testing.T) {
	d := create(t)
	save(t, d, 1, 1)
	touch(t, d.Path("plots", "curves.svg"), "123")
	touch(t, d.Path(configFile), "")
	files, err := d.Files()
	if err != nil {
		t.Fatal(err)
	}
	size := files[0].Bytes
	want := []File{{"checkpoints/step-00000001.safetensors", size}, {"config.yaml", 0}, {"plots/curves.svg", 3}}
	if diff := cmp.Diff(want, files); diff != "" || size == 0 {
		t.Error(diff)
	}
	_, err = (&Dir{path: d.Path("none")}).Files()
	expectFault(t, err, d.Path("none"))
}
