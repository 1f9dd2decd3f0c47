package lsnn

import (
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
)

// Once its memory is there, a training step allocates as much for long trials
// as for short ones: nothing is made for each step or segment.
func TestAllocationsDoNotGrowWithSteps(t *testing.T) {
	for _, threads := range []int{1, 2} {
		var counts []float64
		for _, steps := range []int{128, 1024} {
			p := activity(small(), 40, steps)
			net, w, states := network[float32](p, threads)
			var tr Trace[float32]
			var grads Gradients[float32]
			gFeatures := &tensor.Dense[float32]{Shape: []int{len(p.windows), p.Neurons()}, Data: convert[float32](p.gFeatures)}
			gRates := convert[float32](p.gRates)
			round := func() {
				net.Forward(&tr, w, p.inputs, p.windows, states, 0)
				net.Backward(&grads, &tr, gFeatures, gRates)
			}
			for range 5 { // every thread has met the busiest segment
				round()
			}
			counts = append(counts, testing.AllocsPerRun(10, round))
		}
		if counts[0] != counts[1] {
			t.Errorf("%d threads: %g allocations with 128 steps, %g with 1024", threads, counts[0], counts[1])
		}
		t.Logf("%d threads: %g allocations", threads, counts[0])
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
