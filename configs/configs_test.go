package configs

import (
	"io/fs"
	"strings"
	"testing"
)

// TestFilesSayWhatTheyAre: the first line of each is a comment for
// `snnctl config list`, and the name within is that of the file.
func TestFilesSayWhatTheyAre(t *testing.T) {
	names, err := fs.Glob(Files, "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d files, error %v", len(names), err)
	}
	for _, name := range names {
		content, err := fs.ReadFile(Files, name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(content), "# ") {
			t.Errorf("%s does not begin with a comment", name)
		}
		if want := "\nname: " + strings.TrimSuffix(name, ".yaml") + "\n"; !strings.Contains(string(content), want) {
			t.Errorf("%s has another name, want %q", name, want)
		}
	}
}
