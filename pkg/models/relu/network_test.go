package relu

import (
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
)

func conv(out, in, size int, height, width Axis) *Conv[float64] {
	return &Conv[float64]{Weights: tensor.New[float64](out, in, size, size), Bias: tensor.New[float64](out), Height: height, Width: width, Groups: 1}
}

func dense(in, out int) *Dense[float64] {
	return &Dense[float64]{Weights: tensor.New[float64](in, out), Bias: tensor.New[float64](out)}
}

// chain names the layers by their place.
func chain(input Shape, layers ...Layer[float64]) *Network[float64] {
	n := &Network[float64]{Input: input}
	for i, l := range layers {
		n.Layers = append(n.Layers, Named[float64]{string(rune('a' + i)), l})
	}
	return n
}

func TestShapesOfLeNet5(t *testing.T) {
	one, valid := Axis{1, 2, 1}, Axis{1, 0, 1}
	n := chain(Shape{1, 28, 28},
		conv(6, 1, 5, one, one), &ReLU[float64]{}, &MaxPool[float64]{two, two},
		conv(16, 6, 5, valid, valid), &ReLU[float64]{}, &MaxPool[float64]{two, two},
		conv(120, 16, 5, valid, valid), &ReLU[float64]{}, &Flatten[float64]{}, dense(120, 84), &ReLU[float64]{}, dense(84, 10))
	shapes, err := n.Shapes()
	if err != nil {
		t.Fatal(err)
	}
	want := []Shape{{1, 28, 28}, {6, 28, 28}, {6, 28, 28}, {6, 14, 14}, {16, 10, 10}, {16, 10, 10}, {16, 5, 5}, {120, 1, 1}, {120, 1, 1}, {120, 1, 1}, {84, 1, 1}, {84, 1, 1}, {10, 1, 1}}
	for i, s := range shapes {
		if s != want[i] {
			t.Errorf("before layer %d: %v, want %v", i, s, want[i])
		}
	}
	if got, want := n.ParameterCount(), 156+2416+48120+10164+850; got != want {
		t.Errorf("%d parameters, want %d", got, want)
	}
}

func TestLayersThatDoNotFitAreNamed(t *testing.T) {
	for _, c := range []struct {
		network *Network[float64]
		message string
	}{
		{chain(Vector(4), dense(5, 2)), "layer a (dense) has weights for 5 inputs, but gets 4"},
		{chain(Shape{1, 2, 2}, dense(4, 2)), "layer a (dense) gets an image of 1x2x2, expected features (put a flatten layer before it)"},
		{chain(Shape{3, 4, 4}, conv(2, 1, 3, Axis{1, 0, 1}, Axis{1, 0, 1})), "layer a (conv) has 2 filters over 1 channels in 1 groups, but gets 3 channels"},
		{chain(Shape{1, 2, 2}, conv(2, 1, 3, Axis{1, 0, 1}, Axis{1, 0, 1})), "layer a (conv) has filters of 3x3, which do not fit"},
		{chain(Shape{}, dense(4, 2)), "the network's input is 0x0x0"},
	} {
		if _, err := c.network.Shapes(); err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("got %v, want %q", err, c.message)
		}
	}
}
