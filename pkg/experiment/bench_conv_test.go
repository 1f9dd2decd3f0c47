package experiment

import (
	"math"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/autodiff"
)

// The block learns from what it was shown, with the same bits on any number of
// threads.
func TestConvBlock(t *testing.T) {
	one, two := newConvBlock(2, 1), newConvBlock(2, 2)
	loss := one.pass().Value.Data[0]
	if other := two.pass().Value.Data[0]; other != loss || !(loss > 0) {
		t.Errorf("loss %g on one thread, %g on two", loss, other)
	}
	for i, l := range one.layers {
		if !slices.Equal(l.weights.Grad.Data, two.layers[i].weights.Grad.Data) {
			t.Errorf("gradients of layer %d differ between one thread and two", i)
		}
		if slices.Max(l.weights.Grad.Data) == 0 || slices.Max(l.scale.Grad.Data) == 0 {
			t.Errorf("no gradient reaches layer %d", i)
		}
	}
}

func TestBenchConv(t *testing.T) {
	r, err := BenchConv(ConvBench{Shape: "vgg", Batch: 2, Repeats: 2}, 2)
	if err != nil {
		t.Fatal(err)
	}
	// 2 · (2·3·64 + 3·64·64) · 9 operations a place of a 32×32 image.
	if flops := r.GFLOPs * 1e9 * r.Median; !(r.Min > 0 && r.Min <= r.Median) || math.Abs(flops/(2*233570304)-1) > 1e-9 {
		t.Errorf("%g operations in %g s, at least %g s", flops, r.Median, r.Min)
	}
	for _, b := range []ConvBench{{"vgg", 0, 1}, {"lenet", 1, 0}, {"alexnet", 1, 1}} {
		if _, err := BenchConv(b, 1); err == nil {
			t.Errorf("%+v was accepted", b)
		}
	}
}

// A step against the gradient lowers the loss; threads change no bit of it.
func TestLeNetLearns(t *testing.T) {
	one, two := newLeNet(20, 1), newLeNet(20, 2)
	before := one.pass().Value.Data[0]
	two.pass()
	for i, l := range append(one.convs, one.dense...) {
		other := append(two.convs, two.dense...)[i]
		if !slices.Equal(l.weights.Grad.Data, other.weights.Grad.Data) || !slices.Equal(l.bias.Grad.Data, other.bias.Grad.Data) {
			t.Errorf("gradients of layer %d differ between one thread and two", i)
		}
		for _, v := range []*autodiff.Var[float32]{l.weights, l.bias} {
			for e, g := range v.Grad.Data {
				v.Value.Data[e] -= 0.01 * g
			}
		}
	}
	if after := one.pass().Value.Data[0]; !(after < before) {
		t.Errorf("loss %g, after a step %g", before, after)
	}
}

func TestBenchLeNet(t *testing.T) {
	r, err := BenchConv(ConvBench{Shape: "lenet", Batch: 2, Repeats: 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if flops := r.GFLOPs * 1e9 * r.Median; r.Shape != "lenet" || math.Abs(flops/(2*2198400)-1) > 1e-9 {
		t.Errorf("%s: %g operations", r.Shape, flops)
	}
}

func BenchmarkLeNet(b *testing.B) {
	network := newLeNet(ConvBatch, 1)
	b.ReportAllocs()
	for b.Loop() {
		network.pass()
	}
}

func BenchmarkConvBlock(b *testing.B) {
	block := newConvBlock(ConvBatch, 1)
	b.ReportAllocs()
	for b.Loop() {
		block.pass()
	}
}
