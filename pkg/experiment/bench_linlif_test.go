package experiment

import (
	"math"
	"testing"
)

// The event-driven and the dense product of the same spikes give the same
// spikes and, up to rounding, the same gradient.
func TestLinLIFByEventsIsLinLIFByProducts(t *testing.T) {
	events, dense := newLinLIF(70, 130, 2, 2), newLinLIF(70, 130, 2, 1)
	dense.eventFrom = 0
	for _, l := range []*linLIF{events, dense} {
		l.draw(false)
		for i, w := range l.weights { // exact sums
			l.weights[i] = float32(math.Round(float64(w)*256) / 256)
		}
		l.pass()
	}
	if events.x != nil || dense.x == nil {
		t.Fatal("the two products are not what they are called")
	}
	if n := events.out.Count(); n != dense.out.Count() || n < 100 {
		t.Errorf("%d spikes by events, %d by products", n, dense.out.Count())
	}
	largest := 0.0
	for i, want := range dense.gradient {
		largest = max(largest, math.Abs(float64(want)))
		if got := events.gradient[i]; math.Abs(float64(got-want)) > 1e-4*max(1, math.Abs(float64(want))) {
			t.Fatalf("gradient %d is %g by events, %g by products", i, got, want)
		}
	}
	if largest < 0.1 {
		t.Errorf("the largest gradient is %g", largest)
	}
}

func TestBenchLinLIF(t *testing.T) {
	r, err := BenchLinLIF(LinLIFBench{Neurons: []int{32}, Repeats: 2}, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"events", "dense"} {
		c := r.Cases[i]
		if c.Product != want || !(0 < c.Min && c.Min <= c.Median) || !(0.001 < c.Rate && c.Rate < 0.3) {
			t.Errorf("%s: %+v", want, c)
		}
		if flops := c.GFLOPs * c.Median * 1e9; math.Abs(flops/(4*500*16*32*32)-1) > 1e-9 {
			t.Errorf("%s: %g operations", want, flops)
		}
	}
	for _, b := range []LinLIFBench{{Neurons: []int{0}, Repeats: 1}, {Neurons: []int{1}, Repeats: 0}} {
		if _, err := BenchLinLIF(b, 1); err == nil {
			t.Errorf("%+v was accepted", b)
		}
	}
}

func TestCheckLinLIFFires(t *testing.T) {
	for _, dense := range []bool{false, true} {
		c := CheckLinLIF(dense, 2)
		var spikes, moving int
		for _, n := range c.Counts {
			spikes += int(n)
		}
		for _, g := range c.Gradient {
			if g != 0 {
				moving++
			}
		}
		if spikes < 300 || spikes > 48*300/2 || moving < len(c.Gradient)/2 {
			t.Errorf("numbers %v: %d spikes, %d of %d weights have a gradient", dense, spikes, moving, len(c.Gradient))
		}
	}
}

func BenchmarkLinLIF(b *testing.B) {
	for _, dense := range []bool{false, true} {
		b.Run(map[bool]string{false: "spikes", true: "numbers"}[dense], func(b *testing.B) {
			l := newLinLIF(256, linLIFSteps, linLIFBatch, 1)
			l.draw(dense)
			b.ReportAllocs()
			for b.Loop() {
				l.pass()
			}
		})
	}
}
