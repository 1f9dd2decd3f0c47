package eprop

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// segmentSteps is the length of the stretches of time that the methods that
// look back simulate, and later again, at once. What is kept for the whole
// trial is spikes (a bit each), the errors of the readout and the state at the
// start of each stretch.
const segmentSteps = 64

// worker is the scratch memory of one thread. Rows are n·Lanes long.
type worker[F tensor.Float] struct {
	v, a         []F // rows -1 … segmentSteps of a segment
	b            []F // one row
	current      pending[F]
	blocked      []uint16 // words of segmentSteps steps
	o, y, pulses []F      // one row of the readout
	delta        []F      // one row of the readout

	online *Online[F] // of OnlineTraces, made when first needed
	credit *credit[F] // of OnlineTraces with rewards, made when first needed
	traces *traces[F] // of FilteredSignal, made when first needed
	signal []F        // L̃ + C, one row
	adjointScratch[F]
}

func newWorker[F tensor.Float](net *Network[F]) *worker[F] {
	n, s, k := net.Neurons(), net.stride(), net.outputs()
	return &worker[F]{
		v: make([]F, (segmentSteps+2)*s), a: make([]F, (segmentSteps+2)*s),
		b: make([]F, s), current: newPending(net), blocked: make([]uint16, segmentSteps*n),
		o: make([]F, k), y: make([]F, k), pulses: make([]F, k), delta: make([]F, k),
		signal:         make([]F, s),
		adjointScratch: newAdjointScratch(net),
	}
}

// grow makes the group's memory fit for trials of t steps.
func (g *group[F]) grow(net *Network[F], t int) {
	if g.spikes == nil || g.spikes.T != t {
		g.spikes = tensor.NewSpikes(t, net.Neurons())
		g.delta = make([]F, t*net.outputs())
	}
	for segments := (t + segmentSteps - 1) / segmentSteps; len(g.v) < segments; {
		g.v = append(g.v, make([]F, net.stride())) // those of step 0 stay zero
		g.b = append(g.b, make([]F, net.stride()))
	}
}

// words returns z of step t, silence before the trial.
func (g *group[F]) words(net *Network[F], t int) []uint16 {
	if t < 0 {
		return net.silence
	}
	return g.spikes.Step(t)
}

// forward runs a group to its end and keeps what the way back needs.
func (net *Network[F]) forward(w *worker[F], g *group[F], index int, target Target[F]) {
	s, steps := net.stride(), g.input.Steps()
	g.grow(net, steps)
	g.loss = 0
	clear(g.counts)
	clear(g.delta)
	clear(w.o)
	for t0 := 0; t0 < steps; t0 += segmentSteps {
		t1 := min(t0+segmentSteps, steps)
		net.simulate(w, g, t0, t1)
		for t := t0; t < t1; t++ {
			z := g.spikes.Step(t)
			count(g.counts, z)
			net.readout(w.o, w.y, w.pulses, z)
			g.loss += target.Error(g.errors(net, t), w.y, index, g.input.Trials, t)
		}
		if next := t1 / segmentSteps; t1 < steps {
			copy(g.v[next], w.v[(t1-t0)*s:(t1-t0+1)*s])
			copy(g.b[next], w.b)
		}
	}
}

// errors returns the row δ[t].
func (g *group[F]) errors(net *Network[F], t int) []F {
	k := net.outputs()
	return g.delta[t*k : (t+1)*k]
}

// simulate runs steps [t0, t1), at most segmentSteps of them, from the snapshot
// before t0. It leaves v[t] and A[t] in row t-t0+1 of the worker, the blocked
// lanes in row t-t0 and the spikes in the group.
func (net *Network[F]) simulate(w *worker[F], g *group[F], t0, t1 int) {
	s, n := net.stride(), net.Neurons()
	copy(w.v[:s], g.v[t0/segmentSteps])
	copy(w.b, g.b[t0/segmentSteps])
	unused := ^uint16(0) << g.input.Trials // all lanes used: the shift leaves 0
	w.current.reset()
	for t := max(t0-net.slots()+1, 0); t < t0; t++ { // what is still on its way
		net.send(w.current.next(), frameOf(g.input, t), g.words(net, t-1))
	}
	for t := t0; t < t1; t++ {
		i := t - t0
		blocked := w.blocked[i*n : (i+1)*n]
		for j := range blocked {
			blocked[j] = unused
		}
		for back := 1; back <= net.blockedSteps(); back++ {
			kernel.OrWords(blocked, g.words(net, t-back))
		}
		net.advance(&kernel.Step[F]{
			V: w.v[i*s : (i+1)*s], VNext: w.v[(i+1)*s : (i+2)*s], B: w.b, A: w.a[(i+1)*s : (i+2)*s],
			Spikes: g.words(net, t), Previous: g.words(net, t-1), Blocked: blocked,
		}, &w.current, frameOf(g.input, t))
	}
}
