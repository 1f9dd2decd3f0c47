// Package imagesets opens sets of images by name or path, whatever form their files
// have: those of MNIST (package images), of CIFAR (cifar), of STL-10 (stl10), NumPy's
// arrays (imagearrays), folders of JPEG and PNG pictures (imagefolder).
package imagesets

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/catalog"
	"github.com/snnctl/snnctl/pkg/datasets/cifar"
	"github.com/snnctl/snnctl/pkg/datasets/imagearrays"
	"github.com/snnctl/snnctl/pkg/datasets/imagefolder"
	"github.com/snnctl/snnctl/pkg/datasets/images"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/datasets/stl10"
)

// The forms that files may have.
const (
	Auto   = "auto" // the first of the others that is there
	IDX    = "idx"
	CIFAR  = "cifar"
	STL10  = "stl-10"
	NumPy  = "npy"
	Folder = "folder"
)

// Options say how a set is read.
type Options struct {
	Format string              // Auto, IDX, CIFAR, STL10, NumPy or Folder
	Layout string              // of arrays; see package imagearrays
	Coarse bool                // the superclasses of CIFAR-100
	Folder imagefolder.Options // of folders of pictures
}

// Open reads DATADIR/NAME, or NAME itself where it is a path to one's own set. Of
// the sets that the catalog knows, all must be there and be as published.
func Open(dataDir, name string, o Options) (pixels.Set, error) {
	place, err := locate(dataDir, name)
	if err != nil {
		return pixels.Set{}, err
	}
	format := o.Format
	if format == Auto {
		format = formOf(place)
	}
	if o.Coarse && format != CIFAR {
		return pixels.Set{}, fault.Inputf("%s has no coarse labels, expected CIFAR-100", place)
	}
	switch format {
	case IDX:
		collection, err := images.Load(dataDir, name)
		if err != nil {
			return pixels.Set{}, err
		}
		return collection.Pixels(), nil
	case CIFAR:
		set, err := cifar.Open(place, o.Coarse)
		if err != nil {
			return pixels.Set{}, mend(dataDir, name, err)
		}
		return *set, published(dataDir, name, set)
	case STL10:
		set, err := stl10.Open(place)
		if err != nil {
			return pixels.Set{}, mend(dataDir, name, err)
		}
		return *set, published(dataDir, name, set)
	case NumPy:
		set, err := imagearrays.Open(place, o.Layout)
		if err != nil {
			return pixels.Set{}, err
		}
		return *set, nil
	case Folder:
		set, err := imagefolder.Open(place, o.Folder)
		if err != nil {
			return pixels.Set{}, err
		}
		return *set, nil
	}
	return pixels.Set{}, fault.Inputf("format is %q, expected %s, %s, %s, %s, %s or %s", format, Auto, IDX, CIFAR, STL10, NumPy, Folder)
}

// locate finds where a set lies: a directory or an archive.
func locate(dataDir, name string) (string, error) {
	below := filepath.Join(dataDir, name)
	if name != "" && !filepath.IsAbs(name) && exists(below) {
		return below, nil
	}
	if _, known := catalog.Known(name); known {
		return "", mend(dataDir, name, fault.Inputf("there is no data set %s in %s", name, dataDir))
	}
	if name != "" && exists(name) {
		return name, nil
	}
	return "", fault.Inputf("there is no image set %q: neither %s nor %q exists (known sets: %s)",
		name, below, name, strings.Join(catalog.Names(), ", "))
}

// Absolute gives the name of a set under which it is found from any working
// directory: the absolute path of one that is not in the data directory.
func Absolute(dataDir, name string) (string, error) {
	if place, err := locate(dataDir, name); err != nil || place != name {
		return name, err
	}
	return filepath.Abs(name)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// formOf infers what form the files at a place have.
func formOf(place string) string {
	if idx, _ := filepath.Glob(filepath.Join(place, "*-images-idx3-ubyte*")); idx != nil {
		return IDX
	}
	if cifar.Is(place) {
		return CIFAR
	}
	if stl10.Is(place) {
		return STL10
	}
	if imagearrays.Is(place) {
		return NumPy
	}
	return Folder
}

// published demands that a set of the catalog is whole, and that its archive is the
// published one; whoever unpacked it may have changed it.
func published(dataDir, name string, set *pixels.Set) error {
	known, ok := catalog.Known(name)
	if !ok {
		return nil
	}
	if set.Missing != "" {
		return mend(dataDir, name, fault.Inputf("%s", set.Missing))
	}
	for _, f := range known.Files {
		if sum := set.Checksums[f.Name]; sum != "" && sum != f.SHA256 {
			return mend(dataDir, name, fault.Inputf("%s is not the published file: its SHA-256 is %s, expected %s",
				filepath.Join(known.Directory(dataDir), f.Name), sum, f.SHA256))
		}
	}
	return nil
}

// mend ends an error with the command that fetches a known set.
func mend(dataDir, name string, err error) error {
	if _, known := catalog.Known(name); !known {
		return err
	}
	return fault.Inputf("%w; run: snnctl data get %s --data-dir %s", err, name, dataDir)
}
