package autodiff

import "github.com/snnctl/snnctl/internal/tensor"

const badTarget = "autodiff: MeanSquaredError: x and target differ in shape"

// MeanSquaredError is 1/n · Σ_i (x_i - target_i)² over all n elements of x; the
// target has the shape of x, and no gradient.
func MeanSquaredError[F tensor.Float](t *Tape[F], x *Var[F], target *tensor.Dense[F]) *Var[F] {
	want(badTarget, x, target.Shape...)
	n := float64(len(target.Data))
	var total float64
	for i, v := range x.Value.Data {
		d := float64(v) - float64(target.Data[i])
		total += float64(d * d)
	}
	loss := t.Result(1)
	loss.Value.Data[0] = F(total / n)
	if x.Grad == nil {
		return loss
	}
	t.Record(func() {
		g := F(2/n) * loss.Grad.Data[0]
		for i, v := range x.Value.Data {
			x.Grad.Data[i] += F(g * (v - target.Data[i]))
		}
	})
	return loss
}
