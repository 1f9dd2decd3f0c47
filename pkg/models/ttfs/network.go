// Package ttfs has networks of neurons that fire at most one spike, whose time
// carries a value (time to first spike), and their exact construction from ReLU
// networks: arXiv:2212.12522, with the B1 neuron of arXiv:2306.08744.
//
// Layer n fires in a window of its own, [t_min, t_max], that begins where the one
// before ends and is B_n = t_max - t_min long. A spike at time t carries
//
//	x = t_max - t,
//
// so that a strong value is an early spike, and a silent neuron carries 0. Inputs v
// in [p, q] are coded in the window [0, 1] as x = (v - p)/(q - p). Membranes start
// at 0 when the window before theirs begins; all times are in units of τ_c.
//
//	b1     before t_min:  dV/dt = Σ_j W_ij H(t - t_j);  from t_min on:  dV/dt = 1
//	       θ_i = B_n - b_i
//	alpha  dV/dt = α + Σ_j J_ij H(t - t_j),  α = 1
//	       θ_i = α (t_max - t_min_prev) + B_n Σ_j J_ij - (α + Σ_j J_ij) b_i
//
// The threshold is tested from t_min on. Solved for the time of the spike, both say
//
//	x_i = min(B_n, max(0, b_i + Σ_j W_ij x_j / s_i)),
//
// with slope s_i = 1, or α + Σ_j J_ij and J in the place of W: that is a ReLU, until
// the window is too short. Everything here is computed in this layer-local time x,
// because absolute times lose what is small against the latency; they are made only
// for reports (Windows).
package ttfs

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// Shape is the shape of what one trial has between two stages.
type Shape = relu.Shape

// Form is the kind of a network's neurons.
type Form string

const (
	B1    Form = "b1"    // slope 1 at the threshold (2306.08744)
	Alpha Form = "alpha" // slope α + Σ J at the threshold (2212.12522)
)

// Drive is α, the constant current into alpha neurons.
const Drive = 1.0

// Network is a chain of stages, the last of which is the Readout and the only one.
type Network[F tensor.Float] struct {
	Input     Shape
	Low, High float64 // p and q, the range of the inputs
	Form      Form
	Stages    []Stage[F]
}

// Stage is one of *Neurons, *MaxPool, *Pad, *Flatten and *Readout. Dense synapses take
// an image as they do features, by channels, then rows, then columns.
type Stage[F tensor.Float] interface {
	// Kind is "spike" or "relay" (neurons), "max-pool", "pad", "flatten" or "readout".
	Kind() string

	// Output is the shape of what the stage makes of an input of shape in, or why
	// it cannot take it, in words that follow its kind.
	Output(in Shape) (Shape, error)
}

// Shapes gives the shape before each stage and, as the last, that of the logits.
func (n *Network[F]) Shapes() ([]Shape, error) {
	if n.Input.Channels < 1 || n.Input.Height < 1 || n.Input.Width < 1 {
		return nil, fault.Inputf("the network's input is %dx%dx%d, expected at least one value", n.Input.Channels, n.Input.Height, n.Input.Width)
	}
	shapes := []Shape{n.Input}
	for i, stage := range n.Stages {
		if _, last := stage.(*Readout[F]); last != (i == len(n.Stages)-1) {
			return nil, fault.Inputf("stage %d of %d is of kind %s, expected one readout, as the last stage", i+1, len(n.Stages), stage.Kind())
		}
		out, err := stage.Output(shapes[i])
		if err != nil {
			return nil, fault.Inputf("stage %d (%s) %w", i+1, stage.Kind(), err)
		}
		shapes = append(shapes, out)
	}
	if len(n.Stages) == 0 {
		return nil, fault.Inputf("the network has no stages, expected at least a readout")
	}
	return shapes, nil
}

// Readout is the last stage.
func (n *Network[F]) Readout() *Readout[F] { return n.Stages[len(n.Stages)-1].(*Readout[F]) }

// inputWindow is the length of the window in which inputs fire.
const inputWindow = 1.0

// Interval is the window of a layer in absolute time: the neurons' membranes start
// at Previous, which is t_min of the layer before, and fire in [Min, Max].
type Interval struct{ Previous, Min, Max float64 }

// Length is B_n.
func (i Interval) Length() float64 { return i.Max - i.Min }

// Windows gives the window in which each stage's output fires, that of neurons, or
// the one that pools and pads leave as it is; for the readout, the moment at which it
// is read, which is the latency.
func (n *Network[F]) Windows() []Interval {
	windows := make([]Interval, len(n.Stages))
	now := Interval{0, 0, inputWindow}
	for i, stage := range n.Stages {
		switch stage := stage.(type) {
		case *Neurons[F]:
			now = Interval{now.Min, now.Max, now.Max + stage.Window}
		case *Readout[F]:
			now = Interval{now.Min, now.Max, now.Max}
		}
		windows[i] = now
	}
	return windows
}

// Latency is the time of the readout, 1 + Σ_n B_n.
func (n *Network[F]) Latency() float64 {
	total := inputWindow
	for _, stage := range n.Stages {
		if neurons, ok := stage.(*Neurons[F]); ok {
			total += neurons.Window
		}
	}
	return total
}

// biasFits says why a bias is neither [channels] nor [channels][height][width] of out.
func biasFits[F tensor.Float](bias *tensor.Dense[F], out Shape) error {
	if n := len(bias.Data); n != out.Channels && n != out.Size() {
		return fmt.Errorf("has %d biases, expected one for each of %d channels or of %d neurons", n, out.Channels, out.Size())
	}
	return nil
}
