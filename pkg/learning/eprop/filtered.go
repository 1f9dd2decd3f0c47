package eprop

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// learn turns what the forward pass has left of a group into its gradients.
// penalty is C of equation (17).
func (net *Network[F]) learn(w *worker[F], g *group[F], penalty []F, method Method) {
	if method == OnlineTraces { // all but the penalty was learnt on the way
		addScaled(&g.grads, &g.traces, penalty)
		return
	}
	g.grads.clear()
	net.filterErrors(g)
	if method == FilteredSignal {
		net.learnFiltered(w, g, penalty)
	} else {
		net.learnAdjoint(w, g, penalty, method == BPTT)
	}
}

// filterErrors sums up dbias and then takes δ to δ̃[t] = g δ[t] + κ δ̃[t+1], in
// place: L̃ = B δ̃, and in these terms dWout_jk = Σ z_j[t] δ̃_k[t].
func (net *Network[F]) filterErrors(g *group[F]) {
	steps := g.input.Steps()
	for t := steps - 1; t >= 0; t-- {
		row := g.errors(net, t)
		for k := range g.grads.Bias {
			g.grads.Bias[k] += float64(sumLanes((*[lanes]F)(row[k*lanes:])))
		}
		for i := range row {
			row[i] *= net.rise
		}
		if t+1 < steps {
			for i, later := range g.errors(net, t+1) {
				row[i] += F(net.kappa * later)
			}
		}
	}
}

// learnFiltered is equation (18): forward again, now that L̃ is known.
func (net *Network[F]) learnFiltered(w *worker[F], g *group[F], penalty []F) {
	if w.traces == nil {
		w.traces = newTraces(net, false)
	}
	w.traces.reset()
	s, n, steps := net.stride(), net.Neurons(), g.input.Steps()
	for t0 := 0; t0 < steps; t0 += segmentSteps {
		t1 := min(t0+segmentSteps, steps)
		net.simulate(w, g, t0, t1)
		for t := t0; t < t1; t++ {
			i := t - t0
			v, a := w.v[(i+1)*s:(i+2)*s], w.a[(i+1)*s:(i+2)*s]
			net.beginTraces(w.traces, frameOf(g.input, t), g.words(net, t-1), v, a, w.blocked[i*n:(i+1)*n])
			clear(w.signal)
			kernel.GatherAdjoint(w.signal, w.traces.active, g.errors(net, t), &net.feedback)
			for j, r := range penalty {
				for l := range lanes {
					w.signal[j*lanes+l] += r
				}
			}
			net.endTraces(w.traces, w.signal, false)
		}
		net.addReadout(w, g, t0, t1)
	}
	w.traces.addSynapses(&g.grads, w.traces.byError)
}

// addReadout adds dWout_jk += Σ z_j[t] δ̃_k[t] over the steps [t0, t1).
func (net *Network[F]) addReadout(w *worker[F], g *group[F], t0, t1 int) {
	w.spikes.Rebuild(net.Neurons(), t0, t1, func(t int) []uint16 { return g.words(net, t) })
	kernel.SpikeOuter(w.dOut, &w.spikes, net.noDelays, 1, g.delta[t0*net.outputs():], net.Outputs)
	addAndClear(g.grads.Out, w.dOut, 1)
}

// addAndClear adds scale·from to a sum in float64, and empties from.
func addAndClear[F tensor.Float](to []float64, from []F, scale F) {
	for i, x := range from {
		to[i] += float64(scale * x)
	}
	clear(from)
}
