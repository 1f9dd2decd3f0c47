package experiment

import (
	"os"
	"path/filepath"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/pkg/experiment/run"
	"github.com/snnctl/snnctl/pkg/models/ttfs/modelfile"
)

// OpenCheckpoint reads the file that the user means: target itself, or of the directory
// of a conversion the network, or of a run, which may be named as in runsDir, the best
// checkpoint, or else the newest valid one, with a warning about each that is damaged.
func OpenCheckpoint(runsDir, target string, best bool) (f *checkpoint.File, warnings []string, err error) {
	if isFile(target) {
		f, err := checkpoint.Read(target)
		return f, nil, err
	}
	if model := filepath.Join(target, modelfile.FileName); isFile(model) {
		f, err := checkpoint.Read(model)
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

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
