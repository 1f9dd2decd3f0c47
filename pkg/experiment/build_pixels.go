package experiment

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/imagefolder"
	"github.com/snnctl/snnctl/pkg/datasets/imagesets"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// imageMemory is how much of the pictures of a folder stays in memory once they
// were decoded; larger sets are decoded in every epoch.
const imageMemory = 1 << 30

// openImages reads the images of an experiment, and says how they become batches.
func openImages(e *config.Experiment, s Settings) (pixels.Set, pixels.Options, error) {
	d, ok := e.Data.(config.Images)
	if m, moving := e.Data.(config.MovingImages); moving {
		d, ok = stillImages(m), true
	}
	if !ok {
		return pixels.Set{}, pixels.Options{}, fault.Inputf("data.type is %s, expected images", config.TypeName(e.Data))
	}
	o := pixels.Options{Seed: e.Seed, Threads: s.Threads}
	if a := d.Augmentation; a != nil {
		o.Augmentation = pixels.Augmentation{Padding: a.CropPadding, Flip: a.Flip, Shift: a.Shift, Rotation: a.RotationDegrees, Window: a.RandomWindow}
	}
	folder := imagefolder.Options{Size: d.SizePixels, Shorter: d.ShorterSidePixels, Channels: 3, AnyWindow: o.Augmentation.Window, Memory: imageMemory}
	if d.Grey {
		folder.Channels = 1
	}
	set, err := imagesets.Open(s.DataDir, d.Dataset, imagesets.Options{Format: d.Format, Layout: d.Layout, Coarse: d.CoarseLabels, Folder: folder})
	if err != nil {
		return pixels.Set{}, o, err
	}
	if d.Grey {
		if set, err = set.Grey(); err != nil {
			return pixels.Set{}, o, err
		}
	}
	if d.CropPixels > 0 {
		if set, err = set.Crop(d.CropPixels); err != nil {
			return pixels.Set{}, o, err
		}
	}
	if set, err = splitImages(set, d); err != nil {
		return pixels.Set{}, o, err
	}
	o.Normalisation, err = normalisation(set, d, s.Threads)
	return set, o, err
}

// splitImages chooses the images that train, validate and test.
func splitImages(set pixels.Set, d config.Images) (pixels.Set, error) {
	if d.Only == "train" {
		set.Test = set.Train
	}
	if set.Test == nil {
		return pixels.Set{}, fault.Inputf("%s has no test images, expected folders train and test (or val), or data.only: train", d.Dataset)
	}
	if d.Only != "all" {
		var err error
		if set, err = set.TestOnly(d.TestImages); err != nil {
			return pixels.Set{}, err
		}
	}
	return set.Split(d.ValidationImages, d.TrainImages)
}

// normalisation is that of the training images.
func normalisation(set pixels.Set, d config.Images, threads int) (n pixels.Normalisation, err error) {
	switch d.Normalisation {
	case "given":
		n = pixels.Standard(d.Mean, d.StandardDeviation)
	case "centred":
		n = pixels.Centred(d.Mean)
	case "none":
		n = pixels.Centred([]float64{0})
	case "measured":
		mean, deviation, err := pixels.Measure(set.Train, threads)
		if err != nil {
			return n, err
		}
		n = pixels.Standard(mean, deviation)
	default:
		n = pixels.Unit()
	}
	n.Reverse = d.ChannelOrder == "bgr"
	channels := set.Train.Shape().Channels
	for _, list := range []struct {
		key    string
		values []float64
	}{{"mean", d.Mean}, {"standard_deviation", d.StandardDeviation}} {
		if k := len(list.values); k > 1 && k != channels {
			return n, fault.Inputf("data.%s has %d numbers, expected one, or one for each of the %d channels", list.key, k, channels)
		}
	}
	return n, nil
}

// buildPixels opens the images of an experiment as batches.
func buildPixels[F tensor.Float](e *config.Experiment, s Settings) (*pixels.Source[F], error) {
	set, o, err := openImages(e, s)
	if err != nil {
		return nil, err
	}
	return pixels.NewSource[F](set, o)
}

// describeImages says what a source shows, and what its files lack.
func describeImages[F tensor.Float](s *pixels.Source[F]) []string {
	p, q := s.Set.InputRange(s.Normalisation)
	shape := s.Shape()
	lines := []string{fmt.Sprintf("%d training, %d validation and %d test images of %d×%d×%d, %d classes, inputs from %.3g to %.3g",
		s.Size("train"), s.Size("validation"), s.Size("test"), shape.Channels, shape.Height, shape.Width, s.Classes(), p, q)}
	if s.Set.Missing != "" {
		lines = append(lines, s.Set.Missing)
	}
	return lines
}

// inputShape is what a network gets of each image.
func inputShape(s pixels.Shape) relu.Shape { return relu.Shape(s) }
