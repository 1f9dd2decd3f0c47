package spiketrain

import (
	"archive/zip"
	"io"
	"path/filepath"
	"strings"

	"github.com/snnctl/snnctl/internal/atomicfile"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Session turns trials in bins back into a session: trials lie one after the other on
// its clock, and a spike in the middle of its bin. All trials have as many bins; the
// first bin of the rasters is bin number first of a trial.
func Session(name string, neurons, areas []string, bin float64, first, bins int, trials []tensor.Raster) *Recording {
	r := &Recording{Name: name}
	for i, n := range neurons {
		r.Neurons = append(r.Neurons, Neuron{Name: n, Area: areas[i]})
	}
	length := float64(bins) * bin
	for k := range trials {
		start := float64(k) * length
		r.Trials = append(r.Trials, Trial{Start: start, Stop: float64(k+1) * length})
		for t := range trials[k].Steps() {
			for _, i := range trials[k].At(t) {
				if int(i) < len(neurons) {
					n := &r.Neurons[i]
					n.Spikes = append(n.Spikes, start+(float64(first+t)+0.5)*bin)
				}
			}
		}
	}
	return r
}

// WriteNPZ writes the spikes of all trials in bins of that many seconds: the array
// spikes, uint8 (trials, bins, neurons).
func (r *Recording) WriteNPZ(w io.Writer, bin float64) error {
	longest := 0.0
	for _, t := range r.Trials {
		longest = max(longest, t.Stop-t.Start)
	}
	b := r.Bin(Binning{Bin: bin, To: longest})
	bins, n := b.Binning.Bins(), len(r.Neurons)
	spikes := make([]uint8, len(b.Trials)*bins*n)
	for k := range b.Trials {
		for t := range bins {
			for _, i := range b.Trials[k].At(t) {
				spikes[(k*bins+t)*n+int(i)] = 1
			}
		}
	}
	z := zip.NewWriter(w)
	entry, err := z.CreateHeader(&zip.FileHeader{Name: "spikes.npy", Method: zip.Deflate})
	if err != nil {
		return err
	}
	if err := npy.Encode(entry, spikes, len(b.Trials), bins, n); err != nil {
		return err
	}
	return z.Close()
}

// Forms are the endings of files that Write knows.
var Forms = []string{".nwb", ".csv", ".npz"}

// Write writes the session to a file, in the form that its ending names; npz has bins of
// that many seconds.
func (r *Recording) Write(path, description string, bin float64) error {
	form := strings.ToLower(filepath.Ext(path))
	return atomicfile.Write(path, func(w io.Writer) error {
		switch form {
		case ".nwb":
			return r.WriteNWB(w, description)
		case ".csv":
			return r.WriteCSV(w)
		case ".npz":
			return r.WriteNPZ(w, bin)
		}
		return fault.Inputf("%s ends in %q, expected one of %s", path, form, strings.Join(Forms, ", "))
	})
}
