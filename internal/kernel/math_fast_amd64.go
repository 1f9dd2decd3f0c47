//go:build amd64 && !purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

func expFast(y, x []float32) bool     { return each(expF32, y, x) }
func logFast(y, x []float32) bool     { return each(logF32, y, x) }
func tanhFast(y, x []float32) bool    { return each(tanhF32, y, x) }
func sigmoidFast(y, x []float32) bool { return each(sigmoidF32, y, x) }

func each(kernel func(n int, x, y *float32), y, x []float32) bool {
	if !canRun(y, x) {
		return false
	}
	kernel(len(x), &x[0], &y[0])
	return true
}

func canRun(y, x []float32) bool { return denseVectors() && len(x) > 0 && len(y) >= len(x) }

// expSumFast reports whether it computed the exponentials, and their sum.
func expSumFast[F tensor.Float](y, x []F, shift F) (F, bool) {
	from, ok := any(x).([]float32)
	if !ok {
		return 0, false
	}
	to := any(y).([]float32)
	if !canRun(to, from) {
		return 0, false
	}
	var sums [8]float32
	expSumF32(len(from), &from[0], float32(shift), &to[0], &sums[0])
	return F((sums[0] + sums[4]) + (sums[1] + sums[5]) + ((sums[2] + sums[6]) + (sums[3] + sums[7]))), true
}
