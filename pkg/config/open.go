package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/configs"
	"github.com/snnctl/snnctl/internal/fault"
)

// Builtin is an experiment that comes with the program.
type Builtin struct {
	Name        string `json:"name"`
	Paper       string `json:"paper"`
	Description string `json:"description"` // the first comment of the file
}

// Builtins lists the experiments that come with the program, by name.
func Builtins() ([]Builtin, error) {
	var all []Builtin
	for _, name := range BuiltinNames() {
		data, err := configs.Files.ReadFile(name + ".yaml")
		if err != nil {
			return nil, fmt.Errorf("reading the built-in experiment %s: %w", name, err)
		}
		r, err := Load(data, name+".yaml", nil)
		if err != nil {
			return nil, err
		}
		comment, _, _ := bytes.Cut(data, []byte("\n"))
		all = append(all, Builtin{Name: name, Paper: r.Experiment.Paper,
			Description: strings.TrimSpace(strings.TrimPrefix(string(comment), "#"))})
	}
	return all, nil
}

// BuiltinNames lists the names alone, without reading the files.
func BuiltinNames() []string {
	files, _ := fs.Glob(configs.Files, "*.yaml") // the pattern is well-formed, its only error
	for i, file := range files {
		files[i] = strings.TrimSuffix(file, ".yaml")
	}
	slices.Sort(files) // without .yaml, NAME comes before NAME-quick
	return files
}

// Open loads an experiment from a file, or by the name of a built-in one. A file
// of that name wins.
func Open(nameOrPath string, sets []string) (*Resolved, error) {
	info, err := os.Stat(nameOrPath)
	if err == nil && !info.IsDir() {
		data, err := readFile(nameOrPath)
		if err != nil {
			return nil, fault.Inputf("reading the experiment: %w", err)
		}
		return Load(data, nameOrPath, sets)
	}
	if data, err := configs.Files.ReadFile(nameOrPath + ".yaml"); err == nil {
		return Load(data, nameOrPath+".yaml", sets)
	}
	switch {
	case err == nil:
		inside := filepath.Join(nameOrPath, "config.yaml")
		if _, err := os.Stat(inside); err == nil {
			return nil, fault.Inputf("%s is a directory, expected an experiment file such as %s", nameOrPath, inside)
		}
		return nil, fault.Inputf("%s is a directory, expected an experiment file", nameOrPath)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fault.Inputf("reading the experiment: %w", err)
	}
	hint := didYouMean("", strings.TrimSuffix(nameOrPath, ".yaml"), BuiltinNames())
	if hint == "" {
		hint = "; list those with: snnctl config list"
	}
	return nil, fault.Inputf("%q is neither a file nor a built-in experiment%s", nameOrPath, hint)
}

// readFile reads a little more than Load accepts, whatever the size of the file.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxBytes+1))
}
