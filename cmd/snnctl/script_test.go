package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/snnctl/snnctl/internal/checkpoint"
)

// The scripts and the tests of signals run this program itself: the test
// binary, under the name snnctl, is Main.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"snnctl": func() { os.Exit(Main()) }})
}

// TestScripts runs testdata/script/*.txtar, each in a directory of its own that
// holds tiny.yaml and images.yaml, two experiments of milliseconds.
//
// Besides the commands of testscript there are:
//
//	status N CMD…     runs CMD, whose exit status must be N
//	fails CMD…        runs CMD, which must refuse bad input: status 2, nothing on stdout,
//	                  one line on stderr that starts with "snnctl: ", no file changed or lost
//	refused CMD…      fails, and no new file either
//	object FILE       FILE (or stdout) is one JSON object
//	records FILE      each line of FILE is a JSON object with step, epoch and split
//	reshape FILE T    cuts the last row of the tensor T from the checkpoint FILE
//	newer FILE        makes the checkpoint FILE one of the next format version
//	idx DIR           writes four idx files of 24 training and 8 test images of 8×8 pixels
//	cut FILE N        leaves the first N bytes of FILE
//	flip FILE N       changes the byte N of FILE; counted from the end if negative
//	wait-for FILE     until there is FILE
//	array FILE N…     writes a NumPy file of float32 from 0 to 1, of shape N…
//	speech DIR        writes a small corpus of speech: RIFF files and phone labels
//	photos DIR FORM   writes a small set of colour images: cifar or folder
//	disk DIR OPTIONS  puts a disk in the place of DIR, such as size=64k; again: changes it
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setupScript,
		Condition:           scriptCondition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": scriptStatus, "fails": scriptFails, "refused": scriptRefused,
			"object": scriptObject, "records": scriptRecords, "reshape": scriptReshape, "newer": scriptNewer,
			"idx": scriptIDX, "array": scriptArray, "cut": scriptCut, "flip": scriptFlip, "wait-for": scriptWaitFor,
			"disk": scriptDisk, "speech": scriptSpeech, "photos": scriptPhotos, "piano": scriptPiano,
		},
	})
}

func setupScript(env *testscript.Env) error {
	env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
	env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "home", "config"))
	env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, "home", "cache"))
	env.Setenv("DATA", realData())
	env.Setenv("GOLDEN", goldenVectors())
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		return err
	}
	env.Setenv("EXAMPLES", examples)
	for _, name := range []string{"tiny.yaml", "images.yaml"} {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(env.WorkDir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// scriptCondition knows [mount]: a script may put a small disk in the place of a
// directory; [mnist]: the real data are in $DATA; and [golden]: the golden vectors are in
// $GOLDEN.
func scriptCondition(condition string) (bool, error) {
	switch condition {
	case "mount":
		return canMount(), nil
	case "golden":
		_, err := os.Stat(filepath.Join(goldenVectors(), "ttfs"))
		return err == nil, nil
	case "mnist":
		_, err := os.Stat(filepath.Join(realData(), "mnist"))
		return err == nil, nil
	}
	return false, errors.New("unknown condition " + condition)
}

// realData is where real data sets may be: $SNNCTL_DATA, or beside the repository.
func realData() string { return outside("SNNCTL_DATA", "data") }

// goldenVectors is where golden vectors may be.
func goldenVectors() string { return outside("SNNCTL_GOLDEN", "golden") }

func outside(variable, name string) string {
	dir := os.Getenv(variable)
	if dir == "" {
		dir = "../../../shared/" + name
	}
	if absolute, err := filepath.Abs(dir); err == nil {
		return absolute
	}
	return dir
}

// execute runs a command of a script and returns its exit status.
func execute(ts *testscript.TestScript, args []string) int {
	if len(args) == 0 {
		ts.Fatalf("a command is missing")
	}
	err := ts.Exec(args[0], args[1:]...)
	exit := (*exec.ExitError)(nil)
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	if exit == nil {
		return 0
	}
	return exit.ExitCode() // -1 if a signal ended it
}

func scriptStatus(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := execute(ts, args[1:]); got != want {
		ts.Fatalf("the exit status is %d, want %d", got, want)
	}
}

func scriptFails(ts *testscript.TestScript, _ bool, args []string) { refuse(ts, args) }

func scriptRefused(ts *testscript.TestScript, _ bool, args []string) {
	if created := refuse(ts, args); len(created) > 0 {
		ts.Fatalf("the command left %q behind", created)
	}
}

// refuse runs a command that must refuse its input, and returns the files that
// it made all the same.
func refuse(ts *testscript.TestScript, args []string) (created []string) {
	before := contents(ts)
	if status := execute(ts, args); status != exitUsage {
		ts.Fatalf("the exit status is %d, want %d", status, exitUsage)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("on stdout: %s", out)
	}
	message := ts.ReadFile("stderr")
	if !strings.HasPrefix(message, "snnctl: ") || strings.Count(message, "\n") != 1 || !strings.HasSuffix(message, "\n") {
		ts.Fatalf("on stderr, instead of one line that starts with %q:\n%s", "snnctl: ", message)
	}
	for _, trace := range []string{"panic", "goroutine ", ".go:", "%!"} {
		if strings.Contains(message, trace) {
			ts.Fatalf("the message holds %q", trace)
		}
	}
	after := contents(ts)
	for path, sum := range before {
		if after[path] != sum {
			ts.Fatalf("%s was changed or lost", path)
		}
	}
	for path := range after {
		if _, ok := before[path]; !ok {
			created = append(created, path)
		}
	}
	return created
}

// contents has the checksum of each file of the script, aside from lock files,
// which name the last process.
func contents(ts *testscript.TestScript) map[string]string {
	sums := map[string]string{}
	root := ts.Getenv("WORK")
	ts.Check(filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch entry.Name() {
		case ".lock":
			return nil
		case ".tmp":
			return filepath.SkipDir
		}
		if entry.IsDir() {
			sums[path] = "directory"
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		sums[path] = string(sum[:])
		return nil
	}))
	return sums
}

func scriptObject(ts *testscript.TestScript, _ bool, args []string) {
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		ts.Fatalf("%s is no JSON object: %v", args[0], err)
	}
	if err := d.Decode(&object); !errors.Is(err, io.EOF) {
		ts.Fatalf("%s goes on after the JSON object", args[0])
	}
}

func scriptRecords(ts *testscript.TestScript, _ bool, args []string) {
	content := strings.TrimSuffix(ts.ReadFile(args[0]), "\n")
	for i, line := range strings.Split(content, "\n") {
		var r struct {
			Step     *int
			Epoch    *float64
			Split    string
			Loss     *float64
			Accuracy *float64
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			ts.Fatalf("line %d of %s: %v", i+1, args[0], err)
		}
		if r.Step == nil || r.Epoch == nil || r.Split == "" || r.Loss == nil || r.Accuracy == nil {
			ts.Fatalf("line %d of %s lacks one of step, epoch, split, loss, accuracy", i+1, args[0])
		}
	}
}

// scriptReshape leaves a checkpoint that is whole, of another network.
func scriptReshape(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	f, err := checkpoint.Read(path)
	ts.Check(err)
	t := f.Tensor(args[1])
	data := t.Data.([]float32)
	t.Data = data[:len(data)-t.Shape[1]]
	t.Shape = []int{t.Shape[0] - 1, t.Shape[1]}
	ts.Check(checkpoint.Write(path, f))
}

func scriptNewer(ts *testscript.TestScript, _ bool, args []string) {
	const now, next = `"format_version":"1"`, `"format_version":"2"`
	content := ts.ReadFile(args[0])
	if strings.Count(content, now) != 1 {
		ts.Fatalf("%s does not say %s once", args[0], now)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(content, now, next, 1)), 0o666))
}

// scriptIDX writes pictures of one bright column, whose place is the label.
func scriptIDX(ts *testscript.TestScript, _ bool, args []string) {
	const side = 8
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	for prefix, count := range map[string]int{"train": 24, "t10k": 8} {
		images := idxHeader(count, side, side)
		labels := idxHeader(count)
		for i := range count {
			for pixel := range side * side {
				images = append(images, byte(255*min(1, max(0, 1-abs(pixel%side-i%side)))))
			}
			labels = append(labels, byte(i%side))
		}
		ts.Check(os.WriteFile(filepath.Join(dir, prefix+"-images-idx3-ubyte"), images, 0o666))
		ts.Check(os.WriteFile(filepath.Join(dir, prefix+"-labels-idx1-ubyte"), labels, 0o666))
	}
}

func abs(x int) int { return max(x, -x) }

func idxHeader(sizes ...int) []byte {
	header := binary.BigEndian.AppendUint32(nil, uint32(0x800+len(sizes)))
	for _, size := range sizes {
		header = binary.BigEndian.AppendUint32(header, uint32(size))
	}
	return header
}

func scriptCut(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), size))
}

func scriptFlip(ts *testscript.TestScript, _ bool, args []string) {
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	content := []byte(ts.ReadFile(args[0]))
	if at < 0 {
		at += len(content)
	}
	content[at] ^= 0xff
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), content, 0o666))
}

func scriptWaitFor(ts *testscript.TestScript, _ bool, args []string) {
	for range 3000 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("there is no %s after 30 s", args[0])
}

// canMount reports whether this process may mount a disk in memory.
func canMount() bool {
	dir, err := os.MkdirTemp("", "snnctl-mount")
	if err != nil {
		return false
	}
	defer os.Remove(dir)
	if exec.Command("mount", "-t", "tmpfs", "tmpfs", dir).Run() != nil {
		return false
	}
	return exec.Command("umount", dir).Run() == nil
}

func scriptDisk(ts *testscript.TestScript, _ bool, args []string) {
	dir, options := ts.MkAbs(args[0]), args[1]
	if exec.Command("mountpoint", "-q", dir).Run() == nil {
		ts.Check(exec.Command("mount", "-o", "remount,"+options, dir).Run())
		return
	}
	ts.Check(os.MkdirAll(dir, 0o777))
	ts.Check(exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).Run())
	ts.Defer(func() { _ = exec.Command("umount", "-l", dir).Run() })
}
