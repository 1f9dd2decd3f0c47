package lsnn

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/tensor"
)

// Memory says how many bytes the buffers of Forward and Backward take, and the
// input, for batches of so many trials and steps. It allocates nothing, so that
// it can be asked before there is a network.
func Memory[F tensor.Float](p *Params, trials, steps, threads int) map[string]int64 {
	groups, n, segments := int64(tensor.Groups(trials)), int64(p.Neurons()), int64((steps+segmentSteps-1)/segmentSteps)
	workers := min(int64(max(threads, 1)), groups)
	var zero F
	width := int64(unsafe.Sizeof(zero))
	row := n * tensor.Lanes * width
	synapses := n * (n + int64(p.Inputs))
	perWorker := int64(3*segmentSteps+windowSteps+3*p.DelaySlots+10) * row
	m := map[string]int64{
		"spikes, a bit each":                   2 * groups * int64(steps) * (n + int64(p.Inputs)),
		"states at the start of segments":      2 * groups * segments * row,
		"weight gradients of trial groups":     groups * synapses * width,
		"potentials of one segment, by thread": workers * perWorker,
		"synapses and their delays":            synapses * (2*width + 5),
	}
	if p.KeepPotentials {
		m["potentials and thresholds of all steps"] = groups * int64(steps+2) * (2*row + 2*n)
	}
	return m
}
