package eprop

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Online runs up to Lanes trials side by side and learns from them as they go:
// equations (1) to (17) as they stand, one step after the other. Its memory,
// n (n_in + n) Lanes traces of each kind, does not depend on the number of
// steps, and no step allocates. Each step is Step, which gives the output, and
// then Learn, which is given its error.
type Online[F tensor.Float] struct {
	net    *Network[F]
	trials int
	rates  bool // sum up e for the penalty on firing rates
	steps  int

	v, b, a      []F // rows of n neurons
	current      pending[F]
	recent       []uint16 // z of the last steps; step t in row t mod rows
	blocked      []uint16
	zbar         []F // row of n
	o, y, pulses []F // rows of K
	signal       []F // L, row of n
	all          []uint16

	*traces[F]
	out, bias []float64 // dWout [n][K], dbias [K]
	counts    []int64
}

// NewOnline returns the network with weights w at the start of up to Lanes trials.
// rates tells whether Gradients will be asked for the penalty on firing rates.
// Several must not run at once on one network.
func NewOnline[F tensor.Float](net *Network[F], w Weights[F], trials int, rates bool) *Online[F] {
	net.load(w)
	o := newOnline(net)
	o.reset(trials, rates)
	return o
}

func newOnline[F tensor.Float](net *Network[F]) *Online[F] {
	n, s, k := net.Neurons(), net.stride(), net.outputs()
	o := &Online[F]{
		net: net,
		v:   make([]F, s), b: make([]F, s), a: make([]F, s), current: newPending(net),
		recent: make([]uint16, (net.blockedSteps()+2)*n), blocked: make([]uint16, n),
		zbar: make([]F, s), o: make([]F, k), y: make([]F, k), pulses: make([]F, k),
		signal: make([]F, s), all: make([]uint16, n),
		traces: newTraces(net, true),
		out:    make([]float64, n*net.Outputs), bias: make([]float64, net.Outputs), counts: make([]int64, n),
	}
	for j := range o.all {
		o.all[j] = ^uint16(0)
	}
	return o
}

// reset begins new trials.
func (o *Online[F]) reset(trials int, rates bool) {
	o.trials, o.rates, o.steps = trials, rates, 0
	clear(o.v)
	clear(o.b)
	o.current.reset()
	clear(o.recent)
	clear(o.zbar)
	clear(o.o)
	clear(o.out)
	clear(o.bias)
	clear(o.counts)
	o.traces.reset()
}

// spikes returns the row of z of step t, which may be up to n_ref steps back.
func (o *Online[F]) spikes(t int) []uint16 {
	n := len(o.all)
	rows := len(o.recent) / n
	row := (t + rows) % rows
	return o.recent[row*n : (row+1)*n]
}

// Step shows the network one step of input spikes, [n_in] words, and returns the
// output y, [K][Lanes], which stays valid until the next step.
func (o *Online[F]) Step(x []uint16) []F { return o.step(frame{words: x}) }

// StepValues is Step for analogue input, [n_in][Lanes].
func (o *Online[F]) StepValues(x []float32) []F { return o.step(frame{values: x}) }

func (o *Online[F]) step(x frame) []F {
	net, t := o.net, o.steps
	unused := ^uint16(0) << o.trials // all lanes used: the shift leaves 0
	for j := range o.blocked {
		o.blocked[j] = unused
	}
	for back := 1; back <= net.blockedSteps(); back++ {
		kernel.OrWords(o.blocked, o.spikes(t-back))
	}
	z, previous := o.spikes(t), o.spikes(t-1)
	net.advance(&kernel.Step[F]{
		V: o.v, VNext: o.v, B: o.b, A: o.a, Spikes: z, Previous: previous, Blocked: o.blocked,
	}, &o.current, x)
	net.beginTraces(o.traces, x, previous, o.v, o.a, o.blocked)
	net.readout(o.o, o.y, o.pulses, z)
	lowPass(o.zbar, z, net.kappa, net.rise)
	count(o.counts, z)
	o.steps++
	return o.y
}

// Learn takes the error δ = ∂E/∂y of the step, [K][Lanes], nil for none; lanes
// without a trial must hold zeros.
func (o *Online[F]) Learn(delta []F) {
	clear(o.signal)
	if delta != nil {
		kernel.GatherAdjoint(o.signal, o.all, delta, &o.net.feedback)
		o.learnReadout(delta)
	}
	o.net.endTraces(o.traces, o.signal, o.rates)
}

// learnReadout is equation (16).
func (o *Online[F]) learnReadout(delta []F) {
	k := o.net.Outputs
	for c := range k {
		d := (*[lanes]F)(delta[c*lanes:])
		if *d == [lanes]F{} {
			continue
		}
		o.bias[c] += float64(sumLanes(d))
		for j := range o.all {
			o.out[j*k+c] += float64(dot((*[lanes]F)(o.zbar[j*lanes:]), d))
		}
	}
}

// Spikes returns z of the last step, [n] words.
func (o *Online[F]) Spikes() []uint16 { return o.spikes(o.steps - 1) }

// Rate is the mean number of spikes of a neuron in a step, so far.
func (o *Online[F]) Rate() float64 {
	var sum int64
	for _, c := range o.counts {
		sum += c
	}
	return float64(sum) / float64(len(o.counts)*o.trials*o.steps)
}

// Trace returns e of the last step, of the synapse from pre (an input line, or
// n_in plus the number of a neuron) onto neuron post; zero for one onto itself. It
// is valid after Step and before Learn.
func (o *Online[F]) Trace(pre, post, lane int) F {
	if pre-o.net.Inputs == post {
		return 0
	}
	i := post*lanes + lane
	e := o.psi[i] * o.presynaptic(post*o.pre+pre, pre)[lane]
	if post >= o.lif {
		e -= F(o.phi[i] * o.adaptationTrace(pre, post, lane))
	}
	return e
}

// adaptationTrace is εa; of the last step before Learn, of the next one after it.
func (o *Online[F]) adaptationTrace(pre, post, lane int) F {
	return o.epsA[((post-o.lif)*o.pre+pre)*lanes+lane]
}

// addTo adds what the trials have taught, without the penalty.
func (o *Online[F]) addTo(g *Gradients) {
	o.addSynapses(g, o.byError)
	for i, x := range o.out {
		g.Out[i] += x
	}
	for i, x := range o.bias {
		g.Bias[i] += x
	}
}

// addSynapses adds sums over the synapses, [n][P], to dWin and dWrec.
func (tr *traces[F]) addSynapses(g *Gradients, sums []float64) {
	n := len(tr.active)
	inputs := tr.pre - n
	for j := range n {
		for i, x := range sums[j*tr.pre : (j+1)*tr.pre] {
			switch {
			case i < inputs:
				g.In[i*n+j] += x
			case i-inputs != j:
				g.Rec[(i-inputs)*n+j] += x
			}
		}
	}
}

// addScaled adds to g the sums Σ e of h, times C_j of the postsynaptic neuron:
// the penalty's part of equation (15).
func addScaled[F tensor.Float](g, h *Gradients, signal []F) {
	n := len(signal)
	for i, x := range h.In {
		g.In[i] += float64(signal[i%n]) * x
	}
	for i, x := range h.Rec {
		g.Rec[i] += float64(signal[i%n]) * x
	}
}

// Gradients adds to g the gradients of the trials so far, the penalty being
// that of these trials on their own.
func (o *Online[F]) Gradients(g *Gradients, penalty Penalty) {
	o.net.grow(g)
	o.addTo(g)
	if penalty.Strength == 0 {
		return
	}
	rates := make([]float64, len(o.counts))
	for j, c := range o.counts {
		rates[j] = float64(c) / float64(o.trials*o.steps)
	}
	var sums Gradients
	o.net.grow(&sums)
	o.addSynapses(&sums, o.byRate)
	addScaled(g, &sums, penaltySignal[F](penalty, rates, o.trials*o.steps))
}

// runOnline runs a group with the traces of worker w.
func (net *Network[F]) runOnline(w *worker[F], g *group[F], index int, target Target[F], rates bool) {
	if w.online == nil {
		w.online = newOnline(net)
	}
	o := w.online
	o.reset(g.input.Trials, rates)
	g.loss = 0
	for t := range g.input.Steps() {
		y := o.step(frameOf(g.input, t))
		clear(w.delta)
		g.loss += target.Error(w.delta, y, index, g.input.Trials, t)
		o.Learn(w.delta)
	}
	o.finish(g)
}

// finish leaves in g what its trials have taught.
func (o *Online[F]) finish(g *group[F]) {
	copy(g.counts, o.counts)
	g.grads.clear()
	o.addTo(&g.grads)
	if o.rates {
		o.net.grow(&g.traces)
		g.traces.clear()
		o.addSynapses(&g.traces, o.byRate)
	}
}
