// Package onnxtest writes ONNX files for tests: sound ones in the spellings of
// different exporters, and any kind of wrong ones.
package onnxtest

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Model is what a file shall hold. A zero IR version becomes 8.
type Model struct {
	IR, Opset    int64
	Producer     string
	Nodes        []Node
	Initializers []Tensor
	Inputs       []Value
	Outputs      []Value
	Unpacked     bool // write each number of a list as a field of its own
}

// Node is a node of the graph.
type Node struct {
	Name, Op, Domain string
	In, Out          []string
	Attributes       []Attribute
}

// Attribute is a constant of a node; make it with Int, Ints, Real, Text or Array.
type Attribute struct {
	Name   string
	kind   uint64
	number int64
	real   float32
	text   string
	list   []int64
	array  Tensor
}

// Int is a whole number.
func Int(name string, v int64) Attribute { return Attribute{Name: name, kind: 2, number: v} }

// Ints is a list of whole numbers.
func Ints(name string, v ...int64) Attribute { return Attribute{Name: name, kind: 7, list: v} }

// Real is a float32.
func Real(name string, v float32) Attribute { return Attribute{Name: name, kind: 1, real: v} }

// Text is a string.
func Text(name, v string) Attribute { return Attribute{Name: name, kind: 3, text: v} }

// Array is a tensor.
func Array(name string, v Tensor) Attribute { return Attribute{Name: name, kind: 4, array: v} }

// Integer is the value of an Int, and List that of an Ints.
func (a Attribute) Integer() int64 { return a.number }

// List is the value of an Ints.
func (a Attribute) List() []int64 { return a.list }

// Number is the value of a Real.
func (a Attribute) Number() float32 { return a.real }

// String is the value of a Text.
func (a Attribute) String() string { return a.text }

// Tensor is the value of an Array.
func (a Attribute) Tensor() Tensor { return a.array }

// Tensor is an array. Its Values are written as Type says.
type Tensor struct {
	Name   string
	Type   uint64
	Dims   []int64
	Values []float64
	Typed  bool // in float_data, int64_data, …, else in raw_data

	// External data: Values are not written, but Location, Offset and Length are.
	Location       string
	Offset, Length string
}

// Value is an input or output. A dimension below 0 is open; of those, the first
// is called "batch", the others have no name.
type Value struct {
	Name string
	Type uint64
	Dims []int64
}

// The types of the format.
const (
	Float32, Uint8, Int32, Int64, Bool, Float16, Float64, BFloat16 = 1, 2, 6, 7, 9, 10, 11, 16
)

// message is a protobuf message in the making.
type message []byte

func (m *message) bytes(number protowire.Number, v []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, number, protowire.BytesType), v)
}

func (m *message) text(number protowire.Number, v string) { m.bytes(number, []byte(v)) }

func (m *message) varint(number protowire.Number, v uint64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, number, protowire.VarintType), v)
}

func (m *message) fixed32(number protowire.Number, v uint32) {
	*m = protowire.AppendFixed32(protowire.AppendTag(*m, number, protowire.Fixed32Type), v)
}

// varints writes a list, packed or not.
func (m *message) varints(number protowire.Number, list []int64, unpacked bool) {
	var packed []byte
	for _, v := range list {
		if unpacked {
			m.varint(number, uint64(v))
		}
		packed = protowire.AppendVarint(packed, uint64(v))
	}
	if !unpacked {
		m.bytes(number, packed)
	}
}

// Encode gives the bytes of the file.
func (m *Model) Encode() []byte {
	var graph message
	for _, n := range m.Nodes {
		graph.bytes(1, n.encode(m.Unpacked))
	}
	graph.text(2, "graph")
	for _, t := range m.Initializers {
		graph.bytes(5, t.encode(m.Unpacked))
	}
	for _, v := range m.Inputs {
		graph.bytes(11, v.encode())
	}
	for _, v := range m.Outputs {
		graph.bytes(12, v.encode())
	}
	var opset, file message
	opset.text(1, "")
	opset.varint(2, uint64(m.Opset))
	ir := m.IR
	if ir == 0 {
		ir = 8
	}
	file.varint(1, uint64(ir))
	file.text(2, m.Producer)
	file.bytes(7, graph)
	file.bytes(8, opset)
	return file
}

func (n Node) encode(unpacked bool) []byte {
	var m message
	for _, in := range n.In {
		m.text(1, in)
	}
	for _, out := range n.Out {
		m.text(2, out)
	}
	m.text(3, n.Name)
	m.text(4, n.Op)
	for _, a := range n.Attributes {
		m.bytes(5, a.encode(unpacked))
	}
	m.text(7, n.Domain)
	return m
}

func (a Attribute) encode(unpacked bool) []byte {
	var m message
	m.text(1, a.Name)
	switch a.kind {
	case 1:
		m.fixed32(2, math.Float32bits(a.real))
	case 2:
		m.varint(3, uint64(a.number))
	case 3:
		m.text(4, a.text)
	case 4:
		m.bytes(5, a.array.encode(unpacked))
	case 7:
		m.varints(8, a.list, unpacked)
	}
	m.varint(20, a.kind)
	return m
}

func (t Tensor) encode(unpacked bool) []byte {
	var m message
	m.varints(1, t.Dims, unpacked)
	m.varint(2, t.Type)
	m.text(8, t.Name)
	switch {
	case t.Location != "":
		m.varint(14, 1)
		for _, entry := range [][2]string{{"location", t.Location}, {"offset", t.Offset}, {"length", t.Length}} {
			if entry[1] != "" {
				var pair message
				pair.text(1, entry[0])
				pair.text(2, entry[1])
				m.bytes(13, pair)
			}
		}
	case t.Typed:
		t.encodeTyped(&m, unpacked)
	default:
		m.bytes(9, t.Raw())
	}
	return m
}

// encodeTyped writes the values into the field for their type.
func (t Tensor) encodeTyped(m *message, unpacked bool) {
	const floats, int32s, int64s, doubles = 4, 5, 7, 10
	if t.Type != Float32 && t.Type != Float64 {
		list := make([]int64, len(t.Values))
		for i, v := range t.Values {
			list[i] = int64(bits(t.Type, v))
		}
		number := protowire.Number(int32s)
		if t.Type == Int64 {
			number = int64s
		}
		m.varints(number, list, unpacked)
		return
	}
	if t.Type == Float32 && unpacked {
		for _, v := range t.Values {
			m.fixed32(floats, math.Float32bits(float32(v)))
		}
		return
	}
	if t.Type == Float64 {
		m.bytes(doubles, t.Raw())
	} else {
		m.bytes(floats, t.Raw())
	}
}

// Raw gives the values as raw_data and files of weights hold them.
func (t Tensor) Raw() []byte {
	var b []byte
	for _, v := range t.Values {
		switch u := bits(t.Type, v); t.Type {
		case Float32, Int32:
			b = binary.LittleEndian.AppendUint32(b, uint32(u))
		case Float64, Int64:
			b = binary.LittleEndian.AppendUint64(b, u)
		case Float16, BFloat16:
			b = binary.LittleEndian.AppendUint16(b, uint16(u))
		default:
			b = append(b, byte(u))
		}
	}
	return b
}

// bits is a value in the bits of its type; 16-bit floats lose what does not fit.
func bits(kind uint64, v float64) uint64 {
	switch kind {
	case Float32:
		return uint64(math.Float32bits(float32(v)))
	case Float64:
		return math.Float64bits(v)
	case BFloat16:
		return uint64(math.Float32bits(float32(v)) >> 16)
	case Float16:
		return uint64(half(v))
	}
	return uint64(int64(v))
}

// half is a number in binary16, cut to 11 bits; beyond its range it is infinite.
func half(v float64) uint16 {
	var sign uint16
	if math.Signbit(v) {
		sign = 0x8000
	}
	v = math.Abs(v)
	switch fraction, exponent := math.Frexp(v); {
	case v == 0:
		return sign
	case math.IsInf(v, 0) || exponent > 16:
		return sign | 0x7c00
	case exponent < -13:
		return sign | uint16(math.Ldexp(v, 24))
	default:
		return sign | uint16(exponent+14)<<10 | uint16(math.Ldexp(fraction, 11))&0x3ff
	}
}

func (v Value) encode() []byte {
	var shape message
	named := false
	for _, d := range v.Dims {
		var dim message
		switch {
		case d >= 0:
			dim.varint(1, uint64(d))
		case !named:
			dim.text(2, "batch")
			named = true
		}
		shape.bytes(1, dim)
	}
	var kind, typ, m message
	element := v.Type
	if element == 0 {
		element = Float32
	}
	kind.varint(1, element)
	if v.Dims != nil {
		kind.bytes(2, shape)
	}
	typ.bytes(1, kind)
	m.text(1, v.Name)
	m.bytes(2, typ)
	return m
}
