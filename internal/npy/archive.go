package npy

import (
	"archive/zip"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
)

// Archive is an .npz file: a zip of arrays, compressed or not, that numpy.savez
// writes.
type Archive struct {
	path    string
	zip     *zip.ReadCloser
	names   []string
	entries map[string]entry
}

type entry struct {
	file  *zip.File
	shape []int
}

// OpenArchive reads the headers of all arrays. A file that is missing, damaged or
// holds something else than numbers is a fault.Input.
func OpenArchive(path string) (*Archive, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		if inPath := (*fs.PathError)(nil); errors.As(err, &inPath) {
			err = inPath.Err
		}
		return nil, fault.Inputf("cannot read the NumPy archive %s: %w", path, err)
	}
	a := &Archive{path: path, zip: z, entries: map[string]entry{}}
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, ".npy")
		if _, twice := a.entries[name]; twice {
			z.Close()
			return nil, fault.Inputf("the NumPy archive %s has two arrays that are called %q", path, name)
		}
		s, body, err := a.stream(f)
		if err != nil {
			z.Close()
			return nil, err
		}
		body.Close()
		a.names = append(a.names, name)
		a.entries[name] = entry{f, s.Shape}
	}
	return a, nil
}

// stream begins to read one array.
func (a *Archive) stream(f *zip.File) (*Stream, io.ReadCloser, error) {
	name := a.path + " (" + f.Name + ")"
	if f.UncompressedSize64 > 1<<62 {
		return nil, nil, fault.Inputf("%s claims %d bytes", name, f.UncompressedSize64)
	}
	body, err := f.Open()
	if err != nil {
		return nil, nil, fault.Inputf("cannot read %s: %w", name, err)
	}
	s, err := newStream(body, int64(f.UncompressedSize64), name)
	if err != nil {
		body.Close()
		return nil, nil, err
	}
	return s, body, nil
}

// Names are those of the arrays, in the order of the file.
func (a *Archive) Names() []string { return a.names }

// Shape is that of an array; ok says whether there is one of that name.
func (a *Archive) Shape(name string) (shape []int, ok bool) {
	e, ok := a.entries[name]
	return e.shape, ok
}

// Reals reads an array. Memory is taken as its values come, whatever its header
// claims. Errors are faults of the input that name the file and the array.
func (a *Archive) Reals(name string) ([]float64, error) {
	e, ok := a.entries[name]
	if !ok {
		return nil, fault.Inputf("%s holds no array %q", a.path, name)
	}
	s, body, err := a.stream(e.file)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	const piece = 1 << 14
	var values []float64
	for s.left > 0 {
		at, n := len(values), min(piece, s.left)
		values = slices.Grow(values, n)[:at+n]
		if err := s.Next(values[at:]); err != nil {
			return nil, err
		}
	}
	if _, err := s.from.ReadByte(); err != io.EOF { // the checksum is compared at the end
		return nil, fault.Inputf("%s (%s) is damaged: %v", a.path, e.file.Name, err)
	}
	return values, nil
}

// Close closes the file.
func (a *Archive) Close() error { return a.zip.Close() }
