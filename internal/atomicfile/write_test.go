package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func names(t *testing.T, directory string) []string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestWriteReplacesTheWholeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	for _, s := range []string{"a long first content", "short", ""} {
		if err := Write(path, text(s)); err != nil {
			t.Fatal(err)
		}
		if got := content(t, path); got != s {
			t.Errorf("found %q, wrote %q", got, s)
		}
	}
	if got := names(t, filepath.Dir(path)); len(got) != 1 {
		t.Errorf("files left beside the one written: %v", got)
	}
}

// failing is a file that fails in one of its methods, as a full disk does.
type failing struct {
	file
	write, sync, close error
}

func (f failing) Write(p []byte) (int, error) {
	if f.write != nil {
		return 0, f.write
	}
	return f.file.Write(p)
}

func (f failing) Sync() error  { return errors.Join(f.sync, f.file.Sync()) }
func (f failing) Close() error { return errors.Join(f.file.Close(), f.close) }

func TestFailuresLeaveTheOldFile(t *testing.T) {
	full := syscall.ENOSPC
	own := errors.New("the writer's own error")
	on := func(f failing) func(string) (file, error) {
		return func(name string) (file, error) {
			under, err := create(name)
			f.file = under
			return f, err
		}
	}
	for name, test := range map[string]struct {
		create func(string) (file, error)
		write  func(io.Writer) error
		cause  error
		input  bool
	}{
		"create": {func(string) (file, error) { return nil, syscall.EROFS }, text("new"), syscall.EROFS, true},
		"write":  {on(failing{write: full}), text(strings.Repeat("new", 1<<17)), full, true},
		"flush":  {on(failing{write: full}), text("new"), full, true},
		"sync":   {on(failing{sync: full}), text("new"), full, true},
		"close":  {on(failing{close: full}), text("new"), full, true},
		"own":    {on(failing{}), func(io.Writer) error { return own }, own, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a")
			if err := Write(path, text("old")); err != nil {
				t.Fatal(err)
			}
			err := writeWith(test.create, path, test.write)
			if !errors.Is(err, test.cause) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, expected the path and %v", err, test.cause)
			}
			if strings.Contains(err.Error(), temporaryMark) {
				t.Errorf("the message names the temporary file: %v", err)
			}
			if fault.IsInput(err) != test.input {
				t.Errorf("fault.IsInput(%v) is %v", err, !test.input)
			}
			if got := content(t, path); got != "old" {
				t.Errorf("the old file holds %q now", got)
			}
			if got := names(t, filepath.Dir(path)); len(got) != 1 {
				t.Errorf("files left: %v", got)
			}
		})
	}
}

func TestPlacesThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	if err := Write(filepath.Join(dir, "file"), text("")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "directory"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		filepath.Join(dir, "none", "a"), // no such directory
		filepath.Join(dir, "file", "a"), // below a file
		filepath.Join(dir, "directory"), // a directory is there
	} {
		if err := Write(path, text("new")); !fault.IsInput(err) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", path, err)
		}
	}
	if got := names(t, dir); len(got) != 2 {
		t.Errorf("files left: %v", got)
	}
}

func TestRemoveLeftovers(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{temporaryName("a.json"), "a.json", ".lock", "b.tmp-1"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := RemoveLeftovers(dir); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names(t, dir), " "); got != ".lock a.json b.tmp-1" {
		t.Errorf("left: %s", got)
	}
}
