// Package checkpoint reads and writes checkpoints: named tensors and metadata
// in a safetensors file, which Python opens without us.
//
// A safetensors file is
//
//	length of the header    8 bytes, little-endian
//	header                  JSON: {"__metadata__": {string: string},
//	                        name: {"dtype": "F32", "shape": [80, 220], "data_offsets": [begin, end]}, …},
//	                        padded with spaces to a multiple of 8 bytes
//	data                    the tensors, little-endian, row-major, without gaps
//
// A checkpoint adds these metadata keys:
//
//	format          "snnctl-checkpoint"
//	format_version  "1"
//	sha256          of the whole file, taken with 64 zeros in the place of the sum
//	tensors         JSON: {name: {"unit": "mV", "doc": "what the tensor means"}, …}
//
// The same File gives the same bytes: the widest type comes first, so that
// each tensor is aligned, and within a type tensors are sorted by name.
package checkpoint

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/snnctl/snnctl/internal/fault"
)

const (
	formatName    = "snnctl-checkpoint"
	formatVersion = 1

	keyFormat  = "format"
	keyVersion = "format_version"
	keySum     = "sha256"
	keyTensors = "tensors"
)

var reservedKeys = []string{keyFormat, keyVersion, keySum, keyTensors}

// Tensor is a named array with its meaning.
type Tensor struct {
	Name  string
	Shape []int // nil for a scalar
	Data  any   // a slice of an Element type, row-major, as long as the product of Shape
	Unit  string
	Doc   string
}

// File is the content of a checkpoint. Metadata leaves out the keys of the
// format itself, and the order of Tensors has no meaning.
type File struct {
	Metadata map[string]string
	Tensors  []Tensor

	path string // where it was read from, for error messages
}

// Element is what a tensor may hold.
type Element interface {
	float32 | float64 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | bool
}

// Tensor returns the tensor called name, or nil.
func (f *File) Tensor(name string) *Tensor {
	for i := range f.Tensors {
		if f.Tensors[i].Name == name {
			return &f.Tensors[i]
		}
	}
	return nil
}

// Get returns the data of the tensor called name, which must have elements of
// type T and exactly the shape given; without a shape, any will do. An error
// is a fault.Input that names what was found and what was expected.
func Get[T Element](f *File, name string, shape ...int) ([]T, error) {
	t := f.Tensor(name)
	if t == nil {
		return nil, fault.Inputf("%s holds no tensor %q, expected %s of shape %v: it is the checkpoint of another model",
			f.Name(), name, kindOf[T]().name, shape)
	}
	data, ok := t.Data.([]T)
	if !ok {
		return nil, fault.Inputf("tensor %q in %s has the type %s, expected %s",
			name, f.Name(), nameOfData(t.Data), kindOf[T]().name)
	}
	if len(shape) > 0 && !slices.Equal(t.Shape, shape) {
		return nil, fault.Inputf("tensor %q in %s has the shape %v, expected %v: it is the checkpoint of another model",
			name, f.Name(), t.Shape, shape)
	}
	return data, nil
}

// Name says where the file was read from.
func (f *File) Name() string {
	if f.path == "" {
		return "the checkpoint"
	}
	return f.path
}

// check says what keeps f from being written; that is an error of the program.
func (f *File) check() error {
	for key, value := range f.Metadata {
		if slices.Contains(reservedKeys, key) {
			return fmt.Errorf("the metadata key %q belongs to the format", key)
		}
		if !utf8.ValidString(key + value) {
			return fmt.Errorf("the metadata key %q or its value is not UTF-8", key)
		}
	}
	seen := make(map[string]bool, len(f.Tensors))
	for _, t := range f.Tensors {
		k, length := kindOfData(t.Data)
		switch size, err := elements(t.Shape); {
		case t.Name == "" || t.Name == metadataKey:
			return fmt.Errorf("%q is no name for a tensor", t.Name)
		case !utf8.ValidString(t.Name) || !utf8.ValidString(t.Unit) || !utf8.ValidString(t.Doc):
			return fmt.Errorf("the name, unit or doc of tensor %q is not UTF-8", t.Name)
		case seen[t.Name]:
			return fmt.Errorf("two tensors are called %q", t.Name)
		case k == nil:
			return fmt.Errorf("tensor %q holds %T", t.Name, t.Data)
		case err != nil:
			return fmt.Errorf("tensor %q: %w", t.Name, err)
		case size != length:
			return fmt.Errorf("tensor %q of shape %v holds %d elements", t.Name, t.Shape, length)
		}
		seen[t.Name] = true
	}
	return nil
}

// sorted returns the tensors in the order of the file.
func (f *File) sorted() []Tensor {
	return slices.SortedFunc(slices.Values(f.Tensors), func(a, b Tensor) int {
		ka, _ := kindOfData(a.Data)
		kb, _ := kindOfData(b.Data)
		if ka.size != kb.size {
			return kb.size - ka.size
		}
		return strings.Compare(a.Name, b.Name)
	})
}

// elements is the product of shape.
func elements(shape []int) (int, error) {
	product := 1
	for _, n := range shape {
		if n < 0 {
			return 0, fmt.Errorf("the shape %v has a negative length", shape)
		}
		if n != 0 && product > maxElements/n {
			return 0, fmt.Errorf("the shape %v has too many elements", shape)
		}
		product *= n
	}
	return product, nil
}

// maxElements keeps byte counts within an int, whatever the type.
const maxElements = math.MaxInt / 8
