package lsnn

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/internal/tensor"
)

// goldenTrial is the layout of the golden vectors of kind "lsnn".
type goldenTrial struct {
	Params struct {
		TauM   float64   `json:"tau_m"`
		TauA   float64   `json:"tau_a"`
		Thr    float64   `json:"thr"`
		Beta   []float64 `json:"beta"`
		Gamma  float64   `json:"gamma"`
		NRef   int       `json:"n_ref"`
		NDelay int       `json:"n_delay"`
		TauOut float64   `json:"tau_out"`
	} `json:"params"`
	TargetRate   float64       `json:"f0_per_step"`
	RateStrength float64       `json:"c_reg"`
	ReadoutLast  int           `json:"readout_last_steps"`
	X            [][][]float64 `json:"x"`
	In           [][]float64   `json:"w_in"`
	Rec          [][]float64   `json:"w_rec"`
	Out          [][]float64   `json:"w_out"`
	Bias         []float64     `json:"b_out"`
	DelayIn      [][]uint8     `json:"d_in"`
	DelayRec     [][]uint8     `json:"d_rec"`
	Label        []int         `json:"label"`

	V      [][][]float64 `json:"v"`
	A      [][][]float64 `json:"A"`
	B      [][][]float64 `json:"b"`
	Z      [][][]float64 `json:"z"`
	Y      [][][]float64 `json:"y"`
	Logits [][]float64   `json:"logits"`

	Loss          float64
	Full          map[string]json.RawMessage `json:"grad_full"`
	DetachedReset map[string]json.RawMessage `json:"grad_detached_reset"`
}

func flatten[T any](m [][]T) []T {
	var flat []T
	for _, row := range m {
		flat = append(flat, row...)
	}
	return flat
}

func matrix(t *testing.T, raw json.RawMessage) []float64 {
	t.Helper()
	var m [][]float64
	if json.Unmarshal(raw, &m) == nil {
		return flatten(m)
	}
	var v []float64
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

const goldenTolerance = 1e-10

func near(t *testing.T, name string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d numbers, want %d", name, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= goldenTolerance) {
			t.Fatalf("%s[%d] = %.15g, want %.15g", name, i, got[i], want[i])
		}
	}
}

// network builds the golden network; beta may differ from neuron to neuron.
func (g *goldenTrial) network(detached bool) *Network[float64] {
	p := Params{
		Inputs: len(g.In), LIF: len(g.Rec), TauMembrane: g.Params.TauM, TauAdaptation: []float64{g.Params.TauA},
		TauReadout: g.Params.TauOut, Threshold: g.Params.Thr, Refractory: g.Params.NRef, DelaySlots: max(g.Params.NDelay, 1),
		Dampening: g.Params.Gamma, DetachReset: detached,
	}
	net := NewNetwork[float64](p, 0, 1)
	for j, beta := range g.Params.Beta {
		net.neurons.Constants[j].Beta = beta
	}
	net.DelayIn, net.DelayRec = flatten(g.DelayIn), flatten(g.DelayRec)
	return net
}

// inputs packs the trials into groups of lanes.
func (g *goldenTrial) inputs() []tensor.Input {
	var groups []tensor.Input
	for trial, x := range g.X {
		lane := trial % tensor.Lanes
		if lane == 0 {
			groups = append(groups, tensor.Input{Spikes: tensor.NewSpikes(len(x), len(x[0]))})
		}
		in := &groups[len(groups)-1]
		in.Trials++
		for step, row := range x {
			for i, v := range row {
				if v != 0 {
					in.Spikes.Set(step, i, lane)
				}
			}
		}
	}
	return groups
}

func TestGoldenLSNN(t *testing.T) {
	for _, file := range golden.Files(t, "lsnn", "lsnn") {
		t.Run(file.Path, func(t *testing.T) {
			var g goldenTrial
			if err := json.Unmarshal(file.Bytes, &g); err != nil {
				t.Fatal(err)
			}
			t.Run("forward", func(t *testing.T) { g.checkForward(t) })
			t.Run("grad_full", func(t *testing.T) { g.checkGradients(t, false, g.Full) })
			t.Run("grad_detached_reset", func(t *testing.T) { g.checkGradients(t, true, g.DetachedReset) })
		})
	}
}

func (g *goldenTrial) checkForward(t *testing.T) {
	net := g.network(false)
	w := Weights[float64]{In: flatten(g.In), Rec: flatten(g.Rec)}
	inputs := g.inputs()
	for trial := range g.X {
		rec := net.Record(w, &inputs[trial/tensor.Lanes], nil, trial%tensor.Lanes, 0)
		near(t, "v", rec.V.Data, flatten(g.V[trial]))
		near(t, "A", rec.A.Data, flatten(g.A[trial]))
		near(t, "b", rec.B.Data, flatten(g.B[trial]))
		var y []float64
		for step := range rec.Spikes {
			for j, fired := range rec.Spikes[step] {
				if fired != (g.Z[trial][step][j] != 0) {
					t.Fatalf("z[%d][%d][%d] = %v", trial, step, j, fired)
				}
			}
			for k, yk := range g.Bias {
				for j, zbar := range rec.Filtered.Row(step) {
					yk += zbar * g.Out[j][k]
				}
				y = append(y, yk)
			}
		}
		near(t, "y", y, flatten(g.Y[trial]))
	}
}

func (g *goldenTrial) checkGradients(t *testing.T, detached bool, want map[string]json.RawMessage) {
	layer := Layer[float64]{Network: g.network(detached)}
	steps, classes := len(g.X[0]), len(g.Bias)
	var windows []Window
	for trial := range g.X {
		windows = append(windows, Window{trial, steps - g.ReadoutLast, steps})
	}
	variable := func(data []float64, shape ...int) *autodiff.Var[float64] {
		return autodiff.NewVar(&tensor.Dense[float64]{Shape: shape, Data: data})
	}
	n := layer.Neurons()
	in, rec := variable(flatten(g.In), layer.Inputs, n), variable(flatten(g.Rec), n, n)
	out, bias := variable(flatten(g.Out), n, classes), variable(g.Bias, classes)

	var tape autodiff.Tape[float64]
	features, rates := layer.Apply(&tape, in, rec, g.inputs(), windows, nil, 0)
	logits := autodiff.Linear(&tape, features, out, bias)
	near(t, "logits", logits.Value.Data, flatten(g.Logits))
	loss := autodiff.Add(&tape, autodiff.SoftmaxCrossEntropy(&tape, logits, g.Label),
		autodiff.SquaredDistance(&tape, rates, g.TargetRate, g.RateStrength))
	near(t, "loss", loss.Value.Data, []float64{g.Loss})
	tape.Backward(loss)
	for name, v := range map[string]*autodiff.Var[float64]{"w_in": in, "w_rec": rec, "w_out": out, "b_out": bias} {
		near(t, "gradient of "+name, v.Grad.Data, matrix(t, want[name]))
	}
}
