package ttfs

// The sums of a neuron's weights, S_i, must be below 1 in form alpha, where the slope at
// the threshold is α/(1 - S_i). C1's bounds (section 4.3):
const (
	greatestSum = 0.99
	leastSum    = -10
)

// rescale multiplies weights and biases of each neuron whose S_i is out of bounds by a
// factor that takes it there, and divides the weights out of it by the same: ReLU and
// pooling pass positive factors on, so that the logits stay. An average, whose sum is 1,
// is taken to 0.99 too; what it makes smaller, the next layer makes good.
func rescale(n *Network[float64]) error {
	shapes, err := n.Shapes()
	if err != nil {
		return err
	}
	carried := filled(n.Input.Channels, 1) // factor of the values, by channel
	for i, stage := range n.Stages {
		switch stage := stage.(type) {
		case *Neurons[float64]:
			if average, ok := stage.Synapses.(*Average[float64]); ok {
				average.Gain *= greatestSum
				next := make([]float64, len(carried))
				each(next, carried, func(f *float64, c int) { *f = carried[c] * greatestSum })
				carried = next
			} else {
				divideInputs(stage.Synapses, carried)
				carried = shrink(stage)
			}
			stage.Scale = carried
		case *Readout[float64]:
			divideInputs(stage.Synapses, carried)
		case *Flatten[float64]:
			flat := make([]float64, shapes[i].Size())
			each(flat, carried, func(f *float64, c int) { *f = carried[c] })
			carried = flat
		}
	}
	return nil
}

// shrink takes the weight sums of all channels into bounds, and returns the factors.
func shrink(n *Neurons[float64]) []float64 {
	factors := n.Synapses.WeightSums()
	for c, sum := range factors {
		switch {
		case sum > greatestSum:
			factors[c] = greatestSum / sum
		case sum < leastSum:
			factors[c] = leastSum / sum
		default:
			factors[c] = 1
		}
	}
	scaleOutputs(n.Synapses, factors)
	each(n.Bias.Data, factors, func(b *float64, c int) { *b *= factors[c] })
	return factors
}
