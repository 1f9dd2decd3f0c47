package autodiff

import (
	_ "embed"
	"encoding/json"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
)

//go:embed testdata/reference.json
var torchJSON []byte

type torchTensor struct {
	Shape []int
	Data  []float64
}

func (x torchTensor) variable() *Var[float64] {
	return NewVar(&tensor.Dense[float64]{Shape: x.Shape, Data: x.Data})
}

type torchCase struct {
	Inputs, Gradients map[string]torchTensor
	Y, R              torchTensor
}

// TestLayersEqualTorch compares outputs and gradients with those that PyTorch
// gave for the same inputs; testdata/reference.py wrote them.
func TestLayersEqualTorch(t *testing.T) {
	type tape = *Tape[float64]
	layers := map[string]func(t tape, in inputs) *Var[float64]{
		"conv2d": func(t tape, in inputs) *Var[float64] {
			return Conv2D(t, 2, in["x"], in["w"], in["b"], Axis{Stride: 2, Padding: 1}, Axis{Padding: 2, Dilation: 2}, 2)
		},
		"conv1d": func(t tape, in inputs) *Var[float64] {
			return Conv1D(t, 2, in["x"], in["w"], in["b"], Axis{Stride: 2, Padding: 1}, 1)
		},
		"conv_transpose1d": func(t tape, in inputs) *Var[float64] {
			return ConvTranspose1D(t, 2, in["x"], in["w"], in["b"], Axis{Stride: 3, Padding: 1, Dilation: 2}, 2, 2)
		},
		"max_pool2d": func(t tape, in inputs) *Var[float64] {
			return MaxPool2D(t, 2, in["x"], Pool{3, 1, 1}, Pool{2, 2, 1})
		},
		"avg_pool2d": func(t tape, in inputs) *Var[float64] {
			return AvgPool2D(t, 2, in["x"], Pool{3, 2, 1}, Pool{2, 1, 1}, true)
		},
		"avg_pool2d without padding": func(t tape, in inputs) *Var[float64] {
			return AvgPool2D(t, 2, in["x"], Pool{3, 2, 1}, Pool{2, 1, 1}, false)
		},
		"adaptive_avg_pool2d": func(t tape, in inputs) *Var[float64] { return AdaptiveAvgPool2D(t, 2, in["x"], 3, 2) },
		"batch_norm": func(t tape, in inputs) *Var[float64] {
			y, _ := BatchNorm(t, 2, in["x"], in["scale"], in["shift"], 1e-3)
			return y
		},
		"batch_norm evaluated": func(t tape, in inputs) *Var[float64] {
			return BatchNormEvaluate(t, 2, in["x"], in["scale"], in["shift"], Statistics[float64]{[]float64{0.5, -1}, []float64{2, 0.25}}, 1e-3)
		},
		"group_norm": func(t tape, in inputs) *Var[float64] {
			return GroupNorm(t, 2, in["x"], in["scale"], in["shift"], 2, 1e-3)
		},
		"log_softmax": func(t tape, in inputs) *Var[float64] { return LogSoftmax(t, 2, in["x"]) },
		"lstm": func(t tape, in inputs) *Var[float64] {
			h, _, _ := LSTM(t, 2, in["x"], RecurrentWeights[float64]{in["w_input"], in["w_hidden"], in["b_input"], in["b_hidden"]}, in["h0"], in["c0"], 0)
			return h
		},
		"gru": func(t tape, in inputs) *Var[float64] {
			h, _ := GRU(t, 2, in["x"], RecurrentWeights[float64]{in["w_input"], in["w_hidden"], in["b_input"], in["b_hidden"]}, in["h0"])
			return h
		},
	}
	var cases map[string]torchCase
	if err := json.Unmarshal(torchJSON, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != len(layers) {
		t.Errorf("%d cases for %d layers", len(cases), len(layers))
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := inputs{}
			for k, v := range c.Inputs {
				in[k] = v.variable()
			}
			var tape Tape[float64]
			y := layers[name](&tape, in)
			want(name, y, c.Y.Shape...)
			near(t, "y", y.Value.Data, c.Y.Data)
			tape.Backward(project(&tape, []*Var[float64]{y}, [][]float64{c.R.Data}))
			for k, g := range c.Gradients {
				near(t, "gradient of "+k, in[k].Grad.Data, g.Data)
			}
		})
	}
}
