// Package em fits the mesoscopic model of pkg/models/neulvm to the spikes of a few neurons:
// Baum-Viterbi, which takes the most probable trajectory of the populations for the
// true one, then the parameters that make it most probable, and so on (arXiv:2205.13493);
// better ways to either; and labels for neurons that have none.
package em

import (
	"math"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/neulvm"
)

// Observations are the spikes of some neurons of each population.
type Observations struct {
	Dt      float64    // s, of a bin
	Spikes  [][][]bool // [M][R][history+T]
	Input   []float64  // [history+T][M], nil for none
	History int        // first bins, which only tell how it began
}

// leastFraction is the floor under fractions of an initial trajectory.
const leastFraction = 1e-5

// Bins is T.
func (o *Observations) Bins() int {
	for _, trains := range o.Spikes {
		for _, train := range trains {
			return len(train) - o.History
		}
	}
	return 0
}

// Check says what no fit can be made of.
func (o *Observations) Check() error {
	if len(o.Spikes) == 0 {
		return fault.Inputf("no population is observed, expected at least one")
	}
	for p, trains := range o.Spikes {
		if len(trains) == 0 {
			return fault.Inputf("population %d has no observed neuron, expected at least one in each population", p)
		}
		for i, train := range trains {
			if len(train) != o.Bins()+o.History {
				return fault.Inputf("neuron %d of population %d has %d bins, expected %d as the others", i, p, len(train), o.Bins()+o.History)
			}
		}
	}
	if o.Bins() < 1 {
		return fault.Inputf("the recording ends within the %d bins of history, expected some more to explain", o.History)
	}
	return nil
}

// Silent lists the observed neurons without a spike, as pairs of population and neuron.
func (o *Observations) Silent() (silent [][2]int) {
	for p, trains := range o.Spikes {
		for i, train := range trains {
			if count(train) == 0 {
				silent = append(silent, [2]int{p, i})
			}
		}
	}
	return silent
}

// Trains are the spikes of all neurons, population after population.
func (o *Observations) Trains() (trains [][]bool) {
	for _, of := range o.Spikes {
		trains = append(trains, of...)
	}
	return trains
}

func count(train []bool) (n int) {
	for _, spiked := range train {
		if spiked {
			n++
		}
	}
	return n
}

// Rates are the mean rates of the observed neurons of each population during the history, Hz,
// at least leastFraction a bin.
func (o *Observations) Rates() []float64 {
	rates := make([]float64, len(o.Spikes))
	for p, trains := range o.Spikes {
		n := 0
		for _, train := range trains {
			n += count(train[:o.History])
		}
		rates[p] = max(float64(n)/(float64(len(trains)*max(o.History, 1))*o.Dt), leastFraction/o.Dt)
	}
	return rates
}

// Smoothed is the trajectory that smoothing makes, [M][history+T] (section 5.1 of the
// method): the fraction of the observed neurons of each population that spikes, under a
// Gaussian with a standard deviation of sigma bins, and at least 1e-5.
func (o *Observations) Smoothed(sigma float64) [][]float64 {
	z := make([][]float64, len(o.Spikes))
	for p, trains := range o.Spikes {
		mean := make([]float64, o.History+o.Bins())
		for _, train := range trains {
			for t, spiked := range train {
				if spiked {
					mean[t] += 1 / float64(len(trains))
				}
			}
		}
		z[p] = metrics.SmoothGaussian(mean, sigma)
		for t := range z[p] {
			z[p][t] = max(z[p][t], leastFraction)
		}
	}
	return z
}

// ages are the bins since each neuron's last spike in the history; A-1 if there was none.
func (o *Observations) ages(most int) [][]int {
	ages := make([][]int, len(o.Spikes))
	for p, trains := range o.Spikes {
		ages[p] = make([]int, len(trains))
		for i, train := range trains {
			age := 0
			for age < most-1 && !(age < o.History && train[o.History-1-age]) {
				age++
			}
			ages[p][i] = age
		}
	}
	return ages
}

// Problem is the likelihood's view of the observations. Its initial state is the stationary
// one of a network at the rates of the history; Start sets it.
func (o *Observations) Problem(g neulvm.Grid, unscored int) *neulvm.Problem {
	p := &neulvm.Problem{Grid: g, Bins: o.Bins(), Unscored: unscored}
	for _, trains := range o.Spikes {
		var rest [][]bool
		for _, train := range trains {
			rest = append(rest, train[o.History:])
		}
		p.Spikes = append(p.Spikes, rest)
	}
	if o.Input != nil {
		p.Input = o.Input[o.History*len(o.Spikes):]
	}
	return p
}

// Start sets the initial state of the problem to the stationary one of a network, and the
// history of a trajectory, its first A bins, to the rates it belongs to.
func (o *Observations) Start(net *neulvm.Network, p *neulvm.Problem, silentYoungest bool, z [][]float64) error {
	rates := o.Rates()
	initial, err := neulvm.StationaryInitial(net, p.Grid, rates, o.ages(p.Grid.Ages), silentYoungest)
	if err != nil {
		return err
	}
	p.Initial = initial
	for q := range z {
		for i := range z[q][:p.Grid.Ages] {
			z[q][i] = rates[q] * p.Grid.Dt
		}
	}
	return nil
}

// Trajectory lays the fractions of T bins, the last of each row of fractions, behind room for
// a history of A bins.
func (o *Observations) Trajectory(g neulvm.Grid, fractions [][]float64) [][]float64 {
	z := make([][]float64, len(fractions))
	for p, f := range fractions {
		z[p] = make([]float64, g.Ages+o.Bins())
		copy(z[p][g.Ages:], f[len(f)-o.Bins():])
	}
	return z
}

// finite reports whether all numbers are.
func finite(x ...float64) bool {
	for _, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
