package spiketrain

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
)

// ArrayOptions say what an array of bins cannot.
type ArrayOptions struct {
	Array  string  // of an npz file, the name; "" for spikes, or the only one
	Frames int     // T, of an array (K·T, N); 0 for an array (K, T, N), or the archive's n_frames
	Bin    float64 // width of a bin, s
}

// maxBins bounds the bins of an array: trials × bins × neurons.
const maxBins = 1 << 29

// ReadArray reads a session from an npy file, or an array of an npz file, of spike
// counts in bins: (trials, bins, neurons), or (trials × bins, neurons). Trials are laid
// one after the other on the session's clock, and a spike lies in the middle of its bin.
func ReadArray(file string, o ArrayOptions) (*Recording, error) {
	if !(o.Bin > 0) {
		return nil, fault.Inputf("%s: the width of a bin is %v s, expected a positive number of seconds", file, o.Bin)
	}
	counts, shape, frames, err := readCounts(file, o.Array)
	if err != nil {
		return nil, err
	}
	if o.Frames > 0 {
		frames = o.Frames
	}
	switch {
	case len(shape) == 2 && frames > 0 && shape[0]%frames == 0:
		shape = []int{shape[0] / frames, frames, shape[1]}
	case len(shape) == 2 && frames > 0:
		return nil, fault.Inputf("%s has %d rows, expected a multiple of the %d bins of a trial", file, shape[0], frames)
	case len(shape) == 2:
		return nil, fault.Inputf("%s has the shape %v: how many bins a trial has must be said (n_frames)", file, shape)
	case len(shape) != 3:
		return nil, fault.Inputf("%s has the shape %v, expected (trials, bins, neurons) or (trials × bins, neurons)", file, shape)
	}
	trials, bins, neurons := shape[0], shape[1], shape[2]
	if len(counts) == 0 {
		return nil, fault.Inputf("%s has the shape %v, expected trials, bins and neurons", file, shape)
	}
	r := &Recording{Name: nameOf(file)}
	for i := range neurons {
		r.Neurons = append(r.Neurons, Neuron{Name: strconv.Itoa(i)})
	}
	length := float64(bins) * o.Bin
	for k := range trials {
		r.Trials = append(r.Trials, Trial{Start: float64(k) * length, Stop: float64(k+1) * length})
	}
	for at, c := range counts {
		if c == 0 {
			continue
		}
		k, t, i := at/neurons/bins, at/neurons%bins, at%neurons
		if c < 0 || c != float64(int(c)) || c > 1e6 {
			return nil, fault.Inputf("%s: trial %d, bin %d, neuron %d is %g, expected a number of spikes", file, k, t, i, c)
		}
		n := &r.Neurons[i]
		for range int(c) {
			n.Spikes = append(n.Spikes, r.Trials[k].Start+(float64(t)+0.5)*o.Bin)
		}
	}
	return r, r.check(file)
}

// readCounts reads the array of a file; frames is n_frames of an archive, or 0.
func readCounts(file, array string) (counts []float64, shape []int, frames int, err error) {
	head := make([]byte, 2)
	if f, err := os.Open(file); err != nil {
		return nil, nil, 0, &fault.Input{Err: err}
	} else {
		_, _ = f.Read(head) // what is too short has no such head
		f.Close()
	}
	if !bytes.Equal(head, []byte("PK")) {
		s, err := npy.Open(file)
		if err != nil {
			return nil, nil, 0, err
		}
		defer s.Close()
		total := 1
		for _, n := range s.Shape {
			total *= n
		}
		if total > maxBins {
			return nil, nil, 0, fault.Inputf("%s has %d values, expected at most %d", file, total, maxBins)
		}
		counts = make([]float64, total)
		return counts, s.Shape, 0, s.Next(counts)
	}
	a, err := npy.OpenArchive(file)
	if err != nil {
		return nil, nil, 0, err
	}
	defer a.Close()
	names := a.Names()
	if array == "" {
		switch others := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "n_frames" }); {
		case slices.Contains(names, "spikes"):
			array = "spikes"
		case len(others) == 1:
			array = others[0]
		default:
			return nil, nil, 0, fault.Inputf("%s holds no array called spikes, but %s: which one has the spikes must be said", file, strings.Join(names, ", "))
		}
	}
	shape, ok := a.Shape(array)
	if !ok {
		return nil, nil, 0, fault.Inputf("%s holds no array %q, but %s", file, array, strings.Join(names, ", "))
	}
	total := 1
	for _, n := range shape {
		total *= n
	}
	if total > maxBins {
		return nil, nil, 0, fault.Inputf("%s (%s) has %d values, expected at most %d", file, array, total, maxBins)
	}
	if _, there := a.Shape("n_frames"); there {
		value, err := a.Reals("n_frames")
		if err != nil {
			return nil, nil, 0, err
		}
		if len(value) != 1 || !(value[0] >= 1) || value[0] > maxBins || value[0] != float64(int(value[0])) {
			return nil, nil, 0, fault.Inputf("%s: n_frames is %v, expected the number of bins of a trial", file, value)
		}
		frames = int(value[0])
	}
	counts, err = a.Reals(array)
	return counts, shape, frames, err
}
