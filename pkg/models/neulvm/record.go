package neulvm

import (
	"math"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
)

// Recording is what a simulation of neurons leaves: the spikes of a few of them, and the
// fraction of each population that spikes, in bins.
type Recording struct {
	Dt        float64     // s, of a bin
	Spikes    [][][]bool  // [M][R][bins] of the first R neurons of each population
	Fractions [][]float64 // [M][bins] of spikes to neurons; a neuron that fires twice in a bin counts twice
}

const purposeHeterogeneity rng.Purpose = "neulvm-heterogeneity"

// Heterogeneous draws resting potentials around those of the network, with a standard
// deviation that is a part of each population's mean.
func Heterogeneous(net *Network, deviation float64, seed uint64) [][]float64 {
	rest := make([][]float64, net.Populations())
	for p, n := range net.Neurons {
		random := rng.Stream(seed, purposeHeterogeneity, 0, uint64(p))
		for range n {
			rest[p] = append(rest[p], net.Rest[p]*(1+deviation*random.NormFloat64()))
		}
	}
	return rest
}

// Record runs s for skip bins and then records the given number of bins of per steps each, of
// observed neurons of each population.
func Record(s *Microscopic, per, skip, bins, observed int) *Recording {
	m := s.net.Populations()
	r := &Recording{Dt: s.grid.Dt * float64(per), Spikes: make([][][]bool, m), Fractions: rows(m, bins)}
	for p := range m {
		for range min(observed, s.net.Neurons[p]) {
			r.Spikes[p] = append(r.Spikes[p], make([]bool, bins))
		}
	}
	for range skip * per {
		s.Advance(nil)
	}
	for t := range bins {
		for range per {
			s.Advance(nil)
			for p := range m {
				spiked := s.Spiked(p)
				r.Fractions[p][t] += float64(len(spiked)) / float64(s.net.Neurons[p])
				for _, i := range spiked {
					if i >= len(r.Spikes[p]) {
						break // they ascend
					}
					r.Spikes[p][i][t] = true
				}
			}
		}
	}
	return r
}

// FreeRun simulates the populations for a time in seconds, from about the given rates in Hz, and
// returns their activities in Hz, [M][bins], without the first skip seconds.
func FreeRun(net *Network, g Grid, rates []float64, skip, seconds float64, seed, trial uint64) ([][]float64, error) {
	s, err := startAt(net, g, rates)
	if err != nil {
		return nil, err
	}
	draws := NewDraws(net, Gaussian, seed, trial)
	a := make([][]float64, net.Populations())
	for i := range int((skip + seconds) / g.Dt) {
		s.Advance(nil, draws.Draw)
		if float64(i)*g.Dt < skip {
			continue
		}
		for p := range a {
			a[p] = append(a[p], s.Fraction(p)/g.Dt)
		}
	}
	return a, nil
}

// startAt is a simulation whose populations have always been active at rates in Hz.
func startAt(net *Network, g Grid, rates []float64) (*Simulation, error) {
	m := net.Populations()
	initial, err := StationaryInitial(net, g, rates, make([][]int, m), false)
	if err != nil {
		return nil, err
	}
	history := rows(m, g.Ages)
	for p := range history {
		for i := range history[p] {
			history[p][i] = rates[p] * g.Dt
		}
	}
	return NewSimulation(net, g, initial, history), nil
}

// Pulse is the experiment of section 6 of the method, E5: the first population is made to win
// by input of 100/s to it, and of -100/s to the second, in the first 0.4 s of a trial of 2 s;
// from 1.0 s to 1.2 s the second gets an input of some amplitude.
type Pulse struct{ Amplitude float64 }

// Times of the experiment, s, and what makes the first population win, 1/s.
const (
	pulseTrial         = 2.0
	pulseForced        = 0.4
	pulseForce         = 100
	pulseFrom, pulseTo = 1.0, 1.2
	pulseBefore        = 0.6 // to pulseFrom: who wins before
	pulseAfter         = 1.6 // to the end: who wins after
)

func (p Pulse) input(t float64, x []float64) {
	clear(x)
	switch {
	case t < pulseForced:
		x[0], x[1] = pulseForce, -pulseForce
	case t >= pulseFrom && t < pulseTo:
		x[1] = p.Amplitude
	}
}

// outcome says of activities of the first two populations, summed over the bins before the
// pulse and long after it, whether the trial counts and whether the second took over.
type outcome struct{ before, after [2]float64 }

func (o *outcome) add(t float64, first, second float64) {
	switch {
	case t >= pulseBefore && t < pulseFrom:
		o.before[0], o.before[1] = o.before[0]+first, o.before[1]+second
	case t >= pulseAfter:
		o.after[0], o.after[1] = o.after[0]+first, o.after[1]+second
	}
}

// PopulationResponse is the part of trials, of those in which the first population won before
// the pulse, in which the second wins after it, in the mesoscopic model; NaN if there are
// none.
func (p Pulse) PopulationResponse(net *Network, g Grid, rates []float64, trials int, seed uint64, threads int) (float64, error) {
	errs := make([]error, trials)
	part := takeovers(trials, threads, func(k int, o *outcome) {
		s, err := startAt(net, g, rates)
		if err != nil {
			errs[k] = err
			return
		}
		draws, x := NewDraws(net, Gaussian, seed, uint64(k)), make([]float64, net.Populations())
		for i := range int(math.Round(pulseTrial / g.Dt)) {
			t := float64(i) * g.Dt
			p.input(t, x)
			s.Advance(x, draws.Draw)
			o.add(t, s.Fraction(0), s.Fraction(1))
		}
	})
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return part, nil
}

// NeuronResponse is that of the network neuron by neuron, which starts synchronously.
func (p Pulse) NeuronResponse(net *Network, g Grid, rest [][]float64, trials int, seed uint64, threads int) float64 {
	return takeovers(trials, threads, func(k int, o *outcome) {
		s, x := NewMicroscopic(net, g, rest, seed, uint64(k)), make([]float64, net.Populations())
		for i := range int(math.Round(pulseTrial / g.Dt)) {
			t := float64(i) * g.Dt
			p.input(t, x)
			s.Advance(x)
			o.add(t, float64(len(s.Spiked(0)))/float64(net.Neurons[0]), float64(len(s.Spiked(1)))/float64(net.Neurons[1]))
		}
	})
}

func takeovers(trials, threads int, run func(k int, o *outcome)) float64 {
	outcomes := make([]outcome, trials)
	parallel.For(threads, trials, func(_, k int) { run(k, &outcomes[k]) })
	counted, taken := 0.0, 0.0
	for _, o := range outcomes {
		if o.before[0] > o.before[1] {
			counted++
			if o.after[1] > o.after[0] {
				taken++
			}
		}
	}
	return taken / counted
}
