package experiment

import (
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/models/ttfs/modelfile"
)

// Restore builds the experiment that a checkpoint belongs to, with entries of its file
// changed by sets (path=value), and gives it the model of the checkpoint. That of a
// converted network (package modelfile) shows it the images that its file names, or else
// MNIST, and has windows as they were converted.
func Restore(f *checkpoint.File, sets []string, s Settings) (*Experiment, error) {
	e, err := experimentOf(f, sets)
	if err != nil {
		return nil, err
	}
	return restored(e, f, s)
}

// convertedExperiment stands for a converted network whose file names no data.
const convertedExperiment = `
name: converted
data: {type: images, validation_images: 1}
model: {type: ttfs}
rule: {type: ttfs-backprop}
train: {iterations: 1, batch_size: 1, eval_trials: 1}
`

func experimentOf(f *checkpoint.File, sets []string) (*config.Experiment, error) {
	yaml, ok := f.Metadata["config"]
	if modelfile.Is(f) {
		n, err := modelfile.Decode[float64](f)
		if err != nil {
			return nil, err
		}
		if yaml, ok = f.Metadata[modelfile.KeyInputs]; !ok {
			yaml, ok = convertedExperiment, true
		}
		of := []string{"model.type=ttfs", "model.preset=none", "model.from=" + f.Name(), "model.form=" + string(n.Form), "rule.type=ttfs-backprop", "rule.windows=frozen"}
		sets = append(of, sets...)
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
