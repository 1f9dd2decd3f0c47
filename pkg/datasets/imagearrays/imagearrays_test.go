package imagearrays

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// file is an array as NumPy writes it.
func file(kind, shape string, values []byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", kind, shape)
	header += strings.Repeat(" ", 127-10-len(header)) + "\n"
	return append([]byte("\x93NUMPY\x01\x00"+string([]byte{byte(len(header)), byte(len(header) >> 8)})+header), values...)
}

// ramp is the bytes 0, 1, 2 …
func ramp(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func write(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// two is a set of two training images and one test image of a shape.
func two(shape string, size int) map[string][]byte {
	return map[string][]byte{
		"x_train.npy": file("|u1", "2, "+shape, ramp(2*size)), "y_train.npy": file("|u1", "2,", []byte{3, 0}),
		"x_test.npy": file("|u1", "1, "+shape, ramp(size)), "y_test.npy": file("<i8", "1, 1", append([]byte{4}, make([]byte, 7)...)),
	}
}

func TestLayouts(t *testing.T) {
	for _, c := range []struct {
		dimensions, layout string
		shape              pixels.Shape
		second             []float32 // training image
	}{
		{"3, 1, 5", Auto, pixels.Shape{Channels: 3, Height: 1, Width: 5}, nil},
		{"1, 5, 2", Auto, pixels.Shape{}, nil}, // either
		{"5, 1, 2", Auto, pixels.Shape{Channels: 2, Height: 5, Width: 1}, []float32{10, 12, 14, 16, 18, 11, 13, 15, 17, 19}},
		{"2, 1, 2", ChannelsLast, pixels.Shape{Channels: 2, Height: 2, Width: 1}, []float32{4, 6, 5, 7}},
		{"2, 1, 2", ChannelsFirst, pixels.Shape{Channels: 2, Height: 1, Width: 2}, []float32{4, 5, 6, 7}},
		{"2, 3", Auto, pixels.Shape{Channels: 1, Height: 2, Width: 3}, []float32{6, 7, 8, 9, 10, 11}},
		{"3", Auto, pixels.Shape{Channels: 3, Height: 1, Width: 1}, []float32{3, 4, 5}},
	} {
		size := 1
		for _, side := range strings.Split(c.dimensions, ", ") {
			size *= int(side[0] - '0')
		}
		dir := t.TempDir()
		write(t, dir, two(c.dimensions, size))
		set, err := Open(dir, c.layout)
		if c.shape == (pixels.Shape{}) {
			if !fault.IsInput(err) || !strings.Contains(err.Error(), "set data.layout to channels-first or channels-last") {
				t.Errorf("%s: %v", c.dimensions, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if set.Train.Shape() != c.shape || set.Train.Len() != 2 || set.Test.Len() != 1 || set.Train.Classes() != 5 || set.Test.Classes() != 5 ||
			set.Train.Label(0) != 3 || set.Test.Label(0) != 4 || set.Low != 0 || set.High != 255 {
			t.Errorf("%s: %v, %d and %d images of %d classes in [%g, %g]", c.dimensions, set.Train.Shape(), set.Train.Len(), set.Test.Len(), set.Train.Classes(), set.Low, set.High)
		}
		if c.second == nil {
			continue
		}
		// Several goroutines at once read the same.
		parallel.For(4, 100, func(int, int) {
			image := make([]float32, size)
			if err := set.Train.Read(image, 1, pixels.Centre); err != nil || !slices.Equal(image, c.second) {
				t.Errorf("%s, %s: image 1 is %v (%v), want %v", c.dimensions, c.layout, image, err, c.second)
			}
		})
	}
}

func TestFloatsKeepTheirRange(t *testing.T) {
	dir := t.TempDir()
	files := two("2", 2)
	var values []byte
	for _, v := range []float32{-1.5, 0.25, 2, 0} {
		bits := math.Float32bits(v)
		values = append(values, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
	}
	files["x_train.npy"], files["x_test.npy"] = file("<f4", "2, 2", values), file("<f4", "1, 2", values[8:])
	write(t, dir, files)
	set, err := Open(dir, Auto)
	if err != nil {
		t.Fatal(err)
	}
	image := make([]float32, 2)
	if err := set.Train.Read(image, 0, pixels.Centre); err != nil || !slices.Equal(image, []float32{-1.5, 0.25}) || set.Low != -1.5 || set.High != 2 {
		t.Errorf("%v in [%g, %g], %v", image, set.Low, set.High, err)
	}
}

func TestOtherNamesAndSplits(t *testing.T) {
	files := two("2", 2)
	dir := t.TempDir()
	write(t, dir, map[string][]byte{"train_images.npy": files["x_train.npy"], "train_labels.npy": files["y_train.npy"],
		"val_images.npy": files["x_test.npy"], "y_val.npy": files["y_test.npy"]})
	set, err := Open(dir, Auto)
	if err != nil || set.Test == nil || set.Test.Len() != 1 || set.Validation != nil {
		t.Fatalf("with validation alone: %+v, %v, want it to be the test", set, err)
	}
	write(t, dir, map[string][]byte{"x_test.npy": files["x_test.npy"], "test_labels.npy": files["y_test.npy"]})
	if set, err = Open(dir, Auto); err != nil || set.Validation == nil || set.Test == nil {
		t.Errorf("with both: %+v, %v", set, err)
	}
}

func TestBadArraysAreNamed(t *testing.T) {
	nan := file("<f4", "1, 1", []byte{0, 0, 0xc0, 0x7f})
	for name, c := range map[string]struct {
		file    string
		content []byte
		want    string
	}{
		"truncated":    {"x_train.npy", file("|u1", "2, 2", ramp(3)), "x_train.npy has 3 bytes of values, but its shape [2 2] asks for 4"},
		"type":         {"x_train.npy", file("<c8", "2, 2", ramp(32)), "x_train.npy holds values of type <c8"},
		"dimensions":   {"x_train.npy", file("|u1", "2, 1, 1, 1, 1", ramp(2)), "x_train.npy has the shape [2 1 1 1 1], expected"},
		"nothing":      {"x_train.npy", file("|u1", "2, 0", nil), "expected images of at least one value"},
		"count":        {"y_train.npy", file("|u1", "3,", ramp(3)), "holds 2 images but "},
		"label":        {"y_train.npy", file("|i1", "2,", []byte{0, 0xff}), "y_train.npy holds the label -1 for image 1"},
		"label shape":  {"y_train.npy", file("|u1", "2, 2", ramp(4)), "y_train.npy has the shape [2 2], expected one label"},
		"other images": {"x_test.npy", file("|u1", "1, 3", ramp(3)), "expected one shape"},
		"not finite":   {"x_test.npy", nan, "x_test.npy"},
		"no array":     {"y_test.npy", []byte("P5"), "y_test.npy is no NumPy array"},
	} {
		dir := t.TempDir()
		files := two("2", 2)
		files[c.file] = c.content
		write(t, dir, files)
		if _, err := Open(dir, Auto); !fault.IsInput(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for missing, want := range map[string]string{"x_train.npy": "holds no x_train.npy or train_images.npy", "y_test.npy": "x_test.npy has no labels beside it, expected y_test.npy or test_labels.npy"} {
		dir := t.TempDir()
		files := two("2", 2)
		delete(files, missing)
		write(t, dir, files)
		if _, err := Open(dir, Auto); !fault.IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("without %s: %v, want %q", missing, err, want)
		}
	}
}

// Whatever the files hold, it is a set whose images can be read, or refused.
func FuzzOpen(f *testing.F) {
	files := two("2, 1, 1", 2)
	f.Add(files["x_train.npy"], files["y_train.npy"])
	f.Add(file("<f8", "1, 1", make([]byte, 8)), file("<i2", "1,", make([]byte, 2)))
	f.Fuzz(func(t *testing.T, images, labels []byte) {
		dir := t.TempDir()
		write(t, dir, map[string][]byte{"x_train.npy": images, "y_train.npy": labels})
		set, err := Open(dir, Auto)
		if err == nil {
			image := make([]float32, set.Train.Shape().Size())
			for i := range min(set.Train.Len(), 3) {
				err = set.Train.Read(image, i, pixels.Centre)
			}
		}
		if err != nil && !fault.IsInput(err) {
			t.Error(err)
		}
	})
}
