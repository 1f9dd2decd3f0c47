package ttfs

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// fusion walks along a ReLU network and builds the chain of its neurons (section 5 of
// the method). It carries how the coded values x at its place stand for the true
// ones,
//
//	true value = κ_c x + s_{c,y,x},
//
// from the input, where κ = q - p and s = p, through whatever is affine, to the next
// linear layer, which takes κ into its weights and s into its bias.
type fusion struct {
	threads int
	shape   Shape
	kappa   []float64 // [channels]
	shift   []float64 // [channels][height][width]

	// linear is a layer whose ReLU has not come yet, and after what lies between them:
	// max pools and pads, which may as well come after the ReLU.
	linear *linear
	after  []Stage[float64]

	// flat says that the values were flattened since the last stage, which does not know.
	flat bool

	stages       []Stage[float64]
	ceilings     []string // names of the neurons that clip
	counterparts []Counterpart
	refusals     []string
}

// linear is y = W x + b, with the κ and s of its input in W and b.
type linear struct {
	name      string
	synapses  Synapses[float64]
	bias      *tensor.Dense[float64]
	flattened bool // after it: its channels are no longer those of the values
}

// Counterpart ties a stage to the layer of the ReLU network whose output it carries:
//
//	output of the layer = Gain_c x + Shift.
type Counterpart struct {
	Stage, Layer int
	Gain         []float64 // [channels]
	Shift        []float64 // [channels][height][width]; nil for 0
}

// fuse turns a ReLU network with inputs in [low, high] into the stages of a network of
// form b1 without windows. All that cannot be converted is in one error.
func fuse(n *relu.Network[float64], low, high float64, threads int) (*fusion, error) {
	shapes, err := n.Shapes()
	if err != nil {
		return nil, err
	}
	f := &fusion{threads: threads, shape: n.Input, kappa: filled(n.Input.Channels, high-low), shift: filled(n.Input.Size(), low)}
	for i, layer := range n.Layers {
		f.parameters(layer)
		f.take(layer, shapes[i+1])
		f.shape = shapes[i+1]
		if f.linear == nil && len(f.stages) > 0 {
			switch layer.Layer.(type) {
			case *relu.ReLU[float64], *relu.AveragePool[float64], *relu.GlobalAveragePool[float64]:
				f.counterparts = append(f.counterparts, Counterpart{Stage: len(f.stages) - 1, Layer: i, Gain: slices.Clone(f.kappa), Shift: slices.Clone(f.shift)})
			}
		}
	}
	f.readout(n)
	if len(f.refusals) > 0 {
		return nil, fault.Inputf("the network cannot be converted: %s", strings.Join(f.refusals, "; "))
	}
	return f, nil
}

func (f *fusion) refuse(layer relu.Named[float64], format string, args ...any) {
	f.refusals = append(f.refusals, fmt.Sprintf("%s (%s): ", layer.Name, layer.Kind())+fmt.Sprintf(format, args...))
}

// parameters refuses what is not finite.
func (f *fusion) parameters(layer relu.Named[float64]) {
	all := layer.Parameters()
	if b, ok := layer.Layer.(*relu.BatchNorm[float64]); ok {
		all = append(all, b.Running()...)
	}
	for _, p := range all {
		for i, v := range p.Values.Data {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				f.refuse(layer, "value %d of its %s is %v", i, p.Name, v)
				break
			}
		}
	}
}

// take goes over one layer, whose input has the shape f.shape.
func (f *fusion) take(layer relu.Named[float64], out Shape) {
	switch l := layer.Layer.(type) {
	case *relu.Dense[float64]:
		f.begin(layer)
		f.linear, f.flat = f.dense(layer.Name, l), false
	case *relu.Conv[float64]:
		f.begin(layer)
		f.unflatten()
		f.linear = f.conv(layer.Name, l, out)
	case *relu.BatchNorm[float64]:
		f.normalise(layer, l)
	case *relu.ReLU[float64]:
		f.rectify(layer, l)
	case *relu.MaxPool[float64]:
		f.maxPool(layer, l, out)
	case *relu.AveragePool[float64]:
		f.averagePool(layer, &Average[float64]{Height: l.Height, Width: l.Width, CountPadding: l.CountPadding, Gain: 1, Channels: f.shape.Channels}, out)
	case *relu.GlobalAveragePool[float64]:
		whole := func(size int) relu.Window { return relu.Window{Size: size, Stride: size} }
		f.averagePool(layer, &Average[float64]{Height: whole(f.shape.Height), Width: whole(f.shape.Width), Gain: 1, Channels: f.shape.Channels}, out)
	case *relu.Pad[float64]:
		f.pad(layer, l, out)
	case *relu.Flatten[float64]:
		f.flatten()
	case *relu.Dropout[float64]:
	default:
		f.refuse(layer, "layers of this kind have no neurons that fire once")
	}
}

// begin makes sure that no other linear layer waits for its ReLU.
func (f *fusion) begin(layer relu.Named[float64]) {
	if f.linear != nil {
		f.refuse(layer, "follows the linear layer %s without a ReLU between them", f.linear.name)
		f.fresh()
	}
}

// fresh says that values are coded as they are, as after a ReLU.
func (f *fusion) fresh() {
	f.linear, f.after = nil, nil
	f.kappa, f.shift = filled(f.shape.Channels, 1), make([]float64, f.shape.Size())
}

// dense is W' = W κ, b' = b + Σ_j s_j W_j.
func (f *fusion) dense(name string, d *relu.Dense[float64]) *linear {
	weights, bias := clone(d.Weights), clone(d.Bias)
	places := len(f.shift) / len(f.kappa)
	for j, s := range f.shift {
		row := weights.Row(j)
		for i := range row {
			bias.Data[i] += s * row[i]
			row[i] *= f.kappa[j/places]
		}
	}
	return &linear{name: name, synapses: &Dense[float64]{weights}, bias: bias}
}

// conv is W' = W κ of each input channel; the bias of each place is that of the
// convolution of s, which is padded with zeros as the true values are (section 5.3).
func (f *fusion) conv(name string, c *relu.Conv[float64], out Shape) *linear {
	bias := f.convolved(c, out)
	weights := clone(c.Weights)
	filters, channels, taps := weights.Shape[0], weights.Shape[1], weights.Shape[2]*weights.Shape[3]
	for o := range filters {
		for i := range channels {
			k := f.kappa[o/(filters/c.Groups)*channels+i]
			for at := range taps {
				weights.Data[(o*channels+i)*taps+at] *= k
			}
		}
	}
	return &linear{name: name, synapses: &Conv[float64]{Weights: weights, Height: c.Height, Width: c.Width, Groups: c.Groups}, bias: bias}
}

// normalise is y = g z + s': before its ReLU it goes into the linear layer, and where
// g < 0 the greatest of a pool becomes the least; after it into κ and s.
func (f *fusion) normalise(layer relu.Named[float64], b *relu.BatchNorm[float64]) {
	gain, shift := make([]float64, len(b.Scale.Data)), make([]float64, len(b.Scale.Data))
	for c := range gain {
		gain[c] = b.Scale.Data[c] / math.Sqrt(b.Variance.Data[c]+b.Epsilon)
		shift[c] = b.Shift.Data[c] - gain[c]*b.Mean.Data[c]
		if math.IsNaN(gain[c]) || math.IsInf(gain[c], 0) {
			f.refuse(layer, "the variance of channel %d and epsilon sum to %g, expected more than 0", c, b.Variance.Data[c]+b.Epsilon)
			return
		}
	}
	if f.linear == nil {
		each(f.shift, gain, func(s *float64, c int) { *s = gain[c]**s + shift[c] })
		for c := range f.kappa {
			f.kappa[c] *= gain[c]
		}
		return
	}
	l := f.linear
	if l.flattened {
		f.refuse(layer, "normalises flattened values of the convolution %s before their ReLU; flatten after the ReLU", l.name)
		return
	}
	for _, stage := range f.after {
		switch stage := stage.(type) {
		case *MaxPool[float64]:
			for c, g := range gain {
				stage.Latest[c] = stage.Latest[c] != (g < 0)
			}
		case *Pad[float64]:
			if slices.ContainsFunc(shift, func(s float64) bool { return s != 0 }) {
				f.refuse(layer, "shifts the zeros padded between the linear layer %s and its ReLU; pad after the ReLU", l.name)
				return
			}
		}
	}
	scaleOutputs(l.synapses, gain)
	each(l.bias.Data, gain, func(b *float64, c int) { *b = gain[c]**b + shift[c] })
}

// rectify makes neurons of the linear layer, or where there is none, and the values
// may be negative, neurons that are connected one to one (section 5.5).
func (f *fusion) rectify(layer relu.Named[float64], r *relu.ReLU[float64]) {
	negative := func(v float64) bool { return v < 0 }
	if f.linear == nil {
		if r.Ceiling == 0 && !slices.ContainsFunc(f.kappa, negative) && !slices.ContainsFunc(f.shift, negative) {
			return
		}
		f.oneToOne(layer.Name)
	}
	f.stages = append(f.stages, &Neurons[float64]{Name: f.linear.name, Synapses: f.linear.synapses, Bias: f.linear.bias, Window: r.Ceiling, Clipped: r.Ceiling > 0})
	if r.Ceiling > 0 {
		f.ceilings = append(f.ceilings, fmt.Sprintf("%s (clipped at %g)", layer.Name, r.Ceiling))
	}
	f.stages = append(f.stages, f.after...)
	f.flat = f.linear.flattened
	f.fresh()
}

// oneToOne begins a linear layer that gives each coded value its true one.
func (f *fusion) oneToOne(name string) {
	f.unflatten()
	once := relu.Axis{Stride: 1, Dilation: 1}
	weights := &tensor.Dense[float64]{Shape: []int{len(f.kappa), 1, 1, 1}, Data: slices.Clone(f.kappa)}
	f.linear = &linear{
		name: name, bias: mapOrChannels(slices.Clone(f.shift), f.shape),
		synapses: &Conv[float64]{Weights: weights, Height: once, Width: once, Groups: len(f.kappa)},
	}
}

// maxPool takes the earliest spike, in channels of negative κ the latest.
func (f *fusion) maxPool(layer relu.Named[float64], p *relu.MaxPool[float64], out Shape) {
	if p.Height.Size == 1 && p.Width.Size == 1 && p.Height.Stride == 1 && p.Width.Stride == 1 {
		return
	}
	pool := &MaxPool[float64]{Height: p.Height, Width: p.Width, Latest: make([]bool, f.shape.Channels)}
	if f.linear != nil {
		f.after = append(f.after, pool)
		return
	}
	f.unflatten()
	places, shift := f.shape.Places(), make([]float64, out.Size())
	for c, k := range f.kappa {
		pool.Latest[c] = k < 0
		of := f.shift[c*places : (c+1)*places]
		for i := range out.Places() {
			shift[c*out.Places()+i] = of[0]
		}
		if slices.ContainsFunc(of, func(s float64) bool { return s != of[0] }) {
			f.refuse(layer, "the shift of the values before it differs from place to place, because of padding between them")
			break
		}
	}
	f.stages, f.shift = append(f.stages, pool), shift
}

// averagePool makes relays, which have their own window; s is averaged as the values are.
func (f *fusion) averagePool(layer relu.Named[float64], a *Average[float64], out Shape) {
	if f.linear != nil {
		f.refuse(layer, "averages the linear layer %s before its ReLU, which would be two linear layers in a row", f.linear.name)
		return
	}
	if out == f.shape && a.Height.Size == 1 && a.Width.Size == 1 {
		return
	}
	f.unflatten()
	shift := make([]float64, out.Size())
	a.apply(f.threads, 1, shift, f.shift, f.shape, out)
	f.shift = shift
	f.stages = append(f.stages, &Neurons[float64]{Name: layer.Name, Synapses: a, Bias: tensor.New[float64](a.Channels)})
}

// pad puts zeros around the true values: silent cells without a shift.
func (f *fusion) pad(layer relu.Named[float64], p *relu.Pad[float64], out Shape) {
	if *p == (relu.Pad[float64]{}) {
		return
	}
	if p.Top < 0 || p.Left < 0 || p.Bottom < 0 || p.Right < 0 {
		f.refuse(layer, "crops, as its padding %d,%d,%d,%d has negative sides", p.Top, p.Left, p.Bottom, p.Right)
		return
	}
	stage := &Pad[float64]{Top: p.Top, Left: p.Left, Bottom: p.Bottom, Right: p.Right}
	if f.linear != nil {
		f.after = append(f.after, stage)
		return
	}
	f.unflatten()
	shift := make([]float64, out.Size())
	stage.apply(f.threads, 1, shift, f.shift, f.shape, out)
	f.stages, f.shift = append(f.stages, stage), shift
}

// flatten gives each value a channel of its own.
func (f *fusion) flatten() {
	if f.linear != nil {
		f.linear.flattened = f.linear.flattened || f.shape.Places() > 1
		return
	}
	f.flat = f.flat || f.shape.Places() > 1
	kappa := make([]float64, len(f.shift))
	each(kappa, f.kappa, func(k *float64, c int) { *k = f.kappa[c] })
	f.kappa = kappa
}

// unflatten tells stages that see channels that their input was flattened; dense
// ones take images as they are.
func (f *fusion) unflatten() {
	if f.flat {
		f.stages = append(f.stages, &Flatten[float64]{})
		f.flat = false
	}
}

// readout makes a readout of the last linear layer, or one that is connected one to one.
func (f *fusion) readout(n *relu.Network[float64]) {
	last := relu.Named[float64]{Name: "the network", Layer: &relu.Flatten[float64]{}}
	if len(n.Layers) > 0 {
		last = n.Layers[len(n.Layers)-1]
	}
	if f.linear == nil {
		f.oneToOne(last.Name)
	}
	if len(f.after) > 0 {
		f.refuse(last, "pools or pads the last linear layer %s, which is read out and fires no spikes", f.linear.name)
	}
	f.stages = append(f.stages, &Readout[float64]{Name: f.linear.name, Synapses: f.linear.synapses, Bias: f.linear.bias})
}
