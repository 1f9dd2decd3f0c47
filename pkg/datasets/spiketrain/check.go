package spiketrain

import (
	"fmt"
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/fault"
)

// check looks for what no analysis can use, and says what is unusual: it sorts spikes,
// and notes neurons without spikes and trials that overlap. An error names the row.
func (r *Recording) check(file string) error {
	var unsorted, silent, overlapping []string
	for i := range r.Neurons {
		n := &r.Neurons[i]
		for j, t := range n.Spikes {
			if math.IsNaN(t) || math.IsInf(t, 0) {
				return fault.Inputf("%s: spike %d of neuron %s is at %v, expected a time in seconds", file, j, n.Name, t)
			}
		}
		if !slices.IsSorted(n.Spikes) {
			slices.Sort(n.Spikes)
			unsorted = append(unsorted, "neuron "+n.Name)
		}
		if len(n.Spikes) == 0 {
			silent = append(silent, "neuron "+n.Name)
		}
	}
	for k, t := range r.Trials {
		if math.IsNaN(t.Start) || math.IsNaN(t.Stop) || math.IsInf(t.Start, 0) || math.IsInf(t.Stop, 0) {
			return fault.Inputf("%s: trial %d goes from %v to %v, expected times in seconds", file, k, t.Start, t.Stop)
		}
		if t.Stop < t.Start {
			return fault.Inputf("%s: trial %d ends at %v s, before it starts at %v s", file, k, t.Stop, t.Start)
		}
		if k > 0 && t.Start < r.Trials[k-1].Stop {
			overlapping = append(overlapping, fmt.Sprint("trial ", k))
		}
	}
	for _, b := range r.Behaviour {
		for i, x := range b.Values {
			if math.IsNaN(x) {
				r.Notes = append(r.Notes, fmt.Sprintf("%s is no number from sample %d on, at least once", b.Name, i))
				break
			}
		}
	}
	r.noteFirst(unsorted, "neuron had unsorted spikes, which are sorted now", "neurons had unsorted spikes, which are sorted now")
	r.noteFirst(silent, "neuron has no spike", "neurons have no spikes")
	r.noteFirst(overlapping, "trial starts before the one before it ends", "trials start before the ones before them end")
	return nil
}

func (r *Recording) note(n int, one, many string) {
	switch {
	case n == 1:
		r.Notes = append(r.Notes, "1 "+one)
	case n > 1:
		r.Notes = append(r.Notes, fmt.Sprintf("%d %s", n, many))
	}
}

// noteFirst is note about rows, and names the first of them.
func (r *Recording) noteFirst(rows []string, one, many string) {
	switch len(rows) {
	case 0:
	case 1:
		r.note(1, one+": "+rows[0], "")
	default:
		r.note(len(rows), "", many+", the first of them "+rows[0])
	}
}
