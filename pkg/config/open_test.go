package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
)

func TestOpenPrefersAFileToABuiltin(t *testing.T) {
	t.Chdir(t.TempDir())
	if r := must(Open("lsnn-smnist", nil)); r.Experiment.Name != "lsnn-smnist" || r.Origins["name"].File != "lsnn-smnist.yaml" {
		t.Errorf("the built-in experiment is %+v", r.Experiment)
	}
	if err := os.Mkdir("lsnn-smnist", 0o755); err != nil {
		t.Fatal(err)
	}
	if r := must(Open("lsnn-smnist", nil)); r.Experiment.Name != "lsnn-smnist" {
		t.Error("a directory hides the built-in experiment")
	}
	if err := os.Remove("lsnn-smnist"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("lsnn-smnist", []byte(demo), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := must(Open("lsnn-smnist", []string{"seed=5"})); r.Experiment.Name != "demo" || r.Experiment.Seed != 5 {
		t.Errorf("a file of the name does not win: %+v", r.Experiment)
	}
}

func TestOpenSaysWhatIsMissing(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("run/empty", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("run", "config.yaml"), []byte(demo), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("file", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"lsnn-smist":       `"lsnn-smist" is neither a file nor a built-in experiment; did you mean lsnn-smnist?`,
		"lsnn-smist.yaml":  `"lsnn-smist.yaml" is neither a file nor a built-in experiment; did you mean lsnn-smnist?`,
		"what/ever.yaml":   `"what/ever.yaml" is neither a file nor a built-in experiment; list those with: snnctl config list`,
		"":                 `"" is neither a file nor a built-in experiment; list those with: snnctl config list`,
		"run":              "run is a directory, expected an experiment file such as run/config.yaml",
		"run/empty":        "run/empty is a directory, expected an experiment file",
		"file/config.yaml": "reading the experiment: stat file/config.yaml: not a directory",
		"file":             "file:1:1: the file is empty, expected an experiment with the keys name, data, model, rule, train",
	} {
		_, err := Open(name, nil)
		if err == nil || err.Error() != want || !fault.IsInput(err) {
			t.Errorf("Open(%q): %v, want the input error %q", name, err, want)
		}
	}
}
