package hdf5

import "fmt"

// Class is a kind of value.
type Class int

// The classes of values, with the numbers of the format.
const (
	Integer   Class = 0
	Floating  Class = 1
	Text      Class = 3
	Compound  Class = 6
	Reference Class = 7
	Enum      Class = 8
	Sequence  Class = 9 // of variable length
	Array     Class = 10
)

var classNames = map[Class]string{Integer: "integer", Floating: "floating point", 2: "time", Text: "string", 4: "bit field", 5: "opaque",
	Compound: "compound", Reference: "reference", Enum: "enumeration", Sequence: "sequence", Array: "array"}

// String is the class in words.
func (c Class) String() string {
	if name := classNames[c]; name != "" {
		return name
	}
	return fmt.Sprintf("class %d", int(c))
}

// Type is the type of the values of a data set or an attribute.
type Type struct {
	Class  Class
	Size   int // bytes of a value in the file
	Signed bool
	Names  map[int64]string // of an enumeration

	bigEndian bool
	padding   int   // of fixed strings
	region    bool  // of references
	text      bool  // a sequence that is a string
	base      *Type // of enumerations and sequences
}

// readType reads a datatype message.
func (f *File) readType(c *cursor, depth int) *Type {
	if depth > 8 {
		c.fail("a type is nested too deeply")
		return nil
	}
	head := c.u8()
	flags := c.uint(3)
	t := &Type{Class: Class(head & 0x0F), Size: c.u32()}
	version := head >> 4
	if c.err == nil && (t.Size < 1 || t.Size > maxPiece) {
		c.fail("a type has values of %d bytes", t.Size)
	}
	switch t.Class {
	case Integer:
		t.bigEndian, t.Signed = flags&1 != 0, flags&8 != 0
		offset, precision := c.u16(), c.u16()
		if c.err == nil && (t.Size > 8 || offset != 0 || precision != 8*t.Size) {
			c.fail("integers of %d bits in %d bytes are not supported", precision, t.Size)
		}
	case Floating:
		t.bigEndian = flags&1 != 0
		c.skip(12)
		if c.err == nil && (flags&0x40 != 0 || t.Size != 4 && t.Size != 8) {
			c.fail("floating point numbers of %d bytes in their order are not supported", t.Size)
		}
	case Text:
		t.padding = int(flags & 0x0F)
	case Reference:
		t.region = flags&0x0F == 1
	case Enum:
		t.base = f.readType(c, depth+1)
		f.readEnum(c, t, int(flags&0xFFFF), version)
	case Sequence:
		t.text = flags&0x0F == 1
		t.base = f.readType(c, depth+1)
	}
	return t
}

// readEnum reads names and values of an enumeration.
func (f *File) readEnum(c *cursor, t *Type, n, version int) {
	if c.err == nil && (t.base.Class != Integer || t.base.Size != t.Size) {
		c.fail("an enumeration is not of integers")
	}
	var names []string
	for range n {
		start := c.at
		names = append(names, c.text())
		if version < 3 {
			c.skip(-(c.at - start) & 7)
		}
		if c.err != nil {
			return
		}
	}
	t.Names, t.Signed = map[int64]string{}, t.base != nil && t.base.Signed
	for _, name := range names {
		if b := c.bytes(t.Size); c.err == nil {
			t.Names[t.base.integer(b)] = name
		}
	}
}

// readSpace reads a dataspace message: the shape, nil for a scalar, and false for a
// space without values.
func readSpace(c *cursor) (shape []int, some bool) {
	version, rank, flags := c.u8(), c.u8(), c.u8()
	kind := 1
	switch version {
	case 1:
		c.skip(5)
	case 2:
		kind = c.u8()
	default:
		c.fail("a dataspace has version %d, expected 1 or 2", version)
	}
	if kind == 2 {
		return nil, false
	}
	count := uint64(1)
	for range rank {
		d := c.length()
		if d > 1<<40 || d != 0 && count > 1<<40/d {
			c.fail("an array has too many values")
			return nil, false
		}
		count *= d
		shape = append(shape, int(d))
	}
	if flags&1 != 0 {
		c.skip(rank * c.lengths)
	}
	return shape, true
}

// count is the number of values of a shape.
func count(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
