package autodiff

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

// SoftmaxCrossEntropy is the mean over rows of -log softmax(logits)[class], in nats.
func SoftmaxCrossEntropy[F tensor.Float](t *Tape[F], logits *Var[F], classes []int) *Var[F] {
	rows := logits.Value.Shape[0]
	residual := t.Result(logits.Value.Shape...).Value // (softmax - onehot)/rows
	var total float64
	for r, class := range classes {
		row, out := logits.Value.Row(r), residual.Row(r)
		peak := row[0]
		for _, x := range row {
			peak = max(peak, x)
		}
		var sum float64
		for _, x := range row {
			sum += math.Exp(float64(x - peak))
		}
		for k, x := range row {
			out[k] = F(math.Exp(float64(x-peak)) / sum / float64(rows))
		}
		out[class] -= 1 / F(rows)
		total += math.Log(sum) - float64(row[class]-peak)
	}
	loss := t.Result(1)
	loss.Value.Data[0] = F(total / float64(rows))
	t.Record(func() {
		g := loss.Grad.Data[0]
		for i, x := range residual.Data {
			logits.Grad.Data[i] += F(g * x)
		}
	})
	return loss
}

// SquaredDistance is weight · Σ_i (x_i - target)².
func SquaredDistance[F tensor.Float](t *Tape[F], x *Var[F], target, weight float64) *Var[F] {
	var total float64
	for _, v := range x.Value.Data {
		d := float64(v) - target
		total += d * d
	}
	loss := t.Result(1)
	loss.Value.Data[0] = F(weight * total)
	t.Record(func() {
		g := 2 * F(weight) * loss.Grad.Data[0]
		for i, v := range x.Value.Data {
			x.Grad.Data[i] += F(g * (v - F(target)))
		}
	})
	return loss
}

// Add is the sum of two numbers.
func Add[F tensor.Float](t *Tape[F], a, b *Var[F]) *Var[F] {
	sum := t.Result(1)
	sum.Value.Data[0] = a.Value.Data[0] + b.Value.Data[0]
	t.Record(func() {
		a.Grad.Data[0] += sum.Grad.Data[0]
		b.Grad.Data[0] += sum.Grad.Data[0]
	})
	return sum
}
