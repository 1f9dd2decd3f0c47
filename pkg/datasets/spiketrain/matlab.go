package spiketrain

import (
	"strconv"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/hdf5"
)

// ReadMATLABEvents reads a session from a MATLAB v7.3 file as CRCNS pvc-11 has them: a
// struct data with a cell array EVENTS, units × trials, of vectors of spike times in
// seconds from the trial's start. Trials last duration seconds, are laid one after the
// other on the session's clock, and lose the spikes at or after their end.
func ReadMATLABEvents(file string, duration float64) (*Recording, error) {
	if !(duration > 0) {
		return nil, fault.Inputf("%s: the duration of a trial is %v s, expected a positive number of seconds", file, duration)
	}
	f, err := hdf5.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const place = "/data/EVENTS"
	events, err := f.Lookup(place)
	if err != nil {
		return nil, fault.Inputf("%w: expected a struct data with a cell array EVENTS, units × trials", err)
	}
	v, err := events.Read()
	if err != nil {
		return nil, err
	}
	if len(v.Shape) != 2 {
		return nil, fault.Inputf("%s: %s has the shape %v, expected units × trials", file, place, v.Shape)
	}
	cells, err := v.References()
	if err != nil {
		return nil, err
	}
	trials, units := v.Shape[0], v.Shape[1] // HDF5 has MATLAB's axes in reverse
	r := &Recording{Name: nameOf(file)}
	for i := range units {
		r.Neurons = append(r.Neurons, Neuron{Name: strconv.Itoa(i)})
	}
	outside := 0
	for k := range trials {
		start := float64(k) * duration
		r.Trials = append(r.Trials, Trial{Start: start, Stop: start + duration})
		for i := range units {
			times, err := cellTimes(cells[k*units+i].Object)
			if err != nil {
				return nil, fault.Inputf("%s: unit %d in trial %d: %w", file, i, k, err)
			}
			for j, t := range times {
				switch {
				case t >= 0 && t < duration:
					r.Neurons[i].Spikes = append(r.Neurons[i].Spikes, start+t)
				case t < 0 || t >= duration:
					outside++
				default:
					return nil, fault.Inputf("%s: %s: spike %d of unit %d in trial %d is at %v, expected a time in seconds", file, place, j, i, k, t)
				}
			}
		}
	}
	r.note(outside, "spike lies outside its trial and is left out", "spikes lie outside their trials and are left out")
	return r, r.check(file)
}

// cellTimes are the numbers in a cell. An empty one holds its dimensions instead.
func cellTimes(cell *hdf5.Object) ([]float64, error) {
	if cell == nil {
		return nil, nil
	}
	empty, err := cell.Attribute("MATLAB_empty")
	if err != nil {
		return nil, err
	}
	if empty != nil {
		if n, err := empty.Ints(); err == nil && len(n) == 1 && n[0] != 0 {
			return nil, nil
		}
	}
	v, err := cell.Read()
	if err != nil {
		return nil, err
	}
	return v.Floats()
}
