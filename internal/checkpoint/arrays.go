package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/float16"
)

// Arrays is a safetensors file of any program, open for reading one array after
// the other. Memory is taken for those that are read, and for the header.
type Arrays struct {
	path   string
	file   *os.File
	data   int64 // where the arrays begin
	places map[string]place
	names  []string
}

// OpenArrays reads the header of the file at path. A file that is missing, damaged
// or no safetensors file is a fault.Input.
func OpenArrays(path string) (*Arrays, error) {
	a, err := openArrays(path)
	if err != nil {
		if inPath := (*fs.PathError)(nil); errors.As(err, &inPath) {
			err = inPath.Err
		}
		return nil, fault.Inputf("cannot read the safetensors file %s: %w", path, err)
	}
	return a, nil
}

func openArrays(path string) (*Arrays, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // to open a pipe would wait for its writer
		return nil, errors.New("it is not a regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	h, raw, err := readHeader(file, info.Size(), slices.Concat(kinds, halves))
	if err != nil {
		file.Close()
		return nil, err
	}
	a := &Arrays{path: path, file: file, data: 8 + int64(len(raw)), places: map[string]place{}}
	for _, p := range h.places {
		a.places[p.name] = p
		a.names = append(a.names, p.name)
	}
	return a, nil
}

// Close closes the file.
func (a *Arrays) Close() error { return a.file.Close() }

// Names are those of the arrays, in the order of the file.
func (a *Arrays) Names() []string { return a.names }

// Shape is that of an array; ok says whether there is one of that name.
func (a *Arrays) Shape(name string) (shape []int, ok bool) {
	p, ok := a.places[name]
	return p.shape, ok
}

// Reals reads an array of real numbers of any width. Errors are faults of the
// input that name the file and the array.
func (a *Arrays) Reals(name string) ([]float64, error) {
	kind, data, err := a.read(name)
	if err != nil {
		return nil, err
	}
	values, err := kind.reals(data)
	if err != nil {
		return nil, fault.Inputf("the array %q of %s %w", name, a.path, err)
	}
	return values, nil
}

// Integers reads an array of type I64.
func (a *Arrays) Integers(name string) ([]int64, error) {
	kind, data, err := a.read(name)
	if err != nil {
		return nil, err
	}
	values, ok := data.([]int64)
	if !ok {
		return nil, fault.Inputf("the array %q of %s has the type %s, expected I64", name, a.path, kind.name)
	}
	return values, nil
}

// read reads an array as it is.
func (a *Arrays) read(name string) (*kind, any, error) {
	p, ok := a.places[name]
	if !ok {
		return nil, nil, fault.Inputf("%s holds no array %q", a.path, name)
	}
	data := p.kind.make(p.elements)
	if err := readData(io.NewSectionReader(a.file, a.data+p.begin, p.end-p.begin), data); err != nil {
		return nil, nil, fault.Inputf("cannot read the array %q of %s: %w", name, a.path, err)
	}
	return p.kind, data, nil
}

// reals are the values of a slice of the kind in float64.
func (k *kind) reals(data any) ([]float64, error) {
	var values []float64
	switch data := data.(type) {
	case []float64:
		return data, nil
	case []float32:
		values = make([]float64, len(data))
		for i, v := range data {
			values[i] = float64(v)
		}
	case []uint16:
		number := map[string]func(uint16) float64{"F16": float16.Binary, "BF16": float16.Brain}[k.name]
		if number == nil {
			break
		}
		values = make([]float64, len(data))
		for i, bits := range data {
			values[i] = number(bits)
		}
	}
	if values == nil {
		return nil, fmt.Errorf("has the type %s, expected real numbers (F64, F32, F16 or BF16)", k.name)
	}
	return values, nil
}
