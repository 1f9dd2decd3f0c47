package hdf5

import (
	"fmt"
	"math/bits"
)

// extensible is the header of an extensible array: an index whose length may grow. An
// index block has the first entries and the addresses of the first data blocks; those
// of the others stand in super blocks, each of which has more and larger ones.
type extensible struct {
	entry      int // bytes of an entry
	offsetSize int
	first      int // entries in the index block
	least      int // entries in the smallest data block
	pointers   int // data blocks of the smallest super block with its own
	page       int // entries in a page of a data block
	supers     int // super blocks, real and imagined
}

// blocks are the data blocks of super block s, and the entries of each.
func (x *extensible) blocks(s int) (n, entries int) {
	return 1 << (s / 2), 1 << ((s + 1) / 2) * x.least
}

// extensibleArray reads an index that may grow.
func (e *entries) extensibleArray(address uint64) error {
	f := e.d.file
	b, err := f.upTo(address, 128)
	if err != nil {
		return err
	}
	c := f.cursor(b)
	c.signature("EAHD")
	c.skip(2)
	x := extensible{entry: c.u8()}
	most := c.u8()
	x.first, x.least, x.pointers = c.u8(), c.u8(), c.u8()
	pageBits := c.u8()
	for range 6 {
		c.length()
	}
	index := c.address()
	if c.err != nil {
		return c.err
	}
	if x.least < 1 || x.pointers < 2 || most > 64 || pageBits > 30 || x.entry > 64 || bits.OnesCount(uint(x.least)) != 1 || bits.OnesCount(uint(x.pointers)) != 1 {
		return fmt.Errorf("the index of its chunks has impossible sizes")
	}
	x.page = 1 << pageBits
	x.offsetSize = (most + 7) / 8
	x.supers = 1 + most - (bits.Len(uint(x.least)) - 1)
	if index == undefined {
		return nil
	}
	if b, err = f.upTo(index, uint64(64+x.first*x.entry+(2*x.pointers+x.supers)*f.offsets)); err != nil {
		return err
	}
	c = f.cursor(b)
	c.signature("EAIB")
	c.skip(2 + f.offsets)
	if err := e.read(c, x.first, x.entry); err != nil {
		return err
	}
	direct := 2 * (bits.Len(uint(x.pointers)) - 1) // super blocks whose data blocks the index has
	for s := 0; s < x.supers && e.next < count(e.grid); s++ {
		n, entries := x.blocks(s)
		if s < direct {
			for range n {
				block := c.address()
				if c.err != nil {
					return c.err
				}
				if err := e.dataBlock(&x, block, entries, nil); err != nil {
					return err
				}
			}
			continue
		}
		super := c.address()
		if c.err != nil {
			return c.err
		}
		if err := e.superBlock(&x, super, n, entries); err != nil {
			return err
		}
	}
	return nil
}

// superBlock reads n data blocks of a number of entries each.
func (e *entries) superBlock(x *extensible, address uint64, n, size int) error {
	f := e.d.file
	if address == undefined {
		e.next += min(n*size, count(e.grid))
		return nil
	}
	each := 0 // bytes of a block's bitmap of pages
	if size > x.page {
		each = (size/x.page + 7) / 8
	}
	b, err := f.upTo(address, uint64(64+n*(each+f.offsets)))
	if err != nil {
		return err
	}
	c := f.cursor(b)
	c.signature("EASB")
	c.skip(2 + f.offsets + x.offsetSize)
	var bitmaps []byte
	if each > 0 {
		bitmaps = c.bytes(n * each)
	}
	for i := range n {
		block := c.address()
		if c.err != nil {
			return c.err
		}
		var there []byte
		if bitmaps != nil {
			there = bitmaps[i*each : (i+1)*each]
		}
		if err := e.dataBlock(x, block, size, there); err != nil {
			return err
		}
	}
	return nil
}

// dataBlock reads a block of entries; there tells which of its pages exist.
func (e *entries) dataBlock(x *extensible, address uint64, size int, there []byte) error {
	f := e.d.file
	if address == undefined || e.next >= count(e.grid) {
		e.next = min(e.next+size, count(e.grid))
		return nil
	}
	wanted := min(size, count(e.grid)-e.next)
	b, err := f.upTo(address, uint64(64+size*x.entry+4*(size/x.page+1)))
	if err != nil {
		return err
	}
	c := f.cursor(b)
	c.signature("EADB")
	c.skip(2 + f.offsets + x.offsetSize)
	if size > x.page && there != nil {
		c.skip(4)
		return e.paged(c, size, x.page, x.entry, there)
	}
	return e.read(c, wanted, x.entry)
}
