package lsnn

import (
	"math/bits"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Window asks for the mean of z̄ of one trial over the steps [Start, End).
type Window struct{ Trial, Start, End int }

// slot gathers the windows of a group that cover the same steps.
type slot[F tensor.Float] struct {
	start, end int
	row        [tensor.Lanes]int32 // window of each lane, -1 for none
	lanes      uint16              // the lanes that have a window
	values     []F                 // sum of z̄ on the way forward, ∂E/∂z̄ on the way back
}

// Trace is what a forward pass leaves for the backward pass. The zero value is
// ready; its memory is reused from call to call.
type Trace[F tensor.Float] struct {
	Features *tensor.Dense[F] // [windows][n], mean of z̄ over each window
	Rates    []F              // r_j, spikes per step, mean over trials and steps
	Spikes   int64            // spikes of the whole network
	Final    []*State[F]      // state after the last step, where Carry is set
	Outputs  [][]F            // y of each group after Run, [T][K][Lanes]

	Carry bool // keep the final states

	trials, steps int
	step          uint64
	groups        []*group[F]
}

// Forward simulates a batch from the given states (nil: all zero) and reads
// out its windows, each of at least one step of the trial. step names the noise
// of this call. The states must not be those of tr.Final, which Forward
// overwrites while Backward still needs the states: swap the two.
func (net *Network[F]) Forward(tr *Trace[F], w Weights[F], inputs []tensor.Input, windows []Window, states []*State[F], step uint64) {
	net.load(w)
	net.prepare(tr, inputs, windows, states, step)
	net.pass.trace = tr
	parallel.For(net.Threads, len(inputs), net.pass.forward)
	net.sumRates(tr)
}

// prepare makes the trace and the workers fit the batch.
func (net *Network[F]) prepare(tr *Trace[F], inputs []tensor.Input, windows []Window, states []*State[F], step uint64) {
	n := net.Neurons()
	for len(net.workers) < max(net.Threads, 1) {
		net.workers = append(net.workers, net.newWorker())
	}
	tr.groups = tr.groups[:min(len(inputs), cap(tr.groups))] // those of a larger batch before are used again
	for i := range inputs {
		if i == len(tr.groups) {
			tr.groups = append(tr.groups, nil)
		}
		if tr.groups[i] == nil {
			tr.groups[i] = &group[F]{index: i, counts: make([]int64, n)}
		}
	}
	tr.trials, tr.steps, tr.step = 0, inputs[0].Steps(), step
	for i := range inputs {
		g := tr.groups[i]
		g.input, g.start = &inputs[i], nil
		if states != nil {
			g.start = states[i]
		}
		tr.trials += inputs[i].Trials
		g.slots = g.slots[:0]
		g.grow(net, tr.steps)
		if tr.Carry && len(tr.Final) <= i {
			tr.Final = append(tr.Final, net.ZeroState(inputs[i].Spikes != nil))
		}
	}
	if tr.Features == nil || len(tr.Features.Data) != len(windows)*n {
		tr.Features = tensor.New[F](len(windows), n)
	}
	tr.Features.Shape[0] = len(windows)
	for row, window := range windows {
		tr.groups[window.Trial/tensor.Lanes].addWindow(window, row, net.stride())
	}
}

// addWindow puts a window into the slot of its steps.
func (g *group[F]) addWindow(w Window, row, stride int) {
	lane := w.Trial % tensor.Lanes
	for i := range g.slots {
		if s := &g.slots[i]; s.start == w.Start && s.end == w.End && s.lanes>>lane&1 == 0 {
			s.row[lane] = int32(row)
			s.lanes |= 1 << lane
			return
		}
	}
	var s slot[F]
	if len(g.slots) < cap(g.slots) { // reuse the values of an earlier batch
		s.values = g.slots[:len(g.slots)+1][len(g.slots)].values
	}
	if s.values == nil {
		s.values = make([]F, stride)
	}
	s.start, s.end, s.lanes = w.Start, w.End, 1<<lane
	for l := range s.row {
		s.row[l] = -1
	}
	s.row[lane] = int32(row)
	g.slots = append(g.slots, s)
}

func (net *Network[F]) forwardGroup(w *worker[F], tr *Trace[F], index int) {
	g, s := tr.groups[index], net.stride()
	g.begin(net)
	clear(w.filtered)
	if g.start != nil {
		copy(w.filtered, g.start.Filtered)
	}
	w.group, w.unread = g, 0
	for i := range g.slots {
		clear(g.slots[i].values)
		w.unread = max(w.unread, g.slots[i].end)
	}
	if tr.Carry {
		w.unread = tr.steps
	}
	after := w.filter
	if net.pass.reads {
		after = w.read
	}
	for t0 := 0; t0 < tr.steps; t0 += segmentSteps {
		t1 := min(t0+segmentSteps, tr.steps)
		net.simulate(w, g, t0, t1, tr.step, after)
		if next := t1 / segmentSteps; t1 < tr.steps {
			copy(g.v[next], w.v[(t1-t0)*s:(t1-t0+1)*s])
			copy(g.b[next], w.b)
		}
	}
	g.writeFeatures(tr.Features)
	g.count(net, tr.steps)
	if tr.Carry {
		lastRow := (tr.steps - 1) % segmentSteps
		g.keep(tr.Final[index], net, w, lastRow, tr.steps)
	}
}

// filter takes the spikes of step t into z̄, equation (7), and z̄ into the windows.
func (net *Network[F]) filter(w *worker[F], t int) {
	if t >= w.unread {
		return
	}
	g := w.group
	kernel.FilterSpikes(w.filtered, g.words(net, t), net.kappa)
	for i := range g.slots {
		if slot := &g.slots[i]; slot.start <= t && t < slot.end {
			kernel.AddRow(slot.values, w.filtered)
		}
	}
}

// writeFeatures turns the sums of the slots into means.
func (g *group[F]) writeFeatures(features *tensor.Dense[F]) {
	for i := range g.slots {
		s := &g.slots[i]
		for lane, row := range s.row {
			if row < 0 {
				continue
			}
			out := features.Row(int(row))
			for j := range out {
				out[j] = s.values[j*tensor.Lanes+lane] / F(s.end-s.start)
			}
		}
	}
}

// count counts the spikes of each neuron over the trial.
func (g *group[F]) count(net *Network[F], steps int) {
	clear(g.counts)
	for t := range steps {
		for j, word := range g.words(net, t) {
			g.counts[j] += int64(bits.OnesCount16(word))
		}
	}
}

// keep writes the state after the last step into st.
func (g *group[F]) keep(st *State[F], net *Network[F], w *worker[F], lastRow, steps int) {
	s := net.stride()
	copy(st.V, w.v[(lastRow+1)*s:(lastRow+2)*s])
	copy(st.B, w.b)
	copy(st.Filtered, w.filtered)
	for back := 1; back <= net.memory(); back++ {
		row, t := net.memory()-back, steps-back
		copy(st.Spikes.Step(row), g.words(net, t))
		if st.Input != nil {
			replace(st.Input.Step(row), g.inputWords(net, t))
		} else {
			replace(st.Currents.Step(row), g.inputValues(net, t))
		}
	}
}

// replace makes to what from is, or zero where there is no from.
func replace[T any](to, from []T) {
	if from == nil {
		clear(to)
	}
	copy(to, from)
}

// sumRates adds up the groups' counts: integers, so in any order.
func (net *Network[F]) sumRates(tr *Trace[F]) {
	n := net.Neurons()
	if len(tr.Rates) != n {
		tr.Rates = make([]F, n)
	}
	tr.Spikes = 0
	for j := range n {
		total := int64(0)
		for _, g := range tr.groups {
			total += g.counts[j]
		}
		tr.Spikes += total
		tr.Rates[j] = F(float64(total) / float64(tr.trials*tr.steps))
	}
}
