package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
)

// configCommand runs snnctl config in an empty directory that holds bad.yaml.
func configCommand(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	bad := "name: bad\nsed: 1\nmodel: {type: lsn}\n"
	if err := os.WriteFile("bad.yaml", []byte(bad), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, progress bytes.Buffer
	a := &app{stdout: &out, stderr: &progress}
	root := newRootCommand(a)
	root.SetArgs(append([]string{"config"}, args...))
	err = root.Execute()
	if progress.Len() > 0 {
		t.Errorf("on stderr: %s", progress.String())
	}
	return out.String(), err
}

func TestConfigList(t *testing.T) {
	text, err := configCommand(t, "list")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, "lsnn-smnist-quick ") || !strings.Contains(text, "1803.09574") {
		t.Errorf("list prints\n%s", text)
	}
	text, err = configCommand(t, "list", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var listed struct{ Experiments []config.Builtin }
	if err := json.Unmarshal([]byte(text), &listed); err != nil {
		t.Fatal(err)
	}
	if len(listed.Experiments) != len(config.BuiltinNames()) || listed.Experiments[0].Description == "" {
		t.Errorf("list --json prints %+v", listed)
	}
}

func TestConfigShowPrintsAnExperiment(t *testing.T) {
	text, err := configCommand(t, "show", "lsnn-smnist", "--set", "seed=3", "--set", "rule.rewiring.type=none")
	if err != nil {
		t.Fatal(err)
	}
	r, err := config.Load([]byte(text), "shown.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Experiment.Seed != 3 || !strings.Contains(text, "seed: 3 # --set\n") {
		t.Errorf("show prints\n%s", text)
	}
	text, err = configCommand(t, "show", "lsnn-smnist", "--json", "--set", "seed=3")
	if err != nil {
		t.Fatal(err)
	}
	var shown struct {
		Experiment struct{ Seed int }
		Origins    map[string]config.Origin
	}
	if err := json.Unmarshal([]byte(text), &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Experiment.Seed != 3 || !shown.Origins["seed"].Set || shown.Origins["data.type"].Line == 0 {
		t.Errorf("show --json prints %s", text)
	}
}

func TestConfigCheck(t *testing.T) {
	want := []string{ // the beginnings of the lines: there will be more types
		"bad.yaml:1:1: data is missing, expected a mapping with type: sequential-mnist",
		"bad.yaml:1:1: rule is missing, expected a mapping with type: bptt",
		"bad.yaml:1:1: train is missing, expected a mapping with iterations, batch_size, eval_every, eval_trials, checkpoint_every, keep_checkpoints, log_every",
		"bad.yaml:2:1: unknown key sed; did you mean seed?",
		"bad.yaml:3:15: model.type is \"lsn\", expected lsnn",
	}
	text, err := configCommand(t, "check", "bad.yaml")
	if text != "" || !fault.IsInput(err) {
		t.Fatalf("check prints %q and fails with %v", text, err)
	}
	message := err.Error()
	lines := strings.Split(message, "\n")
	for i, line := range lines {
		if len(lines) != len(want) || !strings.HasPrefix(line, want[i]) {
			t.Fatalf("check fails with\n%v\nwant\n%s", err, strings.Join(want, "\n"))
		}
	}
	text, err = configCommand(t, "check", "bad.yaml", "--json")
	var checked struct {
		OK     bool
		Errors config.Errors
	}
	if jsonErr := json.Unmarshal([]byte(text), &checked); jsonErr != nil {
		t.Fatal(jsonErr)
	}
	if checked.OK || checked.Errors.Error() != message || !fault.IsInput(err) {
		t.Errorf("check --json prints %s and fails with %v", text, err)
	}
	if text, err := configCommand(t, "check", "lsnn-smnist"); err != nil || text != "lsnn-smnist: ok\n" {
		t.Errorf("check of a good one prints %q and fails with %v", text, err)
	}
	if text, err := configCommand(t, "check", "no.yaml", "--json"); !fault.IsInput(err) || !strings.Contains(text, "neither a file nor") {
		t.Errorf("check of a missing one prints %s and fails with %v", text, err)
	}
}

func TestConfigSchemaIsOneJSONObject(t *testing.T) {
	text, err := configCommand(t, "schema")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal([]byte(text), &schema); err != nil {
		t.Fatal(err)
	}
	if schema["$schema"] != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("$schema = %v", schema["$schema"])
	}
}

func TestConfigUsageErrors(t *testing.T) {
	for _, args := range [][]string{{"show"}, {"check", "a", "b"}, {"list", "a"}, {"nothing"}, {"show", "lsnn-smnist", "--sett", "a=1"}, {"show", "lsnn-smnist", "--set", "a"}} {
		if text, err := configCommand(t, args...); !fault.IsInput(err) || text != "" {
			t.Errorf("config %q prints %q and fails with %v, want a usage error", args, text, err)
		}
	}
}

func TestConfigCompletion(t *testing.T) {
	names, _ := completeConfig(nil, nil, "lsnn-fashion")
	if len(names) != 2 || !strings.HasPrefix(names[0], "lsnn-fashion\t") {
		t.Errorf("names = %q", names)
	}
	paths, _ := completeSet(nil, []string{"lsnn-smnist"}, "model.tau_r")
	if len(paths) != 1 || paths[0] != "model.tau_readout_ms=" {
		t.Errorf("paths = %q", paths)
	}
}
