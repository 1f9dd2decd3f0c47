package speechfeatures

import "math"

// mel is equation (1), f in Hz.
func mel(f float64) float64 { return 2595 * math.Log10(1+f/700) }

// hertz is the inverse of mel.
func hertz(m float64) float64 { return 700 * (math.Pow(10, m/2595) - 1) }

// filter weighs the frequencies of a power spectrum from the one numbered first.
type filter struct {
	first   int
	weights []float64
}

// newFilterBank returns triangular filters for the power spectra of an FFT of so many
// samples: each rises from the centre of the one before to its own, and falls to that
// of the next. So the weights of a frequency between the first and the last centre
// add up to 1.
func newFilterBank(filters, samples int, rate float64) []filter {
	corner := func(m int) float64 { return hertz(float64(m) * mel(rate/2) / float64(filters+1)) }
	bank := make([]filter, filters)
	for m := range bank {
		low, centre, high := corner(m), corner(m+1), corner(m+2)
		for f := range samples/2 + 1 {
			frequency := float64(f) * rate / float64(samples)
			weight := min((frequency-low)/(centre-low), (high-frequency)/(high-centre))
			if weight <= 0 {
				continue
			}
			if bank[m].weights == nil {
				bank[m].first = f
			}
			bank[m].weights = append(bank[m].weights, weight)
		}
	}
	return bank
}

func (f *filter) energy(power []float64) (sum float64) {
	for i, w := range f.weights {
		sum += w * power[f.first+i]
	}
	return sum
}
