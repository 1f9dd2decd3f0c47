package lsnn

import (
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/internal/underrace"
)

// Once its memory is there, a pass allocates nothing, neither for each step nor
// for each batch.
func TestPassAllocatesNothing(t *testing.T) {
	underrace.SkipAllocations(t)
	for _, threads := range []int{1, 2} {
		p := activity(small(), 40, 300)
		net, w, states := network[float32](p, threads)
		var tr Trace[float32]
		var grads Gradients[float32]
		gFeatures := &tensor.Dense[float32]{Shape: []int{len(p.windows), p.Neurons()}, Data: convert[float32](p.gFeatures)}
		gRates := convert[float32](p.gRates)
		pass := func() {
			net.Forward(&tr, w, p.inputs, p.windows, states, 0)
			net.Backward(&grads, &tr, gFeatures, gRates)
		}
		for range 20 { // every thread has met the busiest segment
			pass()
		}
		if got := testing.AllocsPerRun(20, pass); got > 0 {
			t.Errorf("%d threads: %g allocations a pass", threads, got)
		}
	}
}

// Nor does memory grow when batches of two sizes take turns, as training and
// evaluation do.
func TestMemoryIsKeptBetweenSizes(t *testing.T) {
	large, little := activity(small(), 40, 100), activity(small(), 3, 100)
	net, w, _ := network[float32](large, 1)
	var tr Trace[float32]
	round := func() {
		net.Forward(&tr, w, large.inputs, large.windows, nil, 0)
		net.Forward(&tr, w, little.inputs, little.windows, nil, 0)
	}
	round()
	groups := cap(tr.groups)
	for range 10 {
		round()
	}
	if cap(tr.groups) != groups {
		t.Errorf("the trace held %d groups, after ten more rounds %d", groups, cap(tr.groups))
	}
}
