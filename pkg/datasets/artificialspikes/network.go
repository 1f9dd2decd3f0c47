// Package artificialspikes makes trials of networks of stochastic binary neurons whose
// weights are known (arXiv:2106.10064, section 5.2 of the method):
//
//	v_j[t] = Σ_i Σ_{d=1..D} W_ij[d] z_i[t-d] + Σ_m Win_mj x_m[t] + b_j
//	z_j[t] = 1 with probability σ((v_j[t] - 0.4) / 0.4)
//
// A trial begins with an empty history. All trials share one stimulus x.
package artificialspikes

import (
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
)

// threshold is θ of the networks.
const threshold = 0.4

// Stimulus is a sequence of normal numbers.
type Stimulus struct {
	Inputs      int
	Scale       float64 // standard deviation of the input weights
	Correlation float64 // ρ: x[t] = ρ x[t-1] + √(1-ρ²) e[t]
}

// Sizes of the data.
type Sizes struct {
	History                 int // silent bins before each trial
	Bins                    int
	Bin                     float64 // s
	Train, Validation, Test int     // trials
}

// FullObs is a network all of whose neurons are recorded, with normal weights.
type FullObs struct {
	Neurons, Delays int
	Recurrent, Bias float64 // standard deviation of W; b of all neurons
	Stimulus
}

// Trials draws the network and its trials.
func (c FullObs) Trials(s Sizes, seed uint64) *spiketrain.Trials {
	n := c.Neurons
	w := &spiketrain.Truth{Visible: n, Delays: c.Delays, Inputs: c.Inputs,
		Recurrent: make([]float64, n*c.Delays*n), Input: make([]float64, c.Inputs*n), Bias: make([]float64, n)}
	normal(w.Recurrent, c.Recurrent, rng.Stream(seed, "artificial spikes: recurrent weights", 0, 0))
	normal(w.Input, c.Scale, rng.Stream(seed, "artificial spikes: input weights", 0, 0))
	for j := range w.Bias {
		w.Bias[j] = c.Bias
	}
	return trials(w, c.Stimulus, s, seed, func(int) string { return "" })
}

// Motif has the populations A and B, which are recorded, and C, through which A drives
// B and which is not.
type Motif struct {
	Population       int       // neurons in each
	Filter           []float64 // oldest bin first
	Coupling, Spread float64   // A to C and C to B: Coupling |1 + Spread g|, g normal
	Self, Direct     float64   // of each neuron on itself; A to B
	Bias             float64   // of B and C
	Stimulus                   // of A
}

// Trials draws the network and its trials.
func (c Motif) Trials(s Sizes, seed uint64) *spiketrain.Trials {
	p, depth := c.Population, len(c.Filter)
	n := 3 * p
	w := &spiketrain.Truth{Visible: 2 * p, Hidden: p, Delays: depth, Inputs: c.Inputs,
		Recurrent: make([]float64, n*depth*n), Input: make([]float64, c.Inputs*n), Bias: make([]float64, n)}
	connect := func(pre, post int, strength float64) {
		for d := range depth {
			w.Recurrent[(pre*depth+d)*n+post] = strength * c.Filter[depth-1-d]
		}
	}
	weights := rng.Stream(seed, "artificial spikes: recurrent weights", 0, 0)
	const a, b, hidden = 0, 1, 2
	for _, way := range [][2]int{{a, hidden}, {hidden, b}} {
		for i := range p {
			for j := range p {
				connect(way[0]*p+i, way[1]*p+j, c.Coupling*math.Abs(1+c.Spread*weights.NormFloat64()))
			}
		}
	}
	for i := range p {
		for j := range p {
			connect(a*p+i, b*p+j, c.Direct)
		}
	}
	for j := range n {
		connect(j, j, c.Self)
		if j >= p {
			w.Bias[j] = c.Bias
		}
	}
	inputs := rng.Stream(seed, "artificial spikes: input weights", 0, 0)
	for m := range c.Inputs {
		normal(w.Input[m*n:m*n+p], c.Scale, inputs)
	}
	return trials(w, c.Stimulus, s, seed, func(j int) string { return []string{"A", "B"}[j/p] })
}

func normal(x []float64, std float64, r *rand.Rand) {
	for i := range x {
		x[i] = std * r.NormFloat64()
	}
}

// draw is the stimulus, [bins][inputs].
func (s Stimulus) draw(bins int, seed uint64) []float64 {
	r := rng.Stream(seed, "artificial spikes: stimulus", 0, 0)
	x := make([]float64, bins*s.Inputs)
	fresh := math.Sqrt(1 - s.Correlation*s.Correlation)
	for i := range x {
		if i < s.Inputs {
			x[i] = r.NormFloat64()
		} else {
			x[i] = s.Correlation*x[i-s.Inputs] + fresh*r.NormFloat64()
		}
	}
	return x
}

// trials runs the network.
func trials(w *spiketrain.Truth, stimulus Stimulus, s Sizes, seed uint64, area func(int) string) *spiketrain.Trials {
	x := stimulus.draw(s.Bins, seed)
	n := len(w.Bias)
	drive := make([]float64, s.Bins*n)
	for t := range s.Bins {
		row := drive[t*n : (t+1)*n]
		copy(row, w.Bias)
		for m, xm := range x[t*w.Inputs : (t+1)*w.Inputs] {
			for j, weight := range w.Input[m*n : (m+1)*n] {
				row[j] += xm * weight
			}
		}
	}
	t := &spiketrain.Trials{Bin: s.Bin, History: s.History, Steps: s.Bins, Inputs: w.Inputs, Stimulus: x, Truth: w}
	for j := range w.Visible {
		t.Neurons, t.Areas = append(t.Neurons, strconv.Itoa(j)), append(t.Areas, area(j))
	}
	split := func(purpose rng.Purpose, count int) []tensor.Raster {
		all := make([]tensor.Raster, count)
		v := make([]float64, len(drive)+w.Delays*n)
		for k := range all {
			run(&all[k], w, s.History, v, drive, rng.Stream(seed, purpose, 0, uint64(k)))
		}
		return all
	}
	t.Train = split("artificial spikes: train", s.Train)
	t.Validation = split("artificial spikes: validation", s.Validation)
	t.Test = split("artificial spikes: test", s.Test)
	return t
}

// run writes the spikes of the recorded neurons in one trial after its silent history; v
// has room for the potentials of as many bins more as a spike acts on.
func run(to *tensor.Raster, w *spiketrain.Truth, history int, v, drive []float64, r *rand.Rand) {
	n := len(w.Bias)
	copy(v, drive)
	clear(v[len(drive):])
	to.Reset()
	for range history {
		to.EndStep()
	}
	for t := range len(drive) / n {
		for j, vj := range v[t*n : (t+1)*n] {
			if 1/(1+math.Exp(-(vj-threshold)/threshold)) <= r.Float64() {
				continue
			}
			later := v[(t+1)*n : (t+1+w.Delays)*n]
			for i, weight := range w.Recurrent[j*w.Delays*n : (j+1)*w.Delays*n] {
				later[i] += weight
			}
			if j < w.Visible {
				to.Fire(j)
			}
		}
		to.EndStep()
	}
}
