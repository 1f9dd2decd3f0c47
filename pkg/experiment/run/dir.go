// Package run is the run directory: all that a training leaves behind.
//
//	runs/lsnn-smnist-20261123-101500/
//	  config.yaml     the resolved experiment
//	  run.json        Info: status, version, seed, host, times, …
//	  metrics.jsonl   a Record a line, appended as training goes
//	  summary.json    Summary: the final metrics beside the paper's
//	  checkpoints/    step-00000400.safetensors … and best.safetensors
//	  plots/          pictures
//	  .lock           held by the process that writes
//
// A run is this folder and nothing else; nothing is shared between runs. Each
// file but metrics.jsonl is replaced whole, so a reader needs no lock. Errors
// that the user can mend are fault.Input.
package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/snnctl/snnctl/internal/atomicfile"
	"github.com/snnctl/snnctl/internal/fault"
)

const (
	configFile     = "config.yaml"
	infoFile       = "run.json"
	metricsFile    = "metrics.jsonl"
	summaryFile    = "summary.json"
	checkpointsDir = "checkpoints"
	plotsDir       = "plots"
)

// Dir is a run directory.
type Dir struct {
	path string
	lock *flock.Flock // nil while not held
}

// Path is the directory of the run, or that of a file in it.
func (d *Dir) Path(elements ...string) string {
	return filepath.Join(append([]string{d.path}, elements...)...)
}

// Name is the name of the run: that of its directory.
func (d *Dir) Name() string {
	if absolute, err := filepath.Abs(d.path); err == nil {
		return filepath.Base(absolute)
	}
	return filepath.Base(d.path)
}

// PlotsPath is the directory of the pictures.
func (d *Dir) PlotsPath() string { return d.Path(plotsDir) }

// Create makes the directory of a new run, runsDir/name-20261123-101500, and
// locks it. A run that was started in the same second gets a number behind
// its name, from -2 on.
func Create(runsDir, name string, now time.Time) (*Dir, error) {
	if name == "" || name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return nil, fault.Inputf("%q cannot name a run, expected a name that can be a folder's", name)
	}
	if err := os.MkdirAll(runsDir, 0o777); err != nil {
		return nil, cannotCreate(runsDir, err)
	}
	base := filepath.Join(runsDir, name+"-"+now.Format("20060102-150405"))
	path := base
	for i := 2; ; i++ {
		err := os.Mkdir(path, 0o777)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, cannotCreate(path, err)
		}
		path = fmt.Sprintf("%s-%d", base, i)
	}
	return prepare(&Dir{path: path})
}

// CreateAt makes path the directory of a new run, and locks it. It must not
// exist yet, or be empty.
func CreateAt(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, cannotCreate(path, err)
	}
	d := &Dir{path: filepath.Clean(path)}
	// Looked at before the lock, which leaves a file, and again behind it,
	// because another process may have begun in between.
	if err := d.mustBeEmpty(); err != nil {
		return nil, err
	}
	if err := d.Lock(); err != nil {
		return nil, err
	}
	if err := d.mustBeEmpty(); err != nil {
		return nil, errors.Join(err, d.Unlock())
	}
	return prepare(d)
}

// MustBeNew is the error with which CreateAt would refuse path because of what
// lies there, long before the run is to be made.
func MustBeNew(path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return (&Dir{path: filepath.Clean(path)}).mustBeEmpty()
}

func (d *Dir) mustBeEmpty() error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return cannotCreate(d.path, err)
	}
	for _, entry := range entries {
		switch {
		case entry.Name() == lockFile:
		case isRun(d.path):
			return fault.Inputf("the run directory %s exists already, choose another or continue it: snnctl train --resume %s", d.path, d.path)
		default:
			return fault.Inputf("the directory %s holds %s and is no run, expected a new or empty directory", d.path, entry.Name())
		}
	}
	return nil
}

// prepare locks d and makes its folders.
func prepare(d *Dir) (*Dir, error) {
	if err := d.Lock(); err != nil {
		return nil, err
	}
	if err := d.MakeFolders(); err != nil {
		return nil, errors.Join(err, d.Unlock())
	}
	return d, nil
}

// MakeFolders makes the folders of a run that are not there; somebody may have
// removed one since the run was made.
func (d *Dir) MakeFolders() error {
	for _, folder := range []string{checkpointsDir, plotsDir} {
		if err := os.MkdirAll(d.Path(folder), 0o777); err != nil {
			return cannotCreate(d.Path(folder), err)
		}
	}
	return nil
}

func cannotCreate(path string, err error) error {
	return fault.Inputf("cannot create the run directory %s: %w", path, cause(err))
}

// cause strips the operation and the path that the message already has.
func cause(err error) error {
	if inPath := (*fs.PathError)(nil); errors.As(err, &inPath) {
		return inPath.Err
	}
	return err
}

// Open finds a run, given as its directory or as its name below runsDir, for
// reading. To write to it, Lock it.
func Open(runsDir, nameOrPath string) (*Dir, error) {
	for _, path := range []string{nameOrPath, filepath.Join(runsDir, nameOrPath)} {
		if nameOrPath != "" && isRun(path) {
			return &Dir{path: filepath.Clean(path)}, nil
		}
	}
	message := fmt.Sprintf("there is no run %q, neither as a directory nor in %s", nameOrPath, runsDir)
	if near := nearest(filepath.Base(nameOrPath), Names(runsDir)); len(near) > 0 {
		return nil, fault.Inputf("%s; did you mean %s?", message, strings.Join(near, " or "))
	}
	return nil, fault.Inputf("%s; to see all runs: snnctl runs list", message)
}

// isRun reports whether path is a directory with a file that only runs have.
func isRun(path string) bool {
	for _, name := range []string{infoFile, configFile, metricsFile} {
		if info, err := os.Stat(filepath.Join(path, name)); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// WriteConfig saves the resolved experiment.
func (d *Dir) WriteConfig(yaml []byte) error {
	return atomicfile.WriteBytes(d.Path(configFile), yaml)
}

// ConfigPath is where the resolved experiment lies.
func (d *Dir) ConfigPath() string { return d.Path(configFile) }

// ReadConfig returns the resolved experiment.
func (d *Dir) ReadConfig() ([]byte, error) { return d.readFile(configFile) }

func (d *Dir) readFile(name string) ([]byte, error) {
	content, err := os.ReadFile(d.Path(name))
	if err != nil {
		return nil, fault.Inputf("cannot read %s: %w", d.Path(name), cause(err))
	}
	return content, nil
}
