// Package ttfsgrad trains networks of single spikes by the exact gradients of their
// spike times (arXiv:2306.08744; sections 2, 3 and 7 of the method).
//
// A layer's neurons fire at t_i = t_max - x_i (package ttfs). With slope s_i of the
// potential at threshold, W_ij and D_i = (potential of silent inputs at t_max) - θ_i,
//
//	x_i = max(0, (D_i + Σ_j W_ij x_j) / s_i)
//
//	b1     s_i = 1             θ_i = B_n - D_i
//	alpha  s_i = α + Σ_j J_ij   θ_i = α (t_max - t_min_prev) + B_n Σ_j J_ij - D_i, W = J
//
// W and D are trained. Windows are constants of a step: they grow after it
// (GrowWindows) or stay, and θ follows. Everything is computed in layer-local time x;
// as ∂x = -∂t, gradients are those of the spike times with the sign turned twice.
package ttfsgrad

import (
	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
	"github.com/snnctl/snnctl/pkg/models/ttfs/defects"
)

// Network is a network whose parameters get gradients.
type Network[F tensor.Float] struct {
	Spiking *ttfs.Network[F] // shares weights and, in form b1, biases
	Threads int

	shapes []ttfs.Shape
	layers []*layer[F] // of each stage; nil of those that have no synapses

	observe func(stage int, x []F) // gets what each layer's neurons carry; nil for none
}

// layer is what training knows of ttfs.Neurons, or of the readout.
type layer[F tensor.Float] struct {
	name           string
	weights, drive *autodiff.Var[F] // W or J, nil of a relay; D, [channels] or [channels][height][width]
	fixed          *autodiff.Var[F] // slope of a relay in form alpha
	offsets        []F              // of the slope of each neuron, once drawn
	activity       Activity         // in the last batch
}

// New prepares a network for training.
func New[F tensor.Float](spiking *ttfs.Network[F], threads int) (*Network[F], error) {
	shapes, err := spiking.Shapes()
	if err != nil {
		return nil, err
	}
	n := &Network[F]{Spiking: spiking, Threads: threads, shapes: shapes, layers: make([]*layer[F], len(spiking.Stages))}
	for i, stage := range spiking.Stages {
		out := shapes[i+1]
		switch s := stage.(type) {
		case *ttfs.Neurons[F]:
			l := &layer[F]{name: s.Name, weights: weightsOf[F](s.Synapses), drive: driveOf(s.Bias, out)}
			if spiking.Form == ttfs.Alpha {
				l.drive = autodiff.NewVar(tensor.New[F](l.drive.Value.Shape...))
				slopes := s.Slopes(spiking.Form)
				for k, b := range s.Bias.Data {
					l.drive.Value.Data[k] = F(slopes[k/(len(s.Bias.Data)/len(slopes))] * float64(b))
				}
				if l.weights == nil {
					l.fixed = autodiff.NewVar(tensor.New[F](len(slopes)))
					for c, slope := range slopes {
						l.fixed.Value.Data[c] = F(slope)
					}
				}
			}
			n.layers[i] = l
		case *ttfs.Readout[F]:
			n.layers[i] = &layer[F]{name: s.Name, weights: weightsOf[F](s.Synapses), drive: driveOf(s.Bias, out)}
		}
	}
	return n, nil
}

func weightsOf[F tensor.Float](s ttfs.Synapses[F]) *autodiff.Var[F] {
	switch s := s.(type) {
	case *ttfs.Dense[F]:
		return autodiff.NewVar(s.Weights)
	case *ttfs.Conv[F]:
		return autodiff.NewVar(s.Weights)
	}
	return nil
}

// driveOf is the bias, as [channels] or, where places differ, [channels][places].
func driveOf[F tensor.Float](bias *tensor.Dense[F], out ttfs.Shape) *autodiff.Var[F] {
	shape := []int{out.Channels}
	if len(bias.Data) != out.Channels {
		shape = append(shape, out.Places())
	}
	return autodiff.NewVar(&tensor.Dense[F]{Shape: shape, Data: bias.Data})
}

// Export writes what training keeps otherwise back into Spiking: in form alpha the
// biases b = D/s.
func (n *Network[F]) Export() *ttfs.Network[F] {
	if n.Spiking.Form == ttfs.Alpha {
		for i, stage := range n.Spiking.Stages {
			if s, ok := stage.(*ttfs.Neurons[F]); ok {
				slopes := s.Slopes(ttfs.Alpha)
				for k, d := range n.layers[i].drive.Value.Data {
					s.Bias.Data[k] = F(float64(d) / slopes[k/(len(s.Bias.Data)/len(slopes))])
				}
			}
		}
	}
	return n.Spiking
}

// Pass says how a batch runs through the network.
type Pass struct {
	Defects defects.Defects

	// Bound tests thresholds from t_min on: neurons that would fire before their
	// window fire at its start, and pass no gradient. Without, values beyond a
	// window stay linear, as a step of training needs in which a window is found
	// too short.
	Bound bool

	// L1 is the weight of the penalty L1·Σ x / trials on all spiking neurons.
	L1 float64

	// The noise of trial i is addressed by (Seed, layer, Step, First + i).
	Seed, Step, First uint64
}

// Forward runs the coded inputs x [trials][input] and returns the logits
// [trials][classes], and the penalty on activity, nil if there is none.
func (n *Network[F]) Forward(t *autodiff.Tape[F], x []F, trials int, p *Pass) (logits, penalty *autodiff.Var[F]) {
	return n.forward(t, autodiff.Constant(&tensor.Dense[F]{Shape: n.batchShape(trials, 0), Data: x}), p)
}

// forward is Forward of v, which may want a gradient.
func (n *Network[F]) forward(t *autodiff.Tape[F], v *autodiff.Var[F], p *Pass) (logits, penalty *autodiff.Var[F]) {
	d := &p.Defects
	at := noise{p.Seed, p.Step, p.First}
	if d.Jitter != 0 {
		v = jitter(t, n.Threads, v, d, inputNoise, at)
	}
	window, previous := 1.0, 0.0
	for i, stage := range n.Spiking.Stages {
		switch s := stage.(type) {
		case *ttfs.Neurons[F]:
			if d.TimeBits != 0 {
				v = roundTimes(t, n.Threads, v, window, d.TimeBits)
			}
			previous, window = window, s.Window
			v = n.neurons(t, i, s, v, previous, p)
			if p.L1 != 0 && s.Kind() == "spike" {
				more := autodiff.Sum(t, n.Threads, v, p.L1/float64(v.Value.Shape[0]))
				if penalty != nil {
					more = autodiff.Add(t, penalty, more)
				}
				penalty = more
			}
			if d.Jitter != 0 {
				v = jitter(t, n.Threads, v, d, hiddenNoise(s.Name), at)
			}
		case *ttfs.MaxPool[F]:
			v = poolSpikes(t, n.Threads, v, autodiff.Pool(s.Height), autodiff.Pool(s.Width), s.Latest)
		case *ttfs.Flatten[F]:
			v = autodiff.Reshape(v, n.batchShape(v.Value.Shape[0], i+1)...)
		case *ttfs.Pad[F]:
			v = autodiff.Pad2D(t, n.Threads, v, s.Top, s.Left, s.Bottom, s.Right)
		case *ttfs.Readout[F]:
			if d.TimeBits != 0 && d.Readout {
				v = roundTimes(t, n.Threads, v, window, d.TimeBits)
			}
			logits = n.read(t, i, s, v, d)
		}
	}
	return logits, penalty
}

// batchShape is the shape of a batch before a stage.
func (n *Network[F]) batchShape(trials, stage int) []int {
	s := n.shapes[stage]
	return []int{trials, s.Channels, s.Height, s.Width}
}

// neurons is x of a layer's neurons whose inputs fire in a window of length previous.
func (n *Network[F]) neurons(t *autodiff.Tape[F], i int, s *ttfs.Neurons[F], v *autodiff.Var[F], previous float64, p *Pass) *autodiff.Var[F] {
	l, d := n.layers[i], &p.Defects
	f := firing[F]{drive: l.drive, window: s.Window, bound: p.Bound || s.Clipped, acting: F(s.Window)}
	w := l.weights
	if w != nil && d.WeightBits != 0 {
		w = roundWeights(t, n.Threads, w, d)
	}
	if n.Spiking.Form == ttfs.Alpha {
		f.acting += F(previous)
		f.slope = l.fixed
		if w != nil {
			f.slope = alphaSlopes(t, w, ttfs.Drive)
		}
		if w != l.weights { // thresholds stay those of the weights before rounding
			f.shift = make([]F, len(f.slope.Value.Data))
			for c, exact := range s.Slopes(ttfs.Alpha) {
				f.shift[c] = F(s.Window * (float64(f.slope.Value.Data[c]) - exact))
			}
		}
	}
	if d.Slope != 0 {
		f.offset = l.slopeOffsets(n.shapes[i+1].Size(), d.Slope, p.Seed)
	}
	var x *autodiff.Var[F]
	x, l.activity = f.fire(t, n.Threads, n.potentials(t, i, s.Synapses, v, w))
	if n.observe != nil {
		n.observe(i, x.Value.Data)
	}
	return x
}

// slopeOffsets are drawn once for a seed: a circuit keeps what it was made with.
func (l *layer[F]) slopeOffsets(neurons int, sigma float64, seed uint64) []F {
	if l.offsets == nil {
		l.offsets = make([]F, neurons)
	}
	defects.SlopeOffsets(l.offsets, sigma, rng.Stream(seed, rng.Purpose("ttfs-slope/"+l.name), 0, 0))
	return l.offsets
}

// potentials is Σ_j W_ij x_j, [trials][channels][height][width].
func (n *Network[F]) potentials(t *autodiff.Tape[F], i int, s ttfs.Synapses[F], x, w *autodiff.Var[F]) *autodiff.Var[F] {
	trials, in, out := x.Value.Shape[0], n.shapes[i], n.batchShape(x.Value.Shape[0], i+1)
	switch s := s.(type) {
	case *ttfs.Dense[F]:
		return autodiff.Reshape(autodiff.Dense(t, n.Threads, autodiff.Reshape(x, trials, in.Size()), w, nil), out...)
	case *ttfs.Conv[F]:
		return autodiff.Conv2D(t, n.Threads, x, w, nil, autodiff.Axis(s.Height), autodiff.Axis(s.Width), s.Groups)
	}
	s2 := s.(*ttfs.Average[F])
	y := autodiff.AvgPool2D(t, n.Threads, x, autodiff.Pool(s2.Height), autodiff.Pool(s2.Width), s2.CountPadding)
	if s2.Gain != 1 {
		y = scaled(t, n.Threads, y, F(s2.Gain))
	}
	return y
}

// read is the logits, V_i(t_min) = D_i + Σ_j W_ij x_j.
func (n *Network[F]) read(t *autodiff.Tape[F], i int, s *ttfs.Readout[F], v *autodiff.Var[F], d *defects.Defects) *autodiff.Var[F] {
	l := n.layers[i]
	w := l.weights
	if w != nil && d.WeightBits != 0 && d.Readout {
		w = roundWeights(t, n.Threads, w, d)
	}
	logits := addDrive(t, n.Threads, n.potentials(t, i, s.Synapses, v, w), l.drive)
	return autodiff.Reshape(logits, v.Value.Shape[0], n.shapes[i+1].Size())
}

// Activity is that of all spiking neurons, without relays, in the last batch.
func (n *Network[F]) Activity() Activity {
	var total Activity
	for i, stage := range n.Spiking.Stages {
		if s, ok := stage.(*ttfs.Neurons[F]); ok && s.Kind() == "spike" {
			total.add(n.layers[i].activity)
		}
	}
	return total
}

// SpikesPerNeuron is the part of the neurons that fired (section 7.6 of the method).
func (a Activity) SpikesPerNeuron() float64 {
	return float64(a.Spikes) / float64(max(1, a.Neurons))
}
