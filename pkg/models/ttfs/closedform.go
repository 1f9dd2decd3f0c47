package ttfs

import (
	"math"
	"sync"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// ClosedForm simulates a network layer by layer, by the solution for the spike times:
//
//	x_i = min(B_n, max(0, b_i + Σ_j W_ij x_j / s_i)).
//
// The sums are matrix products. Those of dense layers with few spikes cost in proportion
// to the spikes: silent neurons cost nothing. Results do not depend on Threads.
type ClosedForm[F tensor.Float] struct {
	Threads int

	// Unbounded leaves values that are greater than the window as they are, as if
	// each neuron had the window it needs: for training and calibration. Those of
	// clipped activations are cut all the same.
	Unbounded bool

	// Emitted may change what the neurons of a stage (or with -1 the inputs) say
	// after they fired; Received what reaches the neurons of a stage, without
	// changing it for the record. They stand for defects of hardware; nil for none.
	Emitted, Received func(stage int, x []F)

	network  *Network[F]
	shapes   []Shape
	inverse  [][]F // 1/s_i of each stage's channels; nil where all are 1
	tape     autodiff.Tape[F]
	received []F
	sparse   kernel.Sparse[F]
	scratch  kernel.EventScratch[F]
	response *Response[F]
	lock     sync.Mutex // of the response's counts
}

// NewClosedForm prepares the simulation of a network, whose parameters may change
// between runs as long as its form is b1.
func NewClosedForm[F tensor.Float](n *Network[F], threads int) (*ClosedForm[F], error) {
	shapes, err := n.Shapes()
	if err != nil {
		return nil, err
	}
	c := &ClosedForm[F]{Threads: threads, network: n, shapes: shapes, response: newResponse[F](len(n.Stages)), inverse: make([][]F, len(n.Stages))}
	c.tape.Inference = true
	for i, stage := range n.Stages {
		if neurons, ok := stage.(*Neurons[F]); ok && n.Form == Alpha {
			for _, s := range neurons.Slopes(n.Form) {
				c.inverse[i] = append(c.inverse[i], F(1/s))
			}
		}
	}
	return c, nil
}

// Run simulates a batch.
func (c *ClosedForm[F]) Run(inputs []F, trials int) *Response[F] {
	r := c.response
	r.start(c.network, inputs, trials)
	c.emit(-1, r.Coded)
	x := r.Coded
	for i, stage := range c.network.Stages {
		in, out := c.shapes[i], c.shapes[i+1]
		to := r.output(i, out)
		switch stage := stage.(type) {
		case *Neurons[F]:
			z := c.potentials(to, c.receive(i, x), stage.Synapses, in, out)
			c.fire(i, stage, to, z, out)
			c.tape.Reset()
			c.emit(i, to)
		case *Readout[F]:
			z := c.potentials(to, c.receive(i, x), stage.Synapses, in, out)
			c.read(stage, to, z)
			c.tape.Reset()
		default:
			apply(stage, c.Threads, trials, to, x, in, out)
		}
		x = to
	}
	r.forgive(c.network)
	return r
}

func (c *ClosedForm[F]) emit(stage int, x []F) {
	if c.Emitted != nil {
		c.Emitted(stage, x)
	}
}

func (c *ClosedForm[F]) receive(stage int, x []F) []F {
	if c.Received == nil {
		return x
	}
	c.received = append(c.received[:0], x...)
	c.Received(stage, c.received)
	return c.received
}

// potentials returns Σ_j W_ij x_j, in to or in memory of the tape.
func (c *ClosedForm[F]) potentials(to, x []F, synapses Synapses[F], in, out Shape) []F {
	trials := c.response.Trials
	switch s := synapses.(type) {
	case *Dense[F]:
		k, n := in.Size(), out.Size()
		if density(x, k, trials) < sparseDensity {
			c.sparse.Rebuild(c.Threads, trials, k, x, k)
			kernel.MultiplySparse(c.Threads, &c.scratch, &c.sparse, n, s.Weights.Data, n, to, n)
			return to
		}
		kernel.Gemm(c.Threads, false, false, trials, n, k, 1, x, k, s.Weights.Data, n, 0, to, n)
	case *Conv[F]:
		image := autodiff.Constant(&tensor.Dense[F]{Shape: []int{trials, in.Channels, in.Height, in.Width}, Data: x})
		height, width := autodiff.Axis(s.Height), autodiff.Axis(s.Width)
		return autodiff.Conv2D(&c.tape, c.Threads, image, autodiff.Constant(s.Weights), nil, height, width, s.Groups).Value.Data
	case *Average[F]:
		s.apply(c.Threads, trials, to, x, in, out)
	}
	return to
}

// sparseDensity is the share of values that are not zero up to which products over them
// alone are faster than products over all (BenchmarkProducts of package kernel).
const sparseDensity = 0.4

// density is the share of values that are not zero, in some of the trials.
func density[F tensor.Float](x []F, size, trials int) float64 {
	const looked = 8
	spikes, values := int64(0), 0
	for trial := 0; trial < trials; trial += (trials + looked - 1) / looked {
		spikes += fired(x[trial*size : (trial+1)*size])
		values += size
	}
	return float64(spikes) / float64(max(1, values))
}

// fire writes x_i of all neurons, given their sums z, which may be x itself.
func (c *ClosedForm[F]) fire(stage int, n *Neurons[F], x, z []F, out Shape) {
	size, channels := out.Size(), out.Channels
	window, unbounded := F(n.Window), c.Unbounded && !n.Clipped
	parallel.For(c.Threads, c.response.Trials, func(_, trial int) {
		largest, beyond := F(math.Inf(-1)), 0
		xs, zs := x[trial*size:(trial+1)*size], z[trial*size:(trial+1)*size]
		if inverse := c.inverse[stage]; inverse != nil {
			scale(xs, zs, inverse)
			zs = xs
		}
		each := len(xs) / len(n.Bias.Data) // 1 for a map and for features
		if each == 1 {
			largest, beyond = cutEach(xs, zs, n.Bias.Data, window, unbounded)
		} else {
			for ch := range channels {
				l, b := cut(xs[ch*each:(ch+1)*each], zs[ch*each:(ch+1)*each], n.Bias.Data[ch], window, unbounded)
				largest, beyond = max(largest, l), beyond+b
			}
		}
		c.lock.Lock()
		c.response.Largest[stage] = max(c.response.Largest[stage], float64(largest))
		c.response.Beyond[stage] += beyond
		c.lock.Unlock()
	})
}

// scale is y = a_c x for each channel c.
func scale[F tensor.Float](y, x, a []F) {
	each := len(x) / len(a)
	for c, s := range a {
		for i := c * each; i < (c+1)*each; i++ {
			y[i] = x[i] * s
		}
	}
}

// cut is x = min(window, max(0, z + bias)), without the window if unbounded. It
// returns the greatest of the values before the window cuts them, and how many it cuts.
func cut[F tensor.Float](x, z []F, bias, window F, unbounded bool) (largest F, beyond int) {
	largest = F(math.Inf(-1))
	for i, v := range z {
		v = max(v+bias, 0)
		largest = max(largest, v)
		x[i] = v
	}
	if largest > window {
		beyond = truncate(x, window, unbounded)
	}
	return largest, beyond
}

// cutEach is cut with a bias for each value.
func cutEach[F tensor.Float](x, z, bias []F, window F, unbounded bool) (largest F, beyond int) {
	largest = F(math.Inf(-1))
	bias, x = bias[:len(z)], x[:len(z)]
	for i, v := range z {
		v = max(v+bias[i], 0)
		largest = max(largest, v)
		x[i] = v
	}
	if largest > window {
		beyond = truncate(x, window, unbounded)
	}
	return largest, beyond
}

// truncate counts what is greater than the window, and cuts it off unless unbounded.
func truncate[F tensor.Float](x []F, window F, unbounded bool) (beyond int) {
	for i, v := range x {
		if v > window {
			beyond++
			if !unbounded {
				x[i] = window
			}
		}
	}
	return beyond
}

// read writes the logits, given the sums z, which may be the logits themselves.
func (c *ClosedForm[F]) read(r *Readout[F], logits, z []F) {
	bias := r.Bias.Data
	each := len(logits) / c.response.Trials / len(bias)
	for i, v := range z {
		logits[i] = v + bias[i/each%len(bias)]
	}
}
