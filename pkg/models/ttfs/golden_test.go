package ttfs

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// array is an array of a golden vector.
type array struct {
	Shape []int
	Data  []float64
}

// goldenCase is a golden vector of a conversion.
type goldenCase struct {
	ONNX        string
	Inputs      array
	InputSpikes array      `json:"input_spikes"`
	InputRange  [2]float64 `json:"input_range"`
	InputShape  []int      `json:"input_shape"`
	Logits      array
	Latency     float64
	Zeta        float64
	Calibration array
	B1          struct {
		Layers []goldenLayer
		Logits array
	}
	Alpha1 struct {
		Layers []goldenLayer
		Logits array
	}
	SpikesPerNeuron float64 `json:"spikes_per_neuron"`
	Above           int     `json:"inputs_above_window"`
}

type goldenLayer struct {
	Name, Kind   string
	X            float64 `json:"X_n"`
	Min          float64 `json:"t_min"`
	Max          float64 `json:"t_max"`
	ReLU, Spikes array
	Scale        []float64
	J, Theta     array
}

// dense reports whether all layers are.
func (c *goldenCase) dense() bool {
	for _, l := range c.Alpha1.Layers {
		if len(l.J.Shape) != 2 {
			return false
		}
	}
	return len(c.InputShape) == 1
}

func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tolerance) {
			t.Fatalf("%s: value %d is %.12g, want %.12g", what, i, got[i], want[i])
		}
	}
}

// Chains of dense alpha neurons with the golden synapses and thresholds fire when
// the golden ones do, in both forms: J/s and the bias that θ stands for are W and b
// of the B1 neuron.
func TestGoldenDenseNeurons(t *testing.T) {
	for _, file := range golden.Having(t, "ttfs", "alpha1", "b1") {
		var c goldenCase
		if err := json.Unmarshal(file.Bytes, &c); err != nil {
			t.Fatalf("%s: %v", file.Path, err)
		}
		if !c.dense() {
			continue
		}
		t.Run(file.Path, func(t *testing.T) {
			for form, layers := range map[Form][]goldenLayer{Alpha: c.Alpha1.Layers, B1: c.B1.Layers} {
				n := &Network[float64]{Input: relu.Vector(c.InputShape[0]), Low: c.InputRange[0], High: c.InputRange[1], Form: form}
				previous := inputWindow
				for i, l := range layers {
					a := c.Alpha1.Layers[i]
					n.Stages = append(n.Stages, denseNeurons(form, previous, l, a))
					previous = a.Max - a.Min
				}
				last := c.Alpha1.Layers[len(layers)-1].J.Shape[0]
				n.Stages = append(n.Stages, &Readout[float64]{Synapses: &Dense[float64]{tensor.New[float64](last, 1)}, Bias: tensor.New[float64](1)})
				e, err := NewClosedForm(n, 2)
				if err != nil {
					t.Fatal(err)
				}
				r := e.Run(c.Inputs.Data, c.Inputs.Shape[0])
				windows := n.Windows()
				near(t, "input spikes", times(r.Coded, inputWindow, nil), c.InputSpikes.Data, 1e-9)
				for i, l := range layers {
					near(t, string(form)+" spikes of "+l.Name, times(r.Values[i], windows[i].Max, scales(form, c.Alpha1.Layers, i)), l.Spikes.Data, 1e-8)
				}
			}
		})
	}
}

// denseNeurons is layer l, whose synapses and thresholds are those of a; in form b1
// its values are those of form alpha, rescaled.
func denseNeurons(form Form, previous float64, l, a goldenLayer) *Neurons[float64] {
	out, in := a.J.Shape[0], a.J.Shape[1]
	n := &Neurons[float64]{Name: l.Name, Window: l.Max - l.Min, Bias: tensor.New[float64](out)}
	weights := tensor.New[float64](in, out)
	for i := range out {
		sum := 0.0
		for _, j := range a.J.Data[i*in : (i+1)*in] {
			sum += j
		}
		slope := Drive + sum
		b := a.Max - a.Min
		n.Bias.Data[i] = (Drive*(previous+b) + b*sum - a.Theta.Data[i]) / slope
		for j := range in {
			weights.Data[j*out+i] = a.J.Data[i*in+j]
			if form == B1 {
				weights.Data[j*out+i] /= slope
			}
		}
	}
	n.Synapses = &Dense[float64]{weights}
	return n
}

// scales are what the values of layer i must be divided by to compare with the
// golden ones of a form.
func scales(form Form, layers []goldenLayer, i int) []float64 {
	if form == B1 {
		return layers[i].Scale
	}
	return nil
}

// times are the absolute times of spikes that carry x, which may be scaled by channel.
func times(x []float64, end float64, scale []float64) []float64 {
	t := make([]float64, len(x))
	for i, v := range x {
		if scale != nil {
			v /= scale[i%len(scale)]
		}
		t[i] = end - v
	}
	return t
}
