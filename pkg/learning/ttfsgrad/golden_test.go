package ttfsgrad

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/relu"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
)

// trace is a recorded training of a B1 network with dense layers, by plain SGD.
// Matrices are [layer][out][in].
type trace struct {
	LR, Gamma float64
	X         [][]float64
	Y         []int
	W0        [][][]float64
	D0        [][]float64
	B0        []float64
	WFinal    [][][]float64 `json:"W_final"`
	DFinal    [][]float64   `json:"D_final"`
	Smart     [][][]float64 `json:"alpha1_smart_init_J"`
	Steps     []traceStep
}

// traceStep is the state before an update.
type traceStep struct {
	Loss        float64
	Windows     [][2]float64
	MinSpike    []float64     `json:"min_spike"`
	OutOfWindow int           `json:"out_of_window"`
	GradW       [][][]float64 `json:"grad_W"`
	GradD       [][]float64   `json:"grad_D"`
}

const goldenTolerance = 1e-9

func readTrace(t *testing.T, f golden.File) trace {
	t.Helper()
	var tr trace
	if err := json.Unmarshal(f.Bytes, &tr); err != nil {
		t.Fatal(err)
	}
	return tr
}

// transposed is [in][out] of a matrix [out][in].
func transposed(m [][]float64) *tensor.Dense[float64] {
	d := tensor.New[float64](len(m[0]), len(m))
	for o, row := range m {
		for i, w := range row {
			d.Row(i)[o] = w
		}
	}
	return d
}

func vector(v []float64) *tensor.Dense[float64] {
	return &tensor.Dense[float64]{Shape: []int{len(v)}, Data: append([]float64(nil), v...)}
}

// chain is a spiking network of dense layers with weights w [layer][out][in].
func chain(form ttfs.Form, w [][][]float64, d [][]float64, windows []float64) *ttfs.Network[float64] {
	n := &ttfs.Network[float64]{Input: relu.Vector(len(w[0][0])), High: 1, Form: form}
	for i := range w {
		synapses := &ttfs.Dense[float64]{Weights: transposed(w[i])}
		if i == len(w)-1 {
			n.Stages = append(n.Stages, &ttfs.Readout[float64]{Name: "readout", Synapses: synapses, Bias: vector(d[i])})
			break
		}
		n.Stages = append(n.Stages, &ttfs.Neurons[float64]{Name: fmt.Sprint("layer", i+1), Synapses: synapses, Bias: vector(d[i]), Window: windows[i]})
	}
	return n
}

// traced is a trainer at the start of a recorded training.
func traced(t *testing.T, tr trace) *Trainer[float64] {
	t.Helper()
	n, err := New(chain(ttfs.B1, tr.W0, tr.D0, tr.B0), 1)
	if err != nil {
		t.Fatal(err)
	}
	trainer := NewTrainer(n, nil, Options[float64]{Windows: Windows{Rule: Adaptive, Value: tr.Gamma},
		Options: plasticity.Options[float64]{Optimizer: &optim.SGD[float64]{}, Schedule: optim.Constant(tr.LR)}})
	trainer.batch = pixels.Batch[float64]{Trials: len(tr.X), Classes: tr.Y}
	for _, x := range tr.X {
		trainer.batch.Values = append(trainer.batch.Values, x...)
	}
	return trainer
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= goldenTolerance) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// nearMatrix compares [in][out] with rows [out][in].
func nearMatrix(t *testing.T, what string, got []float64, want [][]float64) {
	t.Helper()
	for o, row := range want {
		for i, w := range row {
			near(t, fmt.Sprintf("%s[%d][%d]", what, o, i), got[i*len(want)+o], w)
		}
	}
}

func nearVector(t *testing.T, what string, got, want []float64) {
	t.Helper()
	for i, w := range want {
		near(t, fmt.Sprintf("%s[%d]", what, i), got[i], w)
	}
}

// TestGoldenTraining follows recorded trainings step by step: losses, windows,
// earliest spikes, spikes before their window, gradients, and the final weights.
func TestGoldenTraining(t *testing.T) {
	for _, f := range golden.Having(t, "ttfs", "steps", "W0", "D0", "B0") {
		t.Run(f.Path, func(t *testing.T) {
			tr := readTrace(t, f)
			trainer := traced(t, tr)
			for k, want := range tr.Steps {
				intervals := trainer.Network.Spiking.Windows()
				m, err := trainer.learn(k)
				if err != nil {
					t.Fatal(err)
				}
				at := fmt.Sprintf("step %d: ", k)
				near(t, at+"loss", m["loss"], want.Loss)
				near(t, at+"spikes before their window", m["early_spikes"], float64(want.OutOfWindow))
				for l, w := range want.Windows {
					near(t, fmt.Sprintf("%st_min of layer %d", at, l+1), intervals[l].Min, w[0])
					near(t, fmt.Sprintf("%st_max of layer %d", at, l+1), intervals[l].Max, w[1])
					near(t, fmt.Sprintf("%searliest spike of layer %d", at, l+1), intervals[l].Max-trainer.Network.layers[l].activity.Earliest, want.MinSpike[l])
				}
				for l := range want.GradW {
					nearMatrix(t, fmt.Sprintf("%sgradient of W%d", at, l+1), trainer.Network.layers[l].weights.Grad.Data, want.GradW[l])
					nearVector(t, fmt.Sprintf("%sgradient of D%d", at, l+1), trainer.Network.layers[l].drive.Grad.Data, want.GradD[l])
				}
			}
			for l := range tr.WFinal {
				nearMatrix(t, fmt.Sprintf("final W%d", l+1), trainer.Network.layers[l].weights.Value.Data, tr.WFinal[l])
				nearVector(t, fmt.Sprintf("final D%d", l+1), trainer.Network.layers[l].drive.Value.Data, tr.DFinal[l])
			}
		})
	}
}

// TestGoldenSmartStart compares J of the alpha neurons that the ReLU network of W0
// and D0 becomes, and what the two networks say.
func TestGoldenSmartStart(t *testing.T) {
	for _, f := range golden.Having(t, "ttfs", "alpha1_smart_init_J", "W0", "D0", "x") {
		t.Run(f.Path, func(t *testing.T) {
			tr := readTrace(t, f)
			n := &relu.Network[float64]{Input: relu.Vector(len(tr.W0[0][0]))}
			for l := range tr.W0 {
				if l > 0 {
					n.Layers = append(n.Layers, relu.Named[float64]{Name: fmt.Sprint("relu", l), Layer: &relu.ReLU[float64]{}})
				}
				n.Layers = append(n.Layers, relu.Named[float64]{Name: fmt.Sprint("dense", l), Layer: &relu.Dense[float64]{Weights: transposed(tr.W0[l]), Bias: vector(tr.D0[l])}})
			}
			c, err := ttfs.Convert(n, ttfs.Options{Form: ttfs.Alpha, High: 1, Threads: 1})
			if err != nil {
				t.Fatal(err)
			}
			alpha, err := New(c.Network, 1)
			if err != nil {
				t.Fatal(err)
			}
			for l, want := range tr.Smart {
				nearMatrix(t, fmt.Sprintf("J%d", l+1), alpha.layers[l].weights.Value.Data, want)
			}
			b1 := traced(t, tr)
			x := b1.batch.Values
			logits, _ := alpha.Forward(new(autodiff.Tape[float64]), x, b1.batch.Trials, &Pass{})
			want, _ := b1.Network.Forward(new(autodiff.Tape[float64]), x, b1.batch.Trials, &Pass{})
			nearVector(t, "logits", logits.Value.Data, want.Value.Data)
		})
	}
}
