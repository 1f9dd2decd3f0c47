// Package imagefolder reads sets of JPEG and PNG pictures that lie in a folder a
// class, as PLACES365 does, or in a tar archive of such folders.
//
//	DIR/train/CLASS/….jpg   classes may be nested: a/abbey, a/airfield
//	DIR/val/CLASS/….jpg     or valid, validation
//	DIR/test/CLASS/….jpg    the validation images are the test where there is none
//
//	DIR/CLASS/….jpg         without splits, all are training images
//
//	DIR/places365_train_standard.txt   a picture and the number of its class a line,
//	DIR/data_256/a/abbey/….jpg         which lie in data_256, data_large or train;
//	DIR/places365_val.txt              likewise,
//	DIR/val_256/….jpg                  in val_256, val_large or val
//	DIR/categories_places365.txt       the names of the classes, if it is there
//
// Classes are numbered in the order of their names, or as the lists say. Images
// are ordered by their place within their class, so that the first n hold every
// class alike: the first picture of each class, then the second of each, and so on.
package imagefolder

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// Options say what becomes of the pictures.
type Options struct {
	// Size is the side of the square images in pixels; 0 leaves the pictures as
	// they are, which must be all of one size.
	Size int

	// Shorter is the side in pixels that the shorter side of a picture is scaled
	// to before the image is cut out of it; 0 is Size.
	Shorter int

	Channels int // 3, or 1 for the luma

	// AnyWindow says that windows other than the centre will be asked for, so
	// that pictures cannot be kept cut out.
	AnyWindow bool

	// Memory is how many bytes the images of all splits may take together. They
	// are decoded once, when they are first asked for; those of larger sets, each time.
	Memory int64
}

// Open finds the pictures of a directory or an archive.
func Open(name string, o Options) (*pixels.Set, error) {
	if o.Shorter == 0 {
		o.Shorter = o.Size
	}
	if o.Shorter < o.Size {
		return nil, fault.Inputf("pictures are scaled to a shorter side of %d pixels, expected at least the %d of an image", o.Shorter, o.Size)
	}
	found, err := open(name)
	if err != nil {
		return nil, err
	}
	shape, err := found.shape(o)
	if err != nil {
		return nil, err
	}
	set := &pixels.Set{ClassNames: found.classes, Checksums: map[string]string{}}
	var total int64
	for _, s := range []*split{found.train, found.validation, found.test} {
		if s != nil {
			total += int64(len(s.listed)) * int64(shape.Size())
			s.addChecksum(set.Checksums)
		}
	}
	keep := total <= o.Memory && !o.AnyWindow
	for _, s := range []struct {
		from *split
		to   *pixels.Images
	}{{found.train, &set.Train}, {found.validation, &set.Validation}, {found.test, &set.Test}} {
		if s.from == nil {
			continue
		}
		*s.to = newImages(s.from, shape, o.Shorter, len(found.classes))
		if keep {
			*s.to = keepDecoded(*s.to)
		}
	}
	if set.Test == nil {
		set.Test, set.Validation = set.Validation, nil
	}
	return set, nil
}

// open reads the lists of PLACES365 where they are, or looks for pictures.
func open(name string) (*splits, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		if train := trainList(name); train != "" {
			return placesSplits(name, train)
		}
	}
	found, err := list(name)
	if err != nil {
		return nil, err
	}
	return folderSplits(found)
}

// shape is that of the images: as asked for, or that of the first picture.
func (s *splits) shape(o Options) (pixels.Shape, error) {
	if o.Size > 0 {
		return pixels.Shape{Channels: o.Channels, Height: o.Size, Width: o.Size}, nil
	}
	first := &s.train.listed[0]
	content, err := s.train.read(first, nil)
	if err != nil {
		return pixels.Shape{}, err
	}
	picture, err := decode(content, s.train.where(first))
	if err != nil {
		return pixels.Shape{}, err
	}
	size := picture.Bounds()
	return pixels.Shape{Channels: o.Channels, Height: size.Dy(), Width: size.Dx()}, nil
}

// addChecksum notes that of the archive, or of the list of the pictures' names.
func (s *split) addChecksum(sums map[string]string) {
	if s.sha256 != "" {
		sums[filepath.Base(s.files.name)] = s.sha256
		return
	}
	digest := sha256.New()
	for i := range s.listed {
		fmt.Fprintf(digest, "%d %s\n", s.listed[i].class, s.listed[i].path)
	}
	sums["names of the "+s.name+" images"] = hex.EncodeToString(digest.Sum(nil))
}
