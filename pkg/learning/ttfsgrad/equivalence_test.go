package ttfsgrad

import (
	"math"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/relu"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
)

// optimizers are those of oracle 7, each with a rate that moves the weights.
func optimizers() map[string]plasticity.Options[float64] {
	return map[string]plasticity.Options[float64]{
		"sgd":      {Optimizer: &optim.SGD[float64]{}, Schedule: optim.Constant(0.05)},
		"momentum": {Optimizer: &optim.SGD[float64]{Momentum: 0.9}, Schedule: optim.Constant(0.01)},
		"adam":     {Optimizer: &optim.Adam[float64]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-7}, Schedule: optim.Constant(0.005)},
	}
}

// pictures is a batch of training step number step.
func pictures(n *ttfs.Network[float64], step, trials int) pixels.Batch[float64] {
	b := pixels.Batch[float64]{Trials: trials, Values: uniform(uint64(1000+step), trials*n.Input.Size())}
	for trial := range trials {
		brightest := slices.Index(part(b.Values, trials, trial), slices.Max(part(b.Values, trials, trial)))
		b.Classes = append(b.Classes, brightest%3)
	}
	return b
}

// twin is the ReLU network that a B1 network equals, trained by its own operations:
// convolution or linear layer with bias, ReLU, max pooling.
func twin(tape *autodiff.Tape[float64], n *ttfs.Network[float64], params []*autodiff.Var[float64], b *pixels.Batch[float64]) *autodiff.Var[float64] {
	in := n.Input
	x := autodiff.NewVar(&tensor.Dense[float64]{Shape: []int{b.Trials, in.Channels, in.Height, in.Width}, Data: b.Values})
	for _, stage := range n.Stages {
		layer := func(synapses ttfs.Synapses[float64]) *autodiff.Var[float64] {
			w, bias := params[0], params[1]
			params = params[2:]
			if c, ok := synapses.(*ttfs.Conv[float64]); ok {
				return autodiff.Conv2D(tape, 1, x, w, bias, autodiff.Axis(c.Height), autodiff.Axis(c.Width), c.Groups)
			}
			return autodiff.Linear(tape, autodiff.Reshape(x, b.Trials, len(x.Value.Data)/b.Trials), w, bias)
		}
		switch s := stage.(type) {
		case *ttfs.Neurons[float64]:
			x = autodiff.ReLU(tape, 1, layer(s.Synapses))
		case *ttfs.MaxPool[float64]:
			x = autodiff.MaxPool2D(tape, 1, x, autodiff.Pool(s.Height), autodiff.Pool(s.Width))
		case *ttfs.Readout[float64]:
			x = layer(s.Synapses)
		}
	}
	return autodiff.SoftmaxCrossEntropy(tape, x, b.Classes)
}

// deepNetwork has five hidden layers; convolutional has convolutions and pooling.
func deepNetwork() *ttfs.Network[float64] {
	n := &ttfs.Network[float64]{Input: relu.Vector(12), High: 1, Form: ttfs.B1}
	in := 12
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		n.Stages = append(n.Stages, neurons(name, dense(uint64(i), in, 16), tensor.New[float64](16), 1500))
		in = 16
	}
	n.Stages = append(n.Stages, &ttfs.Readout[float64]{Name: "out", Synapses: dense(9, in, 3), Bias: tensor.New[float64](3)})
	return n
}

func convolutional() *ttfs.Network[float64] {
	axis, window := relu.Axis{Stride: 1, Padding: 1, Dilation: 1}, relu.Window{Size: 2, Stride: 2}
	return &ttfs.Network[float64]{Input: relu.Shape{Channels: 1, Height: 6, Width: 6}, High: 1, Form: ttfs.B1, Stages: []ttfs.Stage[float64]{
		neurons("a", conv(1, 1, 4, 3, 1, axis, axis), tensor.New[float64](4), 1500),
		&ttfs.MaxPool[float64]{Height: window, Width: window, Latest: make([]bool, 4)},
		neurons("b", conv(2, 4, 6, 3, 1, axis, axis), tensor.New[float64](6), 1500),
		&ttfs.Readout[float64]{Name: "out", Synapses: dense(3, 54, 3), Bias: tensor.New[float64](3)},
	}}
}

// TestB1FollowsTheReLUTraining is oracle 7 of the method: with the same start,
// data and optimiser all weights of the spiking network are those of the ReLU network
// after 200 steps, although they have moved far from the start.
func TestB1FollowsTheReLUTraining(t *testing.T) {
	const steps, trials = 200, 8
	for name, network := range map[string]func() *ttfs.Network[float64]{"deep": deepNetwork, "convolutional": convolutional} {
		for optimizer, options := range optimizers() {
			t.Run(name+" "+optimizer, func(t *testing.T) {
				n, err := New(network(), 2)
				if err != nil {
					t.Fatal(err)
				}
				trainer := NewTrainer(n, nil, Options[float64]{Options: options, Windows: Windows{Rule: Adaptive, Value: 10}})

				other := optimizers()[optimizer]
				weights := plasticity.Weights[float64]{Options: other}
				var params []*autodiff.Var[float64]
				var start [][]float64
				for _, a := range trainer.weights.Model() {
					v := autodiff.NewVar(&tensor.Dense[float64]{Shape: a.Shape, Data: slices.Clone(a.Data.([]float64))})
					params = append(params, v)
					start = append(start, slices.Clone(v.Value.Data))
					weights.Add(array(a.Name, "", v))
				}
				for step := range steps {
					trainer.batch = pictures(n.Spiking, step, trials)
					if _, err := trainer.learn(step); err != nil {
						t.Fatal(err)
					}
					for _, p := range params {
						clear(p.Grad.Data)
					}
					var tape autodiff.Tape[float64]
					b := pictures(n.Spiking, step, trials)
					tape.Backward(twin(&tape, n.Spiking, params, &b))
					if _, err := weights.Update(step); err != nil {
						t.Fatal(err)
					}
				}
				var apart, moved float64
				for k, a := range trainer.weights.Model() {
					for i, w := range a.Data.([]float64) {
						apart = max(apart, math.Abs(w-params[k].Value.Data[i]))
						moved = max(moved, math.Abs(w-start[k][i]))
					}
				}
				if !(apart < 1e-9) || moved < 0.05 {
					t.Errorf("weights are up to %g apart, and have moved by up to %g", apart, moved)
				}
			})
		}
	}
}

// TestWindowsOnlyGrow is oracle 8 of the method: windows never shrink, are at
// least γ times as long as the greatest value of the last batch, and moving them
// changes no output.
func TestWindowsOnlyGrow(t *testing.T) {
	const gamma = 10
	spiking := deepNetwork()
	for _, stage := range spiking.Stages[:5] {
		stage.(*ttfs.Neurons[float64]).Window = 0.1
	}
	n, err := New(spiking, 1)
	if err != nil {
		t.Fatal(err)
	}
	trainer := NewTrainer(n, nil, Options[float64]{Options: optimizers()["momentum"], Windows: Windows{Rule: Adaptive, Value: gamma}})
	before := trainer.windows()
	grown := 0
	for step := range 100 {
		trainer.batch = pictures(spiking, step, 8)
		m, err := trainer.learn(step)
		if err != nil {
			t.Fatal(err)
		}
		if step == 0 && m["early_spikes"] == 0 {
			t.Error("no spike was early in the first batch: the example is none")
		}
		now := trainer.windows()
		for i := range now {
			if now[i] < before[i] {
				t.Fatalf("step %d: window %d shrinks from %v to %v", step, i+1, before[i], now[i])
			}
			if now[i] > before[i] {
				grown++
			}
			if greatest := n.layers[i].activity.Earliest; now[i] < gamma*greatest {
				t.Fatalf("step %d: window %d is %v, and the batch had %v", step, i+1, now[i], greatest)
			}
		}
		before = now
	}
	if grown < 10 {
		t.Errorf("windows grew %d times: the example is none", grown)
	}

	output := func() []float64 {
		logits, _ := n.Forward(new(autodiff.Tape[float64]), pictures(spiking, 0, 8).Values, 8, &Pass{})
		return slices.Clone(logits.Value.Data)
	}
	want := output()
	for _, l := range n.layers[:5] {
		l.activity.Earliest = 1e4
	}
	n.GrowWindows(gamma)
	if !slices.Equal(output(), want) {
		t.Error("longer windows change the logits")
	}
}
