// Package spiketrain holds recorded spike trains in one form, whatever file they came
// from: CSV, NumPy arrays, NWB, or a folder of them. It knows no model.
package spiketrain

import (
	"math"
	"slices"
	"sort"

	"github.com/snnctl/snnctl/internal/tensor"
)

// Recording is one session: neurons recorded at the same time, over trials. Sessions
// are ragged: each has its own neurons and trials.
type Recording struct {
	Name    string
	Neurons []Neuron
	Trials  []Trial

	// Behaviour are traces over the session, such as the position of the jaw.
	Behaviour []Trace

	// Notes say what a reader left out or changed, one sentence each.
	Notes []string
}

// Neuron is one recorded neuron.
type Neuron struct {
	Name     string
	Area     string    // "" where it is not known
	CellType string    // such as "exc" and "inh"; "" where it is not known
	Spikes   []float64 // times in seconds on the session's clock, ascending

	// Observed are the periods in which the neuron was recorded, [start, end) in
	// seconds; nil for always.
	Observed [][2]float64
}

// Trial is a stretch of the session, in seconds on its clock.
type Trial struct {
	Start, Stop float64
	Type        string             // such as "hit"; "" where it is not known
	Values      map[string]float64 // other columns, such as the stimulus
	Labels      map[string]string
}

// Trace is a signal sampled over the session.
type Trace struct {
	Name   string
	Times  []float64 // seconds
	Values []float64
}

// Spikes is the number of spikes of all neurons.
func (r *Recording) Spikes() int {
	n := 0
	for i := range r.Neurons {
		n += len(r.Neurons[i].Spikes)
	}
	return n
}

// Span is the time from the first to the last spike or trial, in seconds.
func (r *Recording) Span() (first, last float64) {
	first, last = math.Inf(1), math.Inf(-1)
	for i := range r.Neurons {
		if s := r.Neurons[i].Spikes; len(s) > 0 {
			first, last = min(first, s[0]), max(last, s[len(s)-1])
		}
	}
	for _, t := range r.Trials {
		first, last = min(first, t.Start), max(last, t.Stop)
	}
	if first > last {
		return 0, 0
	}
	return first, last
}

// Between are the spikes of a neuron in [start, stop).
func (n *Neuron) Between(start, stop float64) []float64 {
	lo := sort.SearchFloat64s(n.Spikes, start)
	return n.Spikes[lo : lo+sort.SearchFloat64s(n.Spikes[lo:], stop)]
}

// observes reports whether the neuron was recorded all through [start, stop).
func (n *Neuron) observes(start, stop float64) bool {
	if n.Observed == nil {
		return true
	}
	return slices.ContainsFunc(n.Observed, func(p [2]float64) bool { return p[0] <= start && stop <= p[1] })
}

// Binning cuts each trial into bins of Bin seconds, from From to To seconds after the
// trial's start.
type Binning struct{ Bin, From, To float64 }

// Bins is their number. A last bin that does not fit is left out.
func (b Binning) Bins() int { return int(math.Floor((b.To-b.From)/b.Bin + 1e-9)) }

// Binned are trials as spikes in bins, 0 or 1.
type Binned struct {
	Binning Binning
	Trials  []tensor.Raster // of the neurons, one for each trial
	// Missing names the neurons that were not recorded in a trial, by trial.
	Missing [][]int
	// Clipped counts the spikes beyond the first of a neuron in a bin.
	Clipped int
}

// edge is the part of a bin that a spike may lie before its bin, as times such as
// 0.04 s are not whole numbers of bins in floating point.
const edge = 1e-9

// Bin cuts all trials into bins. Trials may overlap.
func (r *Recording) Bin(b Binning) *Binned {
	out := &Binned{Binning: b, Trials: make([]tensor.Raster, len(r.Trials)), Missing: make([][]int, len(r.Trials))}
	bins := b.Bins()
	counts := make([]int, bins*len(r.Neurons))
	for k, trial := range r.Trials {
		clear(counts)
		start := trial.Start + b.From
		stop := start + float64(bins)*b.Bin
		for i := range r.Neurons {
			n := &r.Neurons[i]
			if !n.observes(start, stop) {
				out.Missing[k] = append(out.Missing[k], i)
				continue
			}
			for _, t := range n.Between(start, stop) {
				if bin := int((t-start)/b.Bin + edge); bin < bins {
					counts[bin*len(r.Neurons)+i]++
				}
			}
		}
		raster := &out.Trials[k]
		raster.Reset()
		for t := range bins {
			for i, c := range counts[t*len(r.Neurons) : (t+1)*len(r.Neurons)] {
				if c > 0 {
					raster.Fire(i)
					out.Clipped += c - 1
				}
			}
			raster.EndStep()
		}
	}
	return out
}
