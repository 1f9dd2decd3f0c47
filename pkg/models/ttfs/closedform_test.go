package ttfs

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

func normal(r *rand.Rand, deviation float64, shape ...int) *tensor.Dense[float64] {
	x := tensor.New[float64](shape...)
	for i := range x.Data {
		x.Data[i] = deviation * r.NormFloat64()
	}
	return x
}

func uniform(r *rand.Rand, low, high float64, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = low + (high-low)*r.Float64()
	}
	return x
}

// A chain of dense layers with weights N(0, 2/in), as a ReLU and as a B1 network.
func denseChain(r *rand.Rand, sizes ...int) (*relu.Network[float64], *Network[float64]) {
	a := &relu.Network[float64]{Input: relu.Vector(sizes[0])}
	b := &Network[float64]{Input: a.Input, High: 1, Form: B1}
	for i, out := range sizes[1:] {
		w, bias := normal(r, math.Sqrt(2/float64(sizes[i])), sizes[i], out), normal(r, 0.3, out)
		a.Layers = append(a.Layers, relu.Named[float64]{Name: "dense", Layer: &relu.Dense[float64]{Weights: w, Bias: bias}})
		if i == len(sizes)-2 {
			b.Stages = append(b.Stages, &Readout[float64]{Synapses: &Dense[float64]{w}, Bias: bias})
			break
		}
		a.Layers = append(a.Layers, relu.Named[float64]{Name: "relu", Layer: &relu.ReLU[float64]{}})
		b.Stages = append(b.Stages, &Neurons[float64]{Synapses: &Dense[float64]{w}, Bias: bias, Window: 100})
	}
	return a, b
}

func TestDenseChainsAreTheirReLUNetworks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		sizes := []int{1 + r.IntN(64)}
		for range r.IntN(5) + 1 {
			sizes = append(sizes, 1+r.IntN(64))
		}
		a, b := denseChain(r, sizes...)
		e, err := NewClosedForm(b, 2)
		if err != nil {
			t.Fatal(err)
		}
		const trials = 3
		x := uniform(r, 0, 1, trials*sizes[0])
		got := e.Run(x, trials)
		for trial := range trials {
			want := plainReLU(a, x[trial*sizes[0]:(trial+1)*sizes[0]])
			for i := range got.Values {
				size := sizes[i+1]
				near(t, "values", got.Values[i][trial*size:(trial+1)*size], want[2*i+1], 1e-12)
			}
			last := sizes[len(sizes)-1]
			near(t, "logits", got.Logits[trial*last:(trial+1)*last], want[len(want)-1], 1e-12)
		}
	}
}

// Oracle 5: with no weights all are silent, identity weights pass x on, and negative
// biases alone keep silent.
func TestSilenceAndIdentity(t *testing.T) {
	const size = 4
	zero, identity := tensor.New[float64](size, size), tensor.New[float64](size, size)
	for i := range size {
		identity.Data[i*size+i] = 1
	}
	bias := func(b float64) *tensor.Dense[float64] {
		return &tensor.Dense[float64]{Shape: []int{size}, Data: []float64{b, b, b, b}}
	}
	x := []float64{0, 0.25, 0.5, 1}
	for _, c := range []struct {
		w           *tensor.Dense[float64]
		b           float64
		want        []float64
		beyond      int
		withoutCeil []float64
	}{
		{zero, 0, []float64{0, 0, 0, 0}, 0, nil},
		{zero, -1, []float64{0, 0, 0, 0}, 0, nil},
		{identity, 0, []float64{0, 0.25, 0.5, 0.75}, 1, x},
		{identity, -0.5, []float64{0, 0, 0, 0.5}, 0, nil},
	} {
		n := &Network[float64]{Input: relu.Vector(size), High: 1, Form: B1, Stages: []Stage[float64]{
			&Neurons[float64]{Synapses: &Dense[float64]{c.w}, Bias: bias(c.b), Window: 0.75},
			&Readout[float64]{Synapses: &Dense[float64]{identity}, Bias: bias(2)},
		}}
		e, err := NewClosedForm(n, 1)
		if err != nil {
			t.Fatal(err)
		}
		r := e.Run(x, 1)
		near(t, "values", r.Values[0], c.want, 0)
		for i, y := range r.Logits {
			near(t, "logit", []float64{y}, []float64{c.want[i] + 2}, 0)
		}
		if r.Beyond[0] != c.beyond {
			t.Errorf("%d values beyond the window, want %d", r.Beyond[0], c.beyond)
		}
		if e.Unbounded = true; c.withoutCeil != nil {
			near(t, "unbounded values", e.Run(x, 1).Values[0], c.withoutCeil, 0)
		}
	}
}
