package ttfs

import (
	"math/rand/v2"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// mlp is 784-600-10 with random weights, and inputs like digits: a fifth of the pixels is
// not black.
func mlp[F tensor.Float](trials int) (*relu.Network[F], *Network[F], []F) {
	r := rand.New(rand.NewPCG(1, 2))
	draw := func(deviation float64, shape ...int) *tensor.Dense[F] {
		x := tensor.New[F](shape...)
		for i := range x.Data {
			x.Data[i] = F(deviation * r.NormFloat64())
		}
		return x
	}
	hidden := &relu.Dense[F]{Weights: draw(0.05, 784, 600), Bias: draw(0.1, 600)}
	last := &relu.Dense[F]{Weights: draw(0.05, 600, 10), Bias: draw(0.1, 10)}
	a := &relu.Network[F]{Input: relu.Vector(784), Layers: []relu.Named[F]{{Name: "hidden", Layer: hidden}, {Name: "relu", Layer: &relu.ReLU[F]{}}, {Name: "last", Layer: last}}}
	b := &Network[F]{Input: a.Input, High: 1, Form: B1, Stages: []Stage[F]{
		&Neurons[F]{Name: "hidden", Synapses: &Dense[F]{hidden.Weights}, Bias: hidden.Bias, Window: 9},
		&Readout[F]{Name: "last", Synapses: &Dense[F]{last.Weights}, Bias: last.Bias}}}
	x := make([]F, trials*784)
	for i := range x {
		if r.IntN(5) == 0 {
			x[i] = F(r.Float64())
		}
	}
	return a, b, x
}

// BenchmarkMLP compares the converted network with the one that it came from, on batches of
// 250 inputs and one thread.
func BenchmarkMLP(b *testing.B) {
	const trials = 250
	a, converted, x := mlp[float32](trials)
	b.Run("relu", func(b *testing.B) {
		e := relu.Evaluator[float32]{Network: a, Threads: 1}
		for range b.N {
			e.Logits(x, trials)
		}
	})
	b.Run("ttfs", func(b *testing.B) {
		e, err := NewClosedForm(converted, 1)
		if err != nil {
			b.Fatal(err)
		}
		for range b.N {
			e.Run(x, trials)
		}
	})
	b.Run("ttfs/counting", func(b *testing.B) {
		e, err := NewClosedForm(converted, 1)
		if err != nil {
			b.Fatal(err)
		}
		activity, err := NewActivity(converted)
		if err != nil {
			b.Fatal(err)
		}
		for range b.N {
			activity.Add(e.Run(x, trials))
		}
	})
}

// Dense and sparse products give the same values, whatever the density.
func TestSparseLayersAreTheSame(t *testing.T) {
	const trials = 5
	a, b, x := mlp[float64](trials)
	e, err := NewClosedForm(b, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, silent := range []float64{1, 0.9, 0} {
		r := rand.New(rand.NewPCG(3, 4))
		for i := range x {
			x[i] = r.Float64()
			if r.Float64() < silent {
				x[i] = 0
			}
		}
		original := relu.Evaluator[float64]{Network: a, Threads: 1}
		near(t, "logits", e.Run(x, trials).Logits, original.Logits(x, trials), 1e-12)
	}
}
