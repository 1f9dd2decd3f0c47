package ttfs

import "github.com/snnctl/snnctl/internal/fault"

// mapAlpha turns W of a rescaled network into the synapses of alpha neurons,
//
//	J_ij = α W_ij / (1 - S_i),  S_i = Σ_j W_ij < 1,
//
// so that α + Σ_j J_ij = α / (1 - S_i) and J_ij / s_i = W_ij (section 4.2).
func mapAlpha(n *Network[float64]) error {
	n.Form = Alpha
	for _, stage := range n.Stages {
		neurons, ok := stage.(*Neurons[float64])
		if !ok {
			continue
		}
		gain := neurons.Synapses.WeightSums()
		for c, sum := range gain {
			if !(sum < 1) {
				return fault.Inputf("the weights of channel %d of %s sum to %g, expected less than 1 for form alpha (form b1 takes any)", c, neurons.Name, sum)
			}
			gain[c] = Drive / (1 - sum)
		}
		if average, ok := neurons.Synapses.(*Average[float64]); ok {
			average.Gain *= gain[0]
		} else {
			scaleOutputs(neurons.Synapses, gain)
		}
	}
	return nil
}
