package autodiff

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

const badSoftmax = "autodiff: Softmax: x has no last axis, or an empty one"

// Softmax is y_k = exp(x_k) / Σ_j exp(x_j) along the last axis.
func Softmax[F tensor.Float](t *Tape[F], threads int, x *Var[F]) *Var[F] {
	y := like(t, x)
	rows, n := lastAxis(x)
	parallel.For(threads, rows, func(_, r int) {
		kernel.Softmax(y.Value.Data[r*n:(r+1)*n], x.Value.Data[r*n:(r+1)*n], n)
	})
	if x.Grad == nil {
		return y
	}
	t.Record(func() {
		parallel.For(threads, rows, func(_, r int) {
			gx, gy, yr := x.Grad.Data[r*n:(r+1)*n], y.Grad.Data[r*n:(r+1)*n], y.Value.Data[r*n:(r+1)*n]
			var mean F
			for k, g := range gy {
				mean += F(g * yr[k])
			}
			for k, g := range gy {
				gx[k] += F(yr[k] * (g - mean))
			}
		})
	})
	return y
}

// LogSoftmax is y_k = x_k - ln Σ_j exp(x_j) along the last axis.
func LogSoftmax[F tensor.Float](t *Tape[F], threads int, x *Var[F]) *Var[F] {
	y := like(t, x)
	rows, n := lastAxis(x)
	parallel.For(threads, rows, func(_, r int) {
		row, to := x.Value.Data[r*n:(r+1)*n], y.Value.Data[r*n:(r+1)*n]
		shift := logSumExp(row)
		for k, v := range row {
			to[k] = F(float64(v) - shift)
		}
	})
	if x.Grad == nil {
		return y
	}
	t.Record(func() {
		parallel.For(threads, rows, func(_, r int) {
			gx, gy, yr := x.Grad.Data[r*n:(r+1)*n], y.Grad.Data[r*n:(r+1)*n], y.Value.Data[r*n:(r+1)*n]
			var sum F
			for _, g := range gy {
				sum += g
			}
			for k, g := range gy {
				gx[k] += g - F(F(math.Exp(float64(yr[k])))*sum)
			}
		})
	})
	return y
}

// lastAxis returns the length of the last axis, and how many rows of it x holds.
func lastAxis[F tensor.Float](x *Var[F]) (rows, n int) {
	if len(x.Value.Shape) == 0 || x.Value.Shape[len(x.Value.Shape)-1] == 0 {
		panic(badSoftmax)
	}
	n = x.Value.Shape[len(x.Value.Shape)-1]
	return len(x.Value.Data) / n, n
}

// logSumExp is ln Σ exp(x), which does not overflow.
func logSumExp[F tensor.Float](row []F) float64 {
	peak := row[0]
	for _, v := range row {
		peak = max(peak, v)
	}
	var sum float64
	for _, v := range row {
		sum += math.Exp(float64(v - peak))
	}
	return float64(peak) + math.Log(sum)
}
