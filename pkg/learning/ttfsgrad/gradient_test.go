package ttfsgrad

import (
	"fmt"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
)

// normal is an array of normal numbers.
func normal(seed uint64, deviation float64, shape ...int) *tensor.Dense[float64] {
	d := tensor.New[float64](shape...)
	r := rng.Stream(seed, "test", 0, 0)
	for i := range d.Data {
		d.Data[i] = deviation * r.NormFloat64()
	}
	return d
}

// uniform is an array of numbers from 0 to 1.
func uniform(seed uint64, n int) []float64 {
	x := make([]float64, n)
	r := rng.Stream(seed, "uniform", 0, 0)
	for i := range x {
		x[i] = r.Float64()
	}
	return x
}

func dense(seed uint64, in, out int) *ttfs.Dense[float64] {
	return &ttfs.Dense[float64]{Weights: normal(seed, math.Sqrt(2/float64(in)), in, out)}
}

func conv(seed uint64, in, out, size, groups int, height, width relu.Axis) *ttfs.Conv[float64] {
	fan := in / groups * size * size
	return &ttfs.Conv[float64]{Weights: normal(seed, 1/math.Sqrt(float64(fan)), out, in/groups, size, size), Height: height, Width: width, Groups: groups}
}

func neurons(name string, s ttfs.Synapses[float64], bias *tensor.Dense[float64], window float64) *ttfs.Neurons[float64] {
	return &ttfs.Neurons[float64]{Name: name, Synapses: s, Bias: bias, Window: window}
}

// examples are networks of every kind of stage; alpha neurons have positive slopes.
func examples(form ttfs.Form) map[string]*ttfs.Network[float64] {
	all := plainExamples(form)
	for _, n := range all {
		for _, stage := range n.Stages {
			if s, ok := stage.(*ttfs.Neurons[float64]); ok && form == ttfs.Alpha && s.Kind() == "spike" {
				smartStart(s.Synapses)
			}
		}
	}
	return all
}

// smartStart turns w into J_ij = α w_ij / (1 - Σ_k w_ik), of neurons whose weights
// are first scaled down where their sum is above 0.8.
func smartStart(synapses ttfs.Synapses[float64]) {
	w, sums := weightsOf[float64](synapses).Value, synapses.WeightSums()
	for i := range w.Data {
		channel := i % len(sums)
		if len(w.Shape) > 2 {
			channel = i / (len(w.Data) / len(sums))
		}
		sum, scale := sums[channel], 1.0
		if sum > 0.8 {
			scale = 0.8 / sum
		}
		w.Data[i] *= ttfs.Drive * scale / (1 - scale*sum)
	}
}

func plainExamples(form ttfs.Form) map[string]*ttfs.Network[float64] {
	axis, window := relu.Axis{Stride: 1, Padding: 1, Dilation: 1}, relu.Window{Size: 2, Stride: 2}
	strided := relu.Axis{Stride: 2, Padding: 0, Dilation: 2}
	return map[string]*ttfs.Network[float64]{
		"dense": {Input: relu.Vector(5), High: 1, Form: form, Stages: []ttfs.Stage[float64]{
			neurons("a", dense(1, 5, 7), normal(2, 0.2, 7), 3),
			neurons("b", dense(3, 7, 6), normal(4, 0.2, 6), 4),
			&ttfs.Readout[float64]{Name: "out", Synapses: dense(5, 6, 3), Bias: normal(6, 0.2, 3)},
		}},
		"conv, pools, map of biases": {Input: relu.Shape{Channels: 2, Height: 6, Width: 5}, High: 1, Form: form, Stages: []ttfs.Stage[float64]{
			neurons("a", conv(11, 2, 4, 3, 1, axis, axis), normal(12, 0.2, 4), 3),
			&ttfs.MaxPool[float64]{Height: relu.Window{Size: 3, Stride: 2, Padding: 1}, Width: window, Latest: []bool{false, true, false, true}},
			neurons("b", conv(13, 4, 2, 3, 2, axis, axis), normal(14, 0.2, 2, 3, 2), 2),
			&ttfs.Readout[float64]{Name: "out", Synapses: dense(15, 12, 3), Bias: normal(16, 0.2, 3)},
		}},
		"stride, dilation, relays": {Input: relu.Shape{Channels: 1, Height: 9, Width: 7}, High: 1, Form: form, Stages: []ttfs.Stage[float64]{
			neurons("a", conv(21, 1, 3, 2, 1, strided, axis), normal(22, 0.3, 3), 3),
			neurons("mean", &ttfs.Average[float64]{Height: relu.Window{Size: 2, Stride: 2, Padding: 1}, Width: window, CountPadding: form == ttfs.Alpha, Gain: 1, Channels: 3}, tensor.New[float64](3), 2),
			neurons("b", dense(23, 3*3*4, 6), normal(24, 0.2, 6), 3),
			&ttfs.Readout[float64]{Name: "out", Synapses: dense(25, 6, 3), Bias: normal(26, 0.2, 3)},
		}},
	}
}

// batch are inputs and classes.
func batch(n *ttfs.Network[float64], trials int) (x []float64, classes []int) {
	x = uniform(99, trials*n.Input.Size())
	for i := range trials {
		classes = append(classes, i%3)
	}
	return x, classes
}

func loss(n *Network[float64], tape *autodiff.Tape[float64], v *autodiff.Var[float64], classes []int, p *Pass) *autodiff.Var[float64] {
	logits, penalty := n.forward(tape, v, p)
	l := autodiff.SoftmaxCrossEntropy(tape, logits, classes)
	if penalty != nil {
		l = autodiff.Add(tape, l, penalty)
	}
	return l
}

// TestGradientsEqualFiniteDifferencesInAbsoluteTime is oracle 6 of the
// specification: the gradients with respect to weights, D and input times are those
// of the printed equations in absolute time, by central differences.
func TestGradientsEqualFiniteDifferencesInAbsoluteTime(t *testing.T) {
	const h = 1e-6
	for _, form := range []ttfs.Form{ttfs.B1, ttfs.Alpha} {
		for name, spiking := range examples(form) {
			t.Run(fmt.Sprint(form, " ", name), func(t *testing.T) {
				n, err := New(spiking, 2)
				if err != nil {
					t.Fatal(err)
				}
				x, classes := batch(spiking, 2)
				v := autodiff.NewVar(&tensor.Dense[float64]{Shape: n.batchShape(2, 0), Data: x})
				var tape autodiff.Tape[float64]
				l := loss(n, &tape, v, classes, &Pass{})
				tape.Backward(l)
				if n.Activity().Flat > 0 {
					t.Fatal("a neuron has no positive slope: the example is none")
				}

				times := make([]float64, len(x))
				for i := range x {
					times[i] = 1 - x[i]
				}
				if want := entropy(n, times, classes); math.Abs(l.Value.Data[0]-want) > 1e-12 {
					t.Errorf("loss %v, in absolute time %v", l.Value.Data[0], want)
				}
				compare := func(what string, values, gradient []float64) {
					t.Helper()
					zero := true
					for i, at := range values {
						values[i] = at + h
						up := entropy(n, times, classes)
						values[i] = at - h
						down := entropy(n, times, classes)
						values[i] = at
						want := (up - down) / (2 * h)
						if math.Abs(gradient[i]-want) > 1e-6*math.Abs(want)+1e-9 {
							t.Errorf("gradient of %s[%d] is %v, finite difference %v", what, i, gradient[i], want)
						}
						zero = zero && want == 0
					}
					if zero {
						t.Errorf("all gradients of %s are 0: the example is none", what)
					}
				}
				for _, layer := range n.layers {
					if layer == nil || layer.weights == nil {
						continue
					}
					compare("W of "+layer.name, layer.weights.Value.Data, layer.weights.Grad.Data)
					compare("D of "+layer.name, layer.drive.Value.Data, layer.drive.Grad.Data)
				}
				byTime := make([]float64, len(x)) // ∂/∂t = -∂/∂x
				for i, g := range v.Grad.Data {
					byTime[i] = -g
				}
				compare("the input times", times, byTime)
			})
		}
	}
}

// The penalty on activity is l1·Σ x / trials over the layers that fire, without
// relays.
func TestPenaltyOnActivity(t *testing.T) {
	const h = 1e-6
	spiking := examples(ttfs.B1)["stride, dilation, relays"]
	n, err := New(spiking, 1)
	if err != nil {
		t.Fatal(err)
	}
	x, classes := batch(spiking, 4)
	v := autodiff.Constant(&tensor.Dense[float64]{Shape: n.batchShape(4, 0), Data: x})
	value := func(p Pass) float64 { return loss(n, new(autodiff.Tape[float64]), v, classes, &p).Value.Data[0] }
	var tape autodiff.Tape[float64]
	tape.Backward(loss(n, &tape, v, classes, &Pass{L1: 0.01}))
	w, g := n.layers[0].weights.Value.Data, n.layers[0].weights.Grad.Data
	for i, at := range w {
		w[i] = at + h
		up := value(Pass{L1: 0.01})
		w[i] = at - h
		down := value(Pass{L1: 0.01})
		w[i] = at
		if want := (up - down) / (2 * h); math.Abs(g[i]-want) > 1e-6*math.Abs(want)+1e-9 {
			t.Errorf("gradient %d is %v, finite difference %v", i, g[i], want)
		}
	}

	closed, err := ttfs.NewClosedForm(spiking, 1)
	if err != nil {
		t.Fatal(err)
	}
	closed.Unbounded = true
	r := closed.Run(x, 4)
	var sum float64
	for i, stage := range spiking.Stages[:len(r.Values)] {
		if stage.Kind() == "spike" {
			for _, value := range r.Values[i] {
				sum += value
			}
		}
	}
	if got, want := value(Pass{L1: 0.01})-value(Pass{}), 0.01*sum/4; math.Abs(got-want) > 1e-12 {
		t.Errorf("the penalty is %v, want %v", got, want)
	}
}

// The forward pass of training is the closed form of package ttfs, whether windows
// bound the values or not.
func TestForwardIsTheClosedForm(t *testing.T) {
	for _, form := range []ttfs.Form{ttfs.B1, ttfs.Alpha} {
		for name, spiking := range examples(form) {
			for _, bound := range []bool{false, true} {
				for _, stage := range spiking.Stages {
					if s, ok := stage.(*ttfs.Neurons[float64]); ok && bound {
						s.Window = 0.4
					}
				}
				n, err := New(spiking, 2)
				if err != nil {
					t.Fatal(err)
				}
				closed, err := ttfs.NewClosedForm(spiking, 2)
				if err != nil {
					t.Fatal(err)
				}
				closed.Unbounded = !bound
				x, _ := batch(spiking, 4)
				logits, _ := n.Forward(new(autodiff.Tape[float64]), x, 4, &Pass{Bound: bound})
				early := n.Activity().Early
				if bound && early == 0 {
					t.Errorf("%s %s: no spike before its window: the example is none", form, name)
				}
				for i, want := range closed.Run(x, 4).Logits {
					if got := logits.Value.Data[i]; math.Abs(got-want) > 1e-12 {
						t.Errorf("%s %s, bound %v: logit %d is %v, closed form %v", form, name, bound, i, got, want)
					}
				}
			}
		}
	}
}
