package hdf5

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Group is a group to be written.
type Group struct {
	Attributes []Attribute
	Members    []Member
}

// Member is a group or a data set with its name in the group around it.
type Member struct {
	Name    string
	Group   *Group // either this
	Dataset *Dataset
}

// Dataset is a data set to be written: its values in one piece, row by row. What it
// refers to must be written before it; a nil reference is null.
type Dataset struct {
	Shape      []int // nil for a scalar
	Values     any   // []float64, []float32, []int64, []uint64, []uint32, []uint8, []string or []*Dataset
	Attributes []Attribute
}

// Attribute is an attribute to be written. Its value is a string, a float64, a float32, an
// int64, a list of strings, or a *Dataset, to which it becomes a reference: the data set
// must come before the attribute's owner in its group, or in a group before that.
type Attribute struct {
	Name  string
	Value any
}

// Encode writes a file: superblock 2, object headers 2, groups with compact links,
// contiguous data, strings of variable length in UTF-8.
func Encode(root *Group) ([]byte, error) {
	w := &writer{at: map[*Dataset]uint64{}, b: make([]byte, superblockSize)}
	w.heaps(root.strings(nil))
	address, err := w.group(root, "/")
	if err != nil {
		return nil, err
	}
	head := append([]byte(magic), 2, 8, 8, 0)
	for _, a := range []uint64{0, undefined, uint64(len(w.b)), address} { // base, extension, end, root
		head = binary.LittleEndian.AppendUint64(head, a)
	}
	copy(w.b, binary.LittleEndian.AppendUint32(head, lookup3(head)))
	return w.b, nil
}

const superblockSize = 48

type writer struct {
	b        []byte
	at       map[*Dataset]uint64 // addresses of those written
	pointers block               // at the strings that are still to be written, in their order
}

// align makes the next address a multiple of 8, and returns it.
func (w *writer) align() uint64 {
	for len(w.b)%8 != 0 {
		w.b = append(w.b, 0)
	}
	return uint64(len(w.b))
}

// block is a message under construction.
type block []byte

func (b block) u8(x ...uint8) block { return append(b, x...) }
func (b block) u16(x uint16) block  { return binary.LittleEndian.AppendUint16(b, x) }
func (b block) u32(x uint32) block  { return binary.LittleEndian.AppendUint32(b, x) }
func (b block) u64(x uint64) block  { return binary.LittleEndian.AppendUint64(b, x) }
func (b block) message(kind uint8, body block) block {
	return append(b.u8(kind).u16(uint16(len(body))).u8(0), body...)
}

// header writes the header of an object.
func (w *writer) header(messages block) uint64 {
	address := w.align()
	head := append(block("OHDR").u8(2, 2).u32(uint32(len(messages))), messages...) // a size of 4 bytes
	w.b = append(w.b, head.u32(lookup3(head))...)
	return address
}

func (w *writer) group(g *Group, path string) (uint64, error) {
	messages := block(nil).
		message(msgLinkInfo, block(nil).u8(0, 0).u64(undefined).u64(undefined)).
		message(0x0A, block(nil).u8(0, 0)) // group info
	seen := map[string]bool{}
	for _, m := range g.Members {
		if m.Name == "" || len(m.Name) > math.MaxUint8 || seen[m.Name] {
			return 0, fmt.Errorf("writing HDF5: %q is no name for a member of %s", m.Name, path)
		}
		seen[m.Name] = true
		var address uint64
		var err error
		if m.Group != nil {
			address, err = w.group(m.Group, path+m.Name+"/")
		} else {
			address, err = w.dataset(m.Dataset, path+m.Name)
		}
		if err != nil {
			return 0, err
		}
		link := append(block(nil).u8(1, 0x10, 1, uint8(len(m.Name))), m.Name...) // a hard link with a name in UTF-8
		messages = messages.message(msgLink, link.u64(address))
	}
	messages, err := w.attributes(messages, g.Attributes, path)
	if err != nil {
		return 0, err
	}
	return w.header(messages), nil
}

func (w *writer) dataset(d *Dataset, path string) (uint64, error) {
	kind, raw, n, err := w.values(d.Values)
	if err != nil {
		return 0, fmt.Errorf("writing HDF5: %s: %w", path, err)
	}
	if n != count(d.Shape) {
		return 0, fmt.Errorf("writing HDF5: %s has %d values, but the shape %v", path, n, d.Shape)
	}
	place := undefined
	if len(raw) > 0 {
		place = w.align()
		w.b = append(w.b, raw...)
	}
	messages := block(nil).
		message(msgDataspace, space(d.Shape)).
		message(msgDatatype, kind).
		message(msgFill, block(nil).u8(3, 0x0A)). // zeros, written when they are needed
		message(msgLayout, block(nil).u8(3, 1).u64(place).u64(uint64(len(raw))))
	if messages, err = w.attributes(messages, d.Attributes, path); err != nil {
		return 0, err
	}
	w.at[d] = w.header(messages)
	return w.at[d], nil
}

func space(shape []int) block {
	if shape == nil {
		return block(nil).u8(2, 0, 0, 0)
	}
	b := block(nil).u8(2, uint8(len(shape)), 0, 1)
	for _, n := range shape {
		b = b.u64(uint64(n))
	}
	return b
}

func (w *writer) attributes(messages block, all []Attribute, path string) (block, error) {
	for _, a := range all {
		var shape []int
		values := a.Value
		switch v := a.Value.(type) {
		case string:
			values = []string{v}
		case float64:
			values = []float64{v}
		case float32:
			values = []float32{v}
		case int64:
			values = []int64{v}
		case []string:
			shape = []int{len(v)}
		case *Dataset:
		default:
			return nil, fmt.Errorf("writing HDF5: attribute %s of %s is a %T", a.Name, path, a.Value)
		}
		kind, raw, _, err := w.values(values)
		if err != nil {
			return nil, fmt.Errorf("writing HDF5: attribute %s of %s: %w", a.Name, path, err)
		}
		extent := space(shape)
		body := block(nil).u8(3, 0).u16(uint16(len(a.Name) + 1)).u16(uint16(len(kind))).u16(uint16(len(extent))).u8(1)
		body = append(append(body, a.Name...), 0)
		body = slices.Concat(body, kind, extent, raw)
		if len(body) > math.MaxUint16 {
			return nil, fmt.Errorf("writing HDF5: attribute %s of %s takes %d bytes", a.Name, path, len(body))
		}
		messages = messages.message(msgAttribute, body)
	}
	return messages, nil
}

// values gives the type, the bytes and the number of values; strings go into a heap.
func (w *writer) values(values any) (kind, raw block, n int, err error) {
	whole := func(size uint8, signed uint8) block {
		return block(nil).u8(0x10, signed<<3, 0, 0).u32(uint32(size)).u16(0).u16(8 * uint16(size))
	}
	switch v := values.(type) {
	case []float64:
		kind = block(nil).u8(0x11, 0x20, 63, 0).u32(8).u16(0).u16(64).u8(52, 11, 0, 52).u32(1023)
		for _, x := range v {
			raw = raw.u64(math.Float64bits(x))
		}
		return kind, raw, len(v), nil
	case []float32:
		kind = block(nil).u8(0x11, 0x20, 31, 0).u32(4).u16(0).u16(32).u8(23, 8, 0, 23).u32(127)
		for _, x := range v {
			raw = raw.u32(math.Float32bits(x))
		}
		return kind, raw, len(v), nil
	case []int64:
		for _, x := range v {
			raw = raw.u64(uint64(x))
		}
		return whole(8, 1), raw, len(v), nil
	case []uint64:
		for _, x := range v {
			raw = raw.u64(x)
		}
		return whole(8, 0), raw, len(v), nil
	case []uint32:
		for _, x := range v {
			raw = raw.u32(x)
		}
		return whole(4, 0), raw, len(v), nil
	case []uint8:
		return whole(1, 0), append(raw, v...), len(v), nil
	case []string: // pointers into a heap
		kind = append(block(nil).u8(0x19, 0x01, 0x01, 0).u32(16), whole(1, 0)...)
		raw, w.pointers = w.pointers[:16*len(v)], w.pointers[16*len(v):]
		return kind, raw, len(v), nil
	case []*Dataset:
		for _, to := range v {
			address, written := w.at[to]
			if to != nil && !written {
				return nil, nil, 0, fmt.Errorf("it refers to a data set that is not written before it")
			}
			raw = raw.u64(address)
		}
		return reference(), raw, len(v), nil
	case *Dataset:
		address, written := w.at[v]
		if !written {
			return nil, nil, 0, fmt.Errorf("it refers to a data set that is not written before it")
		}
		return reference(), raw.u64(address), 1, nil
	}
	return nil, nil, 0, fmt.Errorf("values of type %T", values)
}

// reference is the type of references to objects.
func reference() block { return block(nil).u8(0x17, 0, 0, 0).u32(8) }

// strings gives all strings of a group in the order in which they are written.
func (g *Group) strings(all []string) []string {
	for _, m := range g.Members {
		if m.Group != nil {
			all = m.Group.strings(all)
			continue
		}
		if v, ok := m.Dataset.Values.([]string); ok {
			all = append(all, v...)
		}
		all = attributeStrings(all, m.Dataset.Attributes)
	}
	return attributeStrings(all, g.Attributes)
}

func attributeStrings(all []string, attributes []Attribute) []string {
	for _, a := range attributes {
		switch v := a.Value.(type) {
		case string:
			all = append(all, v)
		case []string:
			all = append(all, v...)
		}
	}
	return all
}

// mostInHeap is the number of strings in one collection of a global heap, whose numbers
// have 16 bits.
const mostInHeap = 1 << 15

// heaps writes all strings into global heaps, and notes what points at them.
func (w *writer) heaps(all []string) {
	for part := range slices.Chunk(all, mostInHeap) {
		const head, least = 16, 4096
		var objects block
		address := w.align()
		for i, s := range part {
			w.pointers = w.pointers.u32(uint32(len(s))).u64(address).u32(uint32(i + 1))
			objects = append(objects.u16(uint16(i+1)).u16(1).u32(0).u64(uint64(len(s))), s...)
			objects = append(objects, make([]byte, -len(s)&7)...)
		}
		free := max(least-head-len(objects), head) // with the head of the free space itself
		objects = objects.u16(0).u16(0).u32(0).u64(uint64(free))
		objects = append(objects, make([]byte, free-head)...)
		w.b = append(append(w.b, block("GCOL").u8(1, 0, 0, 0).u64(uint64(head+len(objects)))...), objects...)
	}
}
