// Package lif is a feed-forward layer of leaky integrate-and-fire neurons, a
// whole sequence in one operation. For step t, trial and neuron, with v and z
// zero before the first step,
//
//	v[t] = β v[t-1] + I[t] - v_th z[t-1]     (1) membrane potential, soft reset
//	z[t] = 1 if v[t] > v_th, else 0          (2) spike
//
// which is the layer of the Open Neuromorphic benchmark. The adjoint puts the
// derivative of a surrogate in the place of that of (2), with u = (v - v_th)/v_th:
//
//	∂z/∂u = γ max(0, 1-|u|)                  (3) Triangle
//	∂z/∂u = γ / (1 + k|u|)²                  (4) FastSigmoid
//
//	∂E/∂v[t] = β ∂E/∂v[t+1] + (∂z/∂u)/v_th (∂E/∂z[t] - v_th ∂E/∂v[t+1])    (5)
//	∂E/∂I[t] = ∂E/∂v[t]
//
// where ∂E/∂z is what reaches the spikes from outside the layer; DetachReset
// drops the last term.
//
// Spikes are kept as bits, and the potential once every 64 steps: those between
// are recomputed on the way back.
package lif

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Surrogate is what stands for the derivative of a spike.
type Surrogate int

// The surrogates, equations (3) and (4).
const (
	Triangle Surrogate = iota
	FastSigmoid
)

// Params is what the neurons of a layer have in common.
type Params struct {
	Beta        float64 // β = exp(-dt/τ_m), what remains of v after a step; 0 … 1
	Threshold   float64 // v_th, in units of v; more than 0
	Surrogate   Surrogate
	Dampening   float64 // γ, 0 … 1
	Sharpness   float64 // k of FastSigmoid, more than 0
	DetachReset bool    // the reset carries no gradient
}

// Layer runs sequences. It remembers the last one for Backward: a network has a
// Layer for each of its layers.
type Layer[F tensor.Float] struct {
	Params
	Threads int // goroutines it may use; results have the same bits for any number

	steps, batch, neurons int
	spikes                *tensor.Bits
	starts                []F // v before each segment [segments][batch][neurons]
	workers               []*worker[F]
}

// A unit of work is one trial of up to tileNeurons neurons: the potentials of
// segmentSteps steps, 128 KiB, stay in the second cache.
const (
	segmentSteps = 64
	tileNeurons  = 512
)

// worker is the memory of one thread.
type worker[F tensor.Float] struct {
	v      [segmentSteps + 1][]F // before the segment, then of each step
	gv, gz []F
	spikes [tileNeurons / 64]uint64
}

func newWorker[F tensor.Float]() *worker[F] {
	w := &worker[F]{gv: make([]F, tileNeurons), gz: make([]F, tileNeurons)}
	v := make([]F, len(w.v)*tileNeurons)
	for i := range w.v {
		w.v[i] = v[i*tileNeurons : (i+1)*tileNeurons]
	}
	return w
}

func (l *Layer[F]) constants() *kernel.LIF[F] {
	p := &kernel.LIF[F]{Beta: F(l.Beta), Threshold: F(l.Threshold), Dampening: F(l.Dampening), Detached: l.DetachReset, Ahead: l.batch * l.neurons}
	if l.Surrogate == FastSigmoid {
		p.Sharpness = F(l.Sharpness)
	}
	return p
}

// Forward runs the layer on currents [steps][batch][neurons] from rest. Row
// t·batch+b of the result has the spikes of trial b in step t; it belongs to the
// layer, until the next Forward.
func (l *Layer[F]) Forward(currents []F, steps, batch, neurons int) *tensor.Bits {
	l.grow(steps, batch, neurons)
	p := l.constants()
	l.each(func(w *worker[F], b, lo, hi int) {
		v := w.v[0][:hi-lo]
		clear(v)
		var before []uint64
		for t := range steps {
			row := t*batch + b
			if t%segmentSteps == 0 {
				copy(l.starts[(t/segmentSteps*batch+b)*neurons+lo:], v)
			}
			spikes := l.words(row, lo, hi)
			kernel.LIFStep(p, v, v, currents[row*neurons+lo:row*neurons+hi], spikes, before)
			before = spikes
		}
	})
	return l.spikes
}

// Backward is the adjoint of the last Forward, to which currents were given. E
// may depend on the spikes by spikes, ∂E/∂z [steps][batch][neurons], and by
// each, a number for every spike of a neuron [neurons]; nil stands for zero. It
// writes ∂E/∂I to grad or, if add, adds it; without add, grad may be currents.
func (l *Layer[F]) Backward(grad []F, add bool, currents, spikes, each []F) {
	p, batch, neurons := l.constants(), l.batch, l.neurons
	l.each(func(w *worker[F], b, lo, hi int) {
		n := hi - lo
		gv, gz := w.gv[:n], w.gz[:n]
		clear(gv)
		clear(gz)
		if each != nil {
			copy(gz, each[lo:hi])
		}
		for segment := (l.steps - 1) / segmentSteps; segment >= 0 && l.steps > 0; segment-- {
			first := segment * segmentSteps
			length := min(segmentSteps, l.steps-first)
			l.recompute(p, w, currents, first, length, b, lo, hi)
			for i := length - 1; i >= 0; i-- {
				at := ((first+i)*batch+b)*neurons + lo
				if spikes != nil {
					outside := spikes[at : at+n]
					if each == nil {
						gz = outside
					} else {
						for j, x := range outside {
							gz[j] = each[lo+j] + x
						}
					}
				}
				kernel.LIFAdjoint(p, gv, w.v[i+1][:n], gz)
				to := grad[at : at+n]
				if !add {
					copy(to, gv)
					continue
				}
				for j, x := range gv {
					to[j] += x
				}
			}
		}
	})
}

// recompute fills w.v with the potentials of length steps from first on.
func (l *Layer[F]) recompute(p *kernel.LIF[F], w *worker[F], currents []F, first, length, b, lo, hi int) {
	n := hi - lo
	copy(w.v[0][:n], l.starts[(first/segmentSteps*l.batch+b)*l.neurons+lo:])
	for i := range length {
		row := (first+i)*l.batch + b
		var before []uint64
		if row >= l.batch {
			before = l.words(row-l.batch, lo, hi)
		}
		kernel.LIFStep(p, w.v[i+1][:n], w.v[i][:n], currents[row*l.neurons+lo:row*l.neurons+hi], w.spikes[:(n+63)/64], before)
	}
}

// words are those of the spikes of neurons lo … hi-1 in a row; lo is the first
// neuron of a tile, and so of a word.
func (l *Layer[F]) words(row, lo, hi int) []uint64 {
	words := l.spikes.Words[row*l.spikes.Stride():]
	return words[lo/64 : (hi+63)/64]
}

// each calls work for every trial and tile of neurons [lo, hi).
func (l *Layer[F]) each(work func(w *worker[F], b, lo, hi int)) {
	for len(l.workers) < max(1, l.Threads) {
		l.workers = append(l.workers, newWorker[F]())
	}
	tiles := (l.neurons + tileNeurons - 1) / tileNeurons
	parallel.For(l.Threads, l.batch*tiles, func(i, unit int) {
		lo := unit % tiles * tileNeurons
		work(l.workers[i], unit/tiles, lo, min(l.neurons, lo+tileNeurons))
	})
}

func (l *Layer[F]) grow(steps, batch, neurons int) {
	if l.spikes != nil && steps == l.steps && batch == l.batch && neurons == l.neurons {
		return
	}
	l.steps, l.batch, l.neurons = steps, batch, neurons
	l.spikes = tensor.NewBits(steps*batch, neurons)
	l.starts = make([]F, (steps+segmentSteps-1)/segmentSteps*batch*neurons)
}
