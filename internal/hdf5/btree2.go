package hdf5

import (
	"fmt"
	"math/bits"
)

// eachRecord calls record with each record of a version 2 B-tree of a type.
func (f *File) eachRecord(address uint64, kind int, record func(*cursor) error) error {
	if address == undefined {
		return nil
	}
	b, err := f.upTo(address, 64)
	if err != nil {
		return err
	}
	c := f.cursor(b)
	c.signature("BTHD")
	c.skip(1)
	if is := c.u8(); is != kind && c.err == nil {
		return fmt.Errorf("a tree has records of type %d, expected %d", is, kind)
	}
	w := walk2{f: f, record: record, seen: map[uint64]bool{}}
	w.nodeSize, w.recordSize = c.u32(), c.u16()
	depth := c.u16()
	c.skip(2)
	root, n := c.address(), c.u16()
	if c.err != nil {
		return c.err
	}
	if w.recordSize < 1 || w.nodeSize < 10+w.recordSize || w.nodeSize > maxPiece || depth > 32 {
		return fmt.Errorf("a tree has records of %d bytes in nodes of %d, %d levels high", w.recordSize, w.nodeSize, depth)
	}
	w.sizes(depth)
	return w.node(root, n, depth)
}

type walk2 struct {
	f                    *File
	nodeSize, recordSize int
	record               func(*cursor) error
	seen                 map[uint64]bool
	countSize            int   // bytes of a node's number of records
	totalSize            []int // bytes of a subtree's number of records, by its height
}

// encodedSize is the number of bytes that numbers up to n take.
func encodedSize(n uint64) int { return max(0, bits.Len64(n)-1)/8 + 1 }

// sizes computes how child pointers are encoded.
func (w *walk2) sizes(depth int) {
	const overhead = 4 + 1 + 1 + 4
	most := uint64((w.nodeSize - overhead) / w.recordSize)
	w.countSize = encodedSize(most)
	w.totalSize = []int{0}
	total := most
	for u := 1; u <= depth; u++ {
		pointer := w.f.offsets + w.countSize
		if u > 1 {
			pointer += w.totalSize[u-1]
		}
		inner := uint64(max(0, w.nodeSize-overhead-pointer) / (w.recordSize + pointer))
		total = min((inner+1)*total+inner, 1<<62)
		w.totalSize = append(w.totalSize, encodedSize(total))
	}
}

// node visits a node with n records, at a height over the leaves.
func (w *walk2) node(address uint64, n, height int) error {
	if address == undefined {
		return nil
	}
	if w.seen[address] {
		return errRevisited
	}
	w.seen[address] = true
	b, err := w.f.piece(address, uint64(w.nodeSize))
	if err != nil {
		return err
	}
	c := w.f.cursor(b)
	if height == 0 {
		c.signature("BTLF")
	} else {
		c.signature("BTIN")
	}
	c.skip(2)
	for range n {
		r := w.f.cursor(c.bytes(w.recordSize))
		if c.err != nil {
			return c.err
		}
		if err := w.record(r); err != nil {
			return err
		}
	}
	if height == 0 {
		return c.err
	}
	for range n + 1 {
		child, count := c.address(), int(c.uint(w.countSize))
		if height > 1 {
			c.skip(w.totalSize[height-1])
		}
		if c.err != nil {
			return c.err
		}
		if err := w.node(child, count, height-1); err != nil {
			return err
		}
	}
	return nil
}
