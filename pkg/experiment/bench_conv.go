package experiment

import (
	"runtime"
	"slices"
	"time"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// ConvBench is the size of the job "conv": forward and backward of a network of
// convolutions, with the gradients of all weights and none of the images. The shape "vgg" is a
// block as in VGG on images of 32×32,
//
//	conv 3×3 (3→64), batch norm, ReLU, conv 3×3 (64→64), batch norm, ReLU, max pool 2×2
//
// and "lenet" is LeNet-5 on images of 28×28, see lenet.
type ConvBench struct {
	Shape   string
	Batch   int // images; ConvBatch is the standard
	Repeats int
}

// ConvBatch is the number of images of the standard job.
const ConvBatch = 64

// ConvResult is what the job took.
type ConvResult struct {
	Job         string  `json:"job"`
	Shape       string  `json:"shape"`
	Median      float64 `json:"seconds_median"`
	Min         float64 `json:"seconds_min"`
	CPU         float64 `json:"cpu_seconds_min"`  // of all threads: what other processes' load hardly changes; 0 where the system does not tell
	GFLOPs      float64 `json:"gflop_per_second"` // of the convolutions' sums as they are defined, at the median
	Peak        int64   `json:"peak_bytes"`       // resident memory of the process, 0 where the system does not tell
	Threads     int     `json:"threads"`
	Batch       int     `json:"batch"`
	Allocations uint64  `json:"allocations"` // on the heap, in one pass
}

const (
	convSide     = 32
	convColours  = 3
	convChannels = 64
	convEpsilon  = 1e-5
)

// convFLOPs are the additions and multiplications of the block's convolutions for one
// image: each product of the second layer is taken forward, for its input and
// for its weights; the first layer has no gradient of its input.
const convFLOPs = 2 * convSide * convSide * 9 * (2*convColours*convChannels + 3*convChannels*convChannels)

// convNetwork is a network and a batch of images.
type convNetwork interface {
	// pass is one forward and backward pass; its loss is valid until the next.
	pass() *autodiff.Var[float32]
}

// newConvNetwork returns the network of a shape, and its operations for an image.
func newConvNetwork(shape string, batch, threads int) (convNetwork, float64, error) {
	switch shape {
	case "vgg":
		return newConvBlock(batch, threads), convFLOPs, nil
	case "lenet":
		return newLeNet(batch, threads), leNetFLOPs, nil
	}
	return nil, 0, fault.Inputf("--shape is %q, expected vgg or lenet", shape)
}

// BenchConv times forward and backward passes.
func BenchConv(b ConvBench, threads int) (*ConvResult, error) {
	for _, v := range []struct {
		name  string
		value int
	}{{"--batch", b.Batch}, {"--repeats", b.Repeats}} {
		if v.value < 1 {
			return nil, fault.Inputf("%s is %d, expected at least 1", v.name, v.value)
		}
	}
	network, flops, err := newConvNetwork(b.Shape, b.Batch, threads)
	if err != nil {
		return nil, err
	}
	res := &ConvResult{Job: "conv", Shape: b.Shape, Threads: threads, Batch: b.Batch}
	var seconds, cpus []float64
	var before, after runtime.MemStats
	for i := range b.Repeats + 1 { // the first meets cold memory
		runtime.ReadMemStats(&before)
		began, used := time.Now(), cpuSeconds()
		network.pass()
		took, cpu := time.Since(began).Seconds(), cpuSeconds()-used
		runtime.ReadMemStats(&after)
		if i > 0 {
			seconds, cpus = append(seconds, took), append(cpus, cpu)
			res.Allocations = after.Mallocs - before.Mallocs
		}
	}
	res.Median, res.CPU = median(seconds), slices.Min(cpus)
	res.Min = seconds[0]
	res.GFLOPs = flops * float64(b.Batch) / res.Median / 1e9
	res.Peak = peakMemory()
	return res, nil
}

// convNumbers draws normal numbers, times spread.
func convNumbers(name uint64, spread float32, shape ...int) *tensor.Dense[float32] {
	d, r := tensor.New[float32](shape...), rng.Stream(1, "bench-conv", 0, name)
	for i := range d.Data {
		d.Data[i] = spread * float32(r.NormFloat64())
	}
	return d
}

// convBlock is the block and a batch of images.
type convBlock struct {
	threads int
	images  *autodiff.Var[float32]
	layers  []convLayer
	tape    autodiff.Tape[float32]
	zero    *tensor.Dense[float32]
}

type convLayer struct{ weights, bias, scale, shift *autodiff.Var[float32] }

func newConvBlock(batch, threads int) *convBlock {
	b := &convBlock{threads: threads, images: autodiff.Constant(convNumbers(0, 1, batch, convColours, convSide, convSide))}
	for i, in := range []int{convColours, convChannels} {
		l := convLayer{
			weights: autodiff.NewVar(convNumbers(uint64(i+1), 0.1, convChannels, in, 3, 3)),
			bias:    autodiff.NewVar(tensor.New[float32](convChannels)),
			scale:   autodiff.NewVar(tensor.New[float32](convChannels)),
			shift:   autodiff.NewVar(tensor.New[float32](convChannels)),
		}
		for c := range l.scale.Value.Data {
			l.scale.Value.Data[c] = 1
		}
		b.layers = append(b.layers, l)
	}
	return b
}

// pass is one forward and backward pass of the mean of the squared result,
// which is valid until the next.
func (b *convBlock) pass() *autodiff.Var[float32] {
	t, x := &b.tape, b.images
	t.Reset()
	padded := autodiff.Axis{Padding: 1}
	for _, l := range b.layers {
		x = autodiff.Conv2D(t, b.threads, x, l.weights, l.bias, padded, padded, 1)
		x, _ = autodiff.BatchNormReLU(t, b.threads, x, l.scale, l.shift, convEpsilon)
	}
	x = autodiff.MaxPool2D(t, b.threads, x, autodiff.Pool{Size: 2}, autodiff.Pool{Size: 2})
	if b.zero == nil {
		b.zero = tensor.New[float32](x.Value.Shape...)
	}
	loss := autodiff.MeanSquaredError(t, x, b.zero)
	t.Backward(loss)
	return loss
}
