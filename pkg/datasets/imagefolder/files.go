package imagefolder

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
)

const (
	// largestFile is more than any picture of a data set takes.
	largestFile = 64 << 20

	// largestArchive bounds what of a compressed archive is kept in memory, as it
	// cannot be read from the middle.
	largestArchive = 2 << 30
)

// file is a picture: where it lies below the root of the set, with slashes, and
// for those in archives where its bytes begin.
type file struct {
	path  string
	at    int64
	size  int32 // of those in archives
	class int32
}

// files are the pictures of a directory or an archive.
type files struct {
	name    string      // what errors call it
	dir     string      // of single files, or
	archive io.ReaderAt // of an archive
	listed  []file
	sha256  string // of a compressed archive
}

// isPicture goes by the name.
func isPicture(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".png":
		return !strings.HasPrefix(path.Base(name), ".")
	}
	return false
}

func isArchive(name string) bool {
	return slices.ContainsFunc([]string{".tar", ".tar.gz", ".tgz"}, func(end string) bool { return strings.HasSuffix(name, end) })
}

// list finds the pictures in a directory, in an archive, or in the only archive of
// a directory without pictures.
func list(name string) (*files, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fault.Inputf("opening a folder of images: %w", err)
	}
	if !info.IsDir() {
		return listArchive(name)
	}
	if name, err = filepath.EvalSymlinks(name); err != nil {
		return nil, fault.Inputf("opening a folder of images: %w", err)
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, fault.Inputf("reading a folder of images: %w", err)
	}
	var archives []string
	directories := false
	for _, e := range entries {
		if e.IsDir() {
			directories = true
		} else if isArchive(e.Name()) {
			archives = append(archives, filepath.Join(name, e.Name()))
		}
	}
	switch {
	case directories:
		return listDirectory(name)
	case len(archives) == 1:
		return listArchive(archives[0])
	case len(archives) > 1:
		return nil, fault.Inputf("%s holds %d archives, expected a path to one of them", name, len(archives))
	}
	return nil, fault.Inputf("%s holds neither folders of images nor an archive of them (.tar, .tar.gz)", name)
}

// listDirectory goes through all directories but hidden ones.
func listDirectory(dir string) (*files, error) {
	found := &files{name: dir, dir: dir}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && name != dir:
			return fs.SkipDir
		case entry.IsDir() || !isPicture(name):
			return nil
		}
		relative, err := filepath.Rel(dir, name)
		found.listed = append(found.listed, file{path: filepath.ToSlash(relative)})
		return err
	})
	if err != nil {
		return nil, fault.Inputf("looking for images: %w", err)
	}
	return found, nil
}

// listArchive reads the headers of a plain archive, or all of a compressed one.
func listArchive(name string) (*files, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fault.Inputf("opening an archive of images: %w", err)
	}
	if strings.HasSuffix(name, ".tar") {
		// It stays open: the pictures are read from it.
		found := &files{name: name, archive: f}
		err := found.index(tar.NewReader(f), func() (int64, error) { return f.Seek(0, io.SeekCurrent) })
		return found, err
	}
	defer f.Close()
	digest := sha256.New()
	compressed := io.TeeReader(f, digest)
	z, err := gzip.NewReader(compressed)
	if err != nil {
		return nil, fault.Inputf("%s is no gzip file: %w", name, err)
	}
	found := &files{name: name}
	if err := found.load(z); err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, compressed); err != nil {
		return nil, fault.Inputf("reading %s: %w", name, err)
	}
	found.sha256 = hex.EncodeToString(digest.Sum(nil))
	return found, nil
}

// index notes where the pictures of an archive begin.
func (a *files) index(t *tar.Reader, position func() (int64, error)) error {
	for {
		header, name, err := a.next(t)
		if header == nil || err != nil {
			return err
		}
		at, err := position()
		if err != nil {
			return fault.Inputf("reading %s: %w", a.name, err)
		}
		a.listed = append(a.listed, file{path: name, at: at, size: int32(min(header.Size, largestFile+1))})
	}
}

// load keeps the pictures of an archive in memory, as they are.
func (a *files) load(z io.Reader) error {
	t := tar.NewReader(z)
	var content bytes.Buffer
	for {
		header, name, err := a.next(t)
		if err != nil {
			return err
		}
		if header == nil {
			break
		}
		at := int64(content.Len())
		if header.Size > largestFile || at+header.Size > largestArchive {
			return fault.Inputf("%s holds more than the %d GiB that are kept in memory of a compressed archive; unpack it, and give the directory",
				a.name, largestArchive>>30)
		}
		if n, err := io.Copy(&content, t); err != nil {
			return fault.Inputf("%s is damaged: %s breaks off after %d of %d bytes: %w", a.name, name, n, header.Size, err)
		}
		a.listed = append(a.listed, file{path: name, at: at, size: int32(header.Size)})
	}
	// What is left is padding, and the checksum.
	if _, err := io.Copy(io.Discard, io.LimitReader(z, largestFile)); err != nil {
		return fault.Inputf("%s is damaged at its end: %w", a.name, err)
	}
	a.archive = bytes.NewReader(content.Bytes())
	return nil
}

// next goes on to the next picture of an archive; there is no header at
// the end.
func (a *files) next(t *tar.Reader) (*tar.Header, string, error) {
	for {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil, "", nil
		}
		if err != nil {
			return nil, "", fault.Inputf("%s is no whole tar archive: after %d images: %w", a.name, len(a.listed), err)
		}
		name := path.Clean(header.Name)
		if header.Typeflag == tar.TypeReg && filepath.IsLocal(name) && isPicture(name) {
			return header, name, nil
		}
	}
}

// read returns the bytes of a picture, in buffer if it is large enough.
func (a *files) read(f *file, buffer []byte) ([]byte, error) {
	if a.archive == nil {
		handle, err := os.Open(filepath.Join(a.dir, filepath.FromSlash(f.path)))
		if err != nil {
			return nil, fault.Inputf("opening an image: %w", err)
		}
		defer handle.Close()
		content := bytes.NewBuffer(buffer[:0])
		if _, err := content.ReadFrom(io.LimitReader(handle, largestFile+1)); err != nil {
			return nil, fault.Inputf("reading an image: %w", err)
		}
		if content.Len() > largestFile {
			return nil, a.tooLarge(f)
		}
		return content.Bytes(), nil
	}
	if f.size > largestFile {
		return nil, a.tooLarge(f)
	}
	content := slices.Grow(buffer[:0], int(f.size))[:f.size]
	if _, err := a.archive.ReadAt(content, f.at); err != nil {
		return nil, fault.Inputf("reading %s: %w", a.where(f), err)
	}
	return content, nil
}

// where names a picture.
func (a *files) where(f *file) string {
	if a.archive == nil {
		return filepath.Join(a.dir, filepath.FromSlash(f.path))
	}
	return f.path + " in " + a.name
}

func (a *files) tooLarge(f *file) error {
	return fault.Inputf("%s has more than %d MiB, which is too much for a picture", a.where(f), largestFile>>20)
}
