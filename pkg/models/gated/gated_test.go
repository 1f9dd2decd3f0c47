package gated

import (
	"math"
	"math/rand/v2"
	"testing"
)

// network is a small network in which some neurons are closed in context 0, and a batch
// for it.
func network(norm Norm, gate Gate) (n *Network[float64], x []float64, classes []int) {
	n = New[float64]([]int{5, 8, 7, 3}, 2, norm, gate)
	n.Initialise(3)
	n.GateSlope = 2
	r := rand.New(rand.NewPCG(1, 2))
	const trials = 9
	for range 5 * trials {
		x = append(x, r.NormFloat64())
	}
	for range trials {
		classes = append(classes, r.IntN(3))
	}
	return n, x, classes
}

func lossOf(p *Part[float64], kind Loss, x []float64, classes []int) float64 {
	pass := Pass[float64]{Threads: 1}
	pass.Forward(p, x, len(classes))
	loss, _ := pass.Loss(kind, Head{Classes: 3}, classes)
	return loss
}

func TestGradientsByDifferences(t *testing.T) {
	for _, norm := range []Norm{BatchL2, Plain} {
		for _, gate := range []Gate{ReTanh2, Sigmoid, Binary, Open} {
			for _, kind := range []Loss{CrossEntropy, DoubleSoftmax} {
				n, x, classes := network(norm, gate)
				if norm == BatchL2 {
					for _, v := range n.V { // so that variances are not all hidden by their floor
						for i := range v {
							v[i] *= 3
						}
					}
				}
				part := n.Whole(0)
				pass := Pass[float64]{Threads: 2}
				var g Gradients[float64]
				pass.Forward(part, x, len(classes))
				pass.Loss(kind, Head{Classes: 3}, classes)
				pass.Backward(&g, nil, nil)
				compare := func(name string, values, gradient []float64) {
					t.Helper()
					const h = 1e-6
					for i, at := range values {
						values[i] = at + h
						up := lossOf(part, kind, x, classes)
						values[i] = at - h
						down := lossOf(part, kind, x, classes)
						values[i] = at
						if want := (up - down) / (2 * h); math.Abs(gradient[i]-want) > 2e-7*(1+math.Abs(want)) {
							t.Fatalf("%s, %s, %s: ∂L/∂%s[%d] is %v, by differences %v", norm, gate, kind, name, i, gradient[i], want)
						}
					}
				}
				for l := range part.W {
					compare("W", part.W[l], g.W[l])
					compare("b", part.B[l], g.B[l])
				}
				if gate.Learns() {
					for l := range part.V {
						compare("V", part.V[l], g.V[l])
					}
				}
			}
		}
	}
}

// A part without the closed neurons computes and learns what the whole network does.
func TestOpenPartIsTheWholeNetwork(t *testing.T) {
	for _, norm := range []Norm{BatchL2, Plain} {
		for _, gate := range []Gate{ReTanh2, Binary} {
			n, x, classes := network(norm, gate)
			var passes [2]Pass[float64]
			var whole [2]*Network[float64]
			parts := [2]*Part[float64]{n.Whole(1), n.Open(1)}
			if len(parts[1].W[1]) >= len(parts[0].W[1]) {
				t.Fatal("no neuron is closed")
			}
			for k, part := range parts {
				passes[k].Threads = 1
				var g Gradients[float64]
				passes[k].Forward(part, x, len(classes))
				passes[k].Loss(CrossEntropy, Head{Classes: 3}, classes)
				passes[k].Backward(&g, nil, nil)
				whole[k] = New[float64](n.Sizes, n.Contexts, norm, gate)
				part.Scatter(1, whole[k].W, g.W)
				for l := range g.B {
					part.ScatterBias(l, whole[k].B[l], g.B[l])
				}
			}
			same := func(what string, a, b []float64) {
				t.Helper()
				for i := range a {
					if math.Abs(a[i]-b[i]) > 1e-12 {
						t.Errorf("%s, %s: %s[%d] is %v in the open part, %v in the whole network", norm, gate, what, i, b[i], a[i])
						return
					}
				}
			}
			same("logit", passes[0].Logits, passes[1].Logits)
			for l := range whole[0].W {
				same("∂L/∂W", whole[0].W[l], whole[1].W[l])
				same("∂L/∂b", whole[0].B[l], whole[1].B[l])
			}
		}
	}
}

func TestStoreWritesWhatThePartLearned(t *testing.T) {
	n, _, _ := network(BatchL2, ReTanh2)
	before := New[float64](n.Sizes, n.Contexts, n.Norm, n.Gate)
	for l := range n.W {
		copy(before.W[l], n.W[l])
	}
	part := n.Open(0)
	for l := range part.W {
		for i := range part.W[l] {
			part.W[l][i]++
		}
	}
	part.Store(2)
	moved := 0
	for l := range n.W {
		for i, w := range n.W[l] {
			switch d := w - before.W[l][i]; {
			case math.Abs(d-1) < 1e-12:
				moved++
			case d != 0:
				t.Fatalf("weight %d of layer %d moved by %v", i, l, d)
			}
		}
	}
	want := 0
	for l := range part.W {
		want += len(part.W[l])
	}
	if moved != want {
		t.Errorf("%d weights moved, expected the %d of the part", moved, want)
	}
}

func TestGatesAreFractions(t *testing.T) {
	for _, gate := range []Gate{ReTanh2, Sigmoid, Binary, Open} {
		last := -1.0
		for v := -8.0; v <= 8; v += 0.25 {
			g := gate.value(v, 1)
			if g < 0 || g > 1 || g < last {
				t.Errorf("%s: φ(%v) is %v after %v", gate, v, g, last)
			}
			last = g
		}
	}
	if g := ReTanh2.value(-0.1, 1); g != 0 {
		t.Errorf("a gate below 0 is open by %v", g)
	}
}

// The norm of a sample is 1, or 0 where no neuron is active.
func TestActivityHasNormOne(t *testing.T) {
	n, x, classes := network(BatchL2, ReTanh2)
	pass := Pass[float64]{Threads: 1}
	pass.Forward(n.Open(0), x, len(classes))
	for l, layer := range pass.Hidden {
		for s := range classes {
			var squares float64
			for j := range n.Open(0).Neurons(l) {
				h := layer.Activity[j*len(classes)+s]
				squares += h * h
			}
			if squares != 0 && math.Abs(squares-1) > 1e-12 {
				t.Errorf("layer %d, trial %d: squared norm %v", l, s, squares)
			}
		}
	}
}

// Where all inputs are the same nothing varies, all is 0, and no gradient is NaN.
func TestSilentLayersHaveGradientsOfZero(t *testing.T) {
	n, x, classes := network(BatchL2, ReTanh2)
	clear(x)
	pass := Pass[float64]{Threads: 1}
	var g Gradients[float64]
	pass.Forward(n.Open(0), x, len(classes))
	pass.Loss(DoubleSoftmax, Head{Classes: 3}, classes)
	pass.Backward(&g, nil, nil)
	for l := range 2 {
		for i, v := range g.W[l] {
			if v != 0 {
				t.Fatalf("∂L/∂W[%d] of layer %d is %v", i, l, v)
			}
		}
	}
}

func TestThreadsGiveTheSameBits(t *testing.T) {
	n := New[float32]([]int{70, 90, 80, 10}, 2, BatchL2, ReTanh2)
	n.Initialise(1)
	r := rand.New(rand.NewPCG(1, 1))
	x := make([]float32, 70*33)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	classes := make([]int, 33)
	var first Gradients[float32]
	for threads := 1; threads <= 3; threads++ {
		pass := Pass[float32]{Threads: threads}
		var g Gradients[float32]
		pass.Forward(n.Open(0), x, len(classes))
		pass.Loss(CrossEntropy, Head{Classes: 10}, classes)
		pass.Backward(&g, nil, nil)
		if threads == 1 {
			first = g
			continue
		}
		for l := range g.W {
			for i := range g.W[l] {
				if g.W[l][i] != first.W[l][i] {
					t.Fatalf("%d threads: ∂L/∂W[%d] of layer %d is %v, with one %v", threads, i, l, g.W[l][i], first.W[l][i])
				}
			}
		}
	}
}

func TestMaskClosesItsPartOfEachLayer(t *testing.T) {
	n := New[float64]([]int{4, 50, 20, 2}, 3, Plain, Binary)
	n.Mask(1, 0.8)
	for c := range 3 {
		if a, b := len(n.Open(c).Neurons(0)), len(n.Open(c).Neurons(1)); a != 10 || b != 4 {
			t.Errorf("context %d has %d and %d open neurons, expected 10 and 4", c, a, b)
		}
	}
}

func TestLossOfTheDoubleSoftmaxIsBounded(t *testing.T) {
	pass := Pass[float64]{Trials: 1}
	for _, sure := range []float64{1000, -1000} {
		pass.Logits = make([]float64, 10)
		pass.Logits[3] = sure
		if sure < 0 {
			pass.Logits[4] = 1000
		}
		loss, _ := pass.Loss(DoubleSoftmax, Head{Classes: 10}, []int{3})
		want := -math.Log(math.E / (math.E + 9))
		if sure < 0 {
			want = math.Log(math.E + 9)
		}
		if math.Abs(loss-want) > 1e-12 {
			t.Errorf("loss is %v, expected %v", loss, want)
		}
	}
}

// The gradients through two convolutions with gated channels.
func TestGradientsOfTheFrontByDifferences(t *testing.T) {
	front := NewFront[float64](2, 9, 8, [2]int{3, 4}, 2, ReTanh2)
	n := New[float64]([]int{front.Outputs(), 6, 3}, 2, BatchL2, ReTanh2)
	n.Front = front
	n.Initialise(5)
	r := rand.New(rand.NewPCG(1, 2))
	for k := range front.V { // open, so that no gradient is 0 for that
		for i := range front.V[k] {
			front.V[k][i] = 0.5 + r.Float64()
		}
	}
	const trials = 6
	x := make([]float64, 2*9*8*trials)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	classes := []int{0, 1, 2, 0, 1, 2}
	part := n.Whole(1)
	pass := Pass[float64]{Threads: 2}
	var g Gradients[float64]
	pass.Forward(part, x, trials)
	pass.Loss(CrossEntropy, Head{Classes: 3}, classes)
	pass.Backward(&g, nil, nil)
	compare := func(name string, value *float64, gradient float64) {
		t.Helper()
		const h = 1e-6
		at := *value
		*value = at + h
		up := lossOf(part, CrossEntropy, x, classes)
		*value = at - h
		down := lossOf(part, CrossEntropy, x, classes)
		*value = at
		if want := (up - down) / (2 * h); math.Abs(gradient-want) > 2e-7*(1+math.Abs(want)) {
			t.Errorf("∂L/∂%s is %v, by differences %v", name, gradient, want)
		}
	}
	for k := range front.W {
		for i := range front.W[k] {
			compare("filter", &front.W[k][i], g.Front.W[k][i])
		}
		for i := range front.B[k] {
			compare("bias", &front.B[k][i], g.Front.B[k][i])
			compare("gate", &front.V[k][i*2+1], g.Front.V[k][i])
		}
	}
	for c, mean := range pass.ChannelActivity(0) {
		if mean < 0 {
			t.Errorf("mean activity of channel %d is %v", c, mean)
		}
	}
}
