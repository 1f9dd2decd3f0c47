package catalog

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/snnctl/snnctl/internal/fault"
)

// State says how a file of a set is.
type State string

const (
	Valid   State = "valid" // has the published checksum
	Fetched State = "fetched"
	Damaged State = "damaged"
	Missing State = "missing"
)

// Status is what is known of one file.
type Status struct {
	File     string `json:"file"` // its published name
	Path     string `json:"path"` // where it is, or should be
	State    State  `json:"state"`
	Found    string `json:"sha256,omitempty"`
	Expected string `json:"expected_sha256"`
}

// Complete reports whether every file is valid or just fetched.
func Complete(files []Status) bool {
	for _, f := range files {
		if f.State == Damaged || f.State == Missing {
			return false
		}
	}
	return true
}

// Directory is where a set lies below the data directory.
func (s Set) Directory(dataDir string) string { return filepath.Join(dataDir, s.Name) }

// Present counts the files that are there, without a look at their content.
func (s Set) Present(dataDir string) (files int) {
	for _, f := range s.Files {
		if _, there := f.locate(s.Directory(dataDir)); there {
			files++
		}
	}
	return files
}

// Verify compares the files of a set with their checksums; a file may also lie
// there decompressed.
func (s Set) Verify(dataDir string) ([]Status, error) {
	statuses := make([]Status, len(s.Files))
	for i, f := range s.Files {
		var err error
		if statuses[i], err = f.verify(s.Directory(dataDir)); err != nil {
			return nil, fault.Inputf("verifying %s: %w", s.Name, err)
		}
	}
	return statuses, nil
}

func (f File) verify(dir string) (Status, error) {
	path, there := f.locate(dir)
	status := Status{File: f.Name, Path: path, State: Missing, Expected: f.SHA256}
	if filepath.Base(path) == f.RawName() && f.RawName() != f.Name {
		status.Expected = f.ContentSHA256
	}
	if !there {
		return status, nil
	}
	var err error
	if status.Found, err = checksum(path); err != nil {
		return Status{}, err
	}
	status.State = Damaged
	if status.Found == status.Expected || f.ContentSHA256 != "" && f.sameContent(path) {
		status.State = Valid
	}
	return status, nil
}

// sameContent forgives a file that was compressed anew.
func (f File) sameContent(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return false
	}
	digest := sha256.New()
	// A gzip file may decompress to a thousand times its size.
	_, err = io.Copy(digest, io.LimitReader(z, 1<<30))
	return err == nil && hex.EncodeToString(digest.Sum(nil)) == f.ContentSHA256
}

// locate finds the file as published or, failing that, decompressed.
func (f File) locate(dir string) (path string, there bool) {
	path = filepath.Join(dir, f.Name)
	for _, candidate := range []string{path, filepath.Join(dir, f.RawName())} {
		if _, err := os.Stat(candidate); !errors.Is(err, fs.ErrNotExist) {
			return candidate, true
		}
	}
	return path, false
}

func checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return checksumOf(f)
}

func checksumOf(r io.Reader) (string, error) {
	digest := sha256.New()
	if _, err := io.Copy(digest, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}
