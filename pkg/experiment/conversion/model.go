// Package conversion is what snnctl convert relu-to-ttfs does: it opens a ReLU network
// and inputs for it, converts it (package ttfs), compares both in every layer, and keeps
// model, report and pictures in a directory. It also evaluates what it has kept.
package conversion

import (
	"path/filepath"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/experiment"
	"github.com/snnctl/snnctl/pkg/models/relu"
	"github.com/snnctl/snnctl/pkg/models/relu/importer"
)

// Model is a ReLU network to convert.
type Model struct {
	Network *relu.Network[float64]
	From    string // the file that it was read from

	Config *config.Experiment // that it was trained by here; nil for one of elsewhere
	Import *importer.Report   // of a file of another program; nil for one of here
}

// Open reads a network: an ONNX file, a run or checkpoint of a ReLU network, or where
// layers names an experiment file or a built-in experiment, arrays of any program for the
// network that it describes.
func Open(runsDir, target, layers string, best bool, s experiment.Settings) (m *Model, warnings []string, err error) {
	if layers != "" {
		m, err = openArrays(target, layers, s)
		return m, nil, err
	}
	switch strings.ToLower(filepath.Ext(target)) {
	case ".onnx", ".h5", ".hdf5", ".keras", ".pt", ".pth", ".npz":
		network, report, err := importer.Load(target)
		if err != nil {
			return nil, nil, err
		}
		return &Model{Network: network, From: target, Import: report}, nil, nil
	}
	trained, warnings, err := experiment.OpenReLU(runsDir, target, best, s)
	if err != nil {
		return nil, warnings, err
	}
	return &Model{Network: trained.Network, From: trained.From, Config: trained.Config}, warnings, nil
}

// openArrays reads the weights of a network of known layers.
func openArrays(target, layers string, s experiment.Settings) (*Model, error) {
	resolved, err := config.Open(layers, nil)
	if err != nil {
		return nil, err
	}
	e := &resolved.Experiment
	n, err := experiment.BuildReLU(e, layers, s)
	if err != nil {
		return nil, err
	}
	report, err := importer.Weights(target, n)
	if err != nil {
		return nil, err
	}
	return &Model{Network: n, From: target, Config: e, Import: report}, nil
}

// data is the experiment whose data section reads a named set as the network wants it:
// that of its training, with another set where name says so, or one of whole images with
// values from 0 to 1. sets change it.
func (m *Model) data(name string, sets []string) (*config.Experiment, error) {
	yaml := []byte(imagesOnly)
	if m.Config != nil {
		var err error
		if yaml, err = config.Marshal(m.Config); err != nil {
			return nil, err
		}
	}
	if name != "" {
		sets = append([]string{"data.dataset=" + name}, sets...)
	}
	return loadData(yaml, m.From, sets)
}

func loadData(yaml []byte, from string, sets []string) (*config.Experiment, error) {
	for _, set := range sets {
		if !strings.HasPrefix(set, "data.") && !strings.HasPrefix(set, "seed=") {
			return nil, fault.Inputf("--set %s changes more than the data: only data.… can be set here", set)
		}
	}
	resolved, err := config.Load(yaml, from, sets)
	if err != nil {
		return nil, err
	}
	return &resolved.Experiment, nil
}

// imagesOnly is an experiment of which only the data section is used.
const imagesOnly = `name: inputs
seed: 1
data: {type: images, validation_images: 1}
model: {type: relu, preset: mlp}
rule: {type: backprop}
train: {iterations: 1, batch_size: 1, eval_trials: 1}
`
