// Package trialmatch fits a spiking network to recordings so that it reproduces not
// only the mean response of each neuron but also how trials differ: simulated trials
// are matched with recorded ones (arXiv:2306.03603, sections 3 and 4 of the method).
package trialmatch

import "math"

// Filter is a moving average along time: windows of Width steps, Stride apart, over
// Padding steps more on both sides that are not counted.
type Filter struct{ Width, Stride, Padding int }

// First is filter 1, a window of 12 ms every third step.
func First(stepMS float64) Filter {
	width := int(math.Round(12/stepMS*1e6) / 1e6)
	return Filter{width, 3, (width - 1) / 2}
}

// Second is filter 2, over what filter 1 gives: windows of 2r, r apart.
func Second(r int) Filter { return Filter{2 * r, r, (2*r - 1) / 2} }

// Length is the number of windows over n steps.
func (f Filter) Length(n int) int { return max(0, (n+2*f.Padding-f.Width)/f.Stride+1) }

// window is the steps [lo, hi) of n that output i counts.
func (f Filter) window(i, n int) (lo, hi int) {
	lo = i*f.Stride - f.Padding
	return max(0, lo), min(n, lo+f.Width)
}

// Apply filters a signal.
func (f Filter) Apply(x []float64) []float64 {
	y := make([]float64, f.Length(len(x)))
	f.apply(y, x)
	return y
}

// apply filters x into y, of the right length.
func (f Filter) apply(y, x []float64) {
	for i := range y {
		lo, hi := f.window(i, len(x))
		var sum float64
		for _, v := range x[lo:hi] {
			sum += v
		}
		y[i] = sum / float64(hi-lo)
	}
}

// Adjoint carries a gradient with respect to Apply's result back to its argument of
// length n.
func (f Filter) Adjoint(gy []float64, n int) []float64 {
	gx := make([]float64, n)
	f.adjoint(gx, gy)
	return gx
}

// adjoint adds to gx what gy says of it.
func (f Filter) adjoint(gx, gy []float64) {
	for i, g := range gy {
		lo, hi := f.window(i, len(gx))
		for t := lo; t < hi; t++ {
			gx[t] += g / float64(hi-lo)
		}
	}
}

// meanAndDeviation are the mean and the sample standard deviation (n - 1) of x.
func meanAndDeviation(x []float64) (mean, deviation float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	var squares float64
	for _, v := range x {
		squares += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(squares / float64(len(x)-1))
}
