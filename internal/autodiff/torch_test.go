package autodiff

import (
	_ "embed"
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
)

//go:embed testdata/reference.json
var torchJSON []byte

type torchTensor struct {
	Shape []int
	Data  []float64
}

// variable returns x in one precision.
func variable[F tensor.Float](x torchTensor) *Var[F] {
	v := NewVar(tensor.New[F](x.Shape...))
	for i, number := range x.Data {
		v.Value.Data[i] = F(number)
	}
	return v
}

type torchCase struct {
	Inputs, Gradients map[string]torchTensor
	Y, R              torchTensor
}

type layer[F tensor.Float] func(t *Tape[F], in map[string]*Var[F]) *Var[F]

// torchLayers are what testdata/reference.py calls, by the names of its cases.
func torchLayers[F tensor.Float](threads int) map[string]layer[F] {
	return map[string]layer[F]{
		"conv2d": func(t *Tape[F], in map[string]*Var[F]) *Var[F] {
			return Conv2D(t, threads, in["x"], in["w"], in["b"], Axis{Stride: 2, Padding: 1}, Axis{Padding: 2, Dilation: 2}, 2)
		},
		"conv1d": func(t *Tape[F], in map[string]*Var[F]) *Var[F] {
			return Conv1D(t, threads, in["x"], in["w"], in["b"], Axis{Stride: 2, Padding: 1}, 1)
		},
		"conv_transpose1d": func(t *Tape[F], in map[string]*Var[F]) *Var[F] {
			return ConvTranspose1D(t, threads, in["x"], in["w"], in["b"], Axis{Stride: 3, Padding: 1, Dilation: 2}, 2, 2)
		},
		"max_pool2d": func(t *Tape[F], in map[string]*Var[F]) *Var[F] {
			return MaxPool2D(t, threads, in["x"], Pool{3, 1, 1}, Pool{2, 2, 1})
		},
		"avg_pool2d": func(t *Tape[F], in map[string]*Var[F]) *Var[F] {
			return AvgPool2D(t, threads, in["x"], Pool{3, 2, 1}, Pool{2, 1, 1}, true)
		},
		"avg_pool2d without padding": func(t *Tape[F], in map[string]*Var[F]) *Var[F] {
			return AvgPool2D(t, threads, in["x"], Pool{3, 2, 1}, Pool{2, 1, 1}, false)
		},
		"adaptive_avg_pool2d": func(t *Tape[F], in map[string]*Var[F]) *Var[F] { return AdaptiveAvgPool2D(t, threads, in["x"], 3, 2) },
		"batch_norm": func(t *Tape[F], in map[string]*Var[F]) *Var[F] {
			y, _ := BatchNorm(t, threads, in["x"], in["scale"], in["shift"], 1e-3)
			return y
		},
		"batch_norm evaluated": func(t *Tape[F], in map[string]*Var[F]) *Var[F] {
			return BatchNormEvaluate(t, threads, in["x"], in["scale"], in["shift"], Statistics[F]{[]F{0.5, -1}, []F{2, 0.25}}, 1e-3)
		},
		"group_norm": func(t *Tape[F], in map[string]*Var[F]) *Var[F] {
			return GroupNorm(t, threads, in["x"], in["scale"], in["shift"], 2, 1e-3)
		},
		"log_softmax": func(t *Tape[F], in map[string]*Var[F]) *Var[F] { return LogSoftmax(t, threads, in["x"]) },
		"lstm": func(t *Tape[F], in map[string]*Var[F]) *Var[F] {
			h, _, _ := LSTM(t, threads, in["x"], RecurrentWeights[F]{in["w_input"], in["w_hidden"], in["b_input"], in["b_hidden"]}, in["h0"], in["c0"], 0)
			return h
		},
		"gru": func(t *Tape[F], in map[string]*Var[F]) *Var[F] {
			h, _ := GRU(t, threads, in["x"], RecurrentWeights[F]{in["w_input"], in["w_hidden"], in["b_input"], in["b_hidden"]}, in["h0"])
			return h
		},
	}
}

// TestLayersEqualTorch compares outputs and gradients with those that PyTorch
// gave in float64 for the same inputs; testdata/reference.py wrote them.
func TestLayersEqualTorch(t *testing.T) {
	var cases map[string]torchCase
	if err := json.Unmarshal(torchJSON, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != len(torchLayers[float64](1)) {
		t.Errorf("%d cases for %d layers", len(cases), len(torchLayers[float64](1)))
	}
	for name, c := range cases {
		for _, threads := range []int{1, 2} {
			t.Run(name+" in float64", func(t *testing.T) { compareWithTorch(t, torchLayers[float64](threads)[name], c, 1e-12) })
			t.Run(name+" in float32", func(t *testing.T) { compareWithTorch(t, torchLayers[float32](threads)[name], c, 1e-5) })
		}
	}
}

// compareWithTorch allows errors of tolerance times the greatest number of what
// is compared.
func compareWithTorch[F tensor.Float](t *testing.T, apply layer[F], c torchCase, tolerance float64) {
	var tape Tape[F]
	in := map[string]*Var[F]{}
	for name, x := range c.Inputs {
		in[name] = variable[F](x)
	}
	y, r := apply(&tape, in), variable[F](c.R)
	same := func(what string, got *tensor.Dense[F], want torchTensor) {
		if !slices.Equal(got.Shape, want.Shape) {
			t.Fatalf("%s has shape %v, want %v", what, got.Shape, want.Shape)
		}
		scale := max(1, slices.Max(want.Data), -slices.Min(want.Data))
		for i, w := range want.Data {
			if !(math.Abs(float64(got.Data[i])-w) <= tolerance*scale) {
				t.Errorf("%s[%d] = %g, want %g", what, i, got.Data[i], w)
			}
		}
	}
	same("y", y.Value, c.Y)
	tape.Record(func() { copy(y.Grad.Data, r.Value.Data) })
	tape.Backward(NewVar(tensor.New[F](1)))
	for name, g := range c.Gradients {
		same("gradient of "+name, in[name].Grad, g)
	}
}
