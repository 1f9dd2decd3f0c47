package hdf5

// Attribute returns the values of an attribute, nil if the object has none of that name.
func (o *Object) Attribute(name string) (*Values, error) {
	all, err := o.attributes()
	if err != nil {
		return nil, o.errorf("its attributes cannot be read: %w", err)
	}
	for _, b := range all {
		c := o.file.cursor(b)
		if is, v := o.file.readAttribute(c, o.path); is == name {
			if c.err != nil {
				return nil, o.errorf("attribute %s: %w", name, c.err)
			}
			return v, nil
		}
	}
	return nil, nil
}

// attributes are the attribute messages.
func (o *Object) attributes() (all [][]byte, err error) {
	for _, m := range o.messages {
		switch m.kind {
		case msgAttribute:
			if b, err := o.file.resolve(m); err == nil {
				all = append(all, b)
			}
		case msgAttributes:
			c := o.file.cursor(m.body)
			c.skip(1)
			if c.u8()&1 != 0 {
				c.skip(2)
			}
			heap, tree := c.address(), c.address()
			if c.err != nil {
				return nil, c.err
			}
			if heap == undefined {
				continue
			}
			err := o.file.eachHeapObject(heap, tree, 8, func(b []byte) error {
				all = append(all, b)
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// readAttribute reads an attribute message. The name is right even where the rest
// cannot be read.
func (f *File) readAttribute(c *cursor, path string) (string, *Values) {
	version, flags := c.u8(), c.u8()
	nameSize, typeSize, spaceSize := c.u16(), c.u16(), c.u16()
	if version == 3 {
		c.skip(1)
	}
	part := func(n int) *cursor {
		p := f.cursor(c.bytes(n))
		if version == 1 {
			c.skip(min(-n&7, c.left()))
		}
		return p
	}
	nameAt := part(nameSize)
	typeAt, spaceAt := part(typeSize), part(spaceSize)
	if c.err != nil {
		return "", nil
	}
	name := nameAt.text()
	for i, p := range []*cursor{typeAt, spaceAt} {
		if flags>>i&1 != 0 {
			b, err := f.resolve(message{kind: []int{msgDatatype, msgDataspace}[i], shared: true, body: p.b})
			if err != nil {
				c.fail("%w", err)
				return name, nil
			}
			p.b, p.at = b, 0
		}
	}
	v := &Values{Type: f.readType(typeAt, 0), file: f, path: path + " attribute " + name}
	shape, some := readSpace(spaceAt)
	for _, p := range []*cursor{typeAt, spaceAt} {
		if p.err != nil {
			c.fail("%w", p.err)
		}
	}
	if c.err != nil {
		return name, nil
	}
	v.Shape = shape
	if some {
		n := count(shape)
		if n > c.left()/v.Type.Size {
			c.fail("%w", errShort)
			return name, nil
		}
		v.raw = c.bytes(n * v.Type.Size)
	}
	return name, v
}
