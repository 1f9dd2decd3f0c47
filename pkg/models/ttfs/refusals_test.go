package ttfs

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// chain names layers by letters.
func chain(input Shape, layers ...relu.Layer[float64]) *relu.Network[float64] {
	n := &relu.Network[float64]{Input: input}
	for i, l := range layers {
		n.Layers = append(n.Layers, relu.Named[float64]{Name: string(rune('a' + i)), Layer: l})
	}
	return n
}

func denseLayer(in, out int) *relu.Dense[float64] {
	r := rand.New(rand.NewPCG(1, uint64(in*out)))
	return &relu.Dense[float64]{Weights: normal(r, 1, in, out), Bias: normal(r, 1, out)}
}

func convLayer(out, in, size, padding int) *relu.Conv[float64] {
	r := rand.New(rand.NewPCG(2, uint64(in*out)))
	axis := relu.Axis{Stride: 1, Padding: padding, Dilation: 1}
	return &relu.Conv[float64]{Weights: normal(r, 0.5, out, in, size, size), Bias: normal(r, 0.5, out), Height: axis, Width: axis, Groups: 1}
}

func norm(scale, shift, mean, variance float64) *relu.BatchNorm[float64] {
	one := func(v float64) *tensor.Dense[float64] {
		return &tensor.Dense[float64]{Shape: []int{1}, Data: []float64{v}}
	}
	return &relu.BatchNorm[float64]{Scale: one(scale), Shift: one(shift), Mean: one(mean), Variance: one(variance)}
}

// Oracle 11: what cannot be converted is refused, all of it at once, by name and reason.
func TestRefusals(t *testing.T) {
	image := Shape{Channels: 1, Height: 4, Width: 4}
	pool := relu.Window{Size: 2, Stride: 2}
	nan := denseLayer(2, 2)
	nan.Weights.Data[3] = math.NaN()
	for what, c := range map[string]struct {
		network *relu.Network[float64]
		form    Form
		want    []string
	}{
		"two linear layers": {chain(relu.Vector(2), denseLayer(2, 3), denseLayer(3, 2)), B1,
			[]string{"b (dense): follows the linear layer a without a ReLU between them"}},
		"several": {chain(image, convLayer(1, 1, 3, 1), convLayer(1, 1, 3, 1), &relu.AveragePool[float64]{Height: pool, Width: pool}, &relu.ReLU[float64]{}, &relu.Flatten[float64]{}, nan), B1,
			[]string{"b (conv): follows", "c (average-pool): averages the linear layer b before its ReLU", "f (dense)"}},
		"NaN":      {chain(relu.Vector(2), nan), B1, []string{"a (dense): value 3 of its weight is NaN"}},
		"variance": {chain(relu.Vector(1), denseLayer(1, 1), norm(1, 0, 0, -1), &relu.ReLU[float64]{}), B1, []string{"b (batch-norm): the variance of channel 0 and epsilon sum to -1"}},
		"shift map": {chain(image, convLayer(1, 1, 1, 0), &relu.ReLU[float64]{}, norm(1, 1, 0, 1), &relu.Pad[float64]{Top: 1},
			&relu.MaxPool[float64]{Height: pool, Width: pool}, &relu.Flatten[float64]{}, denseLayer(4, 2)), B1,
			[]string{"e (max-pool): the shift of the values before it differs from place to place"}},
		"pool of the readout": {chain(image, convLayer(1, 1, 1, 0), &relu.MaxPool[float64]{Height: pool, Width: pool}), B1, []string{"b (max-pool): pools or pads the last linear layer a"}},
		"flattened norm": {chain(image, convLayer(1, 1, 3, 0), &relu.Flatten[float64]{}, &relu.BatchNorm[float64]{Scale: tensor.New[float64](4), Shift: tensor.New[float64](4),
			Mean: tensor.New[float64](4), Variance: tensor.New[float64](4), Epsilon: 1}, &relu.ReLU[float64]{}, denseLayer(4, 2)), B1,
			[]string{"c (batch-norm): normalises flattened values of the convolution a before their ReLU"}},
		"clipped alpha": {chain(relu.Vector(2), denseLayer(2, 2), &relu.ReLU[float64]{Ceiling: 6}, denseLayer(2, 2)), Alpha, []string{"form alpha has no clipped activations: b (clipped at 6)"}},
	} {
		if what == "several" {
			c.network.Layers[5].Layer = func() relu.Layer[float64] { d := denseLayer(4, 2); d.Bias.Data[1] = math.Inf(1); return d }()
		}
		_, err := Convert(c.network, Options{Form: c.form, High: 1, Threads: 1})
		if err == nil || !fault.IsInput(err) {
			t.Errorf("%s: got %v, expected a refusal", what, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", what, err, want)
			}
		}
	}
	fine := chain(relu.Vector(2), denseLayer(2, 2))
	for want, o := range map[string]Options{
		"the input range is [1, 0]":                {Low: 1, High: 0},
		"zeta is -1":                               {High: 1, Zeta: -1},
		"the calibration data hold no inputs":      {High: 1, Sample: func(func([]float64, int) error) error { return nil }},
		"the input range is [0, NaN]":              {High: math.NaN()},
		"the input range is [-1.7e+308, 1.7e+308]": {Low: -1.7e308, High: 1.7e308},
	} {
		if _, err := Convert(fine, o); err == nil || !fault.IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// ReLU6 and its like are exact in form b1: the window is the ceiling, and a neuron that
// would be earlier fires when it begins.
func TestClippedActivationsAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 30 {
		image := Shape{Channels: 2, Height: 6, Width: 6}
		pool := relu.Window{Size: 2, Stride: 2}
		n := chain(image, convLayer(3, 2, 3, 1), &relu.ReLU[float64]{Ceiling: 0.4}, &relu.MaxPool[float64]{Height: pool, Width: pool}, &relu.Flatten[float64]{},
			denseLayer(27, 8), &relu.ReLU[float64]{Ceiling: 1}, denseLayer(8, 4), &relu.ReLU[float64]{}, denseLayer(4, 2))
		const trials = 2
		x := uniform(r, -1, 1, trials*image.Size())
		for _, sample := range []Sample{nil, func(f func([]float64, int) error) error { return f(x, trials) }} {
			c, err := Convert(n, Options{Form: B1, Low: -1, High: 1, Zeta: 0.5, Sample: sample, Threads: 1})
			if err != nil {
				t.Fatal(err)
			}
			closed, _ := NewClosedForm(c.Network, 1)
			membranes, _ := NewMembranes(c.Network, 1)
			compare(t, "closed form", n, c, closed, x, trials)
			compare(t, "membranes", n, c, membranes, x, trials)
			if first := c.Network.Stages[0].(*Neurons[float64]); first.Window != 0.4 {
				t.Errorf("the window of ReLU clipped at 0.4 is %g", first.Window)
			}
		}
	}
}

// A layer that is silent on the sample gets a small window, with a warning (section 9.7).
func TestDeadLayersAreNamed(t *testing.T) {
	dead := denseLayer(2, 2)
	for i := range dead.Weights.Data {
		dead.Weights.Data[i] = -1
	}
	dead.Bias.Data = []float64{-1, -1}
	c, err := Convert(chain(relu.Vector(2), dead, &relu.ReLU[float64]{}, denseLayer(2, 2)), Options{High: 1, Threads: 1,
		Sample: func(f func([]float64, int) error) error { return f([]float64{0.5, 0.5}, 1) }})
	if err != nil {
		t.Fatal(err)
	}
	if n := c.Network.Stages[0].(*Neurons[float64]); n.Window != 1e-3 || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "a is silent") {
		t.Errorf("window %g, warnings %q", n.Window, c.Warnings)
	}
}
