package spiketrain

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/hdf5"
)

// OpenOptions say what the files of each kind cannot say themselves.
type OpenOptions struct {
	CSV   CSVOptions   // also the duration of trials in MATLAB files
	Array ArrayOptions // npy and npz
}

// Open reads a recording of any kind, which its content tells: NWB, the MATLAB file of
// CRCNS pvc-11, npy, npz, or else CSV.
func Open(path string, o OpenOptions) (*Recording, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &fault.Input{Err: err}
	}
	head := make([]byte, 520) // MATLAB's mark comes before that of HDF5, at 512
	n, _ := f.Read(head)      // what cannot be read is said below
	f.Close()
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("\x89HDF")) && hasEvents(path):
		return ReadMATLABEvents(path, o.CSV.Duration)
	case bytes.HasPrefix(head, []byte("\x89HDF")), strings.EqualFold(filepath.Ext(path), ".nwb"):
		return ReadNWB(path)
	case bytes.HasPrefix(head, []byte("MATLAB 7.3")):
		return ReadMATLABEvents(path, o.CSV.Duration)
	case bytes.HasPrefix(head, []byte("MATLAB")):
		return nil, fault.Inputf("%s is a MATLAB file before v7.3, expected v7.3 (save it with -v7.3)", path)
	case bytes.HasPrefix(head, []byte("\x93NUMPY")), bytes.HasPrefix(head, []byte("PK")):
		return ReadArray(path, o.Array)
	}
	return ReadCSV(path, o.CSV)
}

// hasEvents reports whether an HDF5 file is that of CRCNS pvc-11, written by another
// program than MATLAB.
func hasEvents(path string) bool {
	f, err := hdf5.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = f.Lookup("/data/EVENTS")
	return err == nil
}

// Locate finds a file that an experiment names: in the working directory, or else in the
// data directory.
func Locate(dataDir, name string) (string, error) {
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	below := filepath.Join(dataDir, name)
	_, err := os.Stat(below)
	if err == nil && !filepath.IsAbs(name) {
		return below, nil
	}
	if errors.Is(err, os.ErrNotExist) || err == nil {
		return "", fault.Inputf("there is no file %s, neither here nor in %s", name, dataDir)
	}
	return "", &fault.Input{Err: err}
}
