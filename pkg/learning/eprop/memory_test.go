package eprop

import (
	"runtime"
	"testing"

	"github.com/snnctl/snnctl/internal/underrace"
)

// The point of the rule: steps allocate nothing, so memory does not grow with
// time.
func TestOnlineStepsDoNotAllocate(t *testing.T) {
	p := draw(1, func(p *problem) { p.Outputs, p.trials, p.steps = 2, 16, 64 })
	o := NewOnline(network[float32](p, 1), weights[float32](p), 16, true)
	to := target[float32](p)
	delta := make([]float32, p.Outputs*lanes)
	step := 0
	count := testing.AllocsPerRun(200, func() {
		x := frameOf(&p.inputs[0], step%p.steps)
		y := o.step(x)
		clear(delta)
		to.Error(delta, y, 0, 16, step%p.steps)
		o.Learn(delta)
		step++
	})
	if count != 0 {
		t.Errorf("%g allocations a step", count)
	}
}

// allocated is how many bytes work allocates in all, which its peak cannot
// exceed.
func allocated(work func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestOnlineMemoryDoesNotDependOnTheSteps(t *testing.T) {
	p := draw(1, func(p *problem) { p.Inputs, p.LIF, p.ALIF, p.Outputs, p.trials, p.steps = 4, 5, 5, 2, 16, 64 })
	run := func(steps int) func() {
		return func() {
			var g Gradients
			o := NewOnline(network[float32](p, 1), weights[float32](p), 16, true)
			to, delta := target[float32](p), make([]float32, p.Outputs*lanes)
			for step := range steps {
				y := o.step(frameOf(&p.inputs[0], step%p.steps))
				clear(delta)
				to.Error(delta, y, 0, 16, step%p.steps)
				o.Learn(delta)
			}
			o.Gradients(&g, p.penalty)
		}
	}
	short, long := allocated(run(1000)), allocated(run(30_000))
	t.Logf("%d bytes for 1000 steps, %d for 30000", short, long)
	if float64(long) > 1.05*float64(short) {
		t.Errorf("%d bytes for 1000 steps, %d for 30000", short, long)
	}
}

// A batch, too, takes memory for its input only, which is the caller's; the
// methods that look back keep spikes and errors.
func TestMemoryOfMethods(t *testing.T) {
	bytes := func(method Method, steps int) uint64 {
		p := draw(1, func(p *problem) { p.Inputs, p.LIF, p.ALIF, p.Outputs, p.trials, p.steps = 4, 5, 5, 2, 16, steps })
		net, w, to := network[float32](p, 1), weights[float32](p), target[float32](p)
		var g Gradients
		return allocated(func() { net.Gradient(&g, w, p.inputs, to, p.penalty, method) })
	}
	if short, long := bytes(OnlineTraces, 100), bytes(OnlineTraces, 3000); float64(long) > 1.05*float64(short) {
		t.Errorf("online: %d bytes for 100 steps, %d for 3000", short, long)
	}
	if short, long := bytes(LocalAdjoint, 100), bytes(LocalAdjoint, 3000); long < short+2900*10*2 {
		t.Errorf("adjoint: %d bytes for 100 steps, %d for 3000: spikes alone take more", short, long)
	}
}

// What a training does again and again allocates as much for long trials as for
// short ones.
func TestAllocationsDoNotGrowWithSteps(t *testing.T) {
	underrace.SkipAllocations(t)
	for name, method := range map[string]Method{"online": OnlineTraces, "filtered": FilteredSignal, "adjoint": LocalAdjoint, "BPTT": BPTT} {
		var counts []float64
		for _, steps := range []int{128, 512} {
			p := draw(1, func(p *problem) { p.Inputs, p.LIF, p.ALIF, p.Outputs, p.trials, p.steps = 4, 5, 5, 2, 20, steps })
			net, w, to := network[float32](p, 1), weights[float32](p), target[float32](p)
			var g Gradients
			round := func() { net.Gradient(&g, w, p.inputs, to, p.penalty, method) }
			round()
			counts = append(counts, testing.AllocsPerRun(5, round))
		}
		if counts[0] != counts[1] {
			t.Errorf("%s: %g allocations with 128 steps, %g with 512", name, counts[0], counts[1])
		}
	}
}
