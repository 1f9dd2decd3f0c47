package experiment

import (
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
)

// Restore builds the experiment that a checkpoint belongs to, with entries of its file
// changed by sets (path=value), and gives it the model of the checkpoint.
func Restore(f *checkpoint.File, sets []string, s Settings) (*Experiment, error) {
	e, err := experimentOf(f, sets)
	if err != nil {
		return nil, err
	}
	return restored(e, f, s)
}

func experimentOf(f *checkpoint.File, sets []string) (*config.Experiment, error) {
	yaml, ok := f.Metadata["config"]
	if !ok {
		return nil, fault.Inputf("%s does not say which experiment it belongs to: its metadata has no key %q", f.Name(), "config")
	}
	resolved, err := config.Load([]byte(yaml), f.Name(), sets)
	if err != nil {
		return nil, err
	}
	return &resolved.Experiment, nil
}

func restored(e *config.Experiment, f *checkpoint.File, s Settings) (*Experiment, error) {
	x, err := Build(e, s)
	if err != nil {
		return nil, err
	}
	return x, x.RestoreModel(f)
}
