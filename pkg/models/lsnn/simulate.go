package lsnn

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// segmentSteps is the length of the stretches of time that are simulated, and
// on the way back recomputed, at once. Only spikes (a bit each) and the state
// at the start of each stretch are kept for the whole trial; potentials and
// thresholds live in memory for one stretch, small enough for the cache, unless
// KeepPotentials is set.
const segmentSteps = 64

// windowSteps is how far time goes before the rows of pending currents are
// moved back to the start of their buffer: they must stay in the cache.
const windowSteps = 8

// potentials are what a segment leaves for the way back.
type potentials[F tensor.Float] struct {
	v, a    []F      // rows -1 … steps: v[t], A[t]
	blocked []uint16 // words of the steps
}

func newPotentials[F tensor.Float](net *Network[F], steps int) potentials[F] {
	s := net.stride()
	return potentials[F]{make([]F, (steps+2)*s), make([]F, (steps+2)*s), make([]uint16, steps*net.Neurons())}
}

// worker is the scratch memory of one thread. Rows are n·Lanes long.
type worker[F tensor.Float] struct {
	potentials[F]               // of the segment at hand
	segment       potentials[F] // where they lie, unless the group keeps those of all steps

	b       []F // one row
	current []F // rows of windowSteps steps and of the DelaySlots after them

	filtered []F         // z̄
	group    *group[F]   // that goes forward
	unread   int         // the first step whose z̄ nobody reads
	filter   func(t int) // takes the group's step t into z̄ and the windows; kept, as a new one would be allocated
	adjointScratch[F]
	outputScratch[F]
}

// group is what is kept of a group of trials between the passes.
type group[F tensor.Float] struct {
	index  int
	input  *tensor.Input
	start  *State[F]      // nil: the zero state
	spikes *tensor.Spikes // memory() steps before the trial, then T
	v, b   [][]F          // snapshots before each segment
	kept   potentials[F]  // of all steps, where KeepPotentials is set
	slots  []slot[F]
	counts []int64 // spikes of each neuron
}

func (net *Network[F]) newWorker() *worker[F] {
	s := net.stride()
	w := &worker[F]{
		segment:  newPotentials(net, segmentSteps),
		b:        make([]F, s),
		current:  make([]F, (windowSteps+net.DelaySlots)*s),
		filtered: make([]F, s),
	}
	w.filter = func(t int) { net.filter(w, t) }
	w.read = func(t int) { net.read(w, t) }
	w.adjointScratch = newAdjointScratch[F](net)
	return w
}

// grow makes the groups' memory fit for trials of t steps.
func (g *group[F]) grow(net *Network[F], t int) {
	steps := net.memory() + t
	if g.spikes == nil || g.spikes.T != steps {
		g.spikes = tensor.NewSpikes(steps, net.Neurons())
	}
	for segments := (t + segmentSteps - 1) / segmentSteps; len(g.v) < segments; {
		g.v = append(g.v, make([]F, net.stride()))
		g.b = append(g.b, make([]F, net.stride()))
	}
	if net.KeepPotentials && len(g.kept.blocked) != t*net.Neurons() {
		g.kept = newPotentials(net, t)
	}
}

// open makes the worker's potentials those of the segment from t0 on.
func (w *worker[F]) open(net *Network[F], g *group[F], t0 int) {
	w.potentials = w.segment
	if net.KeepPotentials {
		s := net.stride()
		w.potentials = potentials[F]{g.kept.v[t0*s:], g.kept.a[t0*s:], g.kept.blocked[t0*net.Neurons():]}
	}
}

// begin sets the group to its start.
func (g *group[F]) begin(net *Network[F]) {
	past := g.spikes.Words[:net.memory()*net.Neurons()]
	if g.start == nil {
		clear(past)
		clear(g.v[0])
		clear(g.b[0])
		return
	}
	copy(past, g.start.Spikes.Words)
	copy(g.v[0], g.start.V)
	copy(g.b[0], g.start.B)
}

// words returns z of step t, which may lie before the trial.
func (g *group[F]) words(net *Network[F], t int) []uint16 { return g.spikes.Step(net.memory() + t) }

// inputWords returns x of step t, nil where there is none.
func (g *group[F]) inputWords(net *Network[F], t int) []uint16 {
	switch {
	case g.input.Spikes == nil:
		return nil
	case t >= 0:
		return g.input.Spikes.Step(t)
	case g.start == nil || g.start.Input == nil:
		return nil
	}
	return g.start.Input.Step(net.memory() + t)
}

// inputValues returns the analogue x of step t, nil where there is none.
func (g *group[F]) inputValues(net *Network[F], t int) []float32 {
	switch {
	case g.input.Currents == nil:
		return nil
	case t >= 0:
		return g.input.Currents.Step(t)
	case g.start == nil || g.start.Currents == nil:
		return nil
	}
	return g.start.Currents.Step(net.memory() + t)
}

// simulate runs steps [t0, t1) of a group, at most segmentSteps of them, from
// the snapshot before t0: equations (1) to (6). It leaves v and A of the
// steps in the worker's rows and the spikes in the group, and calls after(t)
// following each step, if it is not nil.
//
// Currents still on their way at t0 are recomputed from the spikes of the
// steps before, so a segment gives the same bits however often it is run.
func (net *Network[F]) simulate(w *worker[F], g *group[F], t0, t1 int, step uint64, after func(t int)) {
	s, n := net.stride(), net.Neurons()
	segment := t0 / segmentSteps
	w.open(net, g, t0)
	copy(w.v[:s], g.v[segment])
	copy(w.b, g.b[segment])
	reset := []F(nil)
	if net.ResetAtSpike {
		net.thresholds(w.a[:s], w.b)
	}

	clear(w.current)
	first := t0 - net.DelaySlots // step of the first row of w.current
	for t := first; t < t1; t++ {
		if t == first+windowSteps {
			copy(w.current, w.current[windowSteps*s:])
			clear(w.current[net.DelaySlots*s:])
			first = t
		}
		row := w.current[(t-first)*s:]
		net.scatterInput(row, g, t)
		if t >= t0 {
			i := t - t0
			if net.Noise > 0 {
				net.addNoise(row[:s], step, g.index, t)
			}
			blocked := w.blocked[i*n : (i+1)*n]
			net.block(blocked, g, t)
			if net.ResetAtSpike {
				reset = w.a[i*s : (i+1)*s]
			}
			kernel.MembraneStep(&net.neurons, &kernel.Step[F]{
				V: w.v[i*s : (i+1)*s], VNext: w.v[(i+1)*s : (i+2)*s], B: w.b,
				A: w.a[(i+1)*s : (i+2)*s], Current: row[:s], Reset: reset,
				Spikes: g.words(net, t), Previous: g.words(net, t-1), Blocked: blocked,
			})
			if after != nil {
				after(t)
			}
		}
		kernel.ScatterSpikes(row[s:], g.words(net, t), &net.rec)
	}
}

// scatterInput adds the input of step t to the rows of current from t on.
func (net *Network[F]) scatterInput(row []F, g *group[F], t int) {
	if words := g.inputWords(net, t); words != nil {
		kernel.ScatterSpikes(row, words, &net.in)
	} else if values := g.inputValues(net, t); values != nil {
		kernel.ScatterCurrents(row, values, &net.in)
	}
}

// thresholds writes A = v_th + β b.
func (net *Network[F]) thresholds(a, b []F) {
	for i := range a {
		c := net.neurons.Constants[i/tensor.Lanes]
		a[i] = c.Threshold + F(c.Beta*b[i])
	}
}

// block marks the lanes that may not fire in step t: those of neurons that
// fired in steps t-n_ref … t-1, and those without a trial.
func (net *Network[F]) block(blocked []uint16, g *group[F], t int) {
	unused := ^uint16(0) << g.input.Trials // all lanes used: the shift leaves 0
	for j := range blocked {
		blocked[j] = unused
	}
	for back := 1; back <= net.Refractory; back++ {
		kernel.OrWords(blocked, g.words(net, t-back))
	}
}

// addNoise adds σ N(0,1) to the current of every neuron and lane in step t.
func (net *Network[F]) addNoise(row []F, step uint64, group, t int) {
	r := rng.Stream(net.Seed, "injected-noise", step, uint64(group)<<20|uint64(t))
	for i := range row {
		row[i] += F(net.Noise * r.NormFloat64())
	}
}
