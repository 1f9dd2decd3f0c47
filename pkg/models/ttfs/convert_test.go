package ttfs

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// randomNetwork draws a chain of every layer pattern that can be converted: convolutions
// of any stride, padding, dilation and grouping, batch norms with gains of both signs
// before and after ReLU, pools before and after, pads, and dense layers.
type randomNetwork struct {
	*rand.Rand
	*relu.Network[float64]
	shape relu.Shape
}

func (r *randomNetwork) add(l relu.Layer[float64]) bool {
	out, err := l.Output(r.shape)
	if err != nil {
		return false
	}
	r.Layers = append(r.Layers, relu.Named[float64]{Name: fmt.Sprint("layer", len(r.Layers)), Layer: l})
	r.shape = out
	return true
}

func (r *randomNetwork) conv() bool {
	groups := 1
	if r.IntN(3) == 0 && r.shape.Channels%2 == 0 {
		groups = 2
	}
	out, in := groups*(1+r.IntN(3)), r.shape.Channels/groups
	height, width := 1+r.IntN(3), 1+r.IntN(3)
	axis := func() relu.Axis { return relu.Axis{Stride: 1 + r.IntN(3), Padding: r.IntN(3), Dilation: 1 + r.IntN(2)} }
	return r.add(&relu.Conv[float64]{
		Weights: normal(r.Rand, math.Sqrt(2/float64(in*height*width)), out, in, height, width), Bias: normal(r.Rand, 0.3, out),
		Height: axis(), Width: axis(), Groups: groups})
}

func (r *randomNetwork) batchNorm() {
	n := r.shape.Channels
	variance := uniform(r.Rand, 0.1, 2, n)
	b := &relu.BatchNorm[float64]{Scale: normal(r.Rand, 1, n), Shift: normal(r.Rand, 0.5, n), Mean: normal(r.Rand, 0.5, n),
		Variance: &tensor.Dense[float64]{Shape: []int{n}, Data: variance}, Epsilon: 1e-3}
	if r.IntN(4) == 0 {
		b.Scale.Data[r.IntN(n)] = 0
	}
	r.add(b)
}

func (r *randomNetwork) window() relu.Window {
	size := 1 + r.IntN(3)
	return relu.Window{Size: size, Stride: 1 + r.IntN(3), Padding: r.IntN(size)}
}

// poolable reports whether a max pool may come here: the shifts of each channel agree.
func (r *randomNetwork) poolable() bool {
	f := &fusion{threads: 1, shape: r.Network.Input, kappa: filled(r.Network.Input.Channels, 2), shift: filled(r.Network.Input.Size(), 1)}
	shapes, err := r.Shapes()
	if err != nil {
		panic(err)
	}
	for i, layer := range r.Layers {
		f.take(layer, shapes[i+1])
		f.shape = shapes[i+1]
	}
	if f.linear == nil {
		f.maxPool(relu.Named[float64]{Layer: &relu.Dropout[float64]{}}, &relu.MaxPool[float64]{Height: relu.Window{Size: 2, Stride: 1}, Width: relu.Window{Size: 2, Stride: 1}}, f.shape)
	}
	return len(f.refusals) == 0
}

// block adds a linear layer, its ReLU and what may stand around it.
func (r *randomNetwork) block() {
	if r.shape.Places() > 1 && r.IntN(5) == 0 {
		r.add(&relu.Pad[float64]{Top: r.IntN(2), Left: r.IntN(2), Bottom: r.IntN(2), Right: r.IntN(2)})
	}
	if r.shape.Places() == 1 || !r.conv() {
		r.add(&relu.Flatten[float64]{})
		in, out := r.shape.Channels, 1+r.IntN(12)
		r.add(&relu.Dense[float64]{Weights: normal(r.Rand, math.Sqrt(2/float64(in)), in, out), Bias: normal(r.Rand, 0.3, out)})
	}
	for range r.IntN(3) {
		switch r.IntN(3) {
		case 0, 1:
			r.batchNorm()
		case 2:
			r.add(&relu.MaxPool[float64]{Height: r.window(), Width: r.window()})
		}
	}
	r.add(&relu.ReLU[float64]{})
	for range r.IntN(4) {
		switch r.IntN(6) {
		case 0, 1:
			r.batchNorm()
		case 2:
			if r.poolable() {
				r.add(&relu.MaxPool[float64]{Height: r.window(), Width: r.window()})
			}
		case 3:
			r.add(&relu.AveragePool[float64]{Height: r.window(), Width: r.window(), CountPadding: r.IntN(2) == 0})
		case 4:
			r.add(&relu.Dropout[float64]{Rate: 0.5})
		case 5:
			r.add(&relu.ReLU[float64]{})
		}
	}
}

func newRandomNetwork(seed uint64) *randomNetwork {
	r := &randomNetwork{Rand: rand.New(rand.NewPCG(seed, 1)), Network: &relu.Network[float64]{}}
	r.shape = relu.Shape{Channels: 1 + r.IntN(3), Height: 4 + r.IntN(8), Width: 4 + r.IntN(8)}
	if r.IntN(4) == 0 {
		r.shape = relu.Vector(1 + r.IntN(20))
	}
	r.Network.Input = r.shape
	for range 1 + r.IntN(4) {
		r.block()
	}
	if r.IntN(4) == 0 {
		r.add(&relu.GlobalAveragePool[float64]{})
	}
	r.add(&relu.Flatten[float64]{})
	if r.IntN(4) != 0 {
		in := r.shape.Channels
		r.add(&relu.Dense[float64]{Weights: normal(r.Rand, math.Sqrt(1/float64(in)), in, 5), Bias: normal(r.Rand, 0.3, 5)})
		if r.IntN(3) == 0 {
			r.batchNorm()
		}
	}
	return r
}

// kinds lists the layers, for messages.
func (r *randomNetwork) kinds() (kinds []string) {
	for _, l := range r.Layers {
		kinds = append(kinds, l.Kind())
	}
	return kinds
}

// Oracles 1, 3 and 4: on random networks of every pattern, both forms, simulated either way,
// give the logits and the values of each layer of the ReLU network, within their windows.
func TestRandomNetworksAreConvertedExactly(t *testing.T) {
	for seed := range uint64(400) {
		r := newRandomNetwork(seed)
		const trials = 3
		low, high := -2.0, 3.0
		x := uniform(r.Rand, low, high, trials*r.Network.Input.Size())
		sample := func(f func([]float64, int) error) error { return f(x, trials) }
		for _, form := range []Form{B1, Alpha} {
			c, err := Convert(r.Network, Options{Form: form, Low: low, High: high, Zeta: 0.5, Sample: sample, Threads: 2})
			if err != nil {
				t.Fatalf("network %d %v: %v", seed, r.kinds(), err)
			}
			closed, err := NewClosedForm(c.Network, 2)
			if err != nil {
				t.Fatalf("network %d %v: %v", seed, r.kinds(), err)
			}
			membranes, err := NewMembranes(c.Network, 2)
			if err != nil {
				t.Fatalf("network %d %v: %v", seed, r.kinds(), err)
			}
			for name, e := range map[string]Engine[float64]{"closed form": closed, "membranes": membranes} {
				compare(t, fmt.Sprintf("network %d, form %s, %s, %v", seed, form, name, r.kinds()), r.Network, c, e, x, trials)
			}
		}
	}
}

// compare compares an engine's response with the ReLU network, in every layer. Values may
// differ by 1e-9 of the greatest in their layer.
func compare(t *testing.T, what string, n *relu.Network[float64], c *Conversion, e Engine[float64], x []float64, trials int) {
	t.Helper()
	got := e.Run(x, trials)
	size := n.Input.Size()
	for trial := range trials {
		want := plainReLU(n, x[trial*size:(trial+1)*size])
		for _, p := range c.Counterparts {
			w := want[p.Layer]
			values := make([]float64, len(w))
			copy(values, got.Values[p.Stage][trial*len(w):])
			each(values, p.Gain, func(v *float64, ch int) { *v *= p.Gain[ch] })
			for i := range values {
				values[i] += p.Shift[i]
			}
			near(t, what+": layer "+n.Layers[p.Layer].Name, values, w, 1e-9*max(1, greatest(w)))
		}
		last := want[len(want)-1]
		near(t, what+": logits", got.Logits[trial*len(last):(trial+1)*len(last)], last, 1e-9*max(1, greatest(last)))
	}
	for i, beyond := range got.Beyond {
		if beyond > 0 {
			t.Fatalf("%s: %d values of %s beyond their window", what, beyond, c.Network.name(i))
		}
	}
}

func greatest(x []float64) float64 {
	g := 0.0
	for _, v := range x {
		g = max(g, math.Abs(v))
	}
	return g
}
