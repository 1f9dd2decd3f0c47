package npy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/float16"
)

// Stream reads an array of any size, of versions 1 to 3 of the format, piece by piece.
// What its header promises is compared with the size of the file before anything is
// allocated.
type Stream struct {
	Shape []int
	Type  string // of the values, as NumPy calls it: "<f4", "|u1", …

	name  string
	file  *os.File
	from  *bufio.Reader
	kind  kind
	begin int64 // of the values in the file
	raw   []byte
	left  int
	value int // of the next, for messages
}

// kind is a type of value that streams convert to float64.
type kind struct {
	size    int
	convert func(b []byte) float64
}

// kinds are those types, as NumPy calls them. Whole numbers beyond 2⁵³ are rounded.
var kinds = map[string]kind{
	"<f8": {8, func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }},
	"<f4": {4, func(b []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) }},
	"<f2": {2, func(b []byte) float64 { return float16.Binary(binary.LittleEndian.Uint16(b)) }},
	"<i8": {8, func(b []byte) float64 { return float64(int64(binary.LittleEndian.Uint64(b))) }},
	"<i4": {4, func(b []byte) float64 { return float64(int32(binary.LittleEndian.Uint32(b))) }},
	"<i2": {2, func(b []byte) float64 { return float64(int16(binary.LittleEndian.Uint16(b))) }},
	"<u4": {4, func(b []byte) float64 { return float64(binary.LittleEndian.Uint32(b)) }},
	"<u2": {2, func(b []byte) float64 { return float64(binary.LittleEndian.Uint16(b)) }},
	"|i1": {1, func(b []byte) float64 { return float64(int8(b[0])) }},
	"|u1": {1, func(b []byte) float64 { return float64(b[0]) }},
	"|b1": {1, func(b []byte) float64 { return float64(b[0]) }},
}

// headerLimit is more than any header of numbers takes.
const headerLimit = 1 << 20

// Open reads the header of a file.
func Open(path string) (*Stream, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Inputf("opening an array: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fault.Inputf("opening an array: %w", err)
	}
	s, err := newStream(f, info.Size(), path)
	if err != nil {
		f.Close()
		return nil, err
	}
	s.file = f
	return s, nil
}

// newStream reads a header from something of size bytes.
func newStream(r io.Reader, size int64, name string) (*Stream, error) {
	s := &Stream{name: name, from: bufio.NewReaderSize(r, 1<<16)}
	magic := make([]byte, len(start))
	if _, err := io.ReadFull(s.from, magic); err != nil || string(magic[:6]) != start[:6] {
		return nil, fault.Inputf("%s is no NumPy array (.npy), as it does not start like one", name)
	}
	version, used := magic[6], int64(len(magic))
	var length int64
	switch version {
	case 1:
		length, used = int64(s.number(2)), used+2
	case 2, 3:
		length, used = int64(s.number(4)), used+4
	default:
		return nil, fault.Inputf("%s is a NumPy file of version %d, expected 1, 2 or 3", name, version)
	}
	if length > headerLimit || used+length > size {
		return nil, fault.Inputf("%s is cut short: it ends within its header", name)
	}
	header := make([]byte, length)
	if _, err := io.ReadFull(s.from, header); err != nil {
		return nil, fault.Inputf("%s is cut short: it ends within its header", name)
	}
	match := dictionary.FindSubmatch(header)
	if match == nil {
		return nil, fault.Inputf("%s has a header that NumPy does not write for an array of numbers: %.80q", name, header)
	}
	ok := false
	s.Type = string(match[1])
	if s.kind, ok = kinds[s.Type]; !ok {
		known := make([]string, 0, len(kinds))
		for k := range kinds {
			known = append(known, k)
		}
		slices.Sort(known)
		return nil, fault.Inputf("%s holds values of type %s, expected one of %s (save it with x.astype('float32'))", name, match[1], strings.Join(known, " "))
	}
	total := 1
	if text := string(bytes.TrimSpace(match[3])); text != "" {
		var err error
		if s.Shape, total, err = parseShape(text, name); err != nil {
			return nil, err
		}
	}
	if string(match[2]) == "True" && len(s.Shape) > 1 {
		return nil, fault.Inputf("%s is stored by columns (fortran_order), expected rows (save numpy.ascontiguousarray(x))", name)
	}
	if values := size - used - length; int64(total) > values/int64(s.kind.size) || int64(total)*int64(s.kind.size) != values {
		return nil, fault.Inputf("%s has %d bytes of values, but its shape %v asks for %d values of %d bytes", name, values, s.Shape, total, s.kind.size)
	}
	s.left, s.begin = total, used+length
	return s, nil
}

// number reads a little-endian number of so many bytes; 0 where the file ends.
func (s *Stream) number(bytes int) (n int) {
	for i := range bytes {
		b, err := s.from.ReadByte()
		if err != nil {
			return 0
		}
		n |= int(b) << (8 * i)
	}
	return n
}

// Next fills dst with the next values, which must be there. A value that is not finite is
// an error.
func (s *Stream) Next(dst []float64) error {
	if len(dst) > s.left {
		return errors.New("more values are asked for than " + s.name + " holds")
	}
	s.raw = slices.Grow(s.raw[:0], len(dst)*s.kind.size)[:len(dst)*s.kind.size]
	if _, err := io.ReadFull(s.from, s.raw); err != nil {
		return fault.Inputf("reading %s: %w", s.name, err)
	}
	if err := s.convert(dst, s.raw, s.value); err != nil {
		return err
	}
	s.left -= len(dst)
	s.value += len(dst)
	return nil
}

// At fills dst with the values from number first on, wherever Next is. Several
// goroutines may read so at once; buffer is memory for the bytes, which At may
// replace by more.
func (s *Stream) At(dst []float64, first int, buffer *[]byte) error {
	size := len(dst) * s.kind.size
	*buffer = slices.Grow((*buffer)[:0], size)[:size]
	if _, err := s.file.ReadAt(*buffer, s.begin+int64(first)*int64(s.kind.size)); err != nil {
		return fault.Inputf("reading %s: %w", s.name, err)
	}
	return s.convert(dst, *buffer, first)
}

// convert turns bytes into values, the first of which has a number.
func (s *Stream) convert(dst []float64, raw []byte, first int) error {
	for i := range dst {
		dst[i] = s.kind.convert(raw[i*s.kind.size:])
		if math.IsNaN(dst[i]) || math.IsInf(dst[i], 0) {
			return fault.Inputf("value %d of %s is %v, expected finite numbers", first+i, s.name, dst[i])
		}
	}
	return nil
}

// Close closes the file.
func (s *Stream) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
