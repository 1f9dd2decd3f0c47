package em

import (
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/models/neulvm"
)

// Options are what a fit is made with.
type Options struct {
	Grid           neulvm.Grid
	Parameters     *Parameters
	Unscored       int     // first bins that are left out of the likelihood
	SilentYoungest bool    // of the published initial state
	Sigma          float64 // of the initial smoothing, bins
}

// Fit is one descent from one start: a network and a trajectory, and the memory to move both.
type Fit struct {
	Network *neulvm.Network
	Z       [][]float64 // [M][A+T]

	options Options
	data    *Observations
	problem *neulvm.Problem
	like    *neulvm.Likelihood
	grad    *neulvm.Gradient
	xi      [][]float64 // [M][T] innovations
	spread  [][]float64 // [M][bands] ln of their deviations
	adam    *adamState
	held    bool // the weights stay where they are, and other parameters are fitted to them
}

// NewFit starts from ratios of the parameters and the smoothed spikes.
func NewFit(o Options, data *Observations, ratios []float64) (*Fit, error) {
	if err := data.Check(); err != nil {
		return nil, err
	}
	m := o.Parameters.Reference.Populations()
	if len(data.Spikes) != m {
		return nil, fault.Inputf("the spikes are of %d populations, the network has %d", len(data.Spikes), m)
	}
	if data.History < o.Grid.Ages && data.History < 1 {
		return nil, fault.Inputf("there is no history before the bins to explain, expected at least one bin")
	}
	f := &Fit{Network: o.Parameters.Network(ratios), options: o, data: data, problem: data.Problem(o.Grid, o.Unscored)}
	if err := f.problem.Check(f.Network); err != nil {
		return nil, err
	}
	f.Z = data.Trajectory(o.Grid, data.Smoothed(o.Sigma))
	f.like, f.grad = neulvm.NewLikelihood(f.problem, m), neulvm.NewGradient(f.problem, m)
	f.xi, f.spread = rows(m, f.problem.Bins), rows(m, bandCount)
	return f, f.Restart()
}

// Restart sets the initial state to that of the present network. It stays what it is while
// parameters move, so that values and gradients agree.
func (f *Fit) Restart() error {
	return f.data.Start(f.Network, f.problem, f.options.SilentYoungest, f.Z)
}

// Problem is the likelihood's view of the observations, in the fit's memory.
func (f *Fit) Problem() *neulvm.Problem { return f.problem }

// Loss is the negative log-likelihood of spikes and trajectory for each bin and population.
func (f *Fit) Loss() float64 {
	return f.like.NegLogLikelihood(f.Network, f.Z) / f.terms()
}

func (f *Fit) terms() float64 { return float64(f.problem.Bins * len(f.Z)) }

// Trajectory is that of the T bins alone, [M][T], in the fit's memory.
func (f *Fit) Trajectory() [][]float64 {
	z := make([][]float64, len(f.Z))
	for p := range z {
		z[p] = f.Z[p][f.options.Grid.Ages:]
	}
	return z
}

func rows(n, length int) [][]float64 {
	r := make([][]float64, n)
	for i := range r {
		r[i] = make([]float64, length)
	}
	return r
}

// kept is a fit as it was.
type kept struct {
	network *neulvm.Network
	z, xi   [][]float64
	spread  [][]float64
}

func (f *Fit) save() kept { return kept{f.Network.Clone(), clone(f.Z), clone(f.xi), clone(f.spread)} }

func (f *Fit) restore(k kept) {
	f.Network = k.network
	for p := range f.Z {
		copy(f.Z[p], k.z[p])
		copy(f.xi[p], k.xi[p])
		copy(f.spread[p], k.spread[p])
	}
}

func clone(x [][]float64) [][]float64 {
	c := make([][]float64, len(x))
	for i := range x {
		c[i] = append([]float64(nil), x[i]...)
	}
	return c
}
