package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/snnctl/snnctl/internal/float16"
)

// ElementType is what a tensor holds, by the number that the format gives it.
type ElementType int64

// The types that networks have. Others are read, but their values cannot be had.
const (
	Float32  ElementType = 1
	Uint8    ElementType = 2
	Int8     ElementType = 3
	Int32    ElementType = 6
	Int64    ElementType = 7
	Bool     ElementType = 9
	Float16  ElementType = 10
	Float64  ElementType = 11
	BFloat16 ElementType = 16
)

// elementTypes says for each type its name, its bytes in raw_data, and how to
// read one: as a real number or a whole one.
var elementTypes = map[ElementType]struct {
	name  string
	size  int
	real  func(raw []byte) float64
	whole func(raw []byte) int64
}{
	Float32: {name: "float", size: 4, real: func(b []byte) float64 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}},
	Float64:  {name: "double", size: 8, real: func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }},
	Float16:  {name: "float16", size: 2, real: func(b []byte) float64 { return float16.Binary(binary.LittleEndian.Uint16(b)) }},
	BFloat16: {name: "bfloat16", size: 2, real: func(b []byte) float64 { return float16.Brain(binary.LittleEndian.Uint16(b)) }},
	Int64:    {name: "int64", size: 8, whole: func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) }},
	Int32:    {name: "int32", size: 4, whole: func(b []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(b))) }},
	Int8:     {name: "int8", size: 1, whole: func(b []byte) int64 { return int64(int8(b[0])) }},
	Uint8:    {name: "uint8", size: 1, whole: func(b []byte) int64 { return int64(b[0]) }},
	Bool:     {name: "bool", size: 1, whole: func(b []byte) int64 { return int64(b[0]) }},
}

// String is the name of the format, such as "float16".
func (t ElementType) String() string {
	if k, ok := elementTypes[t]; ok {
		return k.name
	}
	return fmt.Sprintf("number %d", int64(t))
}

// IsReal tells types of real numbers from those of whole ones.
func (t ElementType) IsReal() bool { return elementTypes[t].real != nil }

// Tensor is a constant array in row-major order.
type Tensor struct {
	Name string
	Type ElementType
	Dims []int

	elements int
	dims     []int64
	raw      []byte // little-endian, part of the file
	hasRaw   bool
	floats   []float32
	doubles  []float64
	int32s   []int64 // whole numbers, or the bits of 16-bit floats
	int64s   []int64
	outside  place
}

// decode reads a field of a TensorProto.
func (t *Tensor) decode(f field) error {
	switch f.number {
	case 1:
		return f.integers(&t.dims)
	case 2:
		var k int64
		err := f.integer(&k)
		t.Type = ElementType(k)
		return err
	case 4:
		return f.floats(&t.floats)
	case 5:
		return f.integers(&t.int32s)
	case 7:
		return f.integers(&t.int64s)
	case 8:
		return f.text(&t.Name)
	case 9:
		var none string
		t.raw, t.hasRaw = f.bytes, true
		return f.text(&none)
	case 10:
		return f.doubles(&t.doubles)
	case 13:
		return t.outside.decode(f)
	case 14:
		var location int64
		err := f.integer(&location)
		t.outside.used = location == 1
		return err
	}
	return nil
}

// complete checks the shape, fetches data from another file, and checks that
// there are as many as the shape says. Errors follow the tensor's name.
func (t *Tensor) complete(files *beside) error {
	t.elements = 1
	for _, n := range t.dims {
		switch {
		case n < 0:
			return fmt.Errorf("has the shape %v, with a negative length", t.dims)
		case n > 0 && int64(t.elements) > maxElements/n:
			return fmt.Errorf("has the shape %v, more than any memory holds", t.dims)
		}
		t.elements *= int(n)
		t.Dims = append(t.Dims, int(n))
	}
	k, known := elementTypes[t.Type]
	if !known {
		return nil // nothing that is supported reads it
	}
	if t.outside.used {
		raw, err := files.read(t.outside, int64(t.elements)*int64(k.size))
		if err != nil {
			return fmt.Errorf("lies in another file, %w", err)
		}
		t.raw, t.hasRaw = raw, true
	}
	if t.hasRaw {
		if len(t.raw) != t.elements*k.size {
			return fmt.Errorf("has %d bytes of data, but its shape %v of type %s needs %d", len(t.raw), t.dims, t.Type, t.elements*k.size)
		}
		return nil
	}
	if found := t.typed(); found != t.elements {
		return fmt.Errorf("has %d values of type %s, but its shape %v needs %d", found, t.Type, t.dims, t.elements)
	}
	return nil
}

// maxElements keeps byte counts within an int64.
const maxElements = math.MaxInt64 / 8

// typed is the number of values in the field for the tensor's type.
func (t *Tensor) typed() int {
	switch t.Type {
	case Float32:
		return len(t.floats)
	case Float64:
		return len(t.doubles)
	case Int64:
		return len(t.int64s)
	}
	return len(t.int32s)
}

// Elements is the number of values.
func (t *Tensor) Elements() int { return t.elements }

// Reals are the values of a tensor of real numbers, as a copy. Errors follow the
// tensor's name.
func (t *Tensor) Reals() ([]float64, error) {
	k := elementTypes[t.Type]
	if k.real == nil {
		return nil, fmt.Errorf("holds values of type %s, expected real numbers (float, double, float16 or bfloat16)", t.Type)
	}
	values := make([]float64, t.elements)
	switch {
	case t.hasRaw:
		for i := range values {
			values[i] = k.real(t.raw[i*k.size:])
		}
	case t.Type == Float32:
		for i, v := range t.floats {
			values[i] = float64(v)
		}
	case t.Type == Float64:
		copy(values, t.doubles)
	default:
		for i, bits := range t.int32s {
			values[i] = k.real(binary.LittleEndian.AppendUint16(nil, uint16(bits)))
		}
	}
	return values, nil
}

// Integers are the values of a tensor of whole numbers, as a copy; true is 1.
// Errors follow the tensor's name.
func (t *Tensor) Integers() ([]int64, error) {
	k := elementTypes[t.Type]
	if k.whole == nil {
		return nil, fmt.Errorf("holds values of type %s, expected whole numbers", t.Type)
	}
	values := make([]int64, t.elements)
	switch {
	case t.hasRaw:
		for i := range values {
			values[i] = k.whole(t.raw[i*k.size:])
		}
	case t.Type == Int64:
		copy(values, t.int64s)
	default:
		copy(values, t.int32s)
	}
	return values, nil
}
