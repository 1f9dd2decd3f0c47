package experiment

import (
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// TrainedReLU is a ReLU network that has been trained here, with what it was trained
// on.
type TrainedReLU struct {
	Network *relu.Network[float64]
	Config  *config.Experiment
	From    string // the checkpoint's path

	settings Settings
}

// OpenReLU reads the network of the checkpoint that OpenCheckpoint finds.
func OpenReLU(runsDir, target string, best bool, s Settings) (trained *TrainedReLU, warnings []string, err error) {
	f, warnings, err := OpenCheckpoint(runsDir, target, best)
	if err != nil {
		return nil, warnings, err
	}
	trained, err = LoadReLU(f, s)
	return trained, warnings, err
}

// LoadReLU builds the network that a checkpoint's experiment describes, in float64
// whatever it was trained in.
func LoadReLU(f *checkpoint.File, s Settings) (*TrainedReLU, error) {
	yaml, ok := f.Metadata["config"]
	if !ok {
		return nil, fault.Inputf("%s does not say which experiment it belongs to: its metadata has no key %q", f.Name(), "config")
	}
	resolved, err := config.Load([]byte(yaml), f.Name(), nil)
	if err != nil {
		return nil, err
	}
	e := &resolved.Experiment
	t := &TrainedReLU{Config: e, From: f.Name(), settings: s}
	if t.Network, err = BuildReLU(e, f.Name(), s); err != nil {
		return nil, err
	}
	if e.Precision == "float32" {
		err = restore[float32](t.Network, f)
	} else {
		err = restore[float64](t.Network, f)
	}
	return t, err
}

// BuildReLU builds the network of an experiment for its images, untrained; from is what
// errors call the file that describes it.
func BuildReLU(e *config.Experiment, from string, s Settings) (*relu.Network[float64], error) {
	model, ok := e.Model.(config.ReLU)
	if !ok {
		return nil, fault.Inputf("%s holds a model of type %s, expected relu", from, config.TypeName(e.Model))
	}
	set, _, err := openImages(e, s)
	if err != nil {
		return nil, err
	}
	return ReLUNetwork[float64](model, inputShape(set.Train.Shape()), e.Seed)
}

// restore copies the tensors of a checkpoint, of precision F, into a network.
func restore[F tensor.Float](n *relu.Network[float64], f *checkpoint.File) error {
	for _, layer := range n.Layers {
		arrays := layer.Parameters()
		if norm, ok := layer.Layer.(*relu.BatchNorm[float64]); ok {
			arrays = append(arrays, norm.Running()...)
		}
		for _, p := range arrays {
			values, err := checkpoint.Get[F](f, layer.Name+"."+p.Name, p.Values.Shape...)
			if err != nil {
				return err
			}
			for i, v := range values {
				if v-v != 0 { // infinite or NaN
					return fault.Inputf("tensor %q in %s holds %v, expected finite numbers", layer.Name+"."+p.Name, f.Name(), v)
				}
				p.Values.Data[i] = float64(v)
			}
		}
	}
	return nil
}

// Source opens the images that the network was trained on.
func (t *TrainedReLU) Source() (*pixels.Source[float64], error) {
	return buildPixels[float64](t.Config, t.settings)
}
