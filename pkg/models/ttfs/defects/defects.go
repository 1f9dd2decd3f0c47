// Package defects has what hardware does to a network of single spikes: spike times
// that jitter or are rounded to few steps, weights of few bits, slopes that differ
// from neuron to neuron (2212.12522 and 2306.08744, spec sections 6.1 to 6.3).
//
// Spike times are given as coded values x = t_max - t, the time from the spike to
// the end of the window that it lies in: 0 for a silent neuron. So all functions
// work in layer-local time, where nothing cancels.
package defects

import "github.com/snnctl/snnctl/internal/fault"

// Defects are those of one network. The zero value, with a WeightLow below
// WeightHigh or without WeightBits, is a network without any.
type Defects struct {
	Jitter      float64 // σ of the noise on every spike time, in units of τ_c
	QuietSilent bool    // silent neurons do not jitter; the reference code lets them

	TimeBits int // spike times are rounded to 2^TimeBits steps a window; 0: they are not

	WeightBits            int // weights have 2^WeightBits values; 0: any
	WeightLow, WeightHigh float64
	RangePerLayer         bool // the range of a layer is [-max|w|, max|w|], not [WeightLow, WeightHigh]

	Readout bool // time bits and weight bits hold for the readout too; in the reference code they do not

	Slope float64 // σ of the fixed offset of each neuron's slope
}

// maxBits keeps 2^bits within what float64 counts without gaps.
const maxBits = 32

// Check refuses what has no meaning.
func (d *Defects) Check() error {
	switch {
	case d.Jitter < 0 || d.Jitter != d.Jitter:
		return fault.Inputf("the jitter is %v, expected a standard deviation of at least 0", d.Jitter)
	case d.Slope < 0 || d.Slope != d.Slope:
		return fault.Inputf("the noise of the slopes is %v, expected a standard deviation of at least 0", d.Slope)
	case d.TimeBits < 0 || d.TimeBits > maxBits:
		return fault.Inputf("there are %d time bits, expected 0 (no rounding) to %d", d.TimeBits, maxBits)
	case d.WeightBits < 0 || d.WeightBits > maxBits:
		return fault.Inputf("there are %d weight bits, expected 0 (no rounding) to %d", d.WeightBits, maxBits)
	case d.WeightBits > 0 && !d.RangePerLayer && !(d.WeightLow <= 0 && d.WeightHigh >= 0 && d.WeightLow < d.WeightHigh):
		return fault.Inputf("the range of weights is [%v, %v], expected one that holds 0", d.WeightLow, d.WeightHigh)
	}
	return nil
}

// Any reports whether there is a defect at all.
func (d *Defects) Any() bool {
	return d.Jitter != 0 || d.TimeBits != 0 || d.WeightBits != 0 || d.Slope != 0
}
