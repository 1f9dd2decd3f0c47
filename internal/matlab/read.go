// Package matlab reads arrays of numbers from MATLAB's files: version 5 to 7 ("MAT-File
// Format", chapter 1), and 7.3, which is HDF5.
package matlab

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/hdf5"
)

// Array is an array of numbers. The first axis of Shape changes fastest, as MATLAB has
// it.
type Array struct {
	Shape  []int
	Class  Class
	Values []float64
}

// Class is what MATLAB calls the type of an array.
type Class string

// The classes of numbers.
const (
	Double Class = "double"
	Single Class = "single"
	Int8   Class = "int8"
	Uint8  Class = "uint8"
	Int16  Class = "int16"
	Uint16 Class = "uint16"
	Int32  Class = "int32"
	Uint32 Class = "uint32"
	Int64  Class = "int64"
	Uint64 Class = "uint64"
)

// classes are those of the format's array flags.
var classes = map[byte]Class{6: Double, 7: Single, 8: Int8, 9: Uint8, 10: Int16, 11: Uint16, 12: Int32, 13: Uint32, 14: Int64, 15: Uint64}

// maxBytes bounds what one variable may take.
const maxBytes = 1 << 30

// Read reads the variable called name.
func Read(path, name string) (*Array, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &fault.Input{Err: err}
	}
	defer f.Close()
	head := make([]byte, 128)
	if _, err := io.ReadFull(f, head); err != nil {
		return nil, fault.Inputf("%s is no MATLAB file: it has fewer than 128 bytes", path)
	}
	switch {
	case bytes.HasPrefix(head, []byte("\x89HDF")), bytes.HasPrefix(head, []byte("MATLAB 7.3")):
		return readHDF5(path, name)
	case head[126] == 'M' && head[127] == 'I':
		return nil, fault.Inputf("%s is a MATLAB file of a big-endian machine, expected a little-endian one", path)
	case head[126] != 'I' || head[127] != 'M':
		return nil, fault.Inputf("%s is no MATLAB file of version 5 or later, as it does not start like one", path)
	}
	a, err := find(f, name)
	if err != nil {
		return nil, fault.Inputf("%s: %w", path, err)
	}
	return a, nil
}

// readHDF5 reads a variable of version 7.3, whose axes HDF5 has in reverse.
func readHDF5(path, name string) (*Array, error) {
	f, err := hdf5.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	o, err := f.Lookup("/" + name)
	if err != nil {
		if missing := new(hdf5.NotFound); errors.As(err, &missing) {
			return nil, fault.Inputf("%s has no variable %s", path, name)
		}
		return nil, err
	}
	v, err := o.Read()
	if err != nil {
		return nil, err
	}
	a := &Array{Shape: slices.Clone(v.Shape), Class: Double}
	slices.Reverse(a.Shape)
	if class, err := o.Attribute("MATLAB_class"); err == nil && class != nil {
		if s, err := class.Strings(); err == nil && len(s) == 1 {
			a.Class = Class(s[0])
		}
	} else if v.Type.Class == hdf5.Integer {
		a.Class = Class(fmt.Sprintf("%sint%d", map[bool]string{true: "", false: "u"}[v.Type.Signed], 8*v.Type.Size))
	}
	a.Values, err = v.Floats()
	return a, err
}

// The kinds of data elements.
const (
	elementMatrix     = 14
	elementCompressed = 15
)

// element is a piece of data with its kind.
type element struct {
	kind uint32
	data io.Reader
	size int64
}

// next reads the head of an element from r; io.EOF where there is none.
func next(r io.Reader) (element, error) {
	var tag [8]byte
	if _, err := io.ReadFull(r, tag[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("it is cut short")
		}
		return element{}, err
	}
	kind, size := binary.LittleEndian.Uint32(tag[:]), binary.LittleEndian.Uint32(tag[4:])
	if small := kind >> 16; small != 0 { // up to four bytes of data lie in the tag
		if small > 4 {
			return element{}, fmt.Errorf("a small element claims %d bytes", small)
		}
		return element{kind & 0xFFFF, bytes.NewReader(tag[4 : 4+small]), int64(small)}, nil
	}
	return element{kind, io.LimitReader(r, int64(size)), int64(size)}, nil
}

// find looks through the variables of a file for one.
func find(f io.Reader, name string) (*Array, error) {
	for {
		e, err := next(f)
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("it has no variable %s", name)
		}
		if err != nil {
			return nil, err
		}
		inside := e
		if e.kind == elementCompressed {
			z, err := zlib.NewReader(e.data)
			if err != nil {
				return nil, err
			}
			if inside, err = next(io.LimitReader(z, maxBytes+1<<16)); err != nil {
				return nil, fmt.Errorf("a compressed variable cannot be read: %w", err)
			}
		}
		if inside.kind == elementMatrix {
			a, found, err := matrix(inside.data, name)
			if err != nil || found {
				return a, err
			}
		}
		if _, err := io.Copy(io.Discard, e.data); err != nil { // compressed elements have no padding
			return nil, err
		}
	}
}

// whole reads an element within a matrix, with its padding.
func whole(r io.Reader, limit int64) (kind uint32, data []byte, err error) {
	e, err := next(r)
	if err != nil {
		return 0, nil, fmt.Errorf("a variable is cut short")
	}
	if e.size > limit {
		return 0, nil, fmt.Errorf("a part of a variable has %d bytes, expected at most %d", e.size, limit)
	}
	// Memory comes with the data, whatever the tag claims.
	data, err = io.ReadAll(e.data)
	if err == nil && int64(len(data)) < e.size {
		err = errors.New("a variable is cut short")
	}
	if _, small := e.data.(*bytes.Reader); !small && err == nil {
		_, err = io.CopyN(io.Discard, r, -e.size&7)
		if errors.Is(err, io.EOF) {
			err = nil // the last one need not be padded
		}
	}
	return e.kind, data, err
}

// matrix reads an array if it has that name and holds real numbers.
func matrix(r io.Reader, name string) (a *Array, found bool, err error) {
	const small = 1 << 16
	_, flags, err := whole(r, small)
	if err != nil {
		return nil, false, err
	}
	_, dims, err := whole(r, small)
	if err != nil {
		return nil, false, err
	}
	_, called, err := whole(r, small)
	if err != nil {
		return nil, false, err
	}
	if string(called) != name {
		return nil, false, nil
	}
	if len(flags) < 4 || len(dims)%4 != 0 {
		return nil, false, fmt.Errorf("the head of variable %s is damaged", name)
	}
	class, known := classes[flags[0]]
	if !known || flags[1]&0x08 != 0 {
		return nil, false, fmt.Errorf("variable %s is no array of real numbers", name)
	}
	a = &Array{Class: class}
	total := 1
	for i := 0; i < len(dims); i += 4 {
		n := int(int32(binary.LittleEndian.Uint32(dims[i:])))
		if n < 0 || n > maxBytes || n > 0 && total > maxBytes/n {
			return nil, false, fmt.Errorf("variable %s claims a side of %d", name, n)
		}
		a.Shape = append(a.Shape, n)
		total *= n
	}
	kind, data, err := whole(r, maxBytes)
	if err != nil {
		return nil, false, err
	}
	if a.Values, err = numbers(kind, data); err != nil {
		return nil, false, fmt.Errorf("variable %s: %w", name, err)
	}
	if len(a.Values) != total {
		return nil, false, fmt.Errorf("variable %s has %d numbers, but its shape is %v", name, len(a.Values), a.Shape)
	}
	return a, true, nil
}

// numbers converts data, which may be stored in less than their class takes.
func numbers(kind uint32, b []byte) ([]float64, error) {
	type storage struct {
		size int
		read func([]byte) float64
	}
	le := binary.LittleEndian
	s, ok := map[uint32]storage{
		1:  {1, func(b []byte) float64 { return float64(int8(b[0])) }},
		2:  {1, func(b []byte) float64 { return float64(b[0]) }},
		3:  {2, func(b []byte) float64 { return float64(int16(le.Uint16(b))) }},
		4:  {2, func(b []byte) float64 { return float64(le.Uint16(b)) }},
		5:  {4, func(b []byte) float64 { return float64(int32(le.Uint32(b))) }},
		6:  {4, func(b []byte) float64 { return float64(le.Uint32(b)) }},
		7:  {4, func(b []byte) float64 { return float64(math.Float32frombits(le.Uint32(b))) }},
		9:  {8, func(b []byte) float64 { return math.Float64frombits(le.Uint64(b)) }},
		12: {8, func(b []byte) float64 { return float64(int64(le.Uint64(b))) }},
		13: {8, func(b []byte) float64 { return float64(le.Uint64(b)) }},
	}[kind]
	if !ok || len(b)%s.size != 0 {
		return nil, fmt.Errorf("%d bytes of kind %d are no numbers", len(b), kind)
	}
	x := make([]float64, len(b)/s.size)
	for i := range x {
		x[i] = s.read(b[i*s.size:])
	}
	return x, nil
}
