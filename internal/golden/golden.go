// Package golden finds what tests compare with: the golden vectors, small
// reference computations in JSON, and the real data sets. Both lie outside the
// repository, so a test that needs them is skipped, saying so, where they are
// not.
package golden

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"testing"
)

// File is one golden vector.
type File struct {
	Path  string // relative to the golden directory, with slashes: "lsnn/tiny.json"
	Bytes []byte
}

// Files returns, in the order of their names, the JSON files of one paper whose
// key "kind" is kind, whatever they are called.
//
// They are looked for in PAPER under $SNNCTL_GOLDEN, by default under
// ../shared/golden beside the repository. The test is skipped if nothing is
// there, and fails if the directory was named but does not exist, or if a file
// is no JSON.
func Files(t testing.TB, paper, kind string) []File {
	t.Helper()
	return filesWhere(t, paper, fmt.Sprintf("of kind %q", kind), func(top map[string]json.RawMessage) bool {
		var is string
		return json.Unmarshal(top["kind"], &is) == nil && is == kind
	})
}

// Having is Files for papers whose files name no kind: it returns those that have
// all of these keys, by which a kind is known.
func Having(t testing.TB, paper string, keys ...string) []File {
	t.Helper()
	return filesWhere(t, paper, fmt.Sprintf("with the keys %q", keys), func(top map[string]json.RawMessage) bool {
		return !slices.ContainsFunc(keys, func(key string) bool { return top[key] == nil })
	})
}

func filesWhere(t testing.TB, paper, which string, wanted func(map[string]json.RawMessage) bool) []File {
	t.Helper()
	dir := Directory(t, paper)
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(paths)
	var files []File
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var top map[string]json.RawMessage
		if err := json.Unmarshal(b, &top); err != nil {
			t.Fatalf("reading the golden vector %s: %v", path, err)
		}
		if wanted(top) {
			files = append(files, File{Path: paper + "/" + filepath.Base(path), Bytes: b})
		}
	}
	if len(files) == 0 {
		t.Skipf("no golden vector %s in %s", which, dir)
	}
	return files
}

// Directory returns the golden directory of one paper, for what lies beside its
// JSON files. The test is skipped or fails as in Files.
func Directory(t testing.TB, paper string) string {
	t.Helper()
	return filepath.Join(directory(t, "SNNCTL_GOLDEN", "../shared/golden"), paper)
}

// Data returns the directory of a real data set, such as "mnist", below
// $SNNCTL_DATA, by default below ../shared/data beside the repository. The test
// is skipped if it is not there.
func Data(t testing.TB, name string) string {
	t.Helper()
	dir := filepath.Join(directory(t, "SNNCTL_DATA", "../shared/data"), name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the data set is not here: %v", err)
	}
	return dir
}

// directory is the one named in the environment, or the default one; relative
// paths start at the root of the repository.
func directory(t testing.TB, variable, byDefault string) string {
	t.Helper()
	named := os.Getenv(variable)
	dir := named
	if dir == "" {
		dir = byDefault
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(repositoryRoot(t), dir)
	}
	if _, err := os.Stat(dir); err != nil {
		if named != "" {
			t.Fatalf("%s: %v", variable, err)
		}
		t.Skipf("%v (set %s to name the directory)", err, variable)
	}
	return dir
}

// repositoryRoot is the nearest directory, from the test's own upwards, that
// holds a go.mod.
func repositoryRoot(t testing.TB) string {
	t.Helper()
	start, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatalf("no go.mod in %s or above", start)
		}
	}
}
