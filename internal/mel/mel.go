// Package mel has the mel scale of HTK and triangular filters that are equally wide on it.
package mel

import "math"

// FromHertz is 2595 log₁₀(1 + f/700).
func FromHertz(f float64) float64 { return 2595 * math.Log10(1+f/700) }

// ToHertz is its inverse.
func ToHertz(m float64) float64 { return 700 * (math.Pow(10, m/2595) - 1) }

// Band weighs the bins of a spectrum from the one numbered First on.
type Band struct {
	First   int
	Weights []float64
}

// Bank returns bands for spectra of window samples at a rate, in Hz: triangles of height 1, whose corners are equally
// spaced on the scale from low Hz to half the rate. Each rises from the centre of the one before to its own, and falls to that
// of the next, so that the weights of a bin between the first and the last centre add up to 1.
func Bank(bands, window int, rate, low float64) []Band {
	from, to := FromHertz(low), FromHertz(rate/2)
	corner := func(i int) float64 { // in bins
		return ToHertz(from+(to-from)*float64(i)/float64(bands+1)) * float64(window) / rate
	}
	bank := make([]Band, bands)
	for k := range bank {
		left, centre, right := corner(k), corner(k+1), corner(k+2)
		for bin := range window/2 + 1 {
			f := float64(bin)
			weight := min((f-left)/(centre-left), (right-f)/(right-centre))
			if weight <= 0 {
				continue
			}
			if bank[k].Weights == nil {
				bank[k].First = bin
			}
			bank[k].Weights = append(bank[k].Weights, weight)
		}
	}
	return bank
}

// Of is the sum of what a band weighs.
func (b *Band) Of(spectrum []float64) (sum float64) {
	for i, w := range b.Weights {
		sum += w * spectrum[b.First+i]
	}
	return sum
}
