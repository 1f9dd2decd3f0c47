package neulvm

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
)

// Simulation is the mesoscopic model running on its own (section 4 of the method).
type Simulation struct {
	net   *Network
	grid  Grid
	steps []stepper
	decay []float64
	r, d  int

	t       int         // bins done
	z       [][]float64 // [M] fractions, as long as the cohorts and room to run
	v, s    [][]float64
	first   int // where the window of the coming bin begins in z, v, s
	trace   []float64
	dead    []int        // cohorts left out, the oldest
	scratch [4][]float64 // [A]
	mess    []float64
	drive   []float64 // G
	zbar    []float64
	next    []float64
}

// room is how many bins a simulation runs before it moves its arrays back to their beginning,
// in multiples of A.
const room = 3

// NewSimulation starts from a state and the history that belongs to it, [M][A] oldest first.
func NewSimulation(net *Network, g Grid, initial *Initial, history [][]float64) *Simulation {
	m := net.Populations()
	length := (1 + room) * g.Ages
	s := &Simulation{net: net, grid: g, r: net.RefractoryBins(g.Dt), d: net.DelayBins(g.Dt),
		z: rows(m, length), v: rows(m, length), s: rows(m, length), dead: make([]int, m),
		mess: make([]float64, m), drive: make([]float64, m), zbar: make([]float64, m), next: make([]float64, m)}
	for i := range s.scratch {
		s.scratch[i] = make([]float64, g.Ages)
	}
	for p := range m {
		s.steps = append(s.steps, newStepper(g.Integrator, net.Leak[p], g.Dt))
		s.decay = append(s.decay, math.Exp(-net.Synapse[p]*g.Dt))
		s.trace = append(s.trace, initial.Trace[p])
		startCohorts(s.v[p], s.s[p], initial.V[p], initial.S[p])
		copy(s.z[p], history[p])
	}
	return s
}

// Advance runs one bin. draw gives the fraction of population p that spikes from its
// expectation; input is the external input of each population, nil for none.
func (s *Simulation) Advance(input []float64, draw func(p int, zbar float64) float64) {
	s.Predict(input)
	for p := range s.next {
		s.next[p] = draw(p, s.zbar[p])
	}
	s.Commit(s.next)
}

// Predict goes through a bin up to the expected fractions, which Expected gives.
func (s *Simulation) Predict(input []float64) {
	g, net := s.grid, s.net
	if s.t > s.d {
		for q, c := range s.decay {
			s.trace[q] = c*s.trace[q] + (1-c)*s.z[q][s.first+g.Ages-1-s.d]/g.Dt
		}
	}
	for p, of := range s.steps {
		x := 0.0
		if input != nil {
			x = input[p]
		}
		from, to := s.first, s.first+g.Ages
		k := cohorts{Cohorts: kernel.Cohorts{V: s.v[p][from:to], S: s.s[p][from:to], Z: s.z[p][from:to],
			Before: s.scratch[0], Potential: s.scratch[1], Hazard: s.scratch[2], Chance: s.scratch[3]}, dead: max(s.dead[p]-1, 0)}
		s.drive[p] = net.input(p, s.trace, x)
		sum := k.step(of.c, of.kMu*net.Rest[p]+of.kG*s.drive[p], net.Threshold[p], g.Dt, s.r, g.Published)
		s.dead[p] = k.dead
		s.zbar[p], s.mess[p], _, _ = expected(sum)
	}
}

// Commit ends the bin with the fractions that spiked.
func (s *Simulation) Commit(z []float64) {
	end := s.first + s.grid.Ages
	for p, x := range z {
		s.z[p][end] = x
	}
	s.t++
	s.first++
	if end := s.first + s.grid.Ages; end == len(s.z[0]) {
		for p := range s.z {
			for _, x := range [][]float64{s.z[p], s.v[p], s.s[p]} {
				copy(x, x[s.first:end])
			}
			clear(s.v[p][s.grid.Ages:])
			for i := range s.s[p][s.grid.Ages:] {
				s.s[p][s.grid.Ages+i] = 1
			}
		}
		s.first = 0
	}
}

// Expected, Mess and Fraction are Zbar, the mass that the cohorts lacked, and what spiked in
// population p in the last bin.
func (s *Simulation) Expected(p int) float64 { return s.zbar[p] }
func (s *Simulation) Mess(p int) float64     { return s.mess[p] }
func (s *Simulation) Fraction(p int) float64 { return s.z[p][s.first+s.grid.Ages-1] }

// copy takes the state of another simulation of the same network that is at the same bin.
func (s *Simulation) copy(from *Simulation) {
	end := s.first + s.grid.Ages
	for p := range s.z {
		s.dead[p] = from.dead[p]
		begin := s.first + max(from.dead[p]-1, 0)
		copy(s.z[p][s.first:end], from.z[p][s.first:end])
		copy(s.v[p][begin:end], from.v[p][begin:end])
		copy(s.s[p][begin:end], from.s[p][begin:end])
	}
	copy(s.trace, from.trace)
	copy(s.mess, from.mess)
	copy(s.zbar, from.zbar)
	copy(s.drive, from.drive)
}
