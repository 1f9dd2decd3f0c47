// Package images loads sets of labelled grey-value images from the four files
// in which MNIST and its successors are published.
package images

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/catalog"
	"github.com/snnctl/snnctl/pkg/datasets/idx"
)

// Classes is the number of classes of a set; labels are 0 to Classes-1.
const Classes = 10

// Set is the N images of one split, with their labels.
type Set struct {
	N, H, W int
	Pixels  []uint8 // [N][H][W], 0 black to 255 white
	Labels  []uint8 // [N], 0 to Classes-1
}

// Image returns the H·W pixels of image i, row by row.
func (s *Set) Image(i int) []uint8 { return s.Pixels[i*s.H*s.W : (i+1)*s.H*s.W] }

// Collection is an image set: images to learn from and images to be tested on,
// all of one size.
type Collection struct {
	Train, Test Set
	// Checksums gives the SHA-256 of each file after decompression, by its
	// name without .gz: the same for a raw and a compressed copy.
	Checksums map[string]string
}

// Load reads an image set: DATADIR/NAME, or NAME itself where it is a path to
// the directory of one's own set. Each file may be raw or end in .gz.
//
// The content of the sets that the catalog knows must be the published one; of
// any other set it is only asked that the counts and sizes agree and that the
// labels are 0 to 9.
func Load(dataDir, name string) (*Collection, error) {
	dir, err := directory(dataDir, name)
	if err != nil {
		return nil, err
	}
	known, _ := knownSet(name)
	l := loader{dir: dir, known: known, checksums: map[string]string{}}
	c := &Collection{Train: l.split("train"), Test: l.split("t10k"), Checksums: l.checksums}
	if l.err != nil {
		return nil, l.err
	}
	if c.Train.H != c.Test.H || c.Train.W != c.Test.W {
		return nil, fault.Inputf("%s holds training images of %d×%d pixels but test images of %d×%d, expected one size",
			dir, c.Train.H, c.Train.W, c.Test.H, c.Test.W)
	}
	return c, nil
}

// directory finds where a set lies.
func directory(dataDir, name string) (string, error) {
	below := filepath.Join(dataDir, name)
	if name != "" && !filepath.IsAbs(name) && isDirectory(below) {
		return below, nil
	}
	if _, known := knownSet(name); known {
		return "", fault.Inputf("there is no data set %s in %s; run: snnctl data get %s --data-dir %s", name, dataDir, name, dataDir)
	}
	if name != "" && isDirectory(name) {
		return name, nil
	}
	return "", fault.Inputf("there is no image set %q: neither the directory %s nor %q exists (known sets: %s)",
		name, below, name, strings.Join(knownNames(), ", "))
}

// knownSet is the set of the catalog that has a name, if it is one of idx files.
func knownSet(name string) (catalog.Set, bool) {
	s, known := catalog.Known(name)
	if !known || !strings.Contains(s.Files[0].Name, "-idx3-ubyte") {
		return catalog.Set{}, false
	}
	return s, true
}

func knownNames() []string {
	return slices.DeleteFunc(catalog.Names(), func(name string) bool {
		_, known := knownSet(name)
		return !known
	})
}

// Absolute gives the name of a set under which it is found from any working
// directory: the absolute path of one that is not in the data directory.
func Absolute(dataDir, name string) (string, error) {
	if dir, err := directory(dataDir, name); err != nil || dir != name {
		return name, err
	}
	return filepath.Abs(name)
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// loader reads the files of one directory, up to the first error.
type loader struct {
	dir       string
	known     catalog.Set // or zero, for a user's own
	checksums map[string]string
	err       error
}

// split reads the images and labels whose names start with prefix.
func (l *loader) split(prefix string) Set {
	images, imagesPath := l.read(prefix+"-images-idx3-ubyte", idx.Images)
	labels, labelsPath := l.read(prefix+"-labels-idx1-ubyte", idx.Labels)
	if l.err != nil {
		return Set{}
	}
	s := Set{N: images.Sizes[0], H: images.Sizes[1], W: images.Sizes[2], Pixels: images.Values, Labels: labels.Values}
	if s.N == 0 || s.H == 0 || s.W == 0 {
		l.err = fault.Inputf("%s holds %d images of %d×%d pixels, expected at least one pixel", imagesPath, s.N, s.H, s.W)
		return Set{}
	}
	if s.N != len(s.Labels) {
		l.err = fault.Inputf("%s holds %d images but %s holds %d labels, expected as many", imagesPath, s.N, labelsPath, len(s.Labels))
		return Set{}
	}
	for i, label := range s.Labels {
		if label >= Classes {
			l.err = fault.Inputf("%s holds the label %d for image %d, expected 0 to %d", labelsPath, label, i, Classes-1)
			return Set{}
		}
	}
	return s
}

// read reads one file, compressed or raw, and compares the content of a known
// set with the published one. The compressed file comes first, as it is the
// one that "snnctl data get" mends.
func (l *loader) read(name string, dimensions int) (*idx.File, string) {
	if l.err != nil {
		return nil, ""
	}
	path := filepath.Join(l.dir, name+".gz")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		path = filepath.Join(l.dir, name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			l.err = fault.Inputf("%s[.gz] is missing%s", path, l.mend())
			return nil, ""
		}
	}
	f, err := idx.ReadFile(path, dimensions)
	if err != nil {
		l.err = fault.Inputf("%w%s", err, l.mend())
		return nil, ""
	}
	for _, official := range l.known.Files {
		if official.RawName() == name && official.ContentSHA256 != f.SHA256 {
			l.err = fault.Inputf("%s is not the published file: the SHA-256 of its content is %s, expected %s%s",
				path, f.SHA256, official.ContentSHA256, l.mend())
			return nil, ""
		}
	}
	l.checksums[name] = f.SHA256
	return f, path
}

// mend ends an error with the command that fetches a known set.
func (l *loader) mend() string {
	if l.known.Name == "" {
		return ""
	}
	return "; run: snnctl data get " + l.known.Name + " --data-dir " + filepath.Dir(l.dir)
}
