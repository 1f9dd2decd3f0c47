//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/snnctl/snnctl/pkg/experiment/run"
)

// interruptible is tiny.yaml for a moment longer, with a record for each step,
// so that a test sees how far it has come.
var interruptible = []string{
	"--set", "train.iterations=60", "--set", "train.log_every=1", "--set", "train.eval_every=20",
	"--set", "train.checkpoint_every=7", "--set", "train.batch_size=40", "--set", "data.symbol_ms=40",
}

// stops are signals, each with the exit status that follows it: -1 where the signal
// itself ends the process.
var stops = []struct {
	signal syscall.Signal
	status int
}{
	{syscall.SIGINT, exitInterrupted},
	{syscall.SIGTERM, exitRequeue},
	{syscall.SIGUSR1, exitRequeue},
	{syscall.SIGHUP, exitRequeue},
	{syscall.SIGKILL, -1},
}

// A training that the real signals stop, several times over at whatever step
// they happen to meet, has the final checkpoint and the metrics of one that
// nothing stopped. What the network is, the tests of pkg/experiment vary.
func TestSignals(t *testing.T) {
	config, err := filepath.Abs("testdata/tiny.yaml")
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string][]string{
		"plain":  nil,
		"deep-r": {"--set", "rule.rewiring.type=deep-r", "--set", "rule.rewiring.connectivity=0.4", "--set", "rule.rewiring.l1=1"},
		"carry":  {"--set", "model.carry_state=true", "--set", "model.injected_noise=0.01", "--set", "precision=float64"},
	}
	for name, sets := range settings {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			train := append([]string{"train", config, "--quiet", "--out", "reference"}, append(interruptible, sets...)...)
			if out, err := command(dir, train...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			reference := filepath.Join(dir, "reference")
			for _, stop := range stops {
				t.Run(strings.ToLower(stop.signal.String()), func(t *testing.T) {
					out := strings.ReplaceAll(stop.signal.String(), " ", "-")
					train[4] = out
					stopAndResume(t, dir, out, train, stop.signal, stop.status)
					for _, file := range []string{"metrics.jsonl", "checkpoints/step-00000060.safetensors", "checkpoints/best.safetensors"} {
						want, err := os.ReadFile(filepath.Join(reference, file))
						if err != nil {
							t.Fatal(err)
						}
						got, err := os.ReadFile(filepath.Join(dir, out, file))
						if err != nil {
							t.Fatal(err)
						}
						if !bytes.Equal(got, want) {
							t.Errorf("%s is not that of the run that nothing stopped", file)
						}
					}
				})
			}
		})
	}
}

// stopAndResume starts a training, and stops and resumes it until it has been
// stopped three times within its steps; then it lets it end. On a busy machine a
// process may be done before the signal reaches it; then all begins anew.
func stopAndResume(t *testing.T, dir, out string, train []string, signal syscall.Signal, status int) {
	t.Helper()
	for range 10 {
		if err := os.RemoveAll(filepath.Join(dir, out)); err != nil {
			t.Fatal(err)
		}
		args, met := train, 0
		for met < 3 && interrupt(t, dir, out, args, signal, status) {
			met++
			args = []string{"train", "--resume", out, "--threads", fmt.Sprint(1 + met%3), "--quiet"}
		}
		if met < 3 {
			t.Logf("stopped %d times only", met)
			continue
		}
		if message, err := command(dir, args...).CombinedOutput(); err != nil {
			t.Fatalf("resumed for the last time: %v\n%s", err, message)
		}
		return
	}
	t.Fatal("the training was never stopped three times before its end")
}

// interrupt runs a training until it has taken some more steps, and signals it.
// met is false if it came to its end nevertheless.
func interrupt(t *testing.T, dir, out string, args []string, signal syscall.Signal, status int) (met bool) {
	t.Helper()
	c := command(dir, args...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	before := stepsTaken(t, dir, out)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	more := 1 + rand.IntN(12)
	for deadline := time.Now().Add(30 * time.Second); ; {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("ended by itself: %v\n%s", err, stderr.String())
			}
			return false
		case <-time.After(500 * time.Microsecond):
		}
		// A resumed run first drops the records after its checkpoint.
		if taken := stepsTaken(t, dir, out); taken != before && taken >= min(before, 7*(before/7))+more {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %d steps more than %d in 30 s", more, before)
		}
	}
	_ = c.Process.Signal(signal)
	err := <-ended
	if err == nil {
		return false
	}
	exit := (*exec.ExitError)(nil)
	if !errors.As(err, &exit) || exit.ExitCode() != status {
		t.Fatalf("after %v: %v, want the exit status %d\n%s", signal, err, status, stderr.String())
	}
	if stdout.Len() > 0 {
		t.Errorf("a stopped training prints\n%s", stdout.String())
	}
	if status == -1 {
		return true
	}
	d, err := run.Open("", filepath.Join(dir, out))
	if err != nil {
		t.Fatal(err)
	}
	info, err := d.ReadInfo()
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("stopped after step %d of 60; go on with: snnctl train --resume %s\n", info.Step, out)
	if stderr.String() != want || info.Status != run.Interrupted {
		t.Errorf("the run is %s and says\n%swant %s", info.Status, stderr.String(), want)
	}
	if _, err := os.Stat(d.CheckpointPath(info.Step)); err != nil {
		t.Errorf("no checkpoint at the step of the stop: %v", err)
	}
	return true
}

// command is the real program in a directory.
func command(dir string, args ...string) *exec.Cmd {
	c := exec.Command("snnctl", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "XDG_CONFIG_HOME="+dir, "HOME="+dir)
	return c
}

// stepsTaken counts the training records of a run, one a step.
func stepsTaken(t *testing.T, dir, out string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, out, "metrics.jsonl"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return bytes.Count(content, []byte(`"split":"train"`))
}

// A second Ctrl-C does not wait for the step to end.
func TestSecondInterrupt(t *testing.T) {
	config, err := filepath.Abs("testdata/tiny.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	// A step of many seconds, which takes no estimate of the time: a resumed run.
	train := []string{"train", config, "--quiet", "--out", "run", "--set", "train.iterations=2", "--set", "train.checkpoint_every=1"}
	if out, err := command(dir, train...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	yaml := filepath.Join(dir, "run", "config.yaml")
	content, err := os.ReadFile(yaml)
	if err != nil {
		t.Fatal(err)
	}
	slow := strings.NewReplacer("batch_size: 8\n", "batch_size: 20000\n", "symbol_ms: 10\n", "symbol_ms: 200\n").Replace(string(content))
	err = errors.Join(os.WriteFile(yaml, []byte(slow), 0o666), os.Remove(filepath.Join(dir, "run", "run.json")),
		os.RemoveAll(filepath.Join(dir, "run", "checkpoints")))
	if err != nil {
		t.Fatal(err)
	}
	c := command(dir, "train", "--resume", "run", "--quiet")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for range 1000 { // run.json comes right before the first step
		if _, err := os.Stat(filepath.Join(dir, "run", "run.json")); err == nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond)
	began := time.Now()
	_ = c.Process.Signal(os.Interrupt)
	time.Sleep(100 * time.Millisecond)
	_ = c.Process.Signal(os.Interrupt)
	err = c.Wait()
	exit := (*exec.ExitError)(nil)
	if !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
		t.Fatalf("%v, want the exit status %d\n%s", err, exitInterrupted, stderr.String())
	}
	if want := "snnctl: stopped at once; what was saved stands\n"; stderr.String() != want {
		t.Errorf("on stderr:\n%swant\n%s", stderr.String(), want)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
