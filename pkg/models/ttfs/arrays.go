package ttfs

import (
	"slices"

	"github.com/snnctl/snnctl/internal/tensor"
)

func filled(n int, value float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = value
	}
	return x
}

func clone[F tensor.Float](x *tensor.Dense[F]) *tensor.Dense[F] {
	return &tensor.Dense[F]{Shape: slices.Clone(x.Shape), Data: slices.Clone(x.Data)}
}

// each calls f for each of values, of which every channel has as many.
func each(values, channels []float64, f func(value *float64, channel int)) {
	n := len(values) / len(channels)
	for i := range values {
		f(&values[i], i/n)
	}
}

// scaleOutputs multiplies the weights into each output channel.
func scaleOutputs(s Synapses[float64], gain []float64) {
	switch s := s.(type) {
	case *Dense[float64]:
		for i := range s.Weights.Data {
			s.Weights.Data[i] *= gain[i%len(gain)]
		}
	case *Conv[float64]:
		each(s.Weights.Data, gain, func(w *float64, c int) { *w *= gain[c] })
	}
}

// divideInputs divides the weights out of each input channel.
func divideInputs(s Synapses[float64], scale []float64) {
	switch s := s.(type) {
	case *Dense[float64]:
		places := s.Weights.Shape[0] / len(scale)
		for j := range s.Weights.Shape[0] {
			row := s.Weights.Row(j)
			for i := range row {
				row[i] /= scale[j/places]
			}
		}
	case *Conv[float64]:
		filters, channels, taps := s.Weights.Shape[0], s.Weights.Shape[1], s.Weights.Shape[2]*s.Weights.Shape[3]
		for i := range s.Weights.Data {
			filter, channel := i/(channels*taps), i/taps%channels
			s.Weights.Data[i] /= scale[filter/(filters/s.Groups)*channels+channel]
		}
	}
}
