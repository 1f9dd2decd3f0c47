package ttfs

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Membranes simulates a network spike by spike, as a chip would: the membranes of a layer
// start at 0 at t_min_prev; each spike that comes in, in the order of their times, advances
// the potentials that it reaches along their slopes, V ← V + (dV/dt) Δt, and changes those
// slopes by its weights; from t_min on, the time at which V reaches the threshold is solved
// for. What never fired costs nothing until t_min, where in form alpha it is made to fire.
type Membranes[F tensor.Float] struct {
	Threads int

	// Always tests the thresholds from t_min_prev on, as the code of 2212.12522 does
	// with alpha neurons (section 6.3): a neuron fires on part of its input if that
	// takes it there, even before its window. Without, it waits for t_min.
	Always bool

	// Early counts, of each stage, the neurons whose potential was over the threshold
	// before t_min, when it is not tested yet (section 9.1), in all runs so far.
	Early []int64

	// Events counts, of each stage, the spikes that its synapses delivered.
	Events []int64

	network  *Network[F]
	shapes   []Shape
	layers   []membraneLayer[F]
	workers  []membraneState[F]
	response *Response[F]
	lock     sync.Mutex
}

// membraneLayer is what the neurons of a stage have for good. Times are counted back from
// the layer's t_min.
type membraneLayer[F tensor.Float] struct {
	start     F   // t_min - t_min_prev, when membranes start
	initial   []F // dV/dt there, of each channel or neuron
	threshold []F // of each channel or neuron; nil for the readout
	slope     []F // dV/dt at the threshold, of each channel
}

// membraneState is what the neurons of a layer have in one trial.
type membraneState[F tensor.Float] struct {
	potential, slope, since []F // since when the slope holds
	early                   []bool
	crossed                 []F     // when an early potential first reached its threshold
	order                   []int32 // of the spikes that come in
}

// NewMembranes prepares the simulation of a network, whose parameters must stay.
func NewMembranes[F tensor.Float](n *Network[F], threads int) (*Membranes[F], error) {
	shapes, err := n.Shapes()
	if err != nil {
		return nil, err
	}
	m := &Membranes[F]{Threads: threads, network: n, shapes: shapes, response: newResponse[F](len(n.Stages)),
		Early: make([]int64, len(n.Stages)), Events: make([]int64, len(n.Stages)),
		layers: make([]membraneLayer[F], len(n.Stages)), workers: make([]membraneState[F], max(1, threads))}
	previous := inputWindow
	for i, stage := range n.Stages {
		l := &m.layers[i]
		l.start = F(previous)
		switch s := stage.(type) {
		case *Neurons[F]:
			l.initial, l.threshold = []F{0}, narrowed[F](s.Thresholds(n.Form, previous))
			if n.Form == Alpha {
				l.initial[0] = Drive
			}
			l.slope, previous = narrowed[F](s.Slopes(n.Form)), s.Window
		case *Readout[F]:
			for _, b := range s.Bias.Data {
				l.initial = append(l.initial, b/l.start)
			}
		}
	}
	return m, nil
}

func narrowed[F tensor.Float](x []float64) []F {
	y := make([]F, len(x))
	for i, v := range x {
		y[i] = F(v)
	}
	return y
}

// Run simulates a batch.
func (m *Membranes[F]) Run(inputs []F, trials int) *Response[F] {
	r := m.response
	r.start(m.network, inputs, trials)
	x := r.Coded
	for i, stage := range m.network.Stages {
		in, out := m.shapes[i], m.shapes[i+1]
		to := r.output(i, out)
		var synapses Synapses[F]
		window := F(0)
		switch s := stage.(type) {
		case *Neurons[F]:
			synapses, window = s.Synapses, F(s.Window)
		case *Readout[F]:
			synapses = s.Synapses
		default:
			apply(stage, m.Threads, trials, to, x, in, out)
			x = to
			continue
		}
		parallel.For(m.Threads, trials, func(worker, trial int) {
			state := &m.workers[worker]
			events := state.drive(&m.layers[i], synapses, x[trial*in.Size():(trial+1)*in.Size()], in, out)
			largest, beyond, early := F(math.Inf(-1)), 0, 0
			y := to[trial*out.Size() : (trial+1)*out.Size()]
			if m.layers[i].threshold == nil {
				copy(y, state.potential)
			} else {
				largest, beyond, early = state.fire(&m.layers[i], y, window, m.Always)
			}
			m.lock.Lock()
			defer m.lock.Unlock()
			r.Largest[i] = max(r.Largest[i], float64(largest))
			r.Beyond[i] += beyond
			m.Early[i] += int64(early)
			m.Events[i] += int64(events)
		})
		x = to
	}
	r.forgive(m.network)
	return r
}

// drive takes the membranes of a layer from t_min_prev to t_min. It returns how many
// spikes its synapses delivered.
func (s *membraneState[F]) drive(l *membraneLayer[F], synapses Synapses[F], x []F, in, out Shape) (events int) {
	size := out.Size()
	s.potential, s.slope, s.since = sized(s.potential, size), sized(s.slope, size), sized(s.since, size)
	s.early = slices.Grow(s.early[:0], size)[:size]
	clear(s.early)
	s.crossed = sized(s.crossed, size)
	for i := range size {
		s.potential[i], s.slope[i], s.since[i] = 0, l.initial[i/(size/len(l.initial))], l.start
	}
	s.order = s.order[:0]
	for j, v := range x {
		if v > 0 {
			s.order = append(s.order, int32(j))
		}
	}
	slices.SortFunc(s.order, func(a, b int32) int { // earliest first
		if c := cmp.Compare(x[b], x[a]); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	perThreshold := 1
	if l.threshold != nil {
		perThreshold = size / len(l.threshold)
	}
	advance := func(i int, now F) {
		before := s.potential[i]
		s.potential[i] += s.slope[i] * (s.since[i] - now)
		if l.threshold != nil && !s.early[i] {
			if theta := l.threshold[i/perThreshold]; before >= theta {
				s.early[i], s.crossed[i] = true, s.since[i]
			} else if s.potential[i] >= theta {
				s.early[i], s.crossed[i] = true, s.since[i]-(theta-before)/s.slope[i]
			}
		}
		s.since[i] = now
	}
	for _, j := range s.order {
		synapses.deliver(int(j), in, out, func(i int, w F) {
			events++
			advance(i, x[j])
			s.slope[i] += w
		})
	}
	for i := range size {
		advance(i, 0)
	}
	return events
}

// fire solves for the spikes from t_min on, where the slope is that at the threshold: in
// form b1 by the switch of phase, in form alpha because all inputs have fired by then.
func (s *membraneState[F]) fire(l *membraneLayer[F], x []F, window F, always bool) (largest F, beyond, early int) {
	largest = F(math.Inf(-1))
	perThreshold, perSlope := len(x)/len(l.threshold), len(x)/len(l.slope)
	for i, v := range s.potential {
		wait := (l.threshold[i/perThreshold] - v) / l.slope[i/perSlope]
		largest = max(largest, window-wait)
		x[i] = max(0, window-max(0, wait))
		if wait < 0 {
			beyond++
		}
		if s.early[i] || wait < 0 {
			early++
		}
		if always && s.early[i] {
			x[i] = window + s.crossed[i]
		}
	}
	return max(largest, 0), beyond, early
}
