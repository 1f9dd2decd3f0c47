package hdf5

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// Values are the values of a data set or an attribute, row by row.
type Values struct {
	Shape []int // nil for a scalar
	Type  *Type

	file *File
	path string
	raw  []byte
}

// Len is the number of values.
func (v *Values) Len() int { return len(v.raw) / v.Type.Size }

func (v *Values) at(i int) []byte { return v.raw[i*v.Type.Size : (i+1)*v.Type.Size] }

func (v *Values) refuse(wanted string) error {
	return v.file.errorf(v.path, "its values are of the type %v, expected %s", v.Type.Class, wanted)
}

func (t *Type) integer(b []byte) int64 {
	var x uint64
	if t.bigEndian {
		x = bigEndian(b)
	} else {
		for i, v := range b {
			x |= uint64(v) << (8 * i)
		}
	}
	if shift := 64 - 8*t.Size; t.Signed {
		return int64(x<<shift) >> shift
	}
	return int64(x)
}

// Ints returns integers, or the numbers of an enumeration. Unsigned ones above the
// greatest int64 are refused.
func (v *Values) Ints() ([]int64, error) {
	t := v.Type
	if t.Class == Enum {
		t = t.base
	}
	if t.Class != Integer {
		return nil, v.refuse("integers")
	}
	all := make([]int64, v.Len())
	for i := range all {
		all[i] = t.integer(v.at(i))
		if all[i] < 0 && !t.Signed && t.Size == 8 {
			return nil, v.file.errorf(v.path, "value %d is too large", i)
		}
	}
	return all, nil
}

// Floats returns numbers of any kind.
func (v *Values) Floats() ([]float64, error) {
	if v.Type.Class != Floating {
		ints, err := v.Ints()
		if err != nil {
			return nil, v.refuse("numbers")
		}
		all := make([]float64, len(ints))
		for i, x := range ints {
			all[i] = float64(x)
		}
		return all, nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if v.Type.bigEndian {
		order = binary.BigEndian
	}
	all := make([]float64, v.Len())
	for i := range all {
		if v.Type.Size == 4 {
			all[i] = float64(math.Float32frombits(order.Uint32(v.at(i))))
		} else {
			all[i] = math.Float64frombits(order.Uint64(v.at(i)))
		}
	}
	return all, nil
}

// Strings returns strings, of fixed or variable length, or the names of an enumeration.
func (v *Values) Strings() ([]string, error) {
	all := make([]string, v.Len())
	switch {
	case v.Type.Class == Text:
		for i := range all {
			s := string(v.at(i))
			if v.Type.padding == 2 {
				s = strings.TrimRight(s, " ")
			} else if end := strings.IndexByte(s, 0); end >= 0 {
				s = s[:end]
			}
			all[i] = s
		}
	case v.Type.Class == Sequence && v.Type.text:
		for i := range all {
			b, err := v.file.sequence(v.at(i), 1)
			if err != nil {
				return nil, v.file.errorf(v.path, "string %d: %w", i, err)
			}
			all[i] = strings.TrimRight(string(b), "\x00")
		}
	case v.Type.Class == Enum:
		ints, err := v.Ints()
		if err != nil {
			return nil, err
		}
		for i, x := range ints {
			if all[i] = v.Type.Names[x]; all[i] == "" {
				all[i] = fmt.Sprint(x)
			}
		}
	default:
		return nil, v.refuse("strings")
	}
	for i, s := range all {
		if !utf8.ValidString(s) {
			all[i] = strings.ToValidUTF8(s, "�")
		}
	}
	return all, nil
}

// sequence is the data of one value of variable length, of elements of size bytes.
func (f *File) sequence(b []byte, size int) ([]byte, error) {
	c := f.cursor(b)
	n, address, index := c.uint(4), c.address(), c.u32()
	if c.err != nil || n == 0 || index == 0 {
		return nil, c.err
	}
	data, err := f.globalHeap(address, index)
	if err != nil {
		return nil, err
	}
	if uint64(len(data)) < n*uint64(size) {
		return nil, errShort
	}
	return data[:n*uint64(size)], nil
}

// Sequences returns the values of variable length, each as values of their own.
func (v *Values) Sequences() ([]*Values, error) {
	if v.Type.Class != Sequence || v.Type.text {
		return nil, v.refuse("sequences")
	}
	all := make([]*Values, v.Len())
	for i := range all {
		b, err := v.file.sequence(v.at(i), v.Type.base.Size)
		if err != nil {
			return nil, v.file.errorf(v.path, "sequence %d: %w", i, err)
		}
		all[i] = &Values{Shape: []int{len(b) / v.Type.base.Size}, Type: v.Type.base, file: v.file, path: v.path, raw: b}
	}
	return all, nil
}

// Region is a run of the values of a data set, along its first axis.
type Region struct {
	Object     *Object
	Start, End int // from Start to before End; of a reference to a whole object both are 0
}

// References returns what references lead to; nil objects for null references.
func (v *Values) References() ([]Region, error) {
	if v.Type.Class != Reference {
		return nil, v.refuse("references")
	}
	all := make([]Region, v.Len())
	for i := range all {
		r, err := v.file.reference(v.at(i), v.Type.region)
		if err != nil {
			return nil, v.file.errorf(v.path, "reference %d: %w", i, err)
		}
		all[i] = r
	}
	return all, nil
}

func (f *File) reference(b []byte, region bool) (r Region, err error) {
	c := f.cursor(b)
	address := c.address()
	if address == 0 || address == undefined || c.err != nil {
		return r, c.err
	}
	if region {
		index := c.u32()
		if c.err != nil {
			return r, c.err
		}
		data, err := f.globalHeap(address, index)
		if err != nil {
			return r, err
		}
		c = f.cursor(data)
		address = c.address()
		kind, version := c.u32(), c.u32()
		c.skip(8)
		rank, blocks := c.u32(), c.u32()
		if c.err == nil && (kind != 2 || version != 1 || rank != 1 || blocks != 1) {
			return r, fmt.Errorf("a region that is not one run of one axis is not supported")
		}
		r.Start, r.End = c.u32(), c.u32()+1
		if c.err != nil {
			return r, c.err
		}
	}
	r.Object, err = f.object(fmt.Sprintf("object %d", address), address)
	return r, err
}

// globalHeap is an object of a global heap collection.
func (f *File) globalHeap(address uint64, index int) ([]byte, error) {
	if f.heaps[address] == nil {
		objects, err := f.collection(address)
		if err != nil {
			return nil, err
		}
		f.heaps[address] = objects
	}
	b, found := f.heaps[address][index]
	if !found {
		return nil, fmt.Errorf("a heap has no object %d", index)
	}
	return b, nil
}

func (f *File) collection(address uint64) (map[int][]byte, error) {
	b, err := f.upTo(address, 32)
	if err != nil {
		return nil, err
	}
	c := f.cursor(b)
	c.signature("GCOL")
	c.skip(4)
	size := c.length()
	head := c.at
	if c.err != nil {
		return nil, c.err
	}
	if b, err = f.piece(address, size); err != nil {
		return nil, err
	}
	c = f.cursor(b)
	c.skip(head)
	objects := map[int][]byte{}
	for c.err == nil && c.left() >= 8+f.lengths {
		index := c.u16()
		c.skip(6)
		n := c.length()
		if index == 0 {
			break // the free space
		}
		if n > uint64(c.left()) {
			return nil, errShort
		}
		objects[index] = c.bytes(int(n))
		c.skip(min(-int(n)&7, c.left()))
	}
	return objects, c.err
}
