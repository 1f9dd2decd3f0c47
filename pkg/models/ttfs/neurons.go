package ttfs

import "github.com/snnctl/snnctl/internal/tensor"

// Neurons is a layer of spiking neurons.
type Neurons[F tensor.Float] struct {
	Name     string           // of the node that it realises
	Synapses Synapses[F]      // W in form b1, J in form alpha
	Bias     *tensor.Dense[F] // b, [channels], or [channels][height][width] where places differ

	// Window is B_n. Clipped says that values beyond it are meant to be cut, as by
	// ReLU6, rather than lost.
	Window  float64
	Clipped bool

	// Scale is what each channel's ReLU values were multiplied by to make room
	// for the form (section 4.3); nil is 1.
	Scale []float64
}

// Kind is "relay" if the neurons pass an average on, "spike" otherwise.
func (n *Neurons[F]) Kind() string {
	if _, relay := n.Synapses.(*Average[F]); relay {
		return "relay"
	}
	return "spike"
}

// Output is that of the synapses.
func (n *Neurons[F]) Output(in Shape) (Shape, error) { return connected(n.Synapses, n.Bias, in) }

// Slopes are s_i, dV_i/dt at the threshold, of each channel: 1, or α + Σ_j J_ij over
// the whole kernel, since the taps in the padding are synapses whose spikes come at
// t_min.
func (n *Neurons[F]) Slopes(form Form) []float64 {
	slopes := n.Synapses.WeightSums()
	for i := range slopes {
		if slopes[i] += Drive; form == B1 {
			slopes[i] = 1
		}
	}
	return slopes
}

// Thresholds are θ_i of each bias, given the window before theirs.
func (n *Neurons[F]) Thresholds(form Form, previous float64) []float64 {
	theta := make([]float64, len(n.Bias.Data))
	sums := n.Synapses.WeightSums()
	for i, b := range n.Bias.Data {
		if form == B1 {
			theta[i] = n.Window - float64(b)
			continue
		}
		sum := sums[i/(len(theta)/len(sums))]
		theta[i] = Drive*(previous+n.Window) + n.Window*sum - (Drive+sum)*float64(b)
	}
	return theta
}

// Readout is a layer that does not fire: its potential at its t_min is the logit,
//
//	V_i = b_i + Σ_j W_ij x_j,
//
// the bias being a constant current b_i / (t_min - t_min_prev) (section 4.7).
type Readout[F tensor.Float] struct {
	Name     string
	Synapses Synapses[F]      // W, in both forms
	Bias     *tensor.Dense[F] // b, [channels], or [channels][height][width]
}

// Kind is "readout".
func (*Readout[F]) Kind() string { return "readout" }

// Output is that of the synapses.
func (r *Readout[F]) Output(in Shape) (Shape, error) { return connected(r.Synapses, r.Bias, in) }

func connected[F tensor.Float](s Synapses[F], bias *tensor.Dense[F], in Shape) (Shape, error) {
	out, err := s.Output(in)
	if err != nil {
		return Shape{}, err
	}
	return out, biasFits(bias, out)
}
