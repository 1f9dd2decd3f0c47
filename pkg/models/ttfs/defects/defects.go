// Package defects has what hardware does to a network of single spikes: spike times
// that jitter or are rounded to few steps, weights of few bits, slopes that differ
// from neuron to neuron (2212.12522 and 2306.08744, sections 6.1 to 6.3 of the method).
//
// Spike times are given as coded values x = t_max - t, the time from the spike to
// the end of the window that it lies in: 0 for a silent neuron. So all functions
// work in layer-local time, where nothing cancels.
package defects

// Defects are those of one network; the zero value has none.
type Defects struct {
	Jitter      float64 // σ of the noise on every spike time, in units of τ_c
	QuietSilent bool    // silent neurons do not jitter; the reference code lets them

	TimeBits int // spike times are rounded to 2^TimeBits steps a window; 0: they are not

	WeightBits            int     // weights have 2^WeightBits values; 0: any
	WeightLow, WeightHigh float64 // their range, which holds 0
	RangePerLayer         bool    // the range of a layer is [-max|w|, max|w|], not [WeightLow, WeightHigh]

	Readout bool // time bits and weight bits hold for the readout too; in the reference code they do not

	Slope float64 // σ of the fixed offset of each neuron's slope
}
