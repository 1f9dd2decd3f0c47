// Package stl10 reads STL-10 (Coates, Lee and Ng, An analysis of single-layer networks in
// unsupervised feature learning, 2011) as it is published: the folder stl10_binary, of
//
//	train_X.bin, train_y.bin    5,000 images of 10 classes
//	test_X.bin, test_y.bin      8,000
//	unlabeled_X.bin             100,000 without a class, also called unlabeled.bin
//	class_names.txt             a name a line
//
// Images are 96×96 bytes of red, of green and of blue, column by column. They stay in their
// files, of which 2.8 GB are mapped into memory and read where they are needed.
package stl10

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/edsrzf/mmap-go"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

const (
	side       = 96
	imageBytes = 3 * side * side
	classes    = 10
	folder     = "stl10_binary"
)

// Is reports whether Open would find a set at a path.
func Is(name string) bool { return place(name) != "" }

// place is the directory that holds the test images.
func place(name string) string {
	for _, dir := range []string{name, filepath.Join(name, folder)} {
		if info, err := os.Stat(filepath.Join(dir, "test_X.bin")); err == nil && info.Mode().IsRegular() {
			return dir
		}
	}
	return ""
}

// Open maps the set in a directory. Files may be shorter than the published ones; without those of the
// unlabelled images Unlabelled is nil. Missing of the result says what is not there. Checksums leave out
// the unlabelled images, since reading them all would take longer than many a training.
func Open(name string) (*pixels.Set, error) {
	dir := place(name)
	if dir == "" {
		return nil, fault.Inputf("%s holds no test_X.bin of STL-10, expected the folder %s", name, folder)
	}
	s := &pixels.Set{High: 255, ClassNames: names(filepath.Join(dir, "class_names.txt")), Checksums: map[string]string{}}
	var missing []string
	for _, part := range []struct {
		to                    *pixels.Images
		name                  string
		alternatives          []string
		labels                string
		published             int
		optional, checksummed bool
	}{
		{&s.Train, "train_X.bin", nil, "train_y.bin", 5000, false, true},
		{&s.Test, "test_X.bin", nil, "test_y.bin", 8000, false, true},
		{&s.Unlabelled, "unlabeled_X.bin", []string{"unlabeled.bin"}, "", 100000, true, false},
	} {
		path := filepath.Join(dir, part.name)
		for _, other := range part.alternatives {
			if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
				path = filepath.Join(dir, other)
			}
		}
		images, err := open(path)
		if errors.Is(err, os.ErrNotExist) && part.optional {
			missing = append(missing, part.name+" is missing")
			continue
		}
		if err != nil {
			return nil, fault.Inputf("opening STL-10: %w", err)
		}
		if part.labels != "" {
			if err := images.label(filepath.Join(dir, part.labels), s.Checksums); err != nil {
				return nil, err
			}
		}
		if part.checksummed {
			s.Checksums[part.name] = checksum(images.mapped)
		}
		if n := images.Len(); n != part.published {
			missing = append(missing, part.name+" has "+strconv.Itoa(n)+" of "+strconv.Itoa(part.published)+" images")
		}
		*part.to = images
	}
	if missing != nil {
		s.Missing = dir + " is a part of STL-10: " + strings.Join(missing, "; ")
	}
	return s, nil
}

// file is the images of a file, which stays mapped for the life of the program.
type file struct {
	path   string
	mapped mmap.MMap
	labels []byte // 0 to 9; nil where there are none
}

func open(path string) (*file, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if size := info.Size(); size == 0 || size%imageBytes != 0 {
		return nil, fault.Inputf("%s has %d bytes, expected a multiple of %d, those of an image of 96×96 colours", path, size, imageBytes)
	}
	mapped, err := mmap.Map(f, mmap.RDONLY, 0)
	if err != nil {
		return nil, fault.Inputf("%s cannot be mapped into memory: %w", path, err)
	}
	return &file{path: path, mapped: mapped}, nil
}

// label reads the labels of the images, which are 1 to 10 in the file.
func (f *file) label(path string, checksums map[string]string) error {
	info, err := os.Stat(path)
	if err == nil && info.Size() != int64(f.Len()) {
		return fault.Inputf("%s has %d labels, expected %d, one for each image of %s", path, info.Size(), f.Len(), f.path)
	}
	labels, err := os.ReadFile(path)
	if err != nil {
		return fault.Inputf("opening STL-10: %w", err)
	}
	if len(labels) != f.Len() {
		return fault.Inputf("%s changed while it was read", path)
	}
	checksums[filepath.Base(path)] = checksum(labels)
	for i, v := range labels {
		if v < 1 || v > classes {
			return fault.Inputf("label %d of %s is %d, expected 1 to %d", i, path, v, classes)
		}
		labels[i] = v - 1
	}
	f.labels = labels
	return nil
}

// Shape implements pixels.Images.
func (f *file) Shape() pixels.Shape { return pixels.Shape{Channels: 3, Height: side, Width: side} }

// Len implements pixels.Images.
func (f *file) Len() int { return len(f.mapped) / imageBytes }

// Classes implements pixels.Images.
func (f *file) Classes() int { return classes }

// Label implements pixels.Images.
func (f *file) Label(i int) int {
	if f.labels == nil {
		return pixels.Unlabelled
	}
	return int(f.labels[i])
}

// Read implements pixels.Images. Byte channel·9216 + column·96 + row of the file is the pixel
// at (row, column).
func (f *file) Read(dst []float32, i int, _ pixels.Window) error {
	image := f.mapped[i*imageBytes : (i+1)*imageBytes]
	for channel := range 3 {
		from, to := image[channel*side*side:][:side*side], dst[channel*side*side:][:side*side]
		for column := range side {
			for row, v := range from[column*side : (column+1)*side] {
				to[row*side+column] = float32(v)
			}
		}
	}
	return nil
}

// names reads the names of the classes, which are only for people.
func names(path string) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	var all []string
	for lines := bufio.NewScanner(f); lines.Scan() && len(all) <= classes; {
		if line := strings.TrimSpace(lines.Text()); line != "" {
			all = append(all, line)
		}
	}
	if len(all) != classes {
		return nil
	}
	return all
}

func checksum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
