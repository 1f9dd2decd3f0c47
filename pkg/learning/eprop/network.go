package eprop

import (
	"math/bits"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// Weights are the matrices of a network.
type Weights[F tensor.Float] struct {
	In       []F // [n_in][n]
	Rec      []F // [n][n]; the diagonal is ignored, there are no autapses
	Out      []F // [n][K]
	Bias     []F // [K]; nil for none
	Feedback []F // B, [n][K]; nil for Out itself, that is symmetric feedback
}

// Network holds constants and scratch memory, but no weights of its own and no
// state. Its methods may be called from one goroutine at a time.
type Network[F tensor.Float] struct {
	Params
	Threads           int
	DelayIn, DelayRec []uint8 // d_ij of the synapses, in steps below n_delay, [pre][n]; zero at first

	constants[F]
	in, rec, out, feedback kernel.Synapses[F]
	bias                   []F
	delays                 []uint8  // those of all synapses onto a neuron, [n][n_in+n]; nil without any
	noDelays               []uint8  // of the readout, [n][K]
	silence                []uint16 // [n]
	workers                []*worker[F]
	groups                 []*group[F]
	batch                  int // groups of the current batch
}

// NewNetwork returns a network that uses so many threads.
func NewNetwork[F tensor.Float](p Params, threads int) *Network[F] {
	n := p.Neurons()
	net := &Network[F]{
		Params: p, Threads: threads, constants: newConstants[F](&p),
		DelayIn: make([]uint8, p.Inputs*n), DelayRec: make([]uint8, n*n),
		noDelays: make([]uint8, n*p.Outputs), silence: make([]uint16, n),
	}
	if net.slots() > 1 {
		net.delays = make([]uint8, n*(net.Inputs+n))
	}
	return net
}

// DrawDelays draws the delays uniformly from the slots.
func (net *Network[F]) DrawDelays(seed uint64) {
	net.DelayIn = lsnn.DrawDelays(len(net.DelayIn), net.slots(), seed, "delay-in")
	net.DelayRec = lsnn.DrawDelays(len(net.DelayRec), net.slots(), seed, "delay-rec")
}

// stride is the length of a row: n neurons, Lanes trials.
func (net *Network[F]) stride() int { return net.Neurons() * tensor.Lanes }

// outputs is the length of a row of the readout.
func (net *Network[F]) outputs() int { return net.Outputs * tensor.Lanes }

// load lists the synapses of w.
func (net *Network[F]) load(w Weights[F]) {
	n, k := net.Neurons(), net.Outputs
	net.in.Rebuild(w.In, net.DelayIn, net.Inputs, n, net.slots(), true)
	net.rec.Rebuild(w.Rec, net.DelayRec, n, n, net.slots(), false)
	if net.weightScale != 1 {
		kernel.Scale(net.in.Weight, net.weightScale)
		kernel.Scale(net.rec.Weight, net.weightScale)
	}
	net.out.Rebuild(w.Out, net.noDelays, n, k, 1, true)
	b := w.Feedback
	if b == nil {
		b = w.Out
	}
	net.feedback.Rebuild(b, net.noDelays, n, k, 1, true)
	net.bias = append(net.bias[:0], w.Bias...)
	if net.delays == nil {
		return
	}
	for i, d := range net.DelayIn {
		net.delays[i%n*(net.Inputs+n)+i/n] = d
	}
	for i, d := range net.DelayRec {
		net.delays[i%n*(net.Inputs+n)+net.Inputs+i/n] = d
	}
}

// frame is the input of one step: words of spikes, or values, Lanes a line.
type frame struct {
	words  []uint16
	values []float32
}

func frameOf(in *tensor.Input, t int) frame {
	if in.Spikes != nil {
		return frame{words: in.Spikes.Step(t)}
	}
	return frame{values: in.Currents.Step(t)}
}

// advance is equations (1) to (5): it sends the spikes of x and those before on their
// way, and takes the step with the current that arrives.
//
// The kernel is fast for R = A. Where R is v_th, the current gives back what
// that takes too much, A - v_th = β (ρ b[t-1] + c) of a neuron that spiked.
func (net *Network[F]) advance(s *kernel.Step[F], p *pending[F], x frame) {
	current := p.next()
	net.send(current, x, s.Previous)
	s.Current = current[:net.stride()]
	if net.resetToBase {
		for j := net.LIF; j < len(s.Previous); j++ {
			c := &net.neurons.Constants[j]
			for word := s.Previous[j]; word != 0; word &= word - 1 {
				i := j*tensor.Lanes + bits.TrailingZeros16(word)
				s.Current[i] += c.Beta * (F(c.Rho*s.B[i]) + c.OneMinusRho) / (1 - net.neurons.Alpha)
			}
		}
	}
	kernel.MembraneStep(&net.neurons, s)
}

// readout is equations (6) and (7), with the filter behind the weights, where
// it gives the same: o = κ o + g Σ_j Wout z_j, y = o + bias. o and y are rows of
// K neurons, pulses is scratch of that size.
func (net *Network[F]) readout(o, y, pulses []F, z []uint16) {
	clear(pulses)
	kernel.ScatterSpikes(pulses, z, &net.out)
	for i := range o {
		o[i] = F(net.kappa*o[i]) + F(net.rise*pulses[i])
		y[i] = o[i]
	}
	for k, b := range net.bias {
		for l := range tensor.Lanes {
			y[k*tensor.Lanes+l] += b
		}
	}
}

// surrogate is equations (8) and (9) for rows v and A: ψ and φ, and the words of
// the lanes where they are not zero.
func (net *Network[F]) surrogate(psi, phi []F, active []uint16, v, a []F, blocked []uint16) {
	for j, c := range net.neurons.Constants {
		var word uint16
		for l := range tensor.Lanes {
			i := j*tensor.Lanes + l
			scale, q := c.Threshold, F(1) // S, q
			if !net.byThreshold {
				scale, q = a[i], v[i]/a[i]
			}
			u := (v[i] - a[i]) / scale
			psi[i], phi[i] = 0, 0
			if x := 1 - max(u, -u); x > 0 && blocked[j]>>l&1 == 0 {
				psi[i] = F(net.neurons.Dampening*x) / scale
				phi[i] = F(c.Beta*psi[i]) * q
				word |= 1 << l
			}
		}
		active[j] = word
	}
}

// lowPass is x = decay x + gain z for a row of spikes.
func lowPass[F tensor.Float](x []F, words []uint16, decay, gain F) {
	for i, word := range words {
		row := (*[tensor.Lanes]F)(x[i*tensor.Lanes:])
		for l := range row {
			row[l] *= decay
		}
		for l := 0; word != 0; l, word = l+1, word>>1 {
			if word&1 != 0 {
				row[l] += gain
			}
		}
	}
}

// lowPassValues is lowPass for a row of numbers.
func lowPassValues[F tensor.Float](x []F, values []float32, decay, gain F) {
	for i := range x {
		x[i] = F(decay*x[i]) + F(gain*F(values[i]))
	}
}
