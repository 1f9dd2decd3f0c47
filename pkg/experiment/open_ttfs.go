package experiment

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/experiment/run"
	"github.com/snnctl/snnctl/pkg/models/relu/importer"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
	"github.com/snnctl/snnctl/pkg/models/ttfs/modelfile"
)

// openTTFS reads the network that model.from names: a converted network or one that
// was trained in spikes; or a ReLU network, which is converted by o.
func openTTFS(from string, s Settings, o ttfs.Options) (*ttfs.Network[float64], error) {
	if strings.EqualFold(filepath.Ext(from), ".onnx") {
		n, _, err := importer.Load(from)
		if err != nil {
			return nil, err
		}
		return converted(n, o)
	}
	f, _, err := OpenCheckpoint(s.RunsDir, newestOf(from, s.RunsDir), false)
	if err != nil {
		return nil, err
	}
	if modelfile.Is(f) {
		return modelfile.Decode[float64](f)
	}
	e, err := experimentOf(f, nil)
	if err != nil {
		return nil, err
	}
	if _, spiking := e.Model.(config.TTFS); spiking {
		if e.Precision == "float64" {
			return trainedTTFS[float64](e, f, s)
		}
		return trainedTTFS[float32](e, f, s)
	}
	trained, err := LoadReLU(f, s)
	if err != nil {
		return nil, err
	}
	return converted(trained.Network, o)
}

// trainedTTFS is the network of a checkpoint of a training in spikes, of precision F.
func trainedTTFS[F tensor.Float](e *config.Experiment, f *checkpoint.File, s Settings) (*ttfs.Network[float64], error) {
	set, o, err := openImages(e, s)
	if err != nil {
		return nil, err
	}
	source, err := pixels.NewSource[F](set, o)
	if err != nil {
		return nil, err
	}
	start, err := startingTTFS(e, s, set, o)
	if err != nil {
		return nil, err
	}
	trainer, err := newTTFSTrainer(e, s, source, start)
	if err != nil {
		return nil, err
	}
	if err := trainer.RestoreModel(f); err != nil {
		return nil, err
	}
	return ttfs.Rounded[float64](trainer.Network.Export()), nil
}

// stamp is what follows an experiment's name in the name of its runs.
var stamp = regexp.MustCompile(`^-[0-9]{8}-[0-9]{6}(-[0-9]+)?$`)

// newestOf turns the name of an experiment into that of its newest run; other names
// stay.
func newestOf(from, runsDir string) string {
	names := run.Names(runsDir)
	slices.Sort(names)
	for _, name := range slices.Backward(names) {
		if rest, ok := strings.CutPrefix(name, from); ok && stamp.MatchString(rest) {
			return name
		}
	}
	return from
}

// absoluteFrom is model.from as a place that no later run and no change of directory
// moves: the file of a model, or the newest checkpoint of a run.
func absoluteFrom(from string, s Settings) (string, error) {
	if strings.EqualFold(filepath.Ext(from), ".onnx") {
		return filepath.Abs(from)
	}
	f, _, err := OpenCheckpoint(s.RunsDir, newestOf(from, s.RunsDir), false)
	if err != nil {
		return "", fault.Inputf("model.from: %w", err)
	}
	return filepath.Abs(f.Name())
}
