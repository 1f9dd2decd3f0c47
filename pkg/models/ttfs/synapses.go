package ttfs

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// Synapses are the connections into a layer: *Dense, *Conv or *Average.
type Synapses[F tensor.Float] interface {
	// Output is the shape of the layer, or why it cannot read an input of shape in.
	Output(in Shape) (Shape, error)

	// WeightSums are Σ_j W_ij of each output channel, over its whole kernel.
	WeightSums() []float64

	// FanOut is the number of synapses out of each value of an input.
	FanOut(in Shape) []int

	// deliver calls f with the neuron and the weight of each synapse out of value j of an
	// input of shape in.
	deliver(j int, in, out Shape, f func(i int, w F))
}

// Dense connects all with all.
type Dense[F tensor.Float] struct {
	Weights *tensor.Dense[F] // [in][out]
}

// Output has a feature for each column of the weights.
func (d *Dense[F]) Output(in Shape) (Shape, error) {
	if in.Size() != d.Weights.Shape[0] {
		return Shape{}, fmt.Errorf("has weights for %d inputs, but gets %d", d.Weights.Shape[0], in.Size())
	}
	return relu.Vector(d.Weights.Shape[1]), nil
}

// WeightSums are the sums of the columns.
func (d *Dense[F]) WeightSums() []float64 {
	sums := make([]float64, d.Weights.Shape[1])
	for j := range d.Weights.Shape[0] {
		for i, w := range d.Weights.Row(j) {
			sums[i] += float64(w)
		}
	}
	return sums
}

// FanOut is the number of columns.
func (d *Dense[F]) FanOut(in Shape) []int {
	fan := make([]int, in.Size())
	for i := range fan {
		fan[i] = d.Weights.Shape[1]
	}
	return fan
}

// Conv is a convolution; the padding fires at the end of the window, as silent
// neurons do.
type Conv[F tensor.Float] struct {
	Weights       *tensor.Dense[F] // [out][in/groups][KH][KW]
	Height, Width relu.Axis
	Groups        int
}

// layer is the convolution of the ReLU network.
func (c *Conv[F]) layer() *relu.Conv[F] {
	return &relu.Conv[F]{Weights: c.Weights, Height: c.Height, Width: c.Width, Groups: c.Groups}
}

// Output has a channel for each filter.
func (c *Conv[F]) Output(in Shape) (Shape, error) { return c.layer().Output(in) }

// WeightSums are the sums of the filters.
func (c *Conv[F]) WeightSums() []float64 {
	sums := make([]float64, c.Weights.Shape[0])
	size := len(c.Weights.Data) / len(sums)
	for o := range sums {
		for _, w := range c.Weights.Data[o*size : (o+1)*size] {
			sums[o] += float64(w)
		}
	}
	return sums
}

// FanOut counts, for each place, the outputs that read it, times the filters of its group.
func (c *Conv[F]) FanOut(in Shape) []int {
	out, err := c.Output(in)
	if err != nil {
		return nil
	}
	rows := readers(in.Height, out.Height, c.Weights.Shape[2], c.Height)
	columns := readers(in.Width, out.Width, c.Weights.Shape[3], c.Width)
	return fanOut(in, rows, columns, out.Channels/c.Groups)
}

// readers counts the outputs that read each place along an axis.
func readers(in, out, taps int, axis relu.Axis) []int {
	count := make([]int, in)
	for o := range out {
		for u := range taps {
			if at := o*axis.Stride - axis.Padding + u*axis.Dilation; at >= 0 && at < in {
				count[at]++
			}
		}
	}
	return count
}

func fanOut(in Shape, rows, columns []int, filters int) []int {
	fan := make([]int, 0, in.Size())
	for range in.Channels {
		for _, r := range rows {
			for _, c := range columns {
				fan = append(fan, r*c*filters)
			}
		}
	}
	return fan
}

// Average connects each neuron with a window of its own channel, by weights of
// Gain / (number of cells counted): a relay of an average (section 4.6).
type Average[F tensor.Float] struct {
	Height, Width relu.Window
	CountPadding  bool    // padding counts as cells that are silent
	Gain          float64 // 1 in form b1
	Channels      int
}

// Output has a place for each window.
func (a *Average[F]) Output(in Shape) (Shape, error) {
	if in.Channels != a.Channels {
		return Shape{}, fmt.Errorf("averages %d channels, but gets %d", a.Channels, in.Channels)
	}
	return (&relu.AveragePool[F]{Height: a.Height, Width: a.Width}).Output(in)
}

// WeightSums are Gain, of each channel.
func (a *Average[F]) WeightSums() []float64 {
	sums := make([]float64, a.Channels)
	for i := range sums {
		sums[i] = a.Gain
	}
	return sums
}

// FanOut counts the windows that each place lies in.
func (a *Average[F]) FanOut(in Shape) []int {
	out, err := a.Output(in)
	if err != nil {
		return nil
	}
	rows := readers(in.Height, out.Height, a.Height.Size, relu.Axis{Stride: a.Height.Stride, Padding: a.Height.Padding, Dilation: 1})
	columns := readers(in.Width, out.Width, a.Width.Size, relu.Axis{Stride: a.Width.Stride, Padding: a.Width.Padding, Dilation: 1})
	return fanOut(in, rows, columns, 1)
}

// span is the places [first, last) that a window covers, and how many it counts.
type span struct{ first, last, count int }

// spans are those of each output along an axis; padding is left out, and counted
// if counted says so.
func spans(in, out int, w relu.Window, counted bool) []span {
	s := make([]span, out)
	for i := range s {
		from := i*w.Stride - w.Padding
		s[i] = span{max(0, from), min(in, from+w.Size), covered(i, in, w)}
		if counted {
			s[i].count = w.Size
		}
	}
	return s
}

// covered is the number of places that window i covers, padding left out.
func covered(i, in int, w relu.Window) int {
	from := i*w.Stride - w.Padding
	return min(in, from+w.Size) - max(0, from)
}
