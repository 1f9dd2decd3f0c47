package hdf5

import (
	"fmt"
	"math/bits"
)

// chunks puts the chunks of a data set where they belong.
type chunks struct {
	d      *dataset
	size   []int // of a chunk, along each axis
	grid   []int // chunks along each axis
	values []byte
	seen   int
}

func (d *dataset) newChunks(size []int) (*chunks, error) {
	if len(size) != len(d.shape) {
		return nil, fmt.Errorf("its chunks have %d axes, but it has %d", len(size), len(d.shape))
	}
	c := &chunks{d: d, size: size}
	n := 1
	for i, s := range size {
		if s < 1 || n > d.file.most/d.kind.Size/s {
			return nil, fmt.Errorf("its chunks have an impossible size")
		}
		n *= s
		c.grid = append(c.grid, (d.shape[i]+s-1)/s)
	}
	c.values = d.blank(count(d.shape))
	return c, nil
}

// bytes is the size of a chunk without filters.
func (c *chunks) bytes() int { return count(c.size) * c.d.kind.Size }

// put reads the chunk that starts at a place, in values along each axis.
func (c *chunks) put(start []int, address, stored uint64, skipped uint32) error {
	if address == undefined {
		return nil
	}
	for i, s := range start {
		if s < 0 || s >= c.d.shape[i] || s%c.size[i] != 0 {
			return fmt.Errorf("a chunk stands at %d of axis %d, where none belongs", s, i)
		}
	}
	if c.seen++; c.seen > count(c.grid) {
		return fmt.Errorf("it has more than its %d chunks", count(c.grid))
	}
	if stored > uint64(2*c.bytes())+1<<16 {
		return fmt.Errorf("a chunk of %d bytes is stored in %d", c.bytes(), stored)
	}
	b, err := c.d.file.data(address, stored)
	if err != nil {
		return err
	}
	if b, err = undo(c.d.filters, skipped, b, c.bytes()); err != nil {
		return err
	}
	c.copy(b, start, 0, 0, 0)
	return nil
}

// copy copies what of a chunk lies inside the data set: from and to count values before
// this axis.
func (c *chunks) copy(b []byte, start []int, axis, from, to int) {
	size, shape := c.d.kind.Size, c.d.shape
	inside := min(c.size[axis], shape[axis]-start[axis])
	from, to = from*c.size[axis], to*shape[axis]+start[axis]
	if axis == len(shape)-1 {
		copy(c.values[to*size:(to+inside)*size], b[from*size:])
		return
	}
	for i := range inside {
		c.copy(b, start, axis+1, from+i, to+i)
	}
}

// start is the place of a chunk by its number, row by row.
func (c *chunks) start(number int) []int {
	at := make([]int, len(c.grid))
	for i := len(c.grid) - 1; i >= 0; i-- {
		at[i] = number % c.grid[i] * c.size[i]
		number /= c.grid[i]
	}
	return at
}

// readChunks3 reads the chunks of a version 3 layout.
func (d *dataset) readChunks3(c *cursor) ([]byte, error) {
	rank := c.u8()
	address := c.address()
	dims := make([]int, rank)
	for i := range dims {
		dims[i] = c.u32()
	}
	if c.err != nil {
		return nil, c.err
	}
	return d.readTree(dims[:max(0, rank-1)], address)
}

// readTree reads the chunks that a version 1 B-tree lists.
func (d *dataset) readTree(size []int, address uint64) ([]byte, error) {
	c, err := d.newChunks(size)
	if err != nil {
		return nil, err
	}
	err = d.file.eachLeaf(address, 8+8*(len(size)+1), func(key *cursor, child uint64) error {
		stored, skipped := key.uint(4), uint32(key.uint(4))
		start := make([]int, len(size))
		for i := range start {
			start[i] = int(key.uint(8))
		}
		if key.err != nil {
			return key.err
		}
		return c.put(start, child, stored, skipped)
	})
	return c.values, err
}

// readChunks4 reads the chunks of a version 4 layout, which has five kinds of index.
func (d *dataset) readChunks4(l *cursor) ([]byte, error) {
	flags, rank, encoded := l.u8(), l.u8(), l.u8()
	if encoded > 8 {
		return nil, fmt.Errorf("its layout cannot be read")
	}
	dims := make([]int, rank)
	for i := range dims {
		dims[i] = int(l.uint(encoded))
	}
	index := l.u8()
	if l.err != nil {
		return nil, l.err
	}
	c, err := d.newChunks(dims[:max(0, rank-1)])
	if err != nil {
		return nil, err
	}
	// A filtered chunk's size is stored beside its address.
	e := entries{chunks: c, filtered: len(d.filters) > 0}
	switch index {
	case 1:
		stored, skipped := uint64(c.bytes()), uint32(0)
		if flags&2 != 0 {
			stored, skipped = l.length(), uint32(l.uint(4))
		}
		address := l.address()
		if l.err != nil {
			return nil, l.err
		}
		if count(c.grid) != 1 {
			return nil, fmt.Errorf("it has one chunk, expected %d", count(c.grid))
		}
		err = c.put(c.start(0), address, stored, skipped)
	case 2:
		address := l.address()
		if l.err != nil || address == undefined {
			return c.values, l.err
		}
		for i := range count(c.grid) {
			if err = c.put(c.start(i), address+uint64(i*c.bytes()), uint64(c.bytes()), 0); err != nil {
				break
			}
		}
	case 3:
		l.skip(1)
		err = e.fixedArray(l.address())
	case 4:
		l.skip(5)
		err = e.extensibleArray(l.address())
	case 5:
		l.skip(6)
		err = e.tree(l.address())
	default:
		err = fmt.Errorf("its chunks have an index of type %d, which is not supported", index)
	}
	if l.err != nil {
		return nil, l.err
	}
	return c.values, err
}

// entries reads the entries of an index of chunks.
type entries struct {
	*chunks
	filtered bool
	next     int // number of the chunk that comes next
}

// read reads entries one after the other: each an address, and behind it, of filtered
// chunks, the stored size and which filters were skipped.
func (e *entries) read(c *cursor, n, size int) error {
	for range n {
		entry := e.d.file.cursor(c.bytes(size))
		address, stored, skipped := entry.address(), uint64(e.bytes()), uint32(0)
		if e.filtered {
			stored, skipped = entry.uint(max(0, size-e.d.file.offsets-4)), uint32(entry.uint(4))
		}
		if entry.err != nil {
			return entry.err
		}
		if e.next < count(e.grid) {
			if err := e.put(e.start(e.next), address, stored, skipped); err != nil {
				return err
			}
		}
		e.next++
	}
	return c.err
}

// paged reads a block of entries, each page of which ends in a checksum. The bits of
// there tell which pages exist.
func (e *entries) paged(c *cursor, n, page, size int, there []byte) error {
	for i := 0; i*page < n; i++ {
		if there[i/8]>>(7-i%8)&1 == 0 {
			e.next += min(page, n-i*page)
			c.skip(page*size + 4)
			continue
		}
		if err := e.read(c, min(page, n-i*page), size); err != nil {
			return err
		}
		c.skip(4)
	}
	return nil
}

// fixedArray reads an index whose length is fixed.
func (e *entries) fixedArray(address uint64) error {
	f := e.d.file
	b, err := f.upTo(address, 64)
	if err != nil {
		return err
	}
	c := f.cursor(b)
	c.signature("FAHD")
	c.skip(2)
	size, pageBits := c.u8(), c.u8()
	n := c.length()
	block := c.address()
	if c.err != nil {
		return c.err
	}
	if block == undefined {
		return nil
	}
	if pageBits > 30 || n > uint64(count(e.grid)) || size > 64 {
		return fmt.Errorf("the index of its chunks has impossible sizes")
	}
	page := 1 << pageBits
	pages := (int(n) + page - 1) / page
	// A page, and each bitmap of pages, ends in a checksum.
	if b, err = f.upTo(block, uint64(64+pages/8+4+int(n)*size+4*pages)); err != nil {
		return err
	}
	c = f.cursor(b)
	c.signature("FADB")
	c.skip(2 + f.offsets)
	if n > uint64(page) {
		there := c.bytes((pages + 7) / 8)
		c.skip(4)
		if c.err != nil {
			return c.err
		}
		return e.paged(c, int(n), page, size, there)
	}
	return e.read(c, int(n), size)
}

// tree reads a version 2 B-tree of chunks: of type 10, or 11 where they are filtered.
func (e *entries) tree(address uint64) error {
	kind, f := 10, e.d.file
	if e.filtered {
		kind = 11
	}
	return f.eachRecord(address, kind, func(c *cursor) error {
		at, stored, skipped := c.address(), uint64(e.bytes()), uint32(0)
		if e.filtered {
			stored = c.uint(min(8, 1+(bits.Len(uint(e.bytes()))-1+8)/8))
			skipped = uint32(c.uint(4))
		}
		start := make([]int, len(e.size))
		for i := range start {
			start[i] = int(c.uint(8)) * e.size[i]
		}
		if c.err != nil {
			return c.err
		}
		return e.put(start, at, stored, skipped)
	})
}
