package kernel

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

// The functions below compute y[i] from x[i] for each i < len(x); y may be x.
// In float64 they are those of package math; in float32 the errors stated hold
// for every number, in units in the last place of the result.

// Exp is y = eˣ, within 1 ulp.
func Exp[F tensor.Float](y, x []F) { elementwise(expFast, math.Exp, y, x) }

// Log is y = ln x, within 1 ulp; NaN below 0.
func Log[F tensor.Float](y, x []F) { elementwise(logFast, math.Log, y, x) }

// Tanh is y = tanh x, within 2 ulp.
func Tanh[F tensor.Float](y, x []F) { elementwise(tanhFast, math.Tanh, y, x) }

// Sigmoid is y = 1/(1+e⁻ˣ), within 3 ulp.
func Sigmoid[F tensor.Float](y, x []F) { elementwise(sigmoidFast, sigmoid, y, x) }

func sigmoid(x float64) float64 {
	e := math.Exp(-math.Abs(x))
	if math.Signbit(x) {
		return e / (1 + e)
	}
	return 1 / (1 + e)
}

// elementwise applies fast to float32, where it can, else plain.
func elementwise[F tensor.Float](fast func(y, x []float32) bool, plain func(float64) float64, y, x []F) {
	y = y[:len(x)]
	if from, ok := any(x).([]float32); ok && fast(any(y).([]float32), from) {
		return
	}
	for i, v := range x {
		y[i] = F(plain(float64(v)))
	}
}

// Softmax is, for each row of n numbers of x, y[i] = exp(x[i]) / Σ exp(x[j]).
// Rows follow each other without gaps; y may be x. Each yᵢ is positive or 0 and
// they sum to 1, both up to rounding; a row with NaN or +∞, or of
// -∞ only, is all NaN.
func Softmax[F tensor.Float](y, x []F, n int) {
	for ; len(x) > 0; x, y = x[n:], y[n:] {
		from, to := x[:n], y[:n]
		top := from[0]
		for _, v := range from {
			top = max(top, v) // NaN if one is
		}
		sum := expSum(to, from, top)
		for i := range to {
			to[i] /= sum
		}
	}
}

// expSum is y = exp(x-shift), and returns the sum of y.
func expSum[F tensor.Float](y, x []F, shift F) F {
	sum, ok := expSumFast(y, x, shift)
	if ok {
		return sum
	}
	for i, v := range x {
		y[i] = F(math.Exp(float64(v - shift)))
		sum += y[i]
	}
	return sum
}
