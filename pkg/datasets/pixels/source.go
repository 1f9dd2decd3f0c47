package pixels

import (
	"fmt"
	"slices"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

// Batch is a number of images as a network takes them, with their classes.
type Batch[F tensor.Float] struct {
	Trials  int
	Values  []F   // [trials][channels][height][width], normalised
	Classes []int // [trials]
}

// Options say how images become batches.
type Options struct {
	Normalisation Normalisation
	Augmentation  Augmentation // of training batches

	// The first so many training images are the validation split, where the set
	// has none of its own.
	ValidationImages int

	Seed    uint64
	Threads int
}

// Source yields the batches of a set.
//
// They depend on the seed and on the arguments alone, never on what was asked
// before; so there is no cursor to save. The methods refill *dst and reuse its
// memory. A source serves one goroutine.
type Source[F tensor.Float] struct {
	Options
	Set Set

	splits  map[string]Images
	order   *datasets.Order // of the training images
	shown   *datasets.Order // of those of Unsupervised
	workers []scratch
	errs    []error // of the trials of a batch
}

// scratch is what a goroutine needs to make an image: as the file has it, and
// transformed.
type scratch struct{ read, transformed []float32 }

// NewSource splits a set.
func NewSource[F tensor.Float](set Set, o Options) (*Source[F], error) {
	set, err := set.Split(o.ValidationImages, 0)
	if err != nil {
		return nil, err
	}
	s := &Source[F]{Options: o, Set: set, splits: map[string]Images{"train": set.Train, "validation": set.Validation, "test": set.Test}}
	s.order = datasets.NewOrder(o.Seed, set.Train.Len())
	s.splits[unsupervised], s.shown = set.Train, s.order
	if set.Unlabelled != nil {
		s.splits[unsupervised], s.shown = set.Unlabelled, datasets.NewOrder(o.Seed, set.Unlabelled.Len())
	}
	s.workers = make([]scratch, max(1, o.Threads))
	for i := range s.workers {
		s.workers[i] = scratch{make([]float32, s.Shape().Size()), make([]float32, s.Shape().Size())}
	}
	return s, nil
}

// Shape is that of an image.
func (s *Source[F]) Shape() Shape { return s.Set.Train.Shape() }

// Classes is the number of classes.
func (s *Source[F]) Classes() int { return s.Set.Train.Classes() }

// Size is the number of images in a split.
func (s *Source[F]) Size(split string) int {
	if images := s.splits[split]; images != nil {
		return images.Len()
	}
	return 0
}

// unsupervised is the split of what is learned from without classes.
const unsupervised = "unsupervised"

// Unsupervised is Train for learning without classes: of the unlabelled images, and where
// the set has none of the training images. The classes of the batch are Unlabelled.
func (s *Source[F]) Unsupervised(dst *Batch[F], step, trials int) error {
	return s.train(dst, unsupervised, s.shown, step, trials)
}

// Train yields the batch of a training step: each epoch shows every image once,
// in an order of its own.
func (s *Source[F]) Train(dst *Batch[F], step, trials int) error {
	return s.train(dst, "train", s.order, step, trials)
}

func (s *Source[F]) train(dst *Batch[F], split string, order *datasets.Order, step, trials int) error {
	if step < 0 || trials < 1 {
		return fmt.Errorf("batch of %d images at step %d, expected at least one image and step 0", trials, step)
	}
	augmented := s.Augmentation != (Augmentation{})
	return s.fill(dst, split, trials, func(trial int) (image int, t Transform) {
		if augmented {
			t = s.Augmentation.Draw(s.Seed, step, trial, s.Shape())
		} else {
			t.Window = Centre
		}
		return order.At(step*trials + trial), t
	})
}

// Evaluate yields the images [first, first+trials) of a split ("train",
// "validation" or "test") as they are, or fewer at the end of the split.
func (s *Source[F]) Evaluate(dst *Batch[F], split string, first, trials int) error {
	if err := datasets.CheckSplit(split); err != nil {
		return err
	}
	if first < 0 || trials < 0 || first > s.Size(split) {
		return fmt.Errorf("images [%d, %d+%d) of split %s, which has %d", first, first, trials, split, s.Size(split))
	}
	return s.fill(dst, split, min(trials, s.Size(split)-first), func(trial int) (int, Transform) {
		return first + trial, Transform{Window: Centre}
	})
}

// fill makes a batch of the images that choose names.
func (s *Source[F]) fill(dst *Batch[F], split string, trials int, choose func(trial int) (image int, t Transform)) error {
	images, size := s.splits[split], s.Shape().Size()
	dst.Trials = trials
	dst.Values = slices.Grow(dst.Values[:0], trials*size)[:trials*size]
	dst.Classes = slices.Grow(dst.Classes[:0], trials)[:trials]
	s.errs = slices.Grow(s.errs[:0], trials)[:trials]
	parallel.For(len(s.workers), trials, func(worker, trial int) {
		image, t := choose(trial)
		dst.Classes[trial] = Unlabelled
		if split != unsupervised {
			dst.Classes[trial] = images.Label(image)
		}
		w := &s.workers[worker]
		if s.errs[trial] = images.Read(w.read, image, t.Window); s.errs[trial] != nil {
			return
		}
		values := w.read
		if t != (Transform{Window: t.Window}) {
			t.Apply(w.transformed, w.read, s.Shape())
			values = w.transformed
		}
		Apply(s.Normalisation, dst.Values[trial*size:(trial+1)*size], values, s.Shape())
	})
	for trial, err := range s.errs {
		if err != nil {
			return err
		}
		if split != unsupervised && dst.Classes[trial] == Unlabelled {
			return fault.Inputf("an image of split %s has no label, expected labelled images", split)
		}
	}
	return nil
}

// Checksums gives the SHA-256 of each file that was read, by its name.
func (s *Source[F]) Checksums() map[string]string { return s.Set.Checksums }
