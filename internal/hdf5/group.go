package hdf5

import "fmt"

// link is where a name of a group leads: to an address, or to a path.
type link struct {
	address uint64
	soft    string
}

// maxChildren bounds the names in a group.
const maxChildren = 1 << 20

// links are the names in a group.
func (o *Object) links() (map[string]link, error) {
	all := map[string]link{}
	err := o.eachLink(func(name string, l link) { all[name] = l })
	if err != nil {
		return nil, o.errorf("its names cannot be read: %w", err)
	}
	return all, nil
}

func (o *Object) eachLink(add func(string, link)) error {
	for _, m := range o.messages {
		c := o.file.cursor(m.body)
		switch m.kind {
		case msgSymbolTable:
			tree, heap := c.address(), c.address()
			if c.err != nil {
				return c.err
			}
			if err := o.file.symbolTable(tree, heap, add); err != nil {
				return err
			}
		case msgLink:
			if err := readLink(c, add); err != nil {
				return err
			}
		case msgLinkInfo:
			c.skip(1)
			flags := c.u8()
			if flags&1 != 0 {
				c.skip(8)
			}
			heap, tree := c.address(), c.address()
			if c.err != nil {
				return c.err
			}
			if heap == undefined {
				continue
			}
			err := o.file.eachHeapObject(heap, tree, 5, func(b []byte) error { return readLink(o.file.cursor(b), add) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// readLink reads a link message.
func readLink(c *cursor, add func(string, link)) error {
	c.skip(1)
	flags := c.u8()
	kind := 0
	if flags&0x08 != 0 {
		kind = c.u8()
	}
	if flags&0x04 != 0 {
		c.skip(8)
	}
	if flags&0x10 != 0 {
		c.skip(1)
	}
	name := string(c.bytes(int(c.uint(1 << (flags & 3)))))
	var l link
	switch kind {
	case 0:
		l.address = c.address()
	case 1:
		l.soft = string(c.bytes(c.u16()))
	default:
		return nil // a link to another file: nothing of this one
	}
	if c.err == nil && (kind == 0 || l.soft != "") {
		add(name, l)
	}
	return c.err
}

// symbolTable reads the names of an old-style group: a B-tree of tables, and a local
// heap of names.
func (f *File) symbolTable(tree, heap uint64, add func(string, link)) error {
	names, err := f.localHeap(heap)
	if err != nil {
		return err
	}
	name := func(offset uint64) (string, error) {
		if offset > uint64(len(names)) {
			return "", errShort
		}
		c := f.cursor(names[offset:])
		s := c.text()
		return s, c.err
	}
	count := 0
	return f.eachLeaf(tree, 0, func(_ *cursor, child uint64) error {
		b, err := f.piece(child, 8)
		if err != nil {
			return err
		}
		c := f.cursor(b)
		c.signature("SNOD")
		c.skip(2)
		n := c.u16()
		if c.err != nil {
			return c.err
		}
		if b, err = f.piece(child+8, uint64(n*(2*f.offsets+24))); err != nil {
			return err
		}
		c = f.cursor(b)
		for range n {
			nameAt, address, kind := c.heapOffset(), c.address(), c.u32()
			c.skip(4)
			scratch := f.cursor(c.bytes(16))
			if c.err != nil {
				return c.err
			}
			if count++; count > maxChildren {
				return fmt.Errorf("a group has more than %d names", maxChildren)
			}
			s, err := name(nameAt)
			if err != nil {
				return err
			}
			l := link{address: address}
			if kind == 2 {
				if l.soft, err = name(scratch.uint(4)); err != nil {
					return err
				}
			}
			add(s, l)
		}
		return c.err
	})
}

// heapOffset is a name's offset in a heap, which has the size of an address.
func (c *cursor) heapOffset() uint64 { return c.uint(c.offsets) }

// localHeap is the data of a local heap.
func (f *File) localHeap(address uint64) ([]byte, error) {
	b, err := f.upTo(address, 64)
	if err != nil {
		return nil, err
	}
	c := f.cursor(b)
	c.signature("HEAP")
	c.skip(4)
	size := c.length()
	c.length()
	data := c.address()
	if c.err != nil {
		return nil, c.err
	}
	return f.piece(data, size)
}
