package hdf5

import (
	"fmt"
	"io"
	"os"

	"github.com/snnctl/snnctl/internal/fault"
)

// MaxBytes is the most memory that the values of one data set may take.
const MaxBytes = 1 << 30

// maxPiece bounds the structures of a file that are read whole, other than data.
const maxPiece = 1 << 26

// File is an open file.
type File struct {
	path    string
	r       io.ReaderAt
	closer  io.Closer
	size    int64
	base    uint64 // address 0 of the file's own addresses
	offsets int
	lengths int
	root    uint64
	heaps   map[uint64]map[int][]byte // global heap collections that were read
	most    int                       // bytes that the values of one data set may take
}

const magic = "\x89HDF\r\n\x1a\n"

// Open opens a file. It must be closed.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &fault.Input{Err: err}
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fault.Inputf("%s is no regular file", path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	file, err := newFile(path, f, info.Size())
	if err != nil {
		f.Close()
		return nil, err
	}
	file.closer = f
	return file, nil
}

// Close closes the file.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

func newFile(path string, r io.ReaderAt, size int64) (*File, error) {
	f := &File{path: path, r: r, size: size, offsets: 8, lengths: 8, heaps: map[uint64]map[int][]byte{}, most: MaxBytes}
	for start := int64(0); start+int64(len(magic)) <= size; start = max(512, 2*start) {
		var head [len(magic)]byte
		if _, err := r.ReadAt(head[:], start); err != nil {
			return nil, f.errorf("/", "%w", err)
		}
		if string(head[:]) == magic {
			if err := f.superblock(uint64(start)); err != nil {
				return nil, f.errorf("/", "its superblock cannot be read: %w", err)
			}
			return f, nil
		}
	}
	return nil, fault.Inputf("%s is no HDF5 file", path)
}

// errorf is an error about the object at a path within the file.
func (f *File) errorf(path, format string, args ...any) error {
	return fault.Inputf("%s: %s: %w", f.path, path, fmt.Errorf(format, args...))
}

func (f *File) superblock(start uint64) error {
	f.base = 0
	b, err := f.piece(start, min(128, uint64(f.size)-start))
	if err != nil {
		return err
	}
	c := f.cursor(b)
	c.skip(len(magic))
	switch version := c.u8(); version {
	case 0, 1:
		c.skip(4)
		f.offsets, f.lengths = c.u8(), c.u8()
		c.skip(1 + 2 + 2 + 4)
		if version == 1 {
			c.skip(4)
		}
		c.offsets, c.lengths = f.offsets, f.lengths
		f.base = c.address()
		c.address() // free space
		c.address() // end of file
		c.address() // driver
		c.address() // name of the root
		f.root = c.address()
	case 2, 3:
		f.offsets, f.lengths = c.u8(), c.u8()
		c.skip(1)
		c.offsets, c.lengths = f.offsets, f.lengths
		f.base = c.address()
		c.address() // extension
		c.address() // end of file
		f.root = c.address()
	default:
		return fmt.Errorf("its version is %d, expected 0 to 3", version)
	}
	if c.err != nil {
		return c.err
	}
	for _, n := range []int{f.offsets, f.lengths} {
		if n != 2 && n != 4 && n != 8 {
			return fmt.Errorf("its addresses or lengths have %d bytes, expected 2, 4 or 8", n)
		}
	}
	if f.base >= uint64(f.size) {
		return fmt.Errorf("it starts at %d, behind its end", f.base)
	}
	return nil
}

// piece reads n bytes at an address.
func (f *File) piece(address, n uint64) ([]byte, error) {
	if n > maxPiece {
		return nil, fmt.Errorf("a structure of %d bytes, more than %d", n, maxPiece)
	}
	return f.data(address, n)
}

// data is piece for data, which may be longer.
func (f *File) data(address, n uint64) ([]byte, error) {
	size := uint64(f.size)
	if address == undefined || address > size || n > size || f.base+address > size-n {
		return nil, fmt.Errorf("%d bytes at address %d lie outside the file", n, address)
	}
	b := make([]byte, n)
	if _, err := f.r.ReadAt(b, int64(f.base+address)); err != nil {
		return nil, err
	}
	return b, nil
}

// upTo is piece of at most n bytes: less where the file ends.
func (f *File) upTo(address, n uint64) ([]byte, error) {
	if address != undefined && f.base+address < uint64(f.size) {
		n = min(n, uint64(f.size)-f.base-address)
	}
	return f.piece(address, n)
}

func (f *File) cursor(b []byte) *cursor {
	return &cursor{b: b, offsets: f.offsets, lengths: f.lengths}
}
