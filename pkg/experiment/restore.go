package experiment

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/models/ttfs/modelfile"
)

// Restore builds the experiment that a checkpoint belongs to, with entries of its file
// changed by sets (path=value), and gives it the model of the checkpoint. That of a
// converted network (package modelfile) shows it images of MNIST, unless sets say
// otherwise, and has windows as they were converted.
func Restore(f *checkpoint.File, sets []string, s Settings) (*Experiment, error) {
	e, err := experimentOf(f, sets)
	if err != nil {
		return nil, err
	}
	return restored(e, f, s)
}

// convertedExperiment stands for a converted network, which was not trained here: its
// file has the form and the path of the model.
const convertedExperiment = `
name: converted
data: {type: images}
model: {type: ttfs, from: %q, form: %s}
rule: {type: ttfs-backprop, windows: frozen}
train: {iterations: 1, batch_size: 1}
`

func experimentOf(f *checkpoint.File, sets []string) (*config.Experiment, error) {
	yaml, ok := f.Metadata["config"]
	if modelfile.Is(f) {
		n, err := modelfile.Decode[float64](f)
		if err != nil {
			return nil, err
		}
		yaml, ok = fmt.Sprintf(convertedExperiment, f.Name(), n.Form), true
	}
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
	if err != nil || modelfile.Is(f) { // which the experiment has read
		return x, err
	}
	return x, x.RestoreModel(f)
}
