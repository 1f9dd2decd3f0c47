package eprop3

import (
	"testing"

	"github.com/snnctl/snnctl/internal/underrace"
	"github.com/snnctl/snnctl/pkg/models/lstm"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

func single() *recurrent.Network[float32] {
	cells := lstm.Cells[float32](8)
	net := recurrent.NewNetwork(recurrent.Params[float32]{Cell: cells, Inputs: 3, Outputs: 2, ReadoutBiased: true, Biased: true, Gain: 1}, 1)
	cells.Initialise(net.In, net.Rec, net.Bias, 1)
	return net
}

// The rule as it stands runs as long as one likes in the memory of a window.
func TestOnlineWindowsDoNotAllocate(t *testing.T) {
	underrace.SkipAllocations(t)
	net := single()
	o := NewOnline(net, Rule[float32]{Window: 4, Traces: true}, 20)
	delta := make([]float32, 4*20*net.Outputs)
	boundary := make([]float32, 20*BoundarySize(&net.Params))
	window := func() {
		clear(o.Run.X)
		o.Forward(4)
		o.Boundary(boundary)
		copy(delta, o.Run.Y)
		o.Learn(delta, boundary, boundary)
	}
	window()
	if count := testing.AllocsPerRun(100, window); count > 0 {
		t.Errorf("%g allocations a window", count)
	}
}

// What a training does again and again allocates as much for long sequences as
// for short ones: nothing for each step.
func TestAllocationsDoNotGrowWithSteps(t *testing.T) {
	underrace.SkipAllocations(t)
	net := single()
	count := func(steps int) float64 {
		var r recurrent.Run[float32]
		g, l := net.NewWeights(), NewLearner(net, Rule[float32]{Window: 4, Traces: true})
		predicted := make([]float32, l.Windows(steps)*20*BoundarySize(&net.Params))
		delta := make([]float32, steps*20*net.Outputs)
		round := func() {
			r.Resize(&net.Params, steps, 20)
			clear(r.X)
			net.Forward(&r)
			l.Gradient(&g, &r, delta, 1, predicted, predicted)
		}
		round()
		return testing.AllocsPerRun(20, round)
	}
	if short, long := count(16), count(160); short != long {
		t.Errorf("%g allocations for 16 steps, %g for 160", short, long)
	}
}

// The gradient has the same bits whatever the number of threads.
func TestThreadsDoNotMatter(t *testing.T) {
	gradient := func(threads int) recurrent.Weights[float32] {
		net := single()
		net.Threads = threads
		var r recurrent.Run[float32]
		r.Resize(&net.Params, 13, 50)
		for i := range r.X {
			r.X[i] = float32(i%7) - 3
		}
		net.Forward(&r)
		g := net.NewWeights()
		predicted := make([]float32, 4*50*BoundarySize(&net.Params))
		for i := range predicted {
			predicted[i] = float32(i%5) - 2
		}
		NewLearner(net, Rule[float32]{Window: 4, Traces: true}).Gradient(&g, &r, r.Y, 0.1, predicted, predicted)
		return g
	}
	one, three := gradient(1), gradient(3)
	for i, x := range one.Rec {
		if three.Rec[i] != x {
			t.Fatalf("dWrec[%d] = %g with one thread, %g with three", i, x, three.Rec[i])
		}
	}
}
