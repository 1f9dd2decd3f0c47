package hdf5

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
)

// filter is one step of what was done to a chunk when it was written.
type filter struct {
	id     int
	values []uint32
}

const (
	filterDeflate    = 1
	filterShuffle    = 2
	filterFletcher32 = 3
)

// readFilters reads a filter pipeline message.
func readFilters(c *cursor) []filter {
	version, n := c.u8(), c.u8()
	if version == 1 {
		c.skip(6)
	} else if version != 2 {
		c.fail("its filters have version %d, expected 1 or 2", version)
	}
	var all []filter
	for range n {
		f := filter{id: c.u16()}
		name := 0
		if version == 1 || f.id >= 256 {
			name = c.u16()
		}
		c.skip(2)
		values := c.u16()
		c.skip(name)
		if version == 1 {
			c.skip(-name & 7)
		}
		for range values {
			f.values = append(f.values, uint32(c.uint(4)))
		}
		if version == 1 && values%2 == 1 {
			c.skip(4)
		}
		if c.err != nil {
			return nil
		}
		all = append(all, f)
	}
	return all
}

// undo turns a chunk as it is in the file into size bytes of values. Bits of skipped name
// filters that were left out.
func undo(filters []filter, skipped uint32, b []byte, size int) ([]byte, error) {
	for i := len(filters) - 1; i >= 0; i-- {
		if skipped>>i&1 != 0 {
			continue
		}
		var err error
		switch f := filters[i]; f.id {
		case filterDeflate:
			b, err = inflate(b, size+4) // a checksum may follow the values
		case filterShuffle:
			if len(f.values) > 0 {
				b = unshuffle(b, int(f.values[0]))
			}
		case filterFletcher32:
			b, err = checked(b)
		default:
			err = fmt.Errorf("it is compressed by filter %d; supported are deflate (1), shuffle (2) and fletcher32 (3)", f.id)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(b) < size {
		return nil, fmt.Errorf("a chunk has %d bytes, expected %d", len(b), size)
	}
	return b[:size], nil
}

// inflate undoes deflate, up to most bytes.
func inflate(b []byte, most int) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("a chunk cannot be inflated: %w", err)
	}
	defer z.Close()
	out, err := io.ReadAll(io.LimitReader(z, int64(most)))
	if err != nil {
		return nil, fmt.Errorf("a chunk cannot be inflated: %w", err)
	}
	return out, nil
}

// unshuffle puts the bytes of values of size bytes together again: first all first
// bytes, then all second ones, and so on. What is left over stands at the end.
func unshuffle(b []byte, size int) []byte {
	if size < 2 || len(b) < size {
		return b
	}
	n := len(b) / size
	out := make([]byte, len(b))
	for k := range size {
		for i, x := range b[k*n : (k+1)*n] {
			out[i*size+k] = x
		}
	}
	copy(out[n*size:], b[n*size:])
	return out
}

// checked takes the checksum of Fletcher off and compares it.
func checked(b []byte) ([]byte, error) {
	if len(b) < 4 {
		return nil, errShort
	}
	data, want := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	got := fletcher32(data)
	// Old libraries wrote it in the order of the machine.
	swapped := got&0x00FF00FF<<8 | got&0xFF00FF00>>8
	if got != want && swapped != want {
		return nil, fmt.Errorf("a chunk is damaged: its checksum is %08x, expected %08x", got, want)
	}
	return data, nil
}

// fletcher32 is the checksum of Fletcher over words of 16 bits, high byte first.
func fletcher32(b []byte) uint32 {
	var low, high uint32
	for i := 0; i < len(b); i += 2 {
		word := uint32(b[i]) << 8
		if i+1 < len(b) {
			word |= uint32(b[i+1])
		}
		low = (low + word) % 65535
		high = (high + low) % 65535
	}
	return high<<16 | low
}
