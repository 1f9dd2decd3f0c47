package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/experiment/run"
)

// twoRuns makes a finished run and one that was killed, and a broken one.
func twoRuns(t *testing.T) (runsDir string) {
	t.Helper()
	runsDir = filepath.Join(t.TempDir(), "runs")
	start := time.Date(2026, 11, 23, 10, 15, 0, 0, time.UTC)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	d, err := run.Create(runsDir, "first", start)
	must(err)
	must(d.WriteConfig([]byte("name: first\nmodel: {type: lsnn, beta: 1.8}\n")))
	must(d.WriteInfo(run.Info{Status: run.Done, Experiment: "first", Paper: "1803.09574", Seed: 7, Step: 400, Steps: 400,
		Start: start, End: start.Add(90 * time.Second), CommandLine: []string{"snnctl", "train", "first"}}))
	must(d.WriteSummary(run.Summary{Step: 400, Metrics: run.Values{"test_accuracy": 0.93, "test_loss": 0.25},
		Reference: &run.Reference{Metric: "test_accuracy", Value: 0.947, Source: "Fig. 1"}}))
	must(d.Unlock())

	d, err = run.Create(runsDir, "second", start.Add(time.Hour))
	must(err)
	must(d.WriteConfig([]byte("name: second\nmodel: {type: lsnn}\n")))
	must(d.WriteInfo(run.Info{Status: run.Running, Experiment: "second", Step: 100, Steps: 400, Start: start.Add(time.Hour)}))
	m, err := d.OpenMetrics()
	must(err)
	must(m.Append(50, 0.5, "train", run.Values{"loss": 0.9}))
	must(m.Append(100, 1, "train", run.Values{"loss": 0.75}))
	must(m.Close())
	must(d.Unlock())

	broken := filepath.Join(runsDir, "third-20261123-121500")
	must(os.Mkdir(broken, 0o777))
	must(os.WriteFile(filepath.Join(broken, "run.json"), []byte("{"), 0o666))
	return runsDir
}

const (
	first  = "first-20261123-101500"
	second = "second-20261123-111500"
	third  = "third-20261123-121500"
)

// runsCommand runs the program and returns what it prints on stdout and stderr.
func runsCommand(args ...string) (stdout, stderr string, err error) {
	var out, errors bytes.Buffer
	command := newRootCommand(&app{stdout: &out, stderr: &errors})
	command.SetArgs(args)
	err = command.Execute()
	return out.String(), errors.String(), err
}

func TestRunsList(t *testing.T) {
	runs := twoRuns(t)
	var stdout, stderr bytes.Buffer
	a := &app{stdout: &stdout, stderr: &stderr, runsDir: runs}
	if err := runRunsList(a, time.Date(2026, 11, 23, 13, 20, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	want := `NAME                    STATUS  EXPERIMENT  SEED  STEP     METRIC              AGE
third-20261123-121500   broken  -           -     -        -                   -
first-20261123-101500   done    first       7     400      test_accuracy 0.93  3 h
second-20261123-111500  lost    second      0     100/400  -                   2 h
`
	if diff := cmp.Diff(want, stdout.String()); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(stderr.String(), filepath.Join(third, "run.json")) {
		t.Errorf("the broken file is not named: %q", stderr.String())
	}
}

func TestRunsListJSON(t *testing.T) {
	stdout, stderr, err := runsCommand("runs", "list", "--json", "--runs-dir", twoRuns(t))
	if err != nil || stderr != "" {
		t.Fatal(err, stderr)
	}
	var listed struct{ Runs []listedRun }
	if err := json.Unmarshal([]byte(stdout), &listed); err != nil {
		t.Fatal(err)
	}
	if len(listed.Runs) != 3 {
		t.Fatalf("%d runs are listed, expected 3", len(listed.Runs))
	}
	if r := listed.Runs[1]; r.Name != first || r.Value == nil || *r.Value != 0.93 || r.Reference.Value != 0.947 || r.Seed != 7 {
		t.Errorf("the finished run is %+v", r)
	}
	if r := listed.Runs[2]; r.Status != run.Lost || r.Value != nil || r.Step != 100 || r.Steps != 400 {
		t.Errorf("the killed run is %+v", r)
	}
	if r := listed.Runs[0]; r.Status != run.Broken || r.Error == "" {
		t.Errorf("the broken run is %+v", r)
	}
}

func TestRunsListWithoutRuns(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	if stdout, stderr, err := runsCommand("runs", "list", "--runs-dir", dir); err != nil || stdout != "" || !strings.Contains(stderr, dir) {
		t.Errorf("got %q, %q, %v", stdout, stderr, err)
	}
	stdout, _, err := runsCommand("runs", "list", "--json", "--runs-dir", dir)
	var listed map[string][]any
	if err != nil || json.Unmarshal([]byte(stdout), &listed) != nil || listed["runs"] == nil {
		t.Errorf("got %q, %v, expected an empty list", stdout, err)
	}
}

func TestRunsShow(t *testing.T) {
	runs := twoRuns(t)
	for name, says := range map[string][]string{
		first: {"done, step 400\n", "arXiv:1803.09574", "(after 1m30s)", "snnctl train first",
			"METRIC         RESULT  REFERENCE  SOURCE\ntest_accuracy  0.93    0.947      Fig. 1\ntest_loss      0.25\n",
			"model.beta  1.8\n", "summary.json"},
		second: {"lost, step 100/400", "METRIC  SPLIT  STEP  SO FAR\nloss    train  100   0.75\n", "metrics.jsonl"},
	} {
		for _, ref := range []string{name, filepath.Join(runs, name)} {
			stdout, _, err := runsCommand("runs", "show", ref, "--runs-dir", runs)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range says {
				if !strings.Contains(stdout, want) {
					t.Errorf("%s: %q is missing in\n%s", ref, want, stdout)
				}
			}
		}
	}
}

func TestRunsShowJSON(t *testing.T) {
	runs := twoRuns(t)
	stdout, _, err := runsCommand("runs", "show", second, "--json", "--runs-dir", runs)
	if err != nil {
		t.Fatal(err)
	}
	var shown shownRun
	if err := json.Unmarshal([]byte(stdout), &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Config["model.type"] != "lsnn" || shown.Latest["train"].Values["loss"] != 0.75 || shown.Summary != nil || len(shown.Files) != 3 {
		t.Errorf("got %+v", shown)
	}
}

func TestRunsCompare(t *testing.T) {
	runs := twoRuns(t)
	stdout, _, err := runsCommand("runs", "compare", first, second, "--runs-dir", runs)
	if err != nil {
		t.Fatal(err)
	}
	want := `SETTING     first-20261123-101500  second-20261123-111500
name        first                  second
model.beta  1.8                    -

METRIC         first-20261123-101500  second-20261123-111500
test_accuracy  0.93                   -
test_loss      0.25                   -
`
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Error(diff)
	}
	stdout, _, err = runsCommand("runs", "compare", first, second, "--json", "--runs-dir", runs)
	var c run.Comparison
	if err != nil || json.Unmarshal([]byte(stdout), &c) != nil || len(c.Config) != 2 || len(c.Metrics) != 2 {
		t.Errorf("got %q, %v", stdout, err)
	}
}

func TestRunsWrongUse(t *testing.T) {
	runs := twoRuns(t)
	for _, test := range []struct{ args, says string }{
		{"runs lst", `unknown command "lst"`},
		{"runs list extra", "unknown command"},
		{"runs show", "accepts 1 arg(s)"},
		{"runs show first", "did you mean " + first},
		{"runs show first-20261123-101501", "did you mean " + first},
		{"runs show zebra", "snnctl runs list"},
		{"runs show " + third, "run.json is damaged"},
		{"runs compare " + first, "at least 2 arg(s)"},
		{"runs compare " + first + " zebra", `no run "zebra"`},
		{"runs compare " + first + " " + third, "config.yaml"},
		{"runs list --colour", "unknown flag"},
	} {
		stdout, _, err := runsCommand(append(strings.Fields(test.args), "--runs-dir", runs)...)
		if !fault.IsInput(err) || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, expected one line that says %q", test.args, err, test.says)
		}
		if stdout != "" {
			t.Errorf("%s: stdout has %q", test.args, stdout)
		}
	}
}

func TestRunNamesAreCompleted(t *testing.T) {
	runs := twoRuns(t)
	stdout, _, err := runsCommand("__complete", "--runs-dir", runs, "runs", "show", "")
	if err != nil || !strings.HasPrefix(stdout, first+"\n"+second+"\n"+third+"\n") {
		t.Errorf("got %q, %v", stdout, err)
	}
}

func TestControlCharactersStayOffTheTerminal(t *testing.T) {
	var out bytes.Buffer
	table := newTable(&out)
	table.row("a\x1b[31mb\tc\nd")
	if err := table.flush(); err != nil || out.String() != "a [31mb c d\n" {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "0 s", 59 * time.Second: "59 s", time.Minute: "1 min", 3 * time.Hour: "3 h", 47 * time.Hour: "47 h", 48 * time.Hour: "2 d",
	} {
		if got := age(d); got != want {
			t.Errorf("age(%v) is %q, expected %q", d, got, want)
		}
	}
}
