package modelfile

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
)

func random(r *rand.Rand, shape ...int) *tensor.Dense[float64] {
	x := tensor.New[float64](shape...)
	for i := range x.Data {
		x.Data[i] = r.NormFloat64() / math.Sqrt(float64(shape[len(shape)-1]))
	}
	return x
}

// everyStage is a network with a stage of each kind.
func everyStage(form ttfs.Form) *ttfs.Network[float64] {
	r := rand.New(rand.NewPCG(1, 1))
	window := relu.Window{Size: 2, Stride: 2}
	once := relu.Axis{Stride: 1, Padding: 1, Dilation: 1}
	return &ttfs.Network[float64]{Input: ttfs.Shape{Channels: 2, Height: 6, Width: 6}, Low: -1, High: 2, Form: form, Stages: []ttfs.Stage[float64]{
		&ttfs.Neurons[float64]{Name: "/0/Conv", Synapses: &ttfs.Conv[float64]{Weights: random(r, 4, 1, 3, 3), Height: once, Width: once, Groups: 2},
			Bias: random(r, 4, 6, 6), Window: 1.0 / 3, Clipped: true, Scale: []float64{1, 0.1, 1, 1}},
		&ttfs.MaxPool[float64]{Height: window, Width: relu.Window{Size: 3, Stride: 1, Padding: 1}, Latest: []bool{false, true, false, true}},
		&ttfs.Neurons[float64]{Name: "pool", Synapses: &ttfs.Average[float64]{Height: window, Width: window, CountPadding: true, Gain: 1.1, Channels: 4},
			Bias: tensor.New[float64](4), Window: 0.7},
		&ttfs.Pad[float64]{Top: 1, Left: 2, Right: 3},
		&ttfs.Flatten[float64]{},
		&ttfs.Readout[float64]{Name: "out", Synapses: &ttfs.Dense[float64]{Weights: random(r, 4*2*8, 3)}, Bias: random(r, 3)},
	}}
}

// Oracle 10: what was kept fires at the same times, bit for bit.
func TestKeptNetworksFireTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, form := range []ttfs.Form{ttfs.B1, ttfs.Alpha} {
		n := everyStage(form)
		path := filepath.Join(t.TempDir(), "model.safetensors")
		if err := Write(path, n, map[string]string{"source": "a test"}); err != nil {
			t.Fatal(err)
		}
		kept, f, err := Read[float64](path)
		if err != nil {
			t.Fatal(err)
		}
		if f.Metadata["source"] != "a test" {
			t.Errorf("metadata are %v", f.Metadata)
		}
		const trials = 5
		x := make([]float64, trials*n.Input.Size())
		for i := range x {
			x[i] = 3*r.Float64() - 1
		}
		a, b := run(t, n, x, trials), run(t, kept, x, trials)
		for i := range a.Values {
			same(t, a.Values[i], b.Values[i])
		}
		same(t, a.Logits, b.Logits)
		if narrow, _, err := Read[float32](path); err != nil || narrow.Latency() != n.Latency() {
			t.Errorf("read in float32: %v", err)
		}
	}
}

func run(t *testing.T, n *ttfs.Network[float64], x []float64, trials int) *ttfs.Response[float64] {
	t.Helper()
	e, err := ttfs.NewClosedForm(n, 1)
	if err != nil {
		t.Fatal(err)
	}
	return e.Run(x, trials)
}

func same(t *testing.T, a, b []float64) {
	t.Helper()
	if len(a) != len(b) || len(a) == 0 {
		t.Fatalf("%d and %d values", len(a), len(b))
	}
	for i := range a {
		if math.Float64bits(a[i]) != math.Float64bits(b[i]) {
			t.Fatalf("value %d is %v and %v", i, a[i], b[i])
		}
	}
}

func TestDamageIsNamed(t *testing.T) {
	for what, c := range map[string]struct {
		damage func(f *checkpoint.File)
		want   string
	}{
		"another model":  {func(f *checkpoint.File) { delete(f.Metadata, "model") }, "is no network of neurons that fire once"},
		"no JSON":        {func(f *checkpoint.File) { f.Metadata["network"] = "x" }, "cannot be read"},
		"unknown key":    {func(f *checkpoint.File) { edit(f, `"form"`, `"farm"`) }, "cannot be read"},
		"form":           {func(f *checkpoint.File) { edit(f, `"b1"`, `"b2"`) }, `the form "b2", expected b1 or alpha`},
		"kind":           {func(f *checkpoint.File) { edit(f, `"flatten"`, `"flat"`) }, `stage 4 of its network of kind "flat"`},
		"window":         {func(f *checkpoint.File) { edit(f, `"window":0.7`, `"window":-0.7`) }, "a window of -0.7"},
		"stride":         {func(f *checkpoint.File) { edit(f, `"stride":2`, `"stride":0`) }, "not one that this program writes"},
		"huge pad":       {func(f *checkpoint.File) { edit(f, `[1,2,0,3]`, `[1000000,1000000,0,3]`) }, "stage 6 (readout)"},
		"range":          {func(f *checkpoint.File) { edit(f, `[-1,2]`, `[2,2]`) }, "input range [2 2]"},
		"channel":        {func(f *checkpoint.File) { edit(f, `"latest":[1,3]`, `"latest":[1,4]`) }, "not one that"},
		"missing tensor": {func(f *checkpoint.File) { f.Tensors = f.Tensors[1:] }, "has no tensor"},
		"NaN":            {func(f *checkpoint.File) { f.Tensor("5.bias").Data = []float64{0, math.NaN(), 0} }, `"5.bias"`},
		"shape":          {func(f *checkpoint.File) { f.Tensor("5.bias").Shape = []int{3, 1} }, "expected [1 3] axes"},
		"type":           {func(f *checkpoint.File) { f.Tensor("5.bias").Data = []int8{1, 2, 3} }, "holds []int8"},
		"weights":        {func(f *checkpoint.File) { f.Tensor("5.weight").Shape = []int{32, 6} }, "has weights for 32 inputs, but gets 64"},
	} {
		f, err := Encode(everyStage(ttfs.B1), nil)
		if err != nil {
			t.Fatal(err)
		}
		c.damage(f)
		if _, err := Decode[float64](f); err == nil || !fault.IsInput(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", what, err, c.want)
		}
	}
}

func edit(f *checkpoint.File, old, new string) {
	f.Metadata["network"] = strings.Replace(f.Metadata["network"], old, new, 1)
}

func FuzzDecode(f *testing.F) {
	for _, form := range []ttfs.Form{ttfs.B1, ttfs.Alpha} {
		file, err := Encode(everyStage(form), nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file.Metadata["network"])
	}
	f.Fuzz(func(t *testing.T, network string) {
		file, err := Encode(everyStage(ttfs.B1), nil)
		if err != nil {
			t.Fatal(err)
		}
		file.Metadata["network"] = network
		n, err := Decode[float64](file)
		if err != nil {
			if !fault.IsInput(err) {
				t.Fatal(err)
			}
			return
		}
		if _, err := ttfs.NewClosedForm(n, 1); err != nil {
			t.Fatal(err)
		}
	})
}
