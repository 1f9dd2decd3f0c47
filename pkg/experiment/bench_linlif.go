package experiment

import (
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/lif"
)

// LinLIFBench is the size of the job "linlif", the library benchmark of Open
// Neuromorphic: a dense layer N→N without bias and a layer of LIF neurons, batch
// 16, 500 steps, forward and backward of the sum of the spikes. The weights get
// their gradient; the input needs none. What the input is, the benchmark does
// not say: here either spikes, at LinLIFDensity, or normally distributed
// numbers.
type LinLIFBench struct {
	Neurons []int
	Repeats int
}

// LinLIFNeurons are the sizes of the standard job.
var LinLIFNeurons = []int{256, 1024}

const (
	linLIFSteps = 500
	linLIFBatch = 16
	// LinLIFDensity is the part of the input lines that spike in a step.
	LinLIFDensity = 0.02
	// eventDensity is the density from which on a dense product of spikes is
	// faster than one by events: see docs/performance.md.
	eventDensity = 0.25
)

// linLIFParams are those of snnTorch's Leaky with its default threshold and a
// membrane time constant of about 10 steps.
var linLIFParams = lif.Params{Beta: 0.9, Threshold: 1, Dampening: 1}

// LinLIFResult is what the job took.
type LinLIFResult struct {
	Job     string       `json:"job"`
	Threads int          `json:"threads"`
	Steps   int          `json:"steps"`
	Batch   int          `json:"batch"`
	Peak    int64        `json:"peak_bytes"` // resident memory of the process, 0 where the system does not tell
	Cases   []LinLIFCase `json:"cases"`
}

// LinLIFCase is what one size and input took.
type LinLIFCase struct {
	Neurons         int     `json:"neurons"`
	Input           string  `json:"input"`   // spikes or numbers
	Density         float64 `json:"density"` // of the input
	Product         string  `json:"product"` // events or dense
	Median          float64 `json:"seconds_median"`
	Min             float64 `json:"seconds_min"`
	CPU             float64 `json:"cpu_seconds_min"`   // of all threads; 0 where the system does not tell
	LIF             float64 `json:"seconds_lif"`       // of the median, those in the LIF layer
	GFLOPs          float64 `json:"gflop_per_second"`  // that a dense program would need to do, at the median
	SpikesPerSecond float64 `json:"spikes_per_second"` // of the layer, simulated and learned from
	Rate            float64 `json:"spikes_per_neuron_and_step"`
	Memory          int64   `json:"bytes"` // of input, weights, currents, and all else the case keeps
	Peak            int64   `json:"peak_bytes"`
	Allocations     uint64  `json:"allocations"` // on the heap, in one pass
}

// BenchLinLIF times forward and backward of each size, for both inputs.
func BenchLinLIF(b LinLIFBench, threads int) (*LinLIFResult, error) {
	if b.Repeats < 1 {
		return nil, fault.Inputf("--repeats is %d, expected at least 1", b.Repeats)
	}
	for _, n := range b.Neurons {
		if n < 1 || n > 1<<14 {
			return nil, fault.Inputf("linlif %d: expected 1 to %d neurons", n, 1<<14)
		}
	}
	res := &LinLIFResult{Job: "linlif", Threads: threads, Steps: linLIFSteps, Batch: linLIFBatch}
	for _, n := range b.Neurons {
		for _, dense := range []bool{false, true} {
			res.Cases = append(res.Cases, benchLinLIF(n, dense, b.Repeats, threads))
			runtime.GC() // the next case is not charged for this one's memory
		}
	}
	res.Peak = peakMemory()
	return res, nil
}

func benchLinLIF(n int, dense bool, repeats, threads int) LinLIFCase {
	l := newLinLIF(n, linLIFSteps, linLIFBatch, threads)
	l.draw(dense)
	c := LinLIFCase{Neurons: n, Input: "spikes", Density: 1, Product: "events"}
	if dense {
		c.Input, c.Product = "numbers", "dense"
	} else {
		c.Density = float64(l.spikes.Count()) / float64(l.rows*n)
		if l.x != nil {
			c.Product = "dense"
		}
	}
	var walls, cpus, inLIF []float64
	var before, after runtime.MemStats
	for i := range repeats + 1 { // the first meets cold memory
		runtime.ReadMemStats(&before)
		l.inLIF = 0
		began, used := time.Now(), cpuSeconds()
		l.pass()
		wall, cpu := time.Since(began).Seconds(), cpuSeconds()-used
		runtime.ReadMemStats(&after)
		if i > 0 {
			walls, cpus, inLIF = append(walls, wall), append(cpus, cpu), append(inLIF, l.inLIF.Seconds())
			c.Allocations = after.Mallocs - before.Mallocs
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	c.Memory = int64(after.HeapAlloc)
	c.CPU, c.LIF = slices.Min(cpus), median(inLIF)
	c.Median, c.Min = median(walls), walls[0]
	flops := 4 * float64(l.rows) * float64(n) * float64(n)
	c.GFLOPs = flops / c.Median / 1e9
	c.Rate = float64(l.out.Count()) / float64(l.rows*n)
	c.SpikesPerSecond = float64(l.out.Count()) / c.Median
	c.Peak = peakMemory()
	runtime.KeepAlive(l)
	return c
}

// median sorts x and returns its median.
func median(x []float64) float64 {
	slices.Sort(x)
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// linLIF is the two layers, with the memory of a pass.
type linLIF struct {
	n, rows, threads int
	steps, batch     int

	x         []float32    // the input as numbers [rows][n]; nil for events
	spikes    *tensor.Bits // the input as spikes; nil for numbers
	byRow     kernel.Events
	byLine    kernel.Events
	scratch   kernel.EventScratch[float32]
	weights   []float32 // [n][n]: from, to
	gradient  []float32 // of weights
	currents  []float32 // [rows][n], on the way back the gradient of them
	each      []float32 // ∂E/∂z, 1
	layer     lif.Layer[float32]
	out       *tensor.Bits
	inLIF     time.Duration
	eventFrom float64
}

func newLinLIF(n, steps, batch, threads int) *linLIF {
	rows := steps * batch
	l := &linLIF{n: n, rows: rows, steps: steps, batch: batch, threads: threads,
		weights: make([]float32, n*n), gradient: make([]float32, n*n), currents: make([]float32, rows*n), each: make([]float32, n),
		layer:     lif.Layer[float32]{Params: linLIFParams, Threads: threads},
		eventFrom: eventDensity}
	for j := range l.each {
		l.each[j] = 1
	}
	return l
}

// draw makes input and weights, so large that neurons fire in a few steps of a
// hundred.
func (l *linLIF) draw(dense bool) {
	r := rng.Stream(1, "bench-linlif", 0, uint64(l.n))
	gain := 0.35 / math.Sqrt(float64(l.n))
	if dense {
		l.x = make([]float32, l.rows*l.n)
		for i := range l.x {
			l.x[i] = float32(r.NormFloat64())
		}
	} else {
		gain /= math.Sqrt(LinLIFDensity)
		l.spikes = tensor.NewBits(l.rows, l.n)
		for row := range l.rows {
			for i := range l.n {
				if r.Float64() < LinLIFDensity {
					l.spikes.Set(row, i)
				}
			}
		}
		l.choose()
	}
	for i := range l.weights {
		l.weights[i] = float32(gain * r.NormFloat64())
	}
}

// choose turns spikes into numbers where a dense product of them is faster.
func (l *linLIF) choose() {
	if float64(l.spikes.Count()) < l.eventFrom*float64(l.rows*l.n) {
		return
	}
	l.x = make([]float32, l.rows*l.n)
	for row := range l.rows {
		for i := range l.n {
			if l.spikes.At(row, i) {
				l.x[row*l.n+i] = 1
			}
		}
	}
}

// pass goes forward and back. Listing the input's spikes is part of it.
func (l *linLIF) pass() {
	n, rows := l.n, l.rows
	if l.x != nil {
		kernel.Gemm(l.threads, false, false, rows, n, n, 1, l.x, n, l.weights, n, 0, l.currents, n)
	} else {
		l.byRow.Rebuild(l.spikes, false)
		l.byLine.Rebuild(l.spikes, true)
		kernel.MultiplyEvents(l.threads, &l.scratch, &l.byRow, n, l.weights, n, l.currents, n)
	}
	began := time.Now()
	l.out = l.layer.Forward(l.currents, l.steps, l.batch, n)
	l.layer.Backward(l.currents, false, l.currents, nil, l.each)
	l.inLIF += time.Since(began)
	if l.x != nil {
		kernel.Gemm(l.threads, true, false, n, n, rows, 1, l.x, n, l.currents, n, 0, l.gradient, n)
	} else {
		kernel.MultiplyEvents(l.threads, &l.scratch, &l.byLine, n, l.currents, n, l.gradient, n)
	}
}

// LinLIFCheck is the result of a small case whose input and weights are given
// by formulas, for other programs to compute, too: benchmarks/linlif.py does.
// Each current is an exact sum, so that the spikes must be the same.
type LinLIFCheck struct {
	Counts   []float32 `json:"counts"`   // of spikes, by neuron
	Gradient []float32 `json:"gradient"` // of the sum of the spikes by the weights [from][to]
}

// CheckLinLIF computes it: 48 neurons, 100 steps, batch 3; line i spikes in step
// t of trial b if (7t + 13b + 29i + t·i) mod 23 = 0, and the weight from i to j
// is ((37i + 101j + 7ij) mod 127 - 45)/128. For numbers, a line
// that does not spike has the value ((t mod 3) - 1)/8.
func CheckLinLIF(dense bool, threads int) *LinLIFCheck {
	const n, steps, batch = 48, 100, 3
	l := newLinLIF(n, steps, batch, threads)
	l.spikes = tensor.NewBits(l.rows, n)
	if dense {
		l.x = make([]float32, l.rows*n)
	}
	for t := range steps {
		for b := range batch {
			for i := range n {
				spike := (7*t+13*b+29*i+t*i)%23 == 0
				if spike {
					l.spikes.Set(t*batch+b, i)
				}
				if dense {
					x := 0.125 * float32(t%3-1)
					if spike {
						x = 1
					}
					l.x[(t*batch+b)*n+i] = x
				}
			}
		}
	}
	for i := range n {
		for j := range n {
			l.weights[i*n+j] = float32((37*i+101*j+7*i*j)%127-45) / 128
		}
	}
	l.pass()
	c := &LinLIFCheck{Counts: make([]float32, n), Gradient: l.gradient}
	for row := range l.rows {
		for j := range n {
			if l.out.At(row, j) {
				c.Counts[j]++
			}
		}
	}
	return c
}
