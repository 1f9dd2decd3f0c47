// Package imagearrays reads sets of images that lie in NumPy's files, a pair a split:
//
//	DIR/x_train.npy  images, [n][channels][height][width], [n][height][width][channels],
//	                 [n][height][width] or [n][features]
//	DIR/y_train.npy  labels, [n] or [n][1] whole numbers from 0
//	DIR/x_test.npy, y_test.npy, and x_val.npy, y_val.npy if there are any
//
// The names train_images.npy and train_labels.npy are as good. Images are read from
// the file whenever they are asked for, so it may be larger than memory.
package imagearrays

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// The orders of an image's dimensions.
const (
	ChannelsFirst = "channels-first"
	ChannelsLast  = "channels-last"
	Auto          = "auto" // the one that has 1 to 4 channels
)

// names are what the images or labels of a split may be called.
func names(split string, labels bool) []string {
	letter, word := "x_", "_images"
	if labels {
		letter, word = "y_", "_labels"
	}
	var all []string
	for _, s := range map[string][]string{"train": {"train"}, "validation": {"validation", "val", "valid"}, "test": {"test"}}[split] {
		all = append(all, letter+s+".npy", s+word+".npy")
	}
	return all
}

// Is reports whether Open would look for a set in a directory.
func Is(dir string) bool { return find(dir, "train", false) != "" }

func find(dir, split string, labels bool) string {
	for _, name := range names(split, labels) {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return filepath.Join(dir, name)
		}
	}
	return ""
}

// Open reads the headers of the arrays, and the labels. layout is the order of the
// dimensions of images.
func Open(dir, layout string) (*pixels.Set, error) {
	set := &pixels.Set{}
	splits := []struct {
		name string
		to   *pixels.Images
	}{{"train", &set.Train}, {"validation", &set.Validation}, {"test", &set.Test}}
	var opened []*array
	classes := 0
	for _, s := range splits {
		a, err := openSplit(dir, s.name, layout)
		if err != nil {
			return nil, err
		}
		if a == nil {
			continue
		}
		if len(opened) > 0 && a.shape != opened[0].shape {
			return nil, fault.Inputf("%s holds images of %v, but %s of %v, expected one shape", a.name, a.shape, opened[0].name, opened[0].shape)
		}
		*s.to = a
		opened = append(opened, a)
		for _, label := range a.labels {
			classes = max(classes, int(label)+1)
		}
	}
	if set.Train == nil {
		return nil, fault.Inputf("%s holds no %s", dir, strings.Join(names("train", false), " or "))
	}
	if set.Test == nil {
		set.Test, set.Validation = set.Validation, nil
	}
	set.Low, set.High = math.Inf(1), math.Inf(-1)
	for _, a := range opened {
		a.classes = classes
		low, high, err := a.ends()
		if err != nil {
			return nil, err
		}
		set.Low, set.High = min(set.Low, low), max(set.High, high)
	}
	return set, nil
}

// openSplit opens the images and reads the labels of a split; there may be none.
func openSplit(dir, split, layout string) (*array, error) {
	name := find(dir, split, false)
	if name == "" {
		return nil, nil
	}
	labelsName := find(dir, split, true)
	if labelsName == "" {
		return nil, fault.Inputf("%s has no labels beside it, expected %s", name, strings.Join(names(split, true), " or "))
	}
	labels, err := readLabels(labelsName)
	if err != nil {
		return nil, err
	}
	stream, err := npy.Open(name)
	if err != nil {
		return nil, err
	}
	a := &array{stream: stream, name: name, labels: labels}
	a.buffers.New = func() any { return &buffer{} }
	if a.shape, a.last, err = shapeOf(stream.Shape, layout, name); err == nil && stream.Shape[0] != len(labels) {
		err = fault.Inputf("%s holds %d images but %s holds %d labels, expected as many", name, stream.Shape[0], labelsName, len(labels))
	}
	if err != nil {
		stream.Close()
		return nil, err
	}
	return a, nil
}

// shapeOf is the shape of an image, and whether its channels come last in the file.
func shapeOf(dimensions []int, layout, name string) (shape pixels.Shape, last bool, err error) {
	for _, n := range dimensions {
		if n < 1 {
			return shape, false, fault.Inputf("%s has the shape %v, expected images of at least one value", name, dimensions)
		}
	}
	switch len(dimensions) {
	case 2:
		return pixels.Shape{Channels: dimensions[1], Height: 1, Width: 1}, false, nil
	case 3:
		return pixels.Shape{Channels: 1, Height: dimensions[1], Width: dimensions[2]}, false, nil
	case 4:
	default:
		return shape, false, fault.Inputf("%s has the shape %v, expected [images][features], [images][height][width], or four dimensions with channels", name, dimensions)
	}
	const most = 4 // channels that are recognised
	first, final := dimensions[1] <= most, dimensions[3] <= most
	if layout == Auto && first == final {
		return shape, false, fault.Inputf("%s has the shape %v, which does not show where its channels are; set data.layout to %s or %s",
			name, dimensions, ChannelsFirst, ChannelsLast)
	}
	if layout == ChannelsLast || layout == Auto && final {
		return pixels.Shape{Channels: dimensions[3], Height: dimensions[1], Width: dimensions[2]}, true, nil
	}
	return pixels.Shape{Channels: dimensions[1], Height: dimensions[2], Width: dimensions[3]}, false, nil
}

// mostClasses is more than any set of images has.
const mostClasses = 1 << 20

func readLabels(name string) ([]int32, error) {
	stream, err := npy.Open(name)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	if d := stream.Shape; len(d) == 0 || len(d) > 2 || len(d) == 2 && d[1] != 1 {
		return nil, fault.Inputf("%s has the shape %v, expected one label for each image", name, stream.Shape)
	}
	labels := make([]int32, stream.Shape[0])
	value := make([]float64, 1)
	for i := range labels {
		if err := stream.Next(value); err != nil {
			return nil, err
		}
		if v := value[0]; v < 0 || v >= mostClasses || v != math.Trunc(v) {
			return nil, fault.Inputf("%s holds the label %g for image %d, expected a whole number from 0", name, v, i)
		}
		labels[i] = int32(value[0])
	}
	return labels, nil
}

// array is the images of a file.
type array struct {
	stream  *npy.Stream
	name    string
	shape   pixels.Shape
	last    bool // channels come last
	labels  []int32
	classes int
	buffers sync.Pool // of *buffer
}

type buffer struct {
	values []float64
	bytes  []byte
}

// Shape implements pixels.Images.
func (a *array) Shape() pixels.Shape { return a.shape }

// Len implements pixels.Images.
func (a *array) Len() int { return len(a.labels) }

// Classes implements pixels.Images.
func (a *array) Classes() int { return a.classes }

// Label implements pixels.Images.
func (a *array) Label(i int) int { return int(a.labels[i]) }

// Read implements pixels.Images; values of float64 are rounded to float32.
func (a *array) Read(dst []float32, i int, _ pixels.Window) error {
	b := a.buffers.Get().(*buffer)
	defer a.buffers.Put(b)
	size := a.shape.Size()
	if b.values == nil {
		b.values = make([]float64, size)
	}
	if err := a.stream.At(b.values, i*size, &b.bytes); err != nil {
		return err
	}
	if !a.last {
		for j, v := range b.values {
			dst[j] = float32(v)
		}
		return nil
	}
	plane := a.shape.Height * a.shape.Width
	for p := range plane {
		for c := range a.shape.Channels {
			dst[c*plane+p] = float32(b.values[p*a.shape.Channels+c])
		}
	}
	return nil
}

// ends are the least and the greatest value that images may have: those of bytes, or
// those that are there.
func (a *array) ends() (low, high float64, err error) {
	if a.stream.Type == "|u1" {
		return 0, 255, nil
	}
	low, high = math.Inf(1), math.Inf(-1)
	values := make([]float64, a.shape.Size())
	for range a.labels {
		if err := a.stream.Next(values); err != nil {
			return 0, 0, err
		}
		for _, v := range values {
			v = float64(float32(v)) // as Read gives it
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high, nil
}
