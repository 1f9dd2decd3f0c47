package metrics

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/dsp/window"
	"gonum.org/v1/gonum/stat"
)

// PowerSpectrum estimates the one-sided power spectral density of x, sampled every dt
// seconds, by Welch's method: the mean over segments that overlap by half, each
// without its mean and under a symmetric Hann window. power[k] belongs to the frequency
// k/(segment·dt) Hz, for k = 0 … segment/2, and is in units of x² per Hz. It is nil if x is
// shorter than a segment.
func PowerSpectrum(x []float64, segment int, dt float64) (frequency, power []float64) {
	if segment < 2 || len(x) < segment {
		return nil, nil
	}
	hann := make([]float64, segment)
	for i := range hann {
		hann[i] = 1
	}
	window.Hann(hann)
	norm := 0.0
	for _, h := range hann {
		norm += h * h
	}
	fft := fourier.NewFFT(segment)
	frequency, power = make([]float64, segment/2+1), make([]float64, segment/2+1)
	part, coefficients := make([]float64, segment), make([]complex128, segment/2+1)
	segments := 0
	for from := 0; from+segment <= len(x); from += segment / 2 {
		mean := stat.Mean(x[from:from+segment], nil)
		for i := range part {
			part[i] = (x[from+i] - mean) * hann[i]
		}
		for k, c := range fft.Coefficients(coefficients, part) {
			power[k] += real(c)*real(c) + imag(c)*imag(c)
		}
		segments++
	}
	for k := range power {
		frequency[k] = float64(k) / (float64(segment) * dt)
		power[k] *= dt / (norm * float64(segments))
		if k > 0 && 2*k < segment { // all others stand for a negative frequency too
			power[k] *= 2
		}
	}
	return frequency, power
}

// SpectralPeak is the largest density from the second frequency on above 0, and where it is:
// the first would still hold what the window leaks of the mean.
func SpectralPeak(frequency, power []float64) (at, height float64) {
	for k := 2; k < len(power); k++ {
		if power[k] > height {
			at, height = frequency[k], power[k]
		}
	}
	return at, height
}

// Autocorrelation is the correlation of x with itself lag samples later; NaN for a constant.
func Autocorrelation(x []float64, lag int) float64 {
	mean := stat.Mean(x, nil)
	var covariance, variance float64
	for i, v := range x {
		variance += (v - mean) * (v - mean)
		if i+lag < len(x) {
			covariance += (v - mean) * (x[i+lag] - mean)
		}
	}
	n := float64(len(x))
	return covariance / (n - float64(lag)) / (variance / n)
}

// StandardError is the standard error of the mean of x; NaN of fewer than two values.
func StandardError(x []float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	return stat.StdDev(x, nil) / math.Sqrt(float64(len(x)))
}
