package eprop

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/tensor"
)

// Memory says how many bytes the buffers of Gradient take, and the input, for
// batches of so many trials and steps. It allocates nothing, so that it can be
// asked before there is a network. What depends on the number of steps is, with
// OnlineTraces, the input alone.
func Memory[F tensor.Float](p *Params, method Method, trials, steps, threads int) map[string]int64 {
	var zero F
	width := int64(unsafe.Sizeof(zero))
	groups, n, pre := int64(tensor.Groups(trials)), int64(p.Neurons()), int64(p.Inputs+p.Neurons())
	workers := min(int64(max(threads, 1)), groups)
	segments := int64((steps + segmentSteps - 1) / segmentSteps)
	row := n * tensor.Lanes * width
	gradients := 8 * n * (pre + int64(p.Outputs))
	traces := pre*int64(p.ALIF+p.slots())*tensor.Lanes*width + 2*8*n*pre
	m := map[string]int64{
		"spikes of the input, a bit each":      2 * groups * int64(steps) * int64(p.Inputs),
		"weight gradients of trial groups":     groups * gradients,
		"potentials of one segment, by thread": workers * (3*segmentSteps + windowSteps + 2*int64(p.slots()) + 20) * row,
		"weight gradients of one segment":      workers * n * (pre + int64(p.Outputs)) * width,
	}
	switch method {
	case OnlineTraces:
		m["eligibility traces, by thread"] = workers * (traces + pre*row)
		return m
	case FilteredSignal:
		m["eligibility traces, by thread"] = workers * traces
	}
	m["spikes of the network, a bit each"] = 2 * groups * int64(steps) * n
	m["errors of the readout"] = groups * int64(steps*p.Outputs) * tensor.Lanes * width
	m["states at the start of segments"] = 2 * groups * segments * row
	return m
}
