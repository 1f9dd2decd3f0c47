// Package atomicfile replaces files whole: a reader, and a machine that stops
// at any moment, finds either the old content or the new.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
)

// file is what Write needs of the temporary file; a test puts a full disk in
// its place.
type file interface {
	io.Writer
	Sync() error
	Close() error
}

// Write makes what write writes the content of the file at path.
//
// The content goes to a temporary file in the same directory, which is synced
// to disk and then renamed to path. After any error, an error of write
// included, the temporary file is gone and what was at path is untouched. An
// error of the file system (full, read-only, no such directory) is a
// fault.Input; an error of write itself is passed on.
func Write(path string, write func(io.Writer) error) error {
	return writeWith(create, path, write)
}

// WriteBytes makes content the content of the file at path, as Write does.
func WriteBytes(path string, content []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

func writeWith(create func(string) (file, error), path string, write func(io.Writer) error) error {
	temporary := temporaryName(path)
	f, err := create(temporary)
	if err != nil {
		return diskFault(path, err)
	}
	if err := fill(f, write); err != nil {
		os.Remove(temporary)
		if disk := (*diskError)(nil); errors.As(err, &disk) {
			return diskFault(path, disk.cause)
		}
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(temporary, path); err != nil {
		os.Remove(temporary)
		return diskFault(path, err)
	}
	if err := syncDirectory(filepath.Dir(path)); err != nil {
		return diskFault(path, err)
	}
	return nil
}

// fill writes, syncs and closes f.
func fill(f file, write func(io.Writer) error) (err error) {
	defer func() {
		if closing := f.Close(); closing != nil && err == nil {
			err = &diskError{closing}
		}
	}()
	buffered := bufio.NewWriterSize(diskWriter{f}, 1<<16)
	if err := write(buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return &diskError{err}
	}
	return nil
}

// diskError tells an error of the file from one of the function that writes.
type diskError struct{ cause error }

func (e *diskError) Error() string { return e.cause.Error() }

type diskWriter struct{ file }

func (w diskWriter) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	if err != nil {
		return n, &diskError{err}
	}
	return n, nil
}

// diskFault says which file could not be written and why, without the name of
// the temporary file that the system's error carries.
func diskFault(path string, err error) error {
	var inPath *fs.PathError
	var inLink *os.LinkError
	switch {
	case errors.As(err, &inPath):
		err = inPath.Err
	case errors.As(err, &inLink):
		err = inLink.Err
	}
	return fault.Inputf("cannot write %s: %w", path, err)
}

const temporaryMark = ".tmp-"

// temporaryName is a hidden name beside path that no other writer uses.
func temporaryName(path string) string {
	return filepath.Join(filepath.Dir(path),
		fmt.Sprintf(".%s%s%016x", filepath.Base(path), temporaryMark, rand.Uint64()))
}

func create(name string) (file, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

// syncDirectory makes the rename in directory survive a power cut.
func syncDirectory(directory string) error {
	if runtime.GOOS == "windows" { // directories cannot be opened there
		return nil
	}
	d, err := os.Open(directory)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// RemoveLeftovers removes the temporary files that killed writers left in
// directory. Only the one process that writes there may call it.
func RemoveLeftovers(directory string) error {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") && strings.Contains(name, temporaryMark) {
			if err := os.Remove(filepath.Join(directory, name)); err != nil {
				return err
			}
		}
	}
	return nil
}
