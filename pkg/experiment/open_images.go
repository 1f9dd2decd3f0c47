package experiment

import (
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// OpenImages opens the images of an experiment as batches in float64, for others than
// its training.
func OpenImages(e *config.Experiment, s Settings) (*pixels.Source[float64], error) {
	return buildPixels[float64](e, s)
}
