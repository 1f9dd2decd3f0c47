package hdf5

import (
	"fmt"
	"math/bits"
)

// fractalHeap holds the links or attributes of an object that has many.
type fractalHeap struct {
	f                *File
	idLength         int
	offsetSize       int // bytes of an offset in the heap
	lengthSize       int // bytes of an object's length
	checked          bool
	width            int
	start, maxDirect uint64
	root             uint64
	rows             int // of the root indirect block; 0 if the root is a direct block
	maxRows          int
}

// eachHeapObject calls use with each object that a version 2 B-tree of heap IDs names:
// of type 5 (links) or 8 (attributes).
func (f *File) eachHeapObject(heap, tree uint64, kind int, use func([]byte) error) error {
	h, err := f.fractalHeap(heap)
	if err != nil {
		return err
	}
	return f.eachRecord(tree, kind, func(c *cursor) error {
		if kind == 5 {
			c.skip(4)
		}
		id := c.bytes(h.idLength)
		if c.err != nil {
			return c.err
		}
		b, err := h.object(id)
		if err != nil {
			return err
		}
		return use(b)
	})
}

func (f *File) fractalHeap(address uint64) (*fractalHeap, error) {
	b, err := f.upTo(address, 256)
	if err != nil {
		return nil, err
	}
	c := f.cursor(b)
	c.signature("FRHP")
	c.skip(1)
	h := &fractalHeap{f: f, idLength: c.u16()}
	filters := c.u16()
	h.checked = c.u8()&2 != 0
	maxObject := c.uint(4)
	c.length()
	c.address()
	c.length()
	c.address()
	for range 8 {
		c.length()
	}
	h.width = c.u16()
	h.start, h.maxDirect = c.length(), c.length()
	heapBits := c.u16()
	c.skip(2)
	h.root, h.rows = c.address(), c.u16()
	if c.err != nil {
		return nil, c.err
	}
	if filters != 0 {
		return nil, fmt.Errorf("a heap of names is compressed, which is not supported")
	}
	if h.width < 1 || h.width > 1<<12 || h.start < 1 || h.maxDirect < h.start || h.maxDirect > maxPiece || heapBits < 1 || heapBits > 64 || h.idLength < 2 || h.idLength > 64 {
		return nil, fmt.Errorf("a heap has impossible sizes")
	}
	h.offsetSize = (heapBits + 7) / 8
	h.lengthSize = min((bits.Len64(h.maxDirect)-1+7)/8, encodedSize(maxObject))
	h.maxRows = bits.Len64(h.maxDirect/h.start) + 1 // of direct blocks
	return h, nil
}

// object is the object of a heap ID.
func (h *fractalHeap) object(id []byte) ([]byte, error) {
	switch kind := id[0] >> 4 & 3; kind {
	case 0:
		c := h.f.cursor(id[1:])
		offset, length := c.uint(h.offsetSize), c.uint(h.lengthSize)
		if c.err != nil {
			return nil, c.err
		}
		return h.managed(offset, length)
	case 2:
		if n := int(id[0]&0x0F) + 1; n < len(id) {
			return id[1 : 1+n], nil
		}
		return nil, errShort
	default:
		return nil, fmt.Errorf("a heap has an object of type %d, which is not supported", kind)
	}
}

// managed is an object of the heap's own address space.
func (h *fractalHeap) managed(offset, length uint64) ([]byte, error) {
	block, rows := h.root, h.rows
	for range 64 {
		if rows == 0 {
			return h.f.piece(block+offset, length)
		}
		// Find the row and column of the block that holds offset.
		row, size, before := 0, h.start, uint64(0)
		for ; row < rows; row++ {
			if row > 1 {
				size *= 2
			}
			if offset < before+size*uint64(h.width) {
				break
			}
			before += size * uint64(h.width)
		}
		if row == rows {
			return nil, fmt.Errorf("a heap has no object at %d", offset)
		}
		column := (offset - before) / size
		entry := uint64(row*h.width) + column
		at := block + uint64(4+1+h.f.offsets+h.offsetSize) + entry*uint64(h.f.offsets)
		b, err := h.f.piece(at, uint64(h.f.offsets))
		if err != nil {
			return nil, err
		}
		c := h.f.cursor(b)
		block = c.address()
		offset -= before + column*size
		if row < h.maxRows {
			rows = 0
			continue
		}
		// An indirect block of the size of a row has as many rows as fill it.
		rows = bits.Len64(size/(h.start*uint64(h.width))) - 1 + 1
		if rows < 1 {
			return nil, fmt.Errorf("a heap has impossible sizes")
		}
	}
	return nil, errRevisited
}
