package spiketrain

import (
	"fmt"
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Cut says how a recording becomes trials that a network is fitted to.
type Cut struct {
	Bin             float64 // s
	Start, Duration float64 // of the bins, after a trial's start, s; 0: as long as the shortest trial
	History         int     // bins at the start of each trial that are history only
	LeastRate       float64 // Hz, in the training trials; neurons that fire less are left out

	Interleaved      bool // spread validation and test over the session
	Validation, Test int  // trials
}

// RegularTrials are as many trials as fit between the first spike and the last.
func (r *Recording) RegularTrials(every float64) {
	first, last := math.Inf(1), math.Inf(-1)
	for i := range r.Neurons {
		if s := r.Neurons[i].Spikes; len(s) > 0 {
			first, last = min(first, s[0]), max(last, s[len(s)-1])
		}
	}
	r.Trials = nil
	for k := 0; first+float64(k+1)*every <= last && k < maxLabels; k++ {
		r.Trials = append(r.Trials, Trial{Start: first + float64(k)*every, Stop: first + float64(k+1)*every})
	}
}

// ReadOnsets reads the starts of trials in seconds: the column onset_s of a CSV file, or
// an npy array.
func ReadOnsets(file string) ([]float64, error) {
	if s, err := npy.Open(file); err == nil {
		defer s.Close()
		if len(s.Shape) != 1 {
			return nil, fault.Inputf("%s has the shape %v, expected one number a trial", file, s.Shape)
		}
		onsets := make([]float64, s.Shape[0])
		return onsets, s.Next(onsets)
	}
	t, err := openTable(file, "onset_s")
	if err != nil {
		return nil, err
	}
	defer t.close()
	var onsets []float64
	for t.next() {
		onsets = append(onsets, t.number(0))
	}
	return onsets, t.err
}

// OnsetTrials are trials that begin at some times, each lasting to the next, but the
// last as long as the one before.
func (r *Recording) OnsetTrials(file string, onsets []float64) error {
	r.Trials = nil
	for k, at := range onsets {
		t := Trial{Start: at, Stop: at}
		if k+1 < len(onsets) {
			t.Stop = onsets[k+1]
		} else if k > 0 {
			t.Stop = at + at - onsets[k-1]
		}
		if t.Stop < t.Start {
			return fault.Inputf("%s: trial %d starts at %g s, before trial %d at %g s, expected ascending onsets", file, k+1, t.Stop, k, at)
		}
		r.Trials = append(r.Trials, t)
	}
	return nil
}

// Cut cuts the recording, which errors call by name.
func (r *Recording) Cut(name string, c Cut) (*Trials, error) {
	if len(r.Trials) == 0 {
		return nil, fault.Inputf("%s has no trials: their onsets must be given (data.onsets regular or listed)", name)
	}
	shortest, short := math.Inf(1), 0
	for k, t := range r.Trials {
		if t.Stop-t.Start < shortest {
			shortest, short = t.Stop-t.Start, k
		}
	}
	b := Binning{Bin: c.Bin, From: c.Start, To: c.Start + c.Duration}
	if c.Duration == 0 {
		b.To = shortest
	}
	bins := b.Bins()
	if bins <= c.History {
		return nil, fault.Inputf("%s: a trial has %d bins of %g ms, expected more than the %d bins of history (trial %d lasts %.3f s)",
			name, bins, 1000*c.Bin, c.History, short, shortest)
	}
	if total := float64(bins) * float64(len(r.Trials)) * float64(len(r.Neurons)); total > maxBins {
		return nil, fault.Inputf("%s: %d trials of %d bins for %d neurons are more than %d, expected wider bins or shorter trials", name, len(r.Trials), bins, len(r.Neurons), maxBins)
	}
	binned := r.Bin(b)
	t := &Trials{Bin: c.Bin, History: c.History, Steps: bins - c.History, Notes: slices.Clone(r.Notes)}
	complete := t.complete(binned)
	if len(complete) < 1+c.Validation+c.Test {
		return nil, fault.Inputf("%s: %d trials can be used, expected more than the %d that validate and the %d that test", name, len(complete), c.Validation, c.Test)
	}
	kinds := splits(len(complete), c)
	var split [3][]tensor.Raster
	for i, k := range complete {
		split[kinds[i]] = append(split[kinds[i]], binned.Trials[k])
	}
	t.Train, t.Test, t.Validation = split[0], split[1], split[2]
	if binned.Clipped > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%d spikes follow another of their neuron in its bin, and count for nothing", binned.Clipped))
	}
	longer := 0
	for _, trial := range r.Trials {
		if trial.Stop-trial.Start < b.To-c.Bin*1e-6 {
			longer++
		}
	}
	if longer > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%d trials are shorter than %g s: their last bins show what comes after them", longer, b.To))
	}
	return t, t.keep(r, c.LeastRate)
}

// complete numbers the trials in which all neurons were recorded.
func (t *Trials) complete(b *Binned) (numbers []int) {
	for k := range b.Trials {
		if len(b.Missing[k]) == 0 {
			numbers = append(numbers, k)
		}
	}
	if missing := len(b.Trials) - len(numbers); missing > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%d trials are left out, as some neuron was not recorded all through them", missing))
	}
	return numbers
}

// splits says of each of n trials whether it trains (0), tests (1) or validates (2).
func splits(n int, c Cut) []int {
	kinds := make([]int, n)
	if !c.Interleaved {
		for k := n - c.Validation - c.Test; k < n; k++ {
			kinds[k] = 1
			if k >= n-c.Validation {
				kinds[k] = 2
			}
		}
		return kinds
	}
	// Of the held-out trials, evenly spread over the session, every so many validate.
	held := c.Validation + c.Test
	for i := range held {
		k := (2*i + 1) * n / (2 * held)
		kinds[k] = 1
		if (i+1)*c.Validation/held > i*c.Validation/held {
			kinds[k] = 2
		}
	}
	return kinds
}

// keep leaves out neurons that fire too little in the training trials.
func (t *Trials) keep(r *Recording, least float64) error {
	counts := make([]int, len(r.Neurons))
	for k := range t.Train {
		for _, i := range t.Train[k].Active {
			counts[i]++
		}
	}
	seconds := float64(len(t.Train)*(t.Steps+t.History)) * t.Bin
	number := make([]int, len(r.Neurons))
	for i, c := range counts {
		number[i] = -1
		if c > 0 && float64(c)/seconds >= least {
			number[i] = len(t.Neurons)
			t.Neurons, t.Areas = append(t.Neurons, r.Neurons[i].Name), append(t.Areas, r.Neurons[i].Area)
		}
	}
	if len(t.Neurons) == 0 {
		return fault.Inputf("%s: no neuron fires in the training trials, or none at %g Hz", r.Name, least)
	}
	if left := len(counts) - len(t.Neurons); left > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%d neurons fire too little in the training trials, and are left out", left))
		for _, split := range [][]tensor.Raster{t.Train, t.Validation, t.Test} {
			for k := range split {
				split[k] = only(&split[k], number)
			}
		}
	}
	return nil
}

// only keeps the neurons that have a new number.
func only(r *tensor.Raster, number []int) tensor.Raster {
	var out tensor.Raster
	out.Reset()
	for t := range r.Steps() {
		for _, i := range r.At(t) {
			if number[i] >= 0 {
				out.Fire(number[i])
			}
		}
		out.EndStep()
	}
	return out
}
