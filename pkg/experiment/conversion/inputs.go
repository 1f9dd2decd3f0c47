package conversion

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/experiment"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// Inputs are inputs of a network, which are shown batch by batch.
type Inputs struct {
	Name   string
	Trials int

	// Each calls f with batches of at most so many trials, in order.
	Each func(batch int, f func(Batch) error) error
}

// Batch is the inputs of trials; it holds until the next one.
type Batch struct {
	Trials  int
	Values  []float64 // [trials][channels][height][width]
	Classes []int     // [trials]; nil where nobody knows them
}

// errEnough ends Each before the last batch.
var errEnough = errors.New("enough")

// first is the first trials only; 0 means all.
func (in *Inputs) first(trials int) *Inputs {
	if trials == 0 || trials >= in.Trials {
		return in
	}
	return &Inputs{Name: in.Name, Trials: trials, Each: func(batch int, f func(Batch) error) error {
		left := trials
		err := in.Each(batch, func(b Batch) error {
			if left == 0 {
				return errEnough
			}
			n := min(left, b.Trials)
			b.Values = b.Values[:len(b.Values)/b.Trials*n]
			if b.Classes != nil {
				b.Classes = b.Classes[:n]
			}
			b.Trials = n
			left -= n
			return f(b)
		})
		if errors.Is(err, errEnough) {
			return nil
		}
		return err
	}}
}

// isArray reports whether data are a NumPy file.
func isArray(data string) bool { return strings.EqualFold(filepath.Ext(data), ".npy") }

// ofImages are the images of some splits of a set.
func ofImages(e *config.Experiment, input relu.Shape, s experiment.Settings, splits ...string) (*Inputs, error) {
	images, ok := e.Data.(config.Images)
	if !ok {
		return nil, fault.Inputf("data.type is %s, expected images", config.TypeName(e.Data))
	}
	source, err := experiment.OpenImages(e, s)
	if err != nil {
		return nil, err
	}
	if shape := relu.Shape(source.Shape()); shape != input {
		return nil, fault.Inputf("the images of %s are %v, but the network takes %v", images.Dataset, shape, input)
	}
	in := &Inputs{Name: images.Dataset + ", " + strings.Join(splits, " and ")}
	for _, split := range splits {
		in.Trials += source.Size(split)
	}
	in.Each = func(batch int, f func(Batch) error) error {
		var b pixels.Batch[float64]
		for _, split := range splits {
			for first := 0; first < source.Size(split); first += batch {
				if err := source.Evaluate(&b, split, first, batch); err != nil {
					return err
				}
				if err := f(Batch{b.Trials, b.Values, b.Classes}); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return in, nil
}
