package populationcode

import (
	"math"
	"math/rand/v2"
)

// Hold draws the spikes of so many steps in which one value is shown, and calls spike for
// each. As the probability of a neuron stays the same, the gaps between its spikes are
// drawn, neuron by neuron: the cost follows the number of spikes, not that of steps.
func (c Code) Hold(r *rand.Rand, value float64, steps int, spike func(step, neuron int)) {
	value = min(c.high, max(c.low, value))
	for neuron := range c.neurons {
		d := (c.Preferred(neuron) - value) / c.sigma
		p := c.peak * math.Exp(-d*d/2)
		scale := -1 / math.Log1p(-p)
		for at := -1; ; {
			gap := math.Floor(r.ExpFloat64() * scale) // geometric; infinite where p is 0
			if gap >= float64(steps-1-at) {
				break
			}
			at += 1 + int(gap)
			spike(at, neuron)
		}
	}
}
