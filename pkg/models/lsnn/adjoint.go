package lsnn

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// adjointScratch is the backward pass's part of a worker.
type adjointScratch[F tensor.Float] struct {
	gv        []F // ∂E/∂v: DelaySlots rows of zeros (before the trial), segmentSteps, then DelaySlots of the later segment
	gb        []F // one row
	psi       []F
	active    []uint16
	recurrent []F
	q         []F // ∂E/∂z through the readout filter
	spikes    kernel.SpikeList
}

func newAdjointScratch[F tensor.Float](net *Network[F]) adjointScratch[F] {
	s, n := net.stride(), net.Neurons()
	return adjointScratch[F]{
		gv: make([]F, (segmentSteps+2*net.DelaySlots+1)*s), gb: make([]F, s), psi: make([]F, s),
		active: make([]uint16, n), recurrent: make([]F, s), q: make([]F, s),
	}
}

// Gradients collects ∂E/∂Win and ∂E/∂Wrec, also of synapses whose weight is
// zero (which rewiring may bring to life); autapses get zero.
type Gradients[F tensor.Float] struct {
	Weights[F]
	partial []Weights[F] // by group, summed in their order
}

// Backward is the adjoint of Forward: from ∂E/∂Features [windows][n] and
// ∂E/∂Rates [n] (nil for none) to the gradients of the weights that Forward
// was given last, with no other call on the network in between. It recomputes
// the potentials segment by segment, last to first, unless KeepPotentials has
// kept them.
func (net *Network[F]) Backward(grads *Gradients[F], tr *Trace[F], features *tensor.Dense[F], rates []F) {
	net.pass.features = features
	net.backward(grads, tr, rates)
}

func (net *Network[F]) backward(grads *Gradients[F], tr *Trace[F], rates []F) {
	n := net.Neurons()
	grads.grow(len(tr.groups), net.Inputs*n, n*n)
	p := &net.pass
	p.trace, p.grads = tr, grads
	for j := range p.regulariser {
		p.regulariser[j] = 0
		if rates != nil {
			p.regulariser[j] = rates[j] / F(tr.trials*tr.steps)
		}
	}
	parallel.For(net.Threads, len(tr.groups), p.backward)
	parallel.For(net.Threads, blocks(grads.In), p.sumIn)
	parallel.For(net.Threads, blocks(grads.Rec), p.sumRec)
	for j := range n {
		grads.Rec[j*n+j] = 0
	}
}

func (g *Gradients[F]) grow(groups, in, rec int) {
	if len(g.In) != in || len(g.Rec) != rec {
		*g = Gradients[F]{Weights: Weights[F]{make([]F, in), make([]F, rec)}}
	}
	for len(g.partial) < groups {
		g.partial = append(g.partial, Weights[F]{make([]F, in), make([]F, rec)})
	}
	g.partial = g.partial[:groups]
}

// pass is what the threads of a pass share. The functions they run are kept: new
// ones would be allocated in each pass.
type pass[F tensor.Float] struct {
	trace       *Trace[F]
	features    *tensor.Dense[F]
	regulariser []F // ∂E/∂z of every spike of a neuron
	grads       *Gradients[F]

	reads   bool       // Run
	respond Respond[F] // of Run
	errors  [][]F      // ∂E/∂y by group; nil where there are features instead
	gradOut [][]F      // ∂E/∂Wout/(1-κ) by group

	forward, backward, sumIn, sumRec func(worker, i int)
}

func (net *Network[F]) preparePass() {
	p := &net.pass
	p.regulariser = make([]F, net.Neurons())
	p.forward = func(worker, i int) { net.forwardGroup(net.workers[worker], p.trace, i) }
	p.backward = func(worker, i int) {
		net.backwardGroup(net.workers[worker], p.trace, i, p.features, p.regulariser, p.grads.partial[i])
	}
	scale := 1 - net.neurons.Alpha
	p.sumIn = func(_, i int) {
		sumBlock(i, p.grads.In, scale, p.grads.partial, func(w Weights[F]) []F { return w.In })
	}
	p.sumRec = func(_, i int) {
		sumBlock(i, p.grads.Rec, scale, p.grads.partial, func(w Weights[F]) []F { return w.Rec })
	}
}

// sumSize is how many weights are summed at a time.
const sumSize = 4096

func blocks[F tensor.Float](x []F) int { return (len(x) + sumSize - 1) / sumSize }

// sumBlock writes scale · Σ_groups part into a block of to, adding the groups in
// their order.
func sumBlock[F tensor.Float](block int, to []F, scale F, parts []Weights[F], part func(Weights[F]) []F) {
	lo, hi := block*sumSize, min((block+1)*sumSize, len(to))
	out := to[lo:hi]
	clear(out)
	for _, p := range parts {
		for i, x := range part(p)[lo:hi] {
			out[i] += x
		}
	}
	for i := range out {
		out[i] *= scale
	}
}

func (net *Network[F]) backwardGroup(w *worker[F], tr *Trace[F], index int, features *tensor.Dense[F], regulariser []F, out Weights[F]) {
	g, s, d := tr.groups[index], net.stride(), net.DelaySlots
	clear(out.In)
	clear(out.Rec)
	clear(w.gv)
	clear(w.gb)
	clear(w.q)
	if net.pass.errors != nil {
		clear(w.gradY)
		clear(net.pass.gradOut[index])
	} else {
		g.loadFeatureGradient(features, 1-net.kappa)
	}

	last := (tr.steps - 1) / segmentSteps
	for segment := last; segment >= 0; segment-- {
		t0 := segment * segmentSteps
		t1 := min(t0+segmentSteps, tr.steps)
		length := t1 - t0
		// gv of the first steps of the later segment, and its first threshold.
		if segment < last {
			copy(w.gv[(d+length)*s:(d+length+d)*s], w.gv[d*s:2*d*s])
			copy(w.gradY[length*len(w.sums):], w.gradY[:len(w.sums)])
		}
		w.open(net, g, t0)
		if !net.KeepPotentials {
			aNext := w.recurrent // read once, below, before anything is written to it
			copy(aNext, w.a[s:2*s])
			net.simulate(w, g, t0, t1, tr.step, nil)
			copy(w.a[(length+1)*s:(length+2)*s], aNext)
		}

		for t := t1 - 1; t >= t0; t-- {
			net.adjointStep(w, g, t, t-t0, regulariser)
		}
		net.addWeightGradients(w, g, t0, t1, out)
		if net.pass.errors != nil {
			net.addReadoutGradients(w, g, t0, t1)
		}
	}
}

// loadFeatureGradient turns the slots' values into what step by step enters
// the filter: (1-κ)/(end-start) ∂E/∂features.
func (g *group[F]) loadFeatureGradient(features *tensor.Dense[F], rise F) {
	for i := range g.slots {
		sl := &g.slots[i]
		clear(sl.values)
		scale := rise / F(sl.end-sl.start)
		for lane, row := range sl.row {
			if row < 0 {
				continue
			}
			for j, x := range features.Row(int(row)) {
				sl.values[j*tensor.Lanes+lane] = scale * x
			}
		}
	}
}

// adjointStep takes ∂E/∂v and ∂E/∂b from step t+1 to step t, row i of the segment.
func (net *Network[F]) adjointStep(w *worker[F], g *group[F], t, i int, regulariser []F) {
	s, n, d := net.stride(), net.Neurons(), net.DelaySlots
	row := func(x []F, r int) []F { return x[r*s : (r+1)*s] }

	step := kernel.AdjointStep[F]{
		V: row(w.v, i+1), A: row(w.a, i+1), Blocked: w.blocked[i*n : (i+1)*n],
		Psi: w.psi, Active: w.active,
		External: w.q, Regulariser: regulariser, Recurrent: w.recurrent,
		GVNext: row(w.gv, d+i+1), GV: row(w.gv, d+i), GB: w.gb,
		Reset: row(w.a, i+2), ResetWords: g.words(net, t-1), ResetGrad: row(w.gv, d+i),
		Detached: net.DetachReset,
	}
	if net.ResetAtSpike {
		step.Reset, step.ResetWords, step.ResetGrad = step.A, g.words(net, t), step.GVNext
	}
	kernel.PseudoDerivative(&net.neurons, &step)
	if net.pass.errors != nil {
		net.outputAdjoint(w, g, t, i)
	} else {
		net.featureAdjoint(w, g, t)
	}
	kernel.GatherAdjoint(w.recurrent, w.active, w.gv[(d+i+1)*s:], &net.rec)
	kernel.MembraneAdjoint(&net.neurons, &step)
}

// featureAdjoint takes ∂E/∂z through the filter and the windows to step t.
func (net *Network[F]) featureAdjoint(w *worker[F], g *group[F], t int) {
	kernel.Scale(w.q, net.kappa)
	for k := range g.slots {
		if slot := &g.slots[k]; slot.start <= t && t < slot.end {
			kernel.AddRow(w.q, slot.values)
		}
	}
}

// addWeightGradients adds, for the spikes whose first possible arrival lies in
// [t0, t1) (or before the trial, where it has just begun),
//
//	dWin_ij  += Σ_t x_i[t-d_ij] gv_j[t]
//	dWrec_ij += Σ_t z_i[t-1-d_ij] gv_j[t]
func (net *Network[F]) addWeightGradients(w *worker[F], g *group[F], t0, t1 int, out Weights[F]) {
	s, n, d := net.stride(), net.Neurons(), net.DelaySlots
	first := t0
	if t0 == 0 {
		first = -d + 1
	}
	grad := w.gv[(d+first-t0)*s:] // row of step first
	w.spikes.Rebuild(n, first, t1, func(t int) []uint16 { return g.words(net, t-1) })
	kernel.SpikeOuter(out.Rec, &w.spikes, net.DelayRec, d, grad, n)

	if g.input.Currents != nil {
		kernel.CurrentOuter(out.In, func(t int) []float32 { return g.inputValues(net, t) }, first, t1, net.DelayIn, grad, n)
		return
	}
	w.spikes.Rebuild(net.Inputs, first, t1, func(t int) []uint16 { return g.inputWords(net, t) })
	kernel.SpikeOuter(out.In, &w.spikes, net.DelayIn, d, grad, n)
}
