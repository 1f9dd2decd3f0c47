package backprop

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// trainer is a small network on 24 images, each class of which has its own bright row.
func trainer(t *testing.T, l1, l2 float64) *Trainer[float64] {
	t.Helper()
	images := &pixels.Bytes{Of: pixels.Shape{Channels: 1, Height: 3, Width: 4}, Names: 3}
	for i := range 24 {
		class := i % 3
		images.Labels = append(images.Labels, int32(class))
		for row := range 3 {
			for column := range 4 {
				value := uint8(7 * (i + column))
				if row == class {
					value += 80
				}
				images.Pixels = append(images.Pixels, value)
			}
		}
	}
	source, err := pixels.NewSource[float64](pixels.Set{Train: images, Validation: images, Test: images}, pixels.Options{Normalisation: pixels.Unit(), Seed: 1, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	dense := func(in, out int) *relu.Dense[float64] {
		return &relu.Dense[float64]{Weights: tensor.New[float64](in, out), Bias: tensor.New[float64](out)}
	}
	n := &relu.Network[float64]{Input: relu.Shape{Channels: 1, Height: 3, Width: 4}, Layers: []relu.Named[float64]{
		{Name: "0", Layer: &relu.Flatten[float64]{}}, {Name: "1", Layer: dense(12, 8)}, {Name: "2", Layer: &relu.ReLU[float64]{}}, {Name: "3", Layer: dense(8, 3)},
	}}
	n.Initialise(relu.GlorotUniform, 1)
	return New(n, source, Options[float64]{BatchSize: 12, L1Activity: l1, Threads: 1,
		Options: plasticity.Options[float64]{Optimizer: &optim.SGD[float64]{}, Schedule: optim.Constant(0.3), L2: l2}})
}

func TestGradientOfTheLossWithItsPenaltyOnActivity(t *testing.T) {
	tr := trainer(t, 0.02, 0)
	gradients, err := tr.FirstGradients()
	if err != nil {
		t.Fatal(err)
	}
	loss := func() float64 {
		l, _, _ := tr.forward(0)
		return l.Value.Data[0]
	}
	const h = 1e-6
	for _, layer := range tr.Network.Layers {
		for _, p := range layer.Parameters() {
			for i := range p.Values.Data {
				at := p.Values.Data[i]
				p.Values.Data[i] = at + h
				up := loss()
				p.Values.Data[i] = at - h
				down := loss()
				p.Values.Data[i] = at
				if got, want := gradients[layer.Name+"."+p.Name][i], (up-down)/(2*h); math.Abs(got-want) > 1e-6*(1+math.Abs(want)) {
					t.Errorf("∂L/∂%s.%s[%d] is %v, by differences %v", layer.Name, p.Name, i, got, want)
				}
			}
		}
	}
}

func TestPenaltyOnActivitySilencesUnits(t *testing.T) {
	active := map[float64]float64{}
	for _, l1 := range []float64{0, 0.3} {
		tr := trainer(t, l1, 0)
		for step := range 60 {
			if _, err := tr.Step(step); err != nil {
				t.Fatal(err)
			}
		}
		m, err := tr.Evaluate("test", 0)
		if err != nil {
			t.Fatal(err)
		}
		active[l1] = m["active_units"]
		if l1 == 0 && m["accuracy"] != 1 {
			t.Errorf("accuracy %v after 60 steps, want 1", m["accuracy"])
		}
	}
	if active[0.3] >= active[0] {
		t.Errorf("active units %v with the penalty, %v without", active[0.3], active[0])
	}
}

func TestWeightDecayLeavesBiasesAlone(t *testing.T) {
	plain, decayed := trainer(t, 0, 0), trainer(t, 0, 0.1)
	for _, tr := range []*Trainer[float64]{plain, decayed} {
		if _, err := tr.Step(0); err != nil {
			t.Fatal(err)
		}
	}
	for i := range plain.Network.Layers {
		a, b := plain.Network.Layers[i].Parameters(), decayed.Network.Layers[i].Parameters()
		for j := range a {
			same := true
			for k, v := range a[j].Values.Data {
				same = same && v == b[j].Values.Data[k]
			}
			if isBias := a[j].Name == "bias"; same != isBias {
				t.Errorf("%s.%s: the same with and without decay is %v, want %v", plain.Network.Layers[i].Name, a[j].Name, same, isBias)
			}
		}
	}
}
