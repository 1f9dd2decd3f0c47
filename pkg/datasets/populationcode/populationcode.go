// Package populationcode tells a network numbers by the spikes of many neurons, each
// tuned to a value: the code shared by the tasks of 1803.09574 (learning to learn) and
// 1901.09049 (one-shot movements).
//
// Neuron c of N, whose preferred values m_c reach evenly from low-2σ to high+2σ, fires
// in a step in which x is shown with the probability
//
//	(1) p exp(-(m_c - x)²/2σ²),   σ = k (high - low)/N
//
// where p = rate/1000 and k depends on N by the rule of the lab whose code this is:
// 20 for 110 < N < 210, 10 for about 100, 4 for about 20, otherwise 2.
package populationcode

import (
	"math"
	"math/rand/v2"
)

// PeakHz is the rate of a neuron at its preferred value, as published.
const PeakHz = 200

// Code is the code of one number, or of several alike. It is a value without state.
type Code struct {
	neurons        int
	low, high      float64
	first, spacing float64 // m_0, and m_(c+1) - m_c
	sigma          float64
	peak           float64 // p
	gap            float64 // 1 / ln(1-p)
}

// New returns the code of numbers in [low, high], low < high, by at least two neurons
// that fire at up to peakHz, above 0 and below 1000. Numbers beyond are taken to be at
// the border.
func New(neurons int, low, high, peakHz float64) Code {
	sigma := width(neurons) * (high - low) / float64(neurons)
	return Code{
		neurons: neurons, low: low, high: high, sigma: sigma,
		first: low - 2*sigma, spacing: (high - low + 4*sigma) / float64(neurons-1),
		peak: peakHz / 1000, gap: 1 / math.Log1p(-peakHz/1000),
	}
}

// width is k of equation (1).
func width(n int) float64 {
	switch {
	case n > 110 && n < 210:
		return 20
	case n > 90 && n < 110:
		return 10
	case n > 15 && n < 25:
		return 4
	}
	return 2
}

// Width is σ.
func (c Code) Width() float64 { return c.sigma }

// Preferred is m_c, the value that neuron number neuron is tuned to.
func (c Code) Preferred(neuron int) float64 { return c.first + float64(neuron)*c.spacing }

// Fire draws the spikes of one step for each of values, and calls spike for each.
//
// Few of the neurons fire. So gaps are drawn between the spikes of neurons that all
// fire at the peak rate, and each of their spikes is kept with the probability exp(…):
// the distribution is the same.
func (c Code) Fire(r *rand.Rand, values []float64, spike func(value, neuron int)) {
	for at := -1; ; {
		at += 1 + int(math.Log(1-r.Float64())*c.gap) // geometric
		if at >= c.neurons*len(values) {
			return
		}
		value, neuron := at/c.neurons, at%c.neurons
		d := (c.Preferred(neuron) - min(c.high, max(c.low, values[value]))) / c.sigma
		if u := r.Float64(); d*d < 80 && u < math.Exp(-d*d/2) { // beyond, e⁻⁴⁰ is less than the least u > 0
			spike(value, neuron)
		}
	}
}
