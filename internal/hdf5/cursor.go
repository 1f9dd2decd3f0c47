package hdf5

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// undefined is the address of what does not exist.
const undefined = ^uint64(0)

var errShort = errors.New("it ends in the middle of a structure")

// cursor reads a piece of the file. After the first failure everything it reads is 0,
// and err says what went wrong.
type cursor struct {
	b       []byte
	at      int
	offsets int // bytes of an address
	lengths int // bytes of a length
	err     error
}

func (c *cursor) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

func (c *cursor) bytes(n int) []byte {
	if c.err == nil && (n < 0 || n > len(c.b)-c.at) {
		c.err = errShort
	}
	if c.err != nil {
		return nil
	}
	c.at += n
	return c.b[c.at-n : c.at : c.at]
}

func (c *cursor) skip(n int) { c.bytes(n) }

func (c *cursor) left() int { return len(c.b) - c.at }

// uint reads a little-endian number of n bytes, at most 8.
func (c *cursor) uint(n int) uint64 {
	var x uint64
	for i, b := range c.bytes(n) {
		x |= uint64(b) << (8 * i)
	}
	return x
}

func (c *cursor) u8() int  { return int(c.uint(1)) }
func (c *cursor) u16() int { return int(c.uint(2)) }
func (c *cursor) u32() int { return int(c.uint(4)) }

func (c *cursor) length() uint64 { return c.uint(c.lengths) }

func (c *cursor) address() uint64 {
	a := c.uint(c.offsets)
	if c.offsets < 8 && a == 1<<(8*c.offsets)-1 {
		return undefined
	}
	return a
}

// signature reads four letters and checks them.
func (c *cursor) signature(want string) {
	if got := c.bytes(4); c.err == nil && string(got) != want {
		c.fail("%q stands where %q was expected", got, want)
	}
}

// align moves to the next multiple of 8 from the start of the piece.
func (c *cursor) align() { c.skip(-c.at & 7) }

// text reads up to and over the next zero byte.
func (c *cursor) text() string {
	n := bytes.IndexByte(c.b[min(c.at, len(c.b)):], 0)
	if n < 0 {
		c.err = errShort
		return ""
	}
	s := string(c.bytes(n))
	c.skip(1)
	return s
}

func bigEndian(b []byte) uint64 {
	var x [8]byte
	copy(x[8-len(b):], b)
	return binary.BigEndian.Uint64(x[:])
}
