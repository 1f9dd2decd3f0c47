package lsnn

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Readout gives K outputs in every step, equations (7) and (8). The filter is linear:
// low-passing K sums gives what low-passing n neurons would,
//
//	(9) y_k[t] = b_k + s_k[t],   s_k[t] = κ s_k[t-1] + (1-κ) Σ_j Wout_jk z_j[t]
//
// at a cost that follows the spikes. Its adjoint, from gy = ∂E/∂y, is
//
//	(10) g_k[t] = κ g_k[t+1] + gy_k[t]
//	     ∂E/∂z_j[t] = (1-κ) Σ_k Wout_jk g_k[t],   ∂E/∂Wout_jk = (1-κ) Σ_t z_j[t] g_k[t]
type Readout[F tensor.Float] struct {
	Weights []F // Wout, [n][K]
	Bias    []F // b, [K]
}

// Respond is told the outputs y [K][Lanes] of a group of trials after each of their
// steps, in their order. It may write the group's input of the steps after t. It is
// called for several groups at the same time.
type Respond[F tensor.Float] func(group, t int, y []F)

// Run simulates a batch from the zero state and reads it out in every step, into
// tr.Outputs. What is shown in a step may be what respond (nil: nobody) made of the
// outputs of those before: the network acts in a world. Afterwards inputs are the
// record of it all, and Forward or Run on them are the same, bit for bit.
func (net *Network[F]) Run(tr *Trace[F], w Weights[F], readout Readout[F], inputs []tensor.Input, step uint64, respond Respond[F]) {
	net.load(w)
	net.prepare(tr, inputs, nil, nil, step)
	net.prepareReadout(tr, readout, len(inputs))
	p := &net.pass
	p.trace, p.respond, p.reads = tr, respond, true
	parallel.For(net.Threads, len(inputs), p.forward)
	p.respond, p.reads = nil, false
	net.sumRates(tr)
}

// outputs is what the network keeps of a readout.
type outputs[F tensor.Float] struct {
	synapses kernel.Synapses[F] // (1-κ) Wout
	scaled   []F
	delays   []uint8 // none
	bias     []F
}

// outputScratch is the readout's part of a worker.
type outputScratch[F tensor.Float] struct {
	read  func(t int) // reads step t of the worker's group out
	sums  []F         // s, [K][Lanes]
	gradY []F         // g of equation (10) in the steps of a segment and the one after
}

func (net *Network[F]) prepareReadout(tr *Trace[F], readout Readout[F], groups int) {
	o, rise := &net.out, 1-net.kappa
	k := len(readout.Bias)
	if len(o.scaled) != len(readout.Weights) {
		o.scaled, o.delays = make([]F, len(readout.Weights)), make([]uint8, len(readout.Weights))
	}
	for i, w := range readout.Weights {
		o.scaled[i] = rise * w
	}
	o.bias = readout.Bias
	o.synapses.Rebuild(o.scaled, o.delays, net.Neurons(), k, 1, true)
	row := k * tensor.Lanes
	for _, w := range net.workers {
		if len(w.sums) != row {
			w.sums, w.gradY = make([]F, row), make([]F, (segmentSteps+1)*row)
		}
	}
	for len(tr.Outputs) < groups {
		tr.Outputs = append(tr.Outputs, nil)
	}
	tr.Outputs = tr.Outputs[:groups]
	for i := range tr.Outputs {
		if len(tr.Outputs[i]) != tr.steps*row {
			tr.Outputs[i] = make([]F, tr.steps*row)
		}
	}
}

// read is equation (9) for step t of the worker's group.
func (net *Network[F]) read(w *worker[F], t int) {
	g, p := w.group, &net.pass
	row := len(w.sums)
	if t == 0 {
		clear(w.sums)
	}
	kernel.Scale(w.sums, net.kappa)
	kernel.ScatterSpikes(w.sums, g.words(net, t), &net.out.synapses)
	y := p.trace.Outputs[g.index][t*row : (t+1)*row : (t+1)*row]
	for i, s := range w.sums {
		y[i] = net.out.bias[i/tensor.Lanes] + s
	}
	if p.respond != nil {
		p.respond(g.index, t, y)
	}
}

// OutputGradients are those of the network and of its readout.
type OutputGradients[F tensor.Float] struct {
	Gradients[F]
	Out  []F // ∂E/∂Wout, [n][K]
	Bias []F // ∂E/∂b, [K]

	partialOut [][]F // by group, summed in their order
}

// BackwardOutputs is the adjoint of Run: from ∂E/∂y of each group, [T][K][Lanes] and
// zero in lanes without a trial, and ∂E/∂Rates [n] (nil for none) to the gradients
// of the weights that Run was given last, with no other call on the network in between.
func (net *Network[F]) BackwardOutputs(grads *OutputGradients[F], tr *Trace[F], errors [][]F, rates []F) {
	n, k := net.Neurons(), len(net.out.bias)
	if len(grads.Out) != n*k {
		grads.Out, grads.Bias, grads.partialOut = make([]F, n*k), make([]F, k), nil
	}
	for len(grads.partialOut) < len(tr.groups) {
		grads.partialOut = append(grads.partialOut, make([]F, n*k))
	}
	p := &net.pass
	p.errors, p.gradOut = errors, grads.partialOut
	net.backward(&grads.Gradients, tr, rates)
	p.errors, p.gradOut = nil, nil

	clear(grads.Out)
	clear(grads.Bias)
	for group := range tr.groups {
		for i, x := range grads.partialOut[group] {
			grads.Out[i] += x
		}
		for i, x := range errors[group] {
			grads.Bias[i/tensor.Lanes%k] += x
		}
	}
	kernel.Scale(grads.Out, 1-net.kappa)
}

// outputAdjoint is equation (10) for step t, row i of its segment: it leads to ∂E/∂z of
// the neurons that are active.
func (net *Network[F]) outputAdjoint(w *worker[F], g *group[F], t, i int) {
	row := len(w.sums)
	gradY := w.gradY[i*row : (i+1)*row]
	copy(gradY, w.gradY[(i+1)*row:(i+2)*row])
	kernel.Scale(gradY, net.kappa)
	kernel.AddRow(gradY, net.pass.errors[g.index][t*row:(t+1)*row])
	kernel.GatherAdjoint(w.q, w.active, gradY, &net.out.synapses)
}

// addReadoutGradients adds ∂E/∂Wout/(1-κ) of the steps [t0, t1).
func (net *Network[F]) addReadoutGradients(w *worker[F], g *group[F], t0, t1 int) {
	w.spikes.Rebuild(net.Neurons(), t0, t1, func(t int) []uint16 { return g.words(net, t) })
	kernel.SpikeOuter(net.pass.gradOut[g.index], &w.spikes, net.out.delays, 1, w.gradY, len(net.out.bias))
}
