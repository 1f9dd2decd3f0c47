package run

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/snnctl/snnctl/internal/fault"
)

var noon = time.Date(2026, 11, 23, 10, 15, 0, 0, time.UTC)

func create(t *testing.T) *Dir {
	t.Helper()
	d, err := Create(t.TempDir(), "a", noon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Unlock() })
	return d
}

// expectFault checks that err can be mended by the user, in one line that says
// all of these.
func expectFault(t *testing.T, err error, says ...string) {
	t.Helper()
	if !fault.IsInput(err) {
		t.Errorf("got %v, expected a fault of the input", err)
		return
	}
	for _, want := range append(says, "") {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
}

func touch(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestRunsOfOneSecondGetNamesOfTheirOwn(t *testing.T) {
	runs := filepath.Join(t.TempDir(), "runs")
	for _, want := range []string{"lsnn-20261123-101500", "lsnn-20261123-101500-2", "lsnn-20261123-101500-3"} {
		d, err := Create(runs, "lsnn", noon)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Unlock()
		if d.Name() != want {
			t.Errorf("the run is called %s, expected %s", d.Name(), want)
		}
		for _, folder := range []string{"checkpoints", "plots"} {
			if info, err := os.Stat(d.Path(folder)); err != nil || !info.IsDir() {
				t.Errorf("%s is missing: %v", folder, err)
			}
		}
	}
}

func TestNamesThatLeaveTheRunsDirectory(t *testing.T) {
	for _, name := range []string{"", "..", "../a", "a/b", ".hidden"} {
		_, err := Create(t.TempDir(), name, noon)
		expectFault(t, err, name)
	}
}

func TestCreateAtTakesNewAndEmptyDirectoriesOnly(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "new", "below"), t.TempDir()} {
		d, err := CreateAt(path)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Unlock()
		if err := d.WriteConfig([]byte("name: a\n")); err != nil {
			t.Fatal(err)
		}
		_, err = CreateAt(path)
		expectFault(t, err, path, "exists already", "snnctl train --resume "+path)
	}

	foreign := filepath.Join(dir, "foreign")
	touch(t, filepath.Join(foreign, "thesis.tex"), "")
	_, err := CreateAt(foreign)
	expectFault(t, err, foreign, "thesis.tex", "empty directory")
	if left, _ := os.ReadDir(foreign); len(left) != 1 {
		t.Error("something was left in a directory that is no run")
	}
	_, err = CreateAt(filepath.Join(foreign, "thesis.tex"))
	expectFault(t, err, "thesis.tex")
}

func TestOpenTakesAPathOrAName(t *testing.T) {
	runs := t.TempDir()
	touch(t, filepath.Join(runs, "lsnn-smnist-20261123-101500", configFile), "")
	touch(t, filepath.Join(runs, "lsnn-store-recall-20261123-101500", configFile), "")
	touch(t, filepath.Join(runs, "no-run", "a"), "")
	path := filepath.Join(runs, "lsnn-smnist-20261123-101500")
	for _, ref := range []string{"lsnn-smnist-20261123-101500", path, path + "/"} {
		d, err := Open(runs, ref)
		if err != nil {
			t.Fatal(err)
		}
		if d.Path() != path || d.Name() != "lsnn-smnist-20261123-101500" {
			t.Errorf("%s opens %s", ref, d.Path())
		}
	}
	for ref, near := range map[string]string{
		"lsnn-smnits-20261123-101500": "did you mean lsnn-smnist-20261123-101500",
		"lsnn-smnist":                 "did you mean lsnn-smnist-20261123-101500",
		"lsnn-store":                  "did you mean lsnn-store-recall-20261123-101500",
		"zebra":                       "snnctl runs list",
		"":                            "snnctl runs list",
		"no-run":                      "there is no run",
		path + "0":                    "did you mean lsnn-smnist-20261123-101500",
	} {
		_, err := Open(runs, ref)
		expectFault(t, err, ref, near)
	}
}

func TestOpenOfTheWorkingDirectory(t *testing.T) {
	d := create(t)
	if err := d.WriteConfig([]byte("name: a\n")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(d.Path())
	got, err := Open("runs", ".")
	if err != nil {
		t.Fatal(err)
	}
	if got.Name() != d.Name() {
		t.Errorf("the run is called %q, expected %q", got.Name(), d.Name())
	}
}

func TestOnlyOneWriter(t *testing.T) {
	d := create(t)
	if err := d.WriteConfig(nil); err != nil {
		t.Fatal(err)
	}
	if err := d.Lock(); err != nil {
		t.Errorf("the holder cannot lock again: %v", err)
	}
	second, err := Open("", d.Path())
	if err != nil {
		t.Fatal(err)
	}
	host, _ := os.Hostname()
	expectFault(t, second.Lock(), d.Path(), "is in use by pid", host)
	if err := d.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := second.Lock(); err != nil {
		t.Errorf("the lock was given back and cannot be taken: %v", err)
	}
	second.Unlock()
}

func TestLockOfAnotherProcess(t *testing.T) {
	if path := os.Getenv("SNNCTL_TEST_LOCK"); path != "" { // the other process
		d := &Dir{path: path}
		if err := d.Lock(); err != nil {
			t.Fatal(err)
		}
		touch(t, filepath.Join(path, "locked"), "")
		time.Sleep(time.Minute)
	}
	d := create(t)
	if err := d.WriteInfo(Info{Status: Running}); err != nil {
		t.Fatal(err)
	}
	d.Unlock()
	other := exec.Command(os.Args[0], "-test.run", "^TestLockOfAnotherProcess$")
	other.Env = append(os.Environ(), "SNNCTL_TEST_LOCK="+d.Path())
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(d.Path("locked")); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the other process does not lock")
		}
	}
	expectFault(t, d.Lock(), "is in use by pid")
	if info, err := d.ReadInfo(); err != nil || info.Status != Running {
		t.Errorf("while it runs, the status is %q (%v)", info.Status, err)
	}

	if err := other.Process.Kill(); err != nil { // as kill -9 does
		t.Fatal(err)
	}
	other.Wait()
	if info, err := d.ReadInfo(); err != nil || info.Status != Lost {
		t.Errorf("after it was killed, the status is %q (%v)", info.Status, err)
	}
	touch(t, d.Path("checkpoints", ".step-00000001.safetensors.tmp-0123"), "half")
	if err := d.Lock(); err != nil {
		t.Errorf("the lock of a killed process cannot be taken: %v", err)
	}
	if left, _ := os.ReadDir(d.Path("checkpoints")); len(left) != 0 {
		t.Error("what the killed process had half written is still there")
	}
}
