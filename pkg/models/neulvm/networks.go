package neulvm

import "math"

// WinnerTakeAll is the paper's network of two excitatory populations that compete through an
// inhibitory one (section 3.1 of the method): populations E1, E2, I.
func WinnerTakeAll() *Network {
	const e, i = 9.984, 19.968
	theta := publishedThreshold
	return &Network{
		Neurons: []int{400, 400, 200}, Leak: []float64{50, 50, 50}, Synapse: []float64{1000. / 3, 1000. / 3, 500. / 3},
		Rest: []float64{14.4, 14.4, 14.4}, Threshold: []float64{theta, theta, theta},
		J: []float64{
			e, 0, e,
			0, e, e,
			-i, -i, -i,
		},
		Refractory: 4e-3, Gain: 1,
	}
}

// publishedThreshold is (15 mV)/(2.5 mV) - ln 10, for a hazard of 10 Hz at threshold.
var publishedThreshold = 6 - math.Log(10)

// Inhibited is one population of 500 neurons that inhibits itself with a weight and a delay of
// 8 ms (section 6 of the method, E1): with -20 at a resting potential of 14.4 it oscillates,
// with -8 at 10 weakly; with 0 at 8 it is uncoupled.
func Inhibited(weight, rest float64) *Network {
	n := &Network{Neurons: []int{500}, Leak: []float64{50}, Synapse: []float64{1000. / 3}, Rest: []float64{rest},
		Threshold: []float64{publishedThreshold}, J: []float64{weight}, Refractory: 4e-3, Delay: 8e-3, Gain: 1}
	if weight == 0 {
		n.Delay = 0
	}
	return n
}
