package em

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// bands part a signal of n bins by frequency: from 0 to 0.5 Hz, then by octaves, the last one
// being all that is left. The parts are orthogonal and sum to the signal.
type bands struct {
	fft   *fourier.FFT
	of    []int     // the band of each coefficient
	modes []float64 // the number of real dimensions of each band
}

const (
	lowestBand = 0.5 // Hz, where the second band begins
	bandCount  = 9
)

func newBands(n int, dt float64) *bands {
	b := &bands{fft: fourier.NewFFT(n), of: make([]int, n/2+1), modes: make([]float64, bandCount)}
	for j := range b.of {
		if hz := float64(j) / (float64(n) * dt); hz >= lowestBand {
			b.of[j] = min(1+int(math.Log2(hz/lowestBand)), bandCount-1)
		}
		if j == 0 || 2*j == n {
			b.modes[b.of[j]]++
		} else {
			b.modes[b.of[j]] += 2
		}
	}
	return b
}

// split returns the parts, [bands][n].
func (b *bands) split(signal []float64) [][]float64 {
	all := b.fft.Coefficients(nil, signal)
	parts, n := make([][]float64, bandCount), float64(len(signal))
	one := make([]complex128, len(all))
	for i := range parts {
		for j, c := range all {
			one[j] = 0
			if b.of[j] == i {
				one[j] = c / complex(n, 0)
			}
		}
		parts[i] = b.fft.Sequence(nil, one)
	}
	return parts
}
