package hdf5

import "fmt"

// Describe returns the shape and the type of a data set without reading its values.
func (o *Object) Describe() (shape []int, t *Type, err error) {
	d, err := o.dataset()
	if err != nil {
		return nil, nil, err
	}
	return d.shape, d.kind, nil
}

// Read returns all values of a data set.
func (o *Object) Read() (*Values, error) {
	d, err := o.dataset()
	if err != nil {
		return nil, err
	}
	v := &Values{Shape: d.shape, Type: d.kind, file: o.file, path: o.path}
	if !d.some {
		return v, nil
	}
	if n := count(d.shape); n > o.file.most/d.kind.Size {
		return nil, o.errorf("it has %d values of %d bytes, more than the %d bytes that are read at once", n, d.kind.Size, o.file.most)
	}
	if v.raw, err = d.read(); err != nil {
		return nil, o.errorf("%w", err)
	}
	return v, nil
}

// dataset is a data set before its values are read.
type dataset struct {
	file    *File
	shape   []int
	some    bool // whether there are values
	kind    *Type
	fill    []byte // of values that were never written; nil for zeros
	filters []filter
	layout  *cursor
}

func (o *Object) dataset() (*dataset, error) {
	if o.IsGroup() {
		return nil, o.errorf("it is a group, expected a data set")
	}
	d := &dataset{file: o.file}
	for _, m := range []struct {
		kind int
		read func(*cursor)
	}{
		{msgDataspace, func(c *cursor) { d.shape, d.some = readSpace(c) }},
		{msgDatatype, func(c *cursor) { d.kind = o.file.readType(c, 0) }},
		{msgLayout, func(c *cursor) { d.layout = c }},
		{msgFilters, func(c *cursor) { d.filters = readFilters(c) }},
		{msgFill, func(c *cursor) { d.fill = readFill(c) }},
	} {
		b, err := o.message(m.kind)
		if err != nil {
			return nil, o.errorf("%w", err)
		}
		if b == nil {
			if m.kind == msgDataspace || m.kind == msgDatatype {
				return nil, o.errorf("it has no shape or no type")
			}
			continue
		}
		c := o.file.cursor(b)
		if m.read(c); c.err != nil {
			return nil, o.errorf("%w", c.err)
		}
	}
	if len(d.fill) != d.kind.Size {
		d.fill = nil
	}
	return d, nil
}

// readFill reads a fill value message.
func readFill(c *cursor) []byte {
	switch version := c.u8(); version {
	case 1, 2:
		c.skip(2)
		if c.u8() == 0 {
			return nil
		}
	case 3:
		if c.u8()&0x20 == 0 {
			return nil
		}
	default:
		c.fail("a fill value has version %d, expected 1 to 3", version)
		return nil
	}
	if n := c.u32(); n > 0 && n < 1<<20 {
		return c.bytes(n)
	}
	return nil
}

// blank is what n values that were never written are.
func (d *dataset) blank(n int) []byte {
	b := make([]byte, n*d.kind.Size)
	if d.fill != nil {
		for i := range n {
			copy(b[i*d.kind.Size:], d.fill)
		}
	}
	return b
}

// read reads the values, which fit into MaxBytes.
func (d *dataset) read() ([]byte, error) {
	c := *d.layout
	n := count(d.shape)
	bytes := n * d.kind.Size
	version := c.u8()
	var class int
	switch version {
	case 1, 2:
		return d.readOld(&c)
	case 3, 4:
		class = c.u8()
	default:
		return nil, fmt.Errorf("its layout has version %d, expected 1 to 4", version)
	}
	switch class {
	case 0:
		b := c.bytes(c.u16())
		if c.err == nil && len(b) < bytes {
			c.err = errShort
		}
		if c.err != nil {
			return nil, c.err
		}
		return b[:bytes], nil
	case 1:
		address, size := c.address(), c.length()
		if c.err != nil {
			return nil, c.err
		}
		if address == undefined || size == 0 {
			return d.blank(n), nil
		}
		return d.file.data(address, uint64(bytes))
	case 2:
		if version == 3 {
			return d.readChunks3(&c)
		}
		return d.readChunks4(&c)
	}
	return nil, fmt.Errorf("its layout has class %d, which is not supported", class)
}

// readOld reads the layouts of versions 1 and 2.
func (d *dataset) readOld(c *cursor) ([]byte, error) {
	rank, class := c.u8(), c.u8()
	c.skip(5)
	n := count(d.shape)
	switch class {
	case 0:
		c.skip(4 * rank)
		b := c.bytes(c.u32())
		if c.err == nil && len(b) < n*d.kind.Size {
			c.err = errShort
		}
		if c.err != nil {
			return nil, c.err
		}
		return b[:n*d.kind.Size], nil
	case 1:
		address := c.address()
		if c.err != nil {
			return nil, c.err
		}
		if address == undefined {
			return d.blank(n), nil
		}
		return d.file.data(address, uint64(n*d.kind.Size))
	case 2:
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
	return nil, fmt.Errorf("its layout has class %d, which is not supported", class)
}
