package experiment

import (
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/images"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// openImages reads the images of an experiment, and says how they become batches.
func openImages(e *config.Experiment, s Settings) (pixels.Set, pixels.Options, error) {
	d, ok := e.Data.(config.Images)
	if !ok {
		return pixels.Set{}, pixels.Options{}, fault.Inputf("data.type is %s, expected images", config.TypeName(e.Data))
	}
	collection, err := images.Load(s.DataDir, d.Dataset)
	if err != nil {
		return pixels.Set{}, pixels.Options{}, err
	}
	set := collection.Pixels()
	if d.Only == "test" {
		if set, err = set.TestOnly(d.TestImages); err != nil {
			return pixels.Set{}, pixels.Options{}, err
		}
	}
	return set, pixels.Options{Normalisation: pixels.Unit(), ValidationImages: d.ValidationImages, Seed: e.Seed, Threads: s.Threads}, nil
}

// buildPixels opens the images of an experiment as batches.
func buildPixels[F tensor.Float](e *config.Experiment, s Settings) (*pixels.Source[F], error) {
	set, o, err := openImages(e, s)
	if err != nil {
		return nil, err
	}
	return pixels.NewSource[F](set, o)
}

// inputShape is what a network gets of each image.
func inputShape(s pixels.Shape) relu.Shape { return relu.Shape(s) }
