package conversion

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/experiment"
	"github.com/snnctl/snnctl/pkg/models/relu"
	"github.com/snnctl/snnctl/pkg/models/relu/importer"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
)

func random(name string, shape ...int) *tensor.Dense[float64] {
	x, r := tensor.New[float64](shape...), rng.Stream(1, rng.Purpose(name), 0, 0)
	for i := range x.Data {
		x.Data[i] = r.NormFloat64() / math.Sqrt(float64(len(x.Data))/float64(shape[0]))
	}
	return x
}

// small is conv, ReLU, average pool, dense on images of 2×4×4.
func small() *Model {
	once, pool := relu.Axis{Stride: 1, Padding: 1, Dilation: 1}, relu.Window{Size: 2, Stride: 2}
	return &Model{From: "a test", Network: &relu.Network[float64]{Input: relu.Shape{Channels: 2, Height: 4, Width: 4}, Layers: []relu.Named[float64]{
		{Name: "conv", Layer: &relu.Conv[float64]{Weights: random("w", 3, 2, 3, 3), Bias: random("b", 3), Height: once, Width: once, Groups: 1}},
		{Name: "relu", Layer: &relu.ReLU[float64]{}},
		{Name: "pool", Layer: &relu.AveragePool[float64]{Height: pool, Width: pool}},
		{Name: "flatten", Layer: &relu.Flatten[float64]{}},
		{Name: "dense", Layer: &relu.Dense[float64]{Weights: random("d", 12, 4), Bias: random("e", 4)}},
	}}}
}

func arrayFile(t *testing.T, values []float32, shape ...int) string {
	t.Helper()
	var b bytes.Buffer
	if err := npy.Encode(&b, values, shape...); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func pixelValues(n int, low, high float64) []float32 {
	x, r := make([]float32, n), rng.Stream(2, "pixels", 0, 0)
	for i := range x {
		x[i] = float32(low + (high-low)*r.Float64())
	}
	return x
}

var settings = experiment.Settings{Threads: 2}

func quiet(string) {}

func TestConvertedModelsAreExactAndKept(t *testing.T) {
	x := arrayFile(t, pixelValues(10*32, -1, 2), 10, 2, 4, 4)
	for _, form := range []ttfs.Form{ttfs.B1, ttfs.Alpha} {
		for _, engine := range []string{ClosedForm, Events} {
			out := filepath.Join(t.TempDir(), "model")
			r, err := Convert(small(), Options{Form: form, Zeta: 0.5, Calibrate: x, Engine: engine, CheckMembranes: true, Out: out}, settings, quiet)
			if err != nil {
				t.Fatal(err)
			}
			if r.Verification.Agreement != 1 || r.Verification.MaxLogitDifference > 1e-9 || r.Verification.Inputs != 10 || r.Verification.Outside != 0 {
				t.Errorf("%s, %s: %+v", form, engine, r.Verification)
			}
			if r.InputRange[0] >= -0.9 || r.InputRange[1] <= 1.9 || r.EarlyCrossings == nil {
				t.Errorf("the input range is %v, early crossings %v", r.InputRange, r.EarlyCrossings)
			}
			roles := ""
			for _, n := range r.Nodes {
				roles += n.Role + " "
				if n.MaxDifference != nil && *n.MaxDifference > 1e-9 {
					t.Errorf("%s differs by %g", n.Name, *n.MaxDifference)
				}
			}
			if roles != "input spike relay readout " {
				t.Errorf("roles are %q", roles)
			}
			kept, err := OpenKept(out)
			if err != nil || kept == nil {
				t.Fatalf("opening what was kept: %v", err)
			}
			e, err := kept.Evaluate(EvalOptions{Split: "test", Data: x, Engine: engine, Precision: "float64"}, settings)
			if err != nil {
				t.Fatal(err)
			}
			if e.SpikesPerNeuron != r.SpikesPerNeuron || e.Synapses != r.SynapsesPerInference || e.Latency != r.Latency || e.Inputs != 10 || e.Accuracy != nil {
				t.Errorf("evaluated: %+v, converted: %+v", e, r)
			}
			var written Report
			text, err := os.ReadFile(filepath.Join(out, ReportFile))
			if err == nil {
				err = json.Unmarshal(text, &written)
			}
			if err != nil || written.Latency != r.Latency {
				t.Errorf("report.json: %v", err)
			}
			for _, picture := range []string{"spikes.svg", "activations.svg"} {
				if _, err := os.Stat(filepath.Join(out, plotsDir, picture)); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// What the user should not overlook is a warning: values that cannot be coded, and windows
// that are too short.
func TestWarnings(t *testing.T) {
	x := arrayFile(t, pixelValues(10*32, 0, 1), 10, 32)
	r, err := Convert(small(), Options{Form: ttfs.B1, Zeta: -0.5, Calibrate: x, Range: &[2]float64{0, 0.9}, Engine: ClosedForm, Out: filepath.Join(t.TempDir(), "m")}, settings, quiet)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(r.Warnings, "\n")
	for _, want := range []string{"values of the calibration inputs lie outside [0, 0.9]", "values of the compared inputs lie outside", "values of conv are greater than its window"} {
		if !strings.Contains(all, want) {
			t.Errorf("warnings %q do not say %q", all, want)
		}
	}
}

// Values of the network's input are found where the file of another program has them.
func TestArraysInTheOrderOfTheFile(t *testing.T) {
	m := small()
	m.Import = &importer.Report{Input: []int{4, 4, 2}, InputOrder: make([]int, 32)}
	for c := range 2 {
		for place := range 16 {
			m.Import.InputOrder[c*16+place] = place*2 + c
		}
	}
	raw := pixelValues(3*32, 0, 1)
	in, err := m.ofArray(arrayFile(t, raw, 3, 4, 4, 2))
	if err != nil {
		t.Fatal(err)
	}
	trial := 0
	err = in.Each(2, func(b Batch) error {
		for k := range b.Trials {
			for i, order := range m.Import.InputOrder {
				if got, want := b.Values[k*32+i], float64(raw[trial*32+order]); got != want {
					t.Fatalf("value %d of trial %d is %g, want %g", i, trial, got, want)
				}
			}
			trial++
		}
		return nil
	})
	if err != nil || trial != 3 {
		t.Errorf("%d trials, %v", trial, err)
	}
	if _, err := m.ofArray(arrayFile(t, raw, 3, 2, 4, 4)); err == nil || !strings.Contains(err.Error(), "expected inputs of the network: [N 4 4 2], or [N 32]") {
		t.Errorf("another order gives %v", err)
	}
}

func TestFirstInputsOnly(t *testing.T) {
	in, err := small().ofArray(arrayFile(t, pixelValues(10*32, 0, 1), 10, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, trials := range []int{1, 4, 5, 9, 10, 0} {
		seen := 0
		if err := in.first(trials).Each(4, func(b Batch) error {
			if len(b.Values) != b.Trials*32 {
				t.Errorf("%d values of %d trials", len(b.Values), b.Trials)
			}
			seen += b.Trials
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if want := trials; seen != want && !(trials == 0 && seen == 10) {
			t.Errorf("%d trials, want %d", seen, want)
		}
	}
}

// A conversion that fails leaves nothing behind.
func TestFailuresLeaveNothing(t *testing.T) {
	nan := pixelValues(10*32, 0, 1)
	nan[200] = float32(math.NaN())
	for want, o := range map[string]Options{
		"value 200 of":             {Form: ttfs.B1, Calibrate: arrayFile(t, nan, 10, 32), Engine: ClosedForm},
		"--calibrate is missing":   {Form: ttfs.B1, Engine: ClosedForm},
		"holds no inputs":          {Form: ttfs.B1, Calibrate: arrayFile(t, nil, 0, 32), Engine: ClosedForm},
		"--form is":                {Form: "b2", Engine: ClosedForm},
		"--engine is":              {Form: ttfs.B1, Engine: "x"},
		"the input range is [2, 1": {Form: ttfs.B1, Bound: true, Range: &[2]float64{2, 1}, Engine: ClosedForm},
	} {
		dir := t.TempDir()
		o.Out = filepath.Join(dir, "model")
		_, err := Convert(small(), o, settings, quiet)
		if err == nil || !fault.IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%q left %v behind", want, left)
		}
	}
}
