// Package idx reads the files that MNIST and its successors come in: a header
// that says the shape, then unsigned bytes.
//
//	offset  type               what
//	0       uint32 big-endian  magic number: 0x00000800 + number of dimensions
//	4       uint32 big-endian  one size a dimension, the slowest first
//	…       uint8              the values
package idx

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/bits"
	"os"
	"slices"

	"github.com/snnctl/snnctl/internal/fault"
)

// The numbers of dimensions in use.
const (
	Labels = 1 // [count]
	Images = 3 // [count][rows][columns]
)

// magic is that of zero dimensions of unsigned bytes.
const magic = 0x0800

// File is the content of an idx file.
type File struct {
	Sizes  []int   // one a dimension, the slowest first
	Values []uint8 // as many as the product of Sizes
	SHA256 string  // of the file after decompression, in hexadecimal
}

// ReadFile reads the file at path; see Read.
func ReadFile(path string, dimensions int) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Inputf("opening an idx file: %w", err)
	}
	defer f.Close()
	return Read(f, path, dimensions)
}

// Read reads an idx file of that many dimensions, raw or compressed by gzip:
// its first bytes say which. name is what errors call it.
//
// Whatever the header announces, no more memory is taken than about twice what
// the body holds.
func Read(r io.Reader, name string, dimensions int) (*File, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	r = buffered
	if start, _ := buffered.Peek(2); bytes.Equal(start, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fault.Inputf("%s starts like a gzip file but is none: %w", name, err)
		}
		r = z
	}
	digest := sha256.New()
	r = io.TeeReader(r, digest)

	sizes, err := readHeader(r, name, dimensions)
	if err != nil {
		return nil, err
	}
	total, ok := product(sizes)
	if !ok {
		return nil, fault.Inputf("%s has the sizes %d, which no file can hold", name, sizes)
	}
	values, err := readUpTo(r, total)
	switch {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF: // the last: a gzip file cut short
		return nil, fault.Inputf("%s is damaged after %d of %d values: %w", name, len(values), total, err)
	case len(values) < total:
		return nil, fault.Inputf("%s is truncated: it holds %d of the %d values that its header announces", name, len(values), total)
	}
	// Asking for one byte more also makes gzip compare its checksum.
	switch n, err := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return nil, fault.Inputf("%s goes on after the %d values that its header announces", name, total)
	case err != io.EOF:
		return nil, fault.Inputf("%s is damaged at its end: %w", name, err)
	}
	return &File{Sizes: sizes, Values: values, SHA256: hex.EncodeToString(digest.Sum(nil))}, nil
}

func readHeader(r io.Reader, name string, dimensions int) ([]int, error) {
	header := make([]byte, 4+4*dimensions)
	n, err := io.ReadFull(r, header)
	if found := binary.BigEndian.Uint32(header); n >= 4 && found != uint32(magic+dimensions) {
		return nil, fault.Inputf("%s has the magic number 0x%08x, expected 0x%08x (idx, unsigned bytes, %d dimension(s))",
			name, found, magic+dimensions, dimensions)
	}
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return nil, fault.Inputf("%s is truncated: it holds %d of the %d bytes of an idx header", name, n, len(header))
	case err != nil:
		return nil, fault.Inputf("%s is damaged in its header: %w", name, err)
	}
	sizes := make([]int, dimensions)
	for i := range sizes {
		sizes[i] = int(binary.BigEndian.Uint32(header[4+4*i:]))
	}
	return sizes, nil
}

// product is false where the number of values overflows.
func product(sizes []int) (int, bool) {
	total := uint64(1)
	for _, size := range sizes {
		high, low := bits.Mul64(total, uint64(size))
		if high != 0 || low > 1<<48 {
			return 0, false
		}
		total = low
	}
	return int(total), true
}

// readUpTo reads total bytes, or fewer and the reason. The memory grows with
// what has come, as the header may lie.
func readUpTo(r io.Reader, total int) ([]byte, error) {
	var values []byte
	for len(values) < total {
		if len(values) == cap(values) {
			values = slices.Grow(values, min(max(len(values), 1<<16), total-len(values)))
		}
		n, err := r.Read(values[len(values):min(cap(values), total)])
		values = values[:len(values)+n]
		if err != nil && len(values) < total {
			return values, err
		}
	}
	return values, nil
}
