package relu

import (
	"math"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

func norm(channels int) *BatchNorm[float64] {
	b := &BatchNorm[float64]{Scale: tensor.New[float64](channels), Shift: tensor.New[float64](channels), Mean: tensor.New[float64](channels),
		Variance: tensor.New[float64](channels), Epsilon: 1e-5, Momentum: 0.1}
	return b
}

var (
	same  = Axis{Stride: 1, Padding: 1, Dilation: 1}
	none  = Axis{Stride: 1, Dilation: 1}
	two   = Window{Size: 2, Stride: 2}
	three = Window{Size: 3, Stride: 2, Padding: 1}
)

// networks has each kind of layer in some network.
func networks() map[string]*Network[float64] {
	grouped := conv(4, 2, 3, Axis{2, 1, 1}, Axis{1, 2, 2})
	grouped.Groups = 2
	return map[string]*Network[float64]{
		"mlp": chain(Shape{1, 3, 3}, &Flatten[float64]{}, &Dropout[float64]{Rate: 0.2}, dense(9, 7), &ReLU[float64]{}, &Dropout[float64]{Rate: 0.3}, dense(7, 4)),
		"norm before": chain(Shape{2, 5, 4}, conv(3, 2, 3, same, same), norm(3), &ReLU[float64]{}, &MaxPool[float64]{two, two},
			&Flatten[float64]{}, dense(12, 5), norm(5), &ReLU[float64]{}, dense(5, 4)),
		"norm after": chain(Shape{2, 5, 4}, conv(3, 2, 3, same, none), &ReLU[float64]{}, norm(3), &MaxPool[float64]{three, two},
			&Flatten[float64]{}, dense(9, 4)),
		"groups, averages": chain(Shape{4, 6, 5}, grouped, &ReLU[float64]{}, &AveragePool[float64]{three, three, true}, conv(3, 4, 1, none, none),
			norm(3), &ReLU[float64]{Ceiling: 0.7}, &AveragePool[float64]{two, three, false}, &GlobalAveragePool[float64]{}, dense(3, 4)),
		"pad": chain(Shape{1, 3, 3}, &Pad[float64]{1, 0, 2, 1}, conv(2, 1, 2, none, none), &ReLU[float64]{}, &GlobalAveragePool[float64]{}, dense(2, 4)),
	}
}

// randomise gives a network weights, gains and averages of no special value.
func randomise(n *Network[float64], seed uint64) {
	n.Initialise(HeNormal, seed)
	r := rng.Stream(seed, "randomise", 0, 0)
	for _, layer := range n.Layers {
		for _, p := range layer.Parameters() {
			for i := range p.Values.Data {
				p.Values.Data[i] += 0.2 * r.NormFloat64()
			}
		}
		if b, ok := layer.Layer.(*BatchNorm[float64]); ok {
			for i := range b.Mean.Data {
				b.Mean.Data[i], b.Variance.Data[i] = r.NormFloat64(), 0.5+r.Float64()
			}
		}
	}
}

const trials = 6

func images(in Shape, seed uint64) []float64 {
	r := rng.Stream(seed, "images", 0, 0)
	values := make([]float64, trials*in.Size())
	for i := range values {
		values[i] = r.NormFloat64()
	}
	return values
}

// pass runs a network on images in training or in evaluation, and returns the loss.
func pass(n *Network[float64], tape *autodiff.Tape[float64], g Gradients[float64], values []float64, training bool, threads int) *autodiff.Var[float64] {
	p := Pass[float64]{Tape: tape, Threads: threads, Training: training, Seed: 3, Step: 5, Gradients: g}
	x := &tensor.Dense[float64]{Shape: []int{trials, n.Input.Channels, n.Input.Height, n.Input.Width}, Data: values}
	return autodiff.SoftmaxCrossEntropy(tape, n.Forward(&p, autodiff.Constant(x)), []int{0, 1, 2, 3, 1, 2})
}

// The gradient of every parameter is that of central finite differences, in training
// (with dropout and the statistics of the batch) and in evaluation.
func TestGradientsEqualFiniteDifferences(t *testing.T) {
	for name, n := range networks() {
		randomise(n, 1)
		values := images(n.Input, 2)
		for _, training := range []bool{true, false} {
			var tape autodiff.Tape[float64]
			g := NewGradients(n)
			tape.Backward(pass(n, &tape, g, values, training, 1))
			loss := func() float64 {
				return pass(n, new(autodiff.Tape[float64]), nil, values, training, 1).Value.Data[0]
			}
			const h = 1e-6
			for _, layer := range n.Layers {
				for _, p := range layer.Parameters() {
					for i, at := range p.Values.Data {
						p.Values.Data[i] = at + h
						up := loss()
						p.Values.Data[i] = at - h
						down := loss()
						p.Values.Data[i] = at
						got, want := g[p.Values].Grad.Data[i], (up-down)/(2*h)
						if !(math.Abs(got-want) <= 1e-6*max(math.Abs(want), 0.02)) {
							t.Errorf("%s, training %v: ∂E/∂%s.%s[%d] = %.10g, finite difference %.10g", name, training, layer.Name, p.Name, i, got, want)
						}
					}
				}
			}
		}
	}
}

func TestBitsDoNotDependOnThreads(t *testing.T) {
	for name, n := range networks() {
		values := images(n.Input, 2)
		var want map[string][]float64
		for _, threads := range []int{1, 2, 5} {
			randomise(n, 1) // running averages have moved
			var tape autodiff.Tape[float64]
			g := NewGradients(n)
			loss := pass(n, &tape, g, values, true, threads)
			tape.Backward(loss)
			got := map[string][]float64{"loss": loss.Value.Data}
			for _, layer := range n.Layers {
				for _, p := range layer.Parameters() {
					got[layer.Name+p.Name] = g[p.Values].Grad.Data
				}
				if b, ok := layer.Layer.(*BatchNorm[float64]); ok {
					got[layer.Name+"mean"] = slices.Clone(b.Mean.Data)
				}
			}
			if want == nil {
				want = got
			}
			for key, w := range want {
				if !slices.Equal(got[key], w) {
					t.Errorf("%s: %s differs with %d threads", name, key, threads)
				}
			}
		}
	}
}

// Evaluation without a tape's gradients gives the bits of evaluation with them, batch
// after batch, and observes the same layers.
func TestEvaluatorEqualsThePassItLeavesGradientsOutOf(t *testing.T) {
	for name, n := range networks() {
		randomise(n, 1)
		var seen map[int][]float64
		observe := func(i int, y *autodiff.Var[float64]) { seen[i] = slices.Clone(y.Value.Data) }
		e := Evaluator[float64]{Network: n, Threads: 2, Observe: observe}
		for batch := range uint64(3) {
			values := images(n.Input, batch)
			x := &tensor.Dense[float64]{Shape: []int{trials, n.Input.Channels, n.Input.Height, n.Input.Width}, Data: slices.Clone(values)}
			seen = map[int][]float64{}
			p := Pass[float64]{Tape: new(autodiff.Tape[float64]), Threads: 1, Observe: observe}
			want := n.Forward(&p, autodiff.Constant(x)).Value.Data
			layers := seen
			seen = map[int][]float64{}
			if got := e.Logits(values, trials); !slices.Equal(got, want) {
				t.Errorf("%s, batch %d: %v, want %v", name, batch, got, want)
			}
			if !slices.Equal(values, x.Data) {
				t.Errorf("%s: the images were changed", name)
			}
			if len(seen) != len(n.Layers) {
				t.Errorf("%s: %d of %d layers observed", name, len(seen), len(n.Layers))
			}
			for i, y := range layers {
				if !slices.Equal(seen[i], y) {
					t.Errorf("%s, batch %d: layer %d (%s) differs", name, batch, i, n.Layers[i].Kind())
				}
			}
		}
	}
}

// Running averages move towards the batch's statistics by their momentum.
func TestRunningAveragesFollowTheBatches(t *testing.T) {
	n := chain(Vector(2), norm(2))
	n.Initialise(GlorotUniform, 1)
	b := n.Layers[0].Layer.(*BatchNorm[float64])
	x := &tensor.Dense[float64]{Shape: []int{2, 2, 1, 1}, Data: []float64{1, 10, 3, 20}} // means 2, 15; variances 2, 50
	for range 2 {
		n.Forward(&Pass[float64]{Tape: new(autodiff.Tape[float64]), Threads: 1, Training: true}, autodiff.Constant(x))
	}
	for c, want := range []float64{0.19 * 2, 0.19 * 15} {
		if math.Abs(b.Mean.Data[c]-want) > 1e-12 {
			t.Errorf("mean of channel %d = %v, want %v", c, b.Mean.Data[c], want)
		}
	}
	for c, want := range []float64{0.81 + 0.19*2, 0.81 + 0.19*50} {
		if math.Abs(b.Variance.Data[c]-want) > 1e-12 {
			t.Errorf("variance of channel %d = %v, want %v", c, b.Variance.Data[c], want)
		}
	}
}
