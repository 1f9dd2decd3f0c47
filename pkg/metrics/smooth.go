package metrics

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// SmoothGaussian is x under a Gaussian kernel with a standard deviation of sigma samples, cut
// at four of them; beyond its ends x is reflected, the last sample repeated. sigma 0 leaves x
// as it is.
func SmoothGaussian(x []float64, sigma float64) []float64 {
	y := make([]float64, len(x))
	if sigma <= 0 || len(x) == 0 {
		copy(y, x)
		return y
	}
	radius := int(4*sigma + 0.5)
	kernel := make([]float64, 2*radius+1)
	for i := range kernel {
		d := float64(i-radius) / sigma
		kernel[i] = math.Exp(-d * d / 2)
	}
	floats.Scale(1/floats.Sum(kernel), kernel)
	wide := make([]float64, len(x)+2*radius)
	for i := range wide {
		wide[i] = x[reflected(i-radius, len(x))]
	}
	for i := range y {
		y[i] = floats.Dot(kernel, wide[i:i+len(kernel)])
	}
	return y
}

// reflected is the place of sample i of a signal of n that goes on beyond its ends in
// mirrors: … 1 0 | 0 1 … n-1 | n-1 n-2 …
func reflected(i, n int) int {
	i = ((i % (2 * n)) + 2*n) % (2 * n)
	if i >= n {
		return 2*n - 1 - i
	}
	return i
}
