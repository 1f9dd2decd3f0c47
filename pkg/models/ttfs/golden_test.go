package ttfs

import (
	"encoding/json"
	"math"
	"path/filepath"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
	"github.com/snnctl/snnctl/pkg/models/relu/importer"
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
	Logits      array
	Latency     float64
	Zeta        float64
	Calibration array
	B1          goldenForm
	Alpha1      goldenForm
	Spikes      float64 `json:"spikes_per_neuron"`
	Above       int     `json:"inputs_above_window"`
}

type goldenForm struct {
	Layers []goldenLayer
	Logits array
	Early  *int64 `json:"early_crossings"`
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

const goldenTolerance = 1e-9

// Oracle 12: the golden networks, converted, have the golden windows, synapses, thresholds and
// spike times, in both forms and by both engines.
func TestGoldenConversions(t *testing.T) {
	for _, file := range golden.Having(t, "ttfs", "onnx", "b1") {
		t.Run(file.Path, func(t *testing.T) {
			var g goldenCase
			if err := json.Unmarshal(file.Bytes, &g); err != nil {
				t.Fatal(err)
			}
			network, _, err := importer.Load(filepath.Join(golden.Directory(t, "ttfs"), g.ONNX))
			if err != nil {
				t.Fatal(err)
			}
			for form, want := range map[Form]goldenForm{B1: g.B1, Alpha: g.Alpha1} {
				if len(want.Layers) > 0 {
					t.Run(string(form), func(t *testing.T) { g.check(t, network, form, want) })
				}
			}
		})
	}
}

func (g *goldenCase) check(t *testing.T, network *relu.Network[float64], form Form, want goldenForm) {
	c, err := Convert(network, Options{Form: form, Low: g.InputRange[0], High: g.InputRange[1], Zeta: g.Zeta, Threads: 2,
		Sample: func(f func([]float64, int) error) error { return f(g.Calibration.Data, g.Calibration.Shape[0]) }})
	if err != nil {
		t.Fatal(err)
	}
	closed, err := NewClosedForm(c.Network, 2)
	if err != nil {
		t.Fatal(err)
	}
	membranes, err := NewMembranes(c.Network, 2)
	if err != nil {
		t.Fatal(err)
	}
	for name, engine := range map[string]Engine[float64]{"closed form": closed, "membranes": membranes} {
		r := engine.Run(g.Inputs.Data, g.Inputs.Shape[0])
		near(t, name+": input spikes", times(r.Coded, inputWindow), g.InputSpikes.Data, goldenTolerance)
		near(t, name+": logits", r.Logits, want.Logits.Data, goldenTolerance)
		near(t, name+": logits of ReLU", r.Logits, g.Logits.Data, goldenTolerance)
		windows, layer, beyond := c.Network.Windows(), 0, 0
		spikes, neurons := 0.0, 0.0
		for i, stage := range c.Network.Stages {
			n, ok := stage.(*Neurons[float64])
			if !ok {
				continue
			}
			l := want.Layers[layer]
			layer++
			if n.Name != l.Name || l.Kind != "" && n.Kind() != l.Kind {
				t.Errorf("layer %d is %s (%s), want %s (%s)", layer, n.Name, n.Kind(), l.Name, l.Kind)
			}
			near(t, "X_n, t_min and t_max of "+l.Name, []float64{c.Largest[i], windows[i].Min, windows[i].Max}, []float64{l.X, l.Min, l.Max}, goldenTolerance)
			near(t, name+": spikes of "+l.Name, times(r.Values[i], windows[i].Max), l.Spikes.Data, goldenTolerance)
			if form == B1 {
				near(t, name+": values of "+l.Name, r.Values[i], l.ReLU.Data, goldenTolerance)
			} else {
				near(t, "scale of "+l.Name, n.Scale, l.Scale, goldenTolerance)
				near(t, "synapses of "+l.Name, outputsFirst(n.Synapses), l.J.Data, 1e-9*max(1, greatest(l.J.Data)))
				near(t, "thresholds of "+l.Name, everywhere(n.Thresholds(form, windows[i].Min-windows[i].Previous), len(l.Theta.Data)), l.Theta.Data, 1e-9*max(1, greatest(l.Theta.Data)))
			}
			beyond += r.Beyond[i]
			if n.Kind() == "spike" {
				for _, x := range r.Values[i] {
					if x > 0 {
						spikes++
					}
				}
				neurons += float64(len(r.Values[i]))
			}
		}
		if layer != len(want.Layers) {
			t.Errorf("%d layers, want %d", layer, len(want.Layers))
		}
		if form == B1 {
			near(t, name+": latency, spikes per neuron and values above", []float64{c.Network.Latency(), spikes / neurons, float64(beyond)},
				[]float64{g.Latency, g.Spikes, float64(g.Above)}, goldenTolerance)
		}
	}
	if want.Early != nil {
		early := int64(0)
		for _, n := range membranes.Early {
			early += n
		}
		if early != *want.Early {
			t.Errorf("%d early crossings, want %d", early, *want.Early)
		}
	}
}

// outputsFirst are the weights in the order of PyTorch.
func outputsFirst(s Synapses[float64]) []float64 {
	d, ok := s.(*Dense[float64])
	if !ok {
		return s.(*Conv[float64]).Weights.Data
	}
	in, out := d.Weights.Shape[0], d.Weights.Shape[1]
	turned := tensor.New[float64](out, in)
	for i := range out {
		for j := range in {
			turned.Row(i)[j] = d.Weights.Row(j)[i]
		}
	}
	return turned.Data
}

// everywhere repeats values of channels for each of n neurons.
func everywhere(x []float64, n int) []float64 {
	y := make([]float64, n)
	each(y, x, func(v *float64, c int) { *v = x[c] })
	return y
}

// times are the absolute times of spikes that carry x.
func times(x []float64, end float64) []float64 {
	t := make([]float64, len(x))
	for i, v := range x {
		t[i] = end - v
	}
	return t
}
