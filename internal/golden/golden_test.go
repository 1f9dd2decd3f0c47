package golden

import (
	"os"
	"path/filepath"
	"testing"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFilesAreChosenByKindWhateverTheirName(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SNNCTL_GOLDEN", dir)
	write(t, filepath.Join(dir, "paper", "b.json"), `{"kind":"wanted","x":2}`)
	write(t, filepath.Join(dir, "paper", "a.json"), `{"kind":"other"}`)
	write(t, filepath.Join(dir, "paper", "anything.json"), `{"x":1,"kind":"wanted"}`)
	write(t, filepath.Join(dir, "elsewhere", "c.json"), `{"kind":"wanted"}`)
	var got []string
	for _, f := range Files(t, "paper", "wanted") {
		got = append(got, f.Path)
	}
	if len(got) != 2 || got[0] != "paper/anything.json" || got[1] != "paper/b.json" {
		t.Errorf("Files = %q, want paper/anything.json and paper/b.json", got)
	}
}

func TestNothingThereSkips(t *testing.T) {
	t.Setenv("SNNCTL_GOLDEN", t.TempDir())
	t.Setenv("SNNCTL_DATA", t.TempDir())
	for name, look := range map[string]func(*testing.T){
		"golden": func(t *testing.T) { Files(t, "paper", "kind") },
		"data":   func(t *testing.T) { Data(t, "mnist") },
	} {
		skipped := false
		t.Run(name, func(t *testing.T) {
			defer func() { skipped = t.Skipped() }()
			look(t)
		})
		if !skipped {
			t.Errorf("%s: the test went on with nothing to compare with", name)
		}
	}
}

func TestFilesWithoutAKindAreChosenByTheirKeys(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SNNCTL_GOLDEN", dir)
	write(t, filepath.Join(dir, "paper", "b.json"), `{"x":[1],"y":0,"z":{}}`)
	write(t, filepath.Join(dir, "paper", "a.json"), `{"x":1}`)
	files := Having(t, "paper", "x", "y")
	if len(files) != 1 || files[0].Path != "paper/b.json" {
		t.Errorf("Having x and y = %v, want paper/b.json alone", files)
	}
}
