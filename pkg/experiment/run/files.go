package run

import (
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
)

// File is a file of a run.
type File struct {
	Name  string `json:"name"` // below the run directory, with slashes
	Bytes int64  `json:"bytes"`
}

// Files lists the files of the run by name, the hidden ones aside.
func (d *Dir) Files() ([]File, error) {
	files := []File{}
	err := filepath.WalkDir(d.path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path == d.path || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(d.path, path)
		if err != nil {
			return err
		}
		files = append(files, File{filepath.ToSlash(name), info.Size()})
		return nil
	})
	if err != nil {
		return nil, fault.Inputf("cannot list the files of the run %s: %w", d.path, cause(err))
	}
	return files, nil
}
