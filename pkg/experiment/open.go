package experiment

import (
	"os"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/pkg/experiment/run"
)

// OpenCheckpoint reads the file that the user means: target itself, or of a run, which
// may be named as in runsDir, the best checkpoint, or else the newest valid one, with a
// warning about each that is damaged.
func OpenCheckpoint(runsDir, target string, best bool) (f *checkpoint.File, warnings []string, err error) {
	if info, err := os.Stat(target); err == nil && !info.IsDir() {
		f, err := checkpoint.Read(target)
		return f, nil, err
	}
	dir, err := run.Open(runsDir, target)
	if err != nil {
		return nil, nil, err
	}
	if best {
		f, err = checkpoint.Read(dir.BestPath())
		return f, nil, err
	}
	f, _, warnings, err = dir.NewestValid()
	return f, warnings, err
}
