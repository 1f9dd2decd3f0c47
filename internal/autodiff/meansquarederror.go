package autodiff

import "github.com/snnctl/snnctl/internal/tensor"

const badTarget = "autodiff: MeanSquaredError: x and target differ in shape"

// MeanSquaredError is 1/n · Σ_i (x_i - target_i)² over all n elements of x; the
// target has the shape of x, and no gradient.
func MeanSquaredError[F tensor.Float](t *Tape[F], x *Var[F], target *tensor.Dense[F]) *Var[F] {
	want(badTarget, x, target.Shape...)
	n := float64(len(target.Data))
	loss := t.Result(1)
	loss.Value.Data[0] = F(squaredDifferences(x.Value.Data, target.Data) / n)
	if x.Grad == nil {
		return loss
	}
	t.Record(func() {
		g := F(2/n) * loss.Grad.Data[0]
		gx, y := x.Grad.Data, target.Data
		gx, y = gx[:len(x.Value.Data)], y[:len(x.Value.Data)]
		for i, v := range x.Value.Data {
			gx[i] += F(g * (v - y[i]))
		}
	})
	return loss
}

// squaredDifferences is Σ (x - y)² in double precision, in four sums side by side: one would
// wait for its last addition.
func squaredDifferences[F tensor.Float](x, y []F) float64 {
	var sum [4]float64
	y = y[:len(x)]
	i := 0
	for ; i+4 <= len(x); i += 4 {
		for k := range sum {
			d := float64(x[i+k]) - float64(y[i+k])
			sum[k] += float64(d * d)
		}
	}
	for ; i < len(x); i++ {
		d := float64(x[i]) - float64(y[i])
		sum[0] += float64(d * d)
	}
	return (sum[0] + sum[1]) + (sum[2] + sum[3])
}
