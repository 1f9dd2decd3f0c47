package spiketrain

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/hdf5"
)

// ReadNWBFiles reads one session from each file of Neurodata Without Borders at a path: a
// file, or a folder of files that end in .nwb. width names a column of /units with a
// number for each unit, such as the width of its spikes: units above the threshold are
// excitatory, the others inhibitory. "" keeps the file's own cell types.
func ReadNWBFiles(path, width string, threshold float64) ([]*Recording, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, &fault.Input{Err: err}
	}
	files := []string{path}
	if info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(strings.NewReplacer("*", `\*`, "?", `\?`, "[", `\[`, `\`, `\\`).Replace(path), "*.nwb")); err != nil {
			return nil, fault.Inputf("%s: %w", path, err)
		}
		slices.Sort(files)
	}
	if len(files) == 0 {
		return nil, fault.Inputf("%s has no file that ends in .nwb", path)
	}
	var all []*Recording
	for _, file := range files {
		r, err := ReadNWB(file)
		if err != nil {
			return nil, err
		}
		if width != "" {
			if err := r.classify(file, width, threshold); err != nil {
				return nil, err
			}
		}
		all = append(all, r)
	}
	return all, nil
}

// classify takes cell types from a column of numbers.
func (r *Recording) classify(file, column string, threshold float64) error {
	f, err := hdf5.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	n := nwb{file: file, f: f}
	x, err := n.column("/units", column)
	if err != nil {
		return err
	}
	if len(x) != len(r.Neurons) {
		return n.refuse("/units/"+column, "it has %d numbers, expected %d, one for each unit", len(x), len(r.Neurons))
	}
	for i := range r.Neurons {
		r.Neurons[i].CellType = cellType(x[i] > threshold)
	}
	return nil
}
