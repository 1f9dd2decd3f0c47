package hdf5

import "fmt"

// message is a part of an object header.
type message struct {
	kind   int
	shared bool
	body   []byte
}

// kinds of messages
const (
	msgDataspace    = 0x01
	msgLinkInfo     = 0x02
	msgDatatype     = 0x03
	msgOldFill      = 0x04
	msgFill         = 0x05
	msgLink         = 0x06
	msgLayout       = 0x08
	msgFilters      = 0x0B
	msgAttribute    = 0x0C
	msgContinuation = 0x10
	msgSymbolTable  = 0x11
	msgAttributes   = 0x15
)

// maxMessages bounds the messages of one object.
const maxMessages = 1 << 16

// header reads all messages of the object at an address.
func (f *File) header(address uint64) ([]message, error) {
	b, err := f.upTo(address, 512)
	if err != nil {
		return nil, err
	}
	c := f.cursor(b)
	if len(b) >= 4 && string(b[:4]) == "OHDR" {
		return f.header2(address, c)
	}
	if version := c.u8(); version != 1 {
		return nil, fmt.Errorf("no object header stands at address %d", address)
	}
	c.skip(1 + 2 + 4)
	n := c.u32()
	c.align()
	if c.err != nil {
		return nil, c.err
	}
	return f.messages(1, false, address+uint64(c.at), uint64(n))
}

func (f *File) header2(address uint64, c *cursor) ([]message, error) {
	c.signature("OHDR")
	if version := c.u8(); version != 2 && c.err == nil {
		return nil, fmt.Errorf("an object header has version %d, expected 1 or 2", version)
	}
	flags := c.u8()
	if flags&0x20 != 0 {
		c.skip(16)
	}
	if flags&0x10 != 0 {
		c.skip(4)
	}
	n := c.uint(1 << (flags & 3))
	if c.err != nil {
		return nil, c.err
	}
	return f.messages(2, flags&0x04 != 0, address+uint64(c.at), n)
}

// messages reads a block of messages and those that continue it.
func (f *File) messages(version int, ordered bool, address, length uint64) ([]message, error) {
	type block struct{ address, length uint64 }
	blocks := []block{{address, length}}
	var all []message
	for i := 0; i < len(blocks); i++ {
		b, err := f.piece(blocks[i].address, blocks[i].length)
		if err != nil {
			return nil, err
		}
		c := f.cursor(b)
		if version == 2 && i > 0 {
			c.signature("OCHK")
			if len(b) < 8 {
				return nil, errShort
			}
			c.b = b[:len(b)-4] // before the checksum
		}
		prefix := 8
		if version == 2 {
			prefix = 4
			if ordered {
				prefix = 6
			}
		}
		for c.err == nil && c.left() >= prefix {
			var m message
			var size, flags int
			if version == 1 {
				m.kind, size, flags = c.u16(), c.u16(), c.u8()
				c.skip(3)
			} else {
				m.kind, size, flags = c.u8(), c.u16(), c.u8()
				if ordered {
					c.skip(2)
				}
			}
			m.body, m.shared = c.bytes(size), flags&2 != 0
			if c.err != nil {
				return nil, c.err
			}
			if m.kind == msgContinuation {
				next := f.cursor(m.body)
				blocks = append(blocks, block{next.address(), next.length()})
				if next.err != nil {
					return nil, next.err
				}
			}
			if all = append(all, m); len(all) > maxMessages || len(blocks) > maxMessages {
				return nil, fmt.Errorf("an object header has more than %d messages", maxMessages)
			}
		}
		if c.err != nil {
			return nil, c.err
		}
	}
	return all, nil
}

// resolve follows a shared message to the object that has it.
func (f *File) resolve(m message) ([]byte, error) {
	if !m.shared {
		return m.body, nil
	}
	c := f.cursor(m.body)
	version, kind := c.u8(), c.u8()
	if version == 1 {
		c.skip(6)
	}
	address := c.address()
	if c.err != nil {
		return nil, c.err
	}
	if version == 3 && kind != 2 {
		return nil, fmt.Errorf("a message is shared through a heap, which is not supported")
	}
	other, err := f.header(address)
	if err != nil {
		return nil, err
	}
	for _, o := range other {
		if o.kind == m.kind && !o.shared {
			return o.body, nil
		}
	}
	return nil, fmt.Errorf("the object that shares a message does not have it")
}
