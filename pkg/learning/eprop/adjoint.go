package eprop

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// adjointScratch is the part of a worker that goes back in time.
type adjointScratch[F tensor.Float] struct {
	gv        []F // ∂E/∂v, rows 0 … segmentSteps+slots-1 of a segment: of its steps and of those after it
	gb        []F // ∂E/∂b, one row
	psi       []F // one row, and so on
	active    []uint16
	shifted   []F // v - A + v_th
	external  []F // L̃
	recurrent []F // Σ Wrec gv; zeros in e-prop

	spikes          kernel.SpikeList
	dIn, dRec, dOut []F // weight gradients of one segment
}

func newAdjointScratch[F tensor.Float](net *Network[F]) adjointScratch[F] {
	s, n := net.stride(), net.Neurons()
	return adjointScratch[F]{
		gv: make([]F, (segmentSteps+net.slots())*s), gb: make([]F, s), psi: make([]F, s), active: make([]uint16, n),
		shifted: make([]F, s), external: make([]F, s), recurrent: make([]F, s),
		dIn: make([]F, net.Inputs*n), dRec: make([]F, n*n), dOut: make([]F, n*net.Outputs),
	}
}

// learnAdjoint is equations (19) to (23), last segment first; each is simulated
// again before.
func (net *Network[F]) learnAdjoint(w *worker[F], g *group[F], penalty []F, whole bool) {
	s, steps := net.stride(), g.input.Steps()
	clear(w.gv)
	clear(w.gb)
	clear(w.recurrent)
	clear(w.a)
	for t0 := (steps - 1) / segmentSteps * segmentSteps; t0 >= 0; t0 -= segmentSteps {
		t1 := min(t0+segmentSteps, steps)
		length := t1 - t0
		copy(w.gv[length*s:(length+net.slots())*s], w.gv) // what the later segment ended with
		aNext := w.shifted                                // free until the first step
		copy(aNext, w.a[s:2*s])
		net.simulate(w, g, t0, t1)
		copy(w.a[(length+1)*s:(length+2)*s], aNext)
		for t := t1 - 1; t >= t0; t-- {
			net.adjointStep(w, g, t, t-t0, penalty, whole)
		}
		net.addWeightGradients(w, g, t0, t1)
		net.addReadout(w, g, t0, t1)
	}
}

// adjointStep goes from step t+1 to step t, row i of the segment.
//
// The kernel knows neurons with S = A. Those with S = v_th are the same in terms
// of v - A + v_th instead of v and v_th instead of A, where q = 1.
func (net *Network[F]) adjointStep(w *worker[F], g *group[F], t, i int, penalty []F, whole bool) {
	s, n := net.stride(), net.Neurons()
	row := func(x []F, r int) []F { return x[r*s : (r+1)*s] }
	step := kernel.AdjointStep[F]{
		V: row(w.v, i+1), A: row(w.a, i+1), Blocked: w.blocked[i*n : (i+1)*n],
		Psi: w.psi, Active: w.active,
		External: w.external, Regulariser: penalty, Recurrent: w.recurrent,
		GVNext: row(w.gv, i+1), GV: row(w.gv, i), GB: w.gb,
		Reset: row(w.a, i+2), ResetWords: g.words(net, t-1), ResetGrad: row(w.gv, i),
	}
	if net.byThreshold {
		base := net.thresholdRow
		shifted, v, vth := w.shifted[:len(step.A)], step.V[:len(step.A)], base[0]
		for m, a := range step.A {
			shifted[m] = v[m] - a + vth
		}
		step.V, step.A = w.shifted, base
	}
	switch {
	case !whole: // like Detached, but on the kernel's fast path
		step.Reset, step.ResetWords = w.recurrent, net.silence // zeros
	case net.resetToBase:
		step.Reset, step.ResetWords = net.thresholdRow, net.silence
	}
	kernel.PseudoDerivative(&net.neurons, &step)
	kernel.GatherAdjoint(w.external, w.active, g.errors(net, t), &net.feedback)
	if whole {
		kernel.GatherAdjoint(w.recurrent, w.active, w.gv[(i+1)*s:], &net.rec)
	}
	if net.byThreshold {
		step.V = step.A // q = v/A = 1
	}
	kernel.MembraneAdjoint(&net.neurons, &step)
}

// addWeightGradients is equation (22) for the spikes that, without delay, arrive in the
// steps [t0, t1).
func (net *Network[F]) addWeightGradients(w *worker[F], g *group[F], t0, t1 int) {
	n := net.Neurons()
	w.spikes.Rebuild(n, t0, t1, func(t int) []uint16 { return g.words(net, t-1) })
	kernel.SpikeOuter(w.dRec, &w.spikes, net.DelayRec, net.slots(), w.gv, n)
	addAndClear(g.grads.Rec, w.dRec, net.gain)

	if g.input.Spikes != nil {
		w.spikes.Rebuild(net.Inputs, t0, t1, g.input.Spikes.Step)
		kernel.SpikeOuter(w.dIn, &w.spikes, net.DelayIn, net.slots(), w.gv, n)
	} else {
		kernel.CurrentOuter(w.dIn, g.input.Currents.Step, t0, t1, net.DelayIn, w.gv, n)
	}
	addAndClear(g.grads.In, w.dIn, net.gain)
}
