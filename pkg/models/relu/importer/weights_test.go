package importer

import (
	"archive/zip"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// blank is a network of zeros with a layer of each kind that has parameters.
func blank() *relu.Network[float64] {
	side := relu.Axis{Stride: 1, Dilation: 1}
	z := func(shape ...int) *tensor.Dense[float64] { return tensor.New[float64](shape...) }
	return &relu.Network[float64]{Input: relu.Shape{Channels: 2, Height: 4, Width: 4}, Layers: []relu.Named[float64]{
		{Name: "0", Layer: &relu.Conv[float64]{Weights: z(3, 2, 3, 3), Bias: z(3), Height: side, Width: side, Groups: 1}},
		{Name: "1", Layer: &relu.BatchNorm[float64]{Scale: z(3), Shift: z(3), Mean: z(3), Variance: z(3), Epsilon: 1e-5}},
		{Name: "2", Layer: &relu.ReLU[float64]{}},
		{Name: "3", Layer: &relu.Flatten[float64]{}},
		{Name: "head", Layer: &relu.Dense[float64]{Weights: z(12, 5), Bias: z(5)}},
	}}
}

// stateDict is what PyTorch would save of it, by name, with random numbers.
func stateDict() map[string]checkpoint.Tensor {
	draw := rand.New(rand.NewPCG(1, 2))
	dict := map[string]checkpoint.Tensor{}
	for name, shape := range map[string][]int{
		"0.weight": {3, 2, 3, 3}, "0.bias": {3}, "1.weight": {3}, "1.bias": {3}, "1.running_mean": {3}, "1.running_var": {3}, "head.weight": {5, 12}, "head.bias": {5},
	} {
		values := make([]float32, size(shape, math.MaxInt))
		for i := range values {
			values[i] = draw.Float32() + 0.5
		}
		dict[name] = checkpoint.Tensor{Name: name, Shape: shape, Data: values}
	}
	dict["1.num_batches_tracked"] = checkpoint.Tensor{Name: "1.num_batches_tracked", Data: []int64{7}}
	return dict
}

func saveDict(t *testing.T, dict map[string]checkpoint.Tensor) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "net.safetensors")
	f := &checkpoint.File{}
	for _, a := range dict {
		f.Tensors = append(f.Tensors, a)
	}
	if err := checkpoint.Write(path, f); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every array goes to its place; that of a dense layer is turned.
func TestWeights(t *testing.T) {
	dict := stateDict()
	n := blank()
	report, err := Weights(saveDict(t, dict), n)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(report.Unused, []string{"1.num_batches_tracked"}) {
		t.Errorf("unused: %v", report.Unused)
	}
	same := func(name string, got []float64) {
		for i, v := range dict[name].Data.([]float32) {
			if got[i] != float64(v) {
				t.Fatalf("%s: value %d is %v, want %v", name, i, got[i], v)
			}
		}
	}
	for _, layer := range n.Layers[:2] {
		for _, p := range layer.Parameters() {
			same(layer.Name+"."+p.Name, p.Values.Data)
		}
	}
	norm := n.Layers[1].Layer.(*relu.BatchNorm[float64])
	same("1.running_mean", norm.Mean.Data)
	same("1.running_var", norm.Variance.Data)
	head := n.Layers[4].Layer.(*relu.Dense[float64])
	same("head.bias", head.Bias.Data)
	for out := range 5 {
		for in := range 12 {
			if got, want := head.Weights.Row(in)[out], float64(dict["head.weight"].Data.([]float32)[out*12+in]); got != want {
				t.Fatalf("weight from %d to %d is %v, want %v", in, out, got, want)
			}
		}
	}
}

// A layer without a bias in PyTorch has one of zeros here.
func TestMissingBias(t *testing.T) {
	dict := stateDict()
	delete(dict, "0.bias")
	n := blank()
	conv := n.Layers[0].Layer.(*relu.Conv[float64])
	conv.Bias.Data[1] = 3
	report, err := Weights(saveDict(t, dict), n)
	if err != nil {
		t.Fatal(err)
	}
	if conv.Bias.Data[1] != 0 || len(report.Steps) != 1 || report.Steps[0].Node != "0.bias" {
		t.Errorf("bias %v, steps %v", conv.Bias.Data, report.Steps)
	}
}

// All arrays that do not fit are named at once.
func TestWeightsThatDoNotFit(t *testing.T) {
	dict := stateDict()
	delete(dict, "1.running_mean")
	dict["1.runing_mean"] = checkpoint.Tensor{Name: "1.runing_mean", Shape: []int{3}, Data: []float32{1, 2, 3}}
	dict["0.weight"] = checkpoint.Tensor{Name: "0.weight", Shape: []int{3, 2, 3, 1}, Data: make([]float32, 18)}
	dict["head.weight"] = checkpoint.Tensor{Name: "head.weight", Shape: []int{12, 5}, Data: make([]float32, 60)}
	dict["1.weight"] = checkpoint.Tensor{Name: "1.weight", Shape: []int{3}, Data: []float32{1, float32(math.NaN()), 1}}
	dict["0.bias"] = checkpoint.Tensor{Name: "0.bias", Shape: []int{3}, Data: []int32{1, 2, 3}}
	delete(dict, "1.bias")
	_, err := Weights(saveDict(t, dict), blank())
	refused := (*Refused)(nil)
	if !errors.As(err, &refused) || !fault.IsInput(err) {
		t.Fatalf("got %v, want a refusal", err)
	}
	for _, says := range []string{
		`0.weight: it has the shape [3 2 3 1], expected [3 2 3 3]`,
		`0.bias: the array "0.bias" of `,
		`1.weight: it holds NaN at place 1`,
		`1.bias: the file has no array of that name, expected one of shape [3]`,
		`1.running_mean: the file has no array of that name, expected one of shape [3]; did you mean "1.runing_mean"?`,
		`head.weight: it has the shape [12 5], expected [5 12] (outputs first, as in PyTorch: transpose the array)`,
	} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%v\ndoes not say %q", err, says)
		}
	}
	if len(refused.Refusals) != 6 {
		t.Errorf("%d refusals, want 6", len(refused.Refusals))
	}
}

func TestNegativeVarianceOfWeights(t *testing.T) {
	dict := stateDict()
	dict["1.running_var"] = checkpoint.Tensor{Name: "1.running_var", Shape: []int{3}, Data: []float32{1, 1, -1}}
	if _, err := Weights(saveDict(t, dict), blank()); !fault.IsInput(err) || !strings.Contains(fmt.Sprint(err), "1.running_var: it holds -1 at place 2") {
		t.Errorf("got %v", err)
	}
}

func TestWeightsOfOtherFiles(t *testing.T) {
	for _, name := range []string{"net.pt", "none.safetensors"} {
		if _, err := Weights(filepath.Join(t.TempDir(), name), blank()); !fault.IsInput(err) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An archive of NumPy gives the same network.
func TestWeightsOfNumPy(t *testing.T) {
	dict := stateDict()
	path := filepath.Join(t.TempDir(), "net.npz")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(file)
	for name, a := range dict {
		if values, ok := a.Data.([]float32); ok {
			w, err := z.Create(name + ".npy")
			if err != nil {
				t.Fatal(err)
			}
			if err := npy.Encode(w, values, a.Shape...); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(z.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	got, want := blank(), blank()
	if _, err := Weights(path, got); err != nil {
		t.Fatal(err)
	}
	if _, err := Weights(saveDict(t, dict), want); err != nil {
		t.Fatal(err)
	}
	for i, layer := range want.Layers {
		for k, p := range layer.Parameters() {
			if !slices.Equal(got.Layers[i].Parameters()[k].Values.Data, p.Values.Data) {
				t.Errorf("%s.%s differs", layer.Name, p.Name)
			}
		}
	}
}
