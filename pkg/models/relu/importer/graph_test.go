package importer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/snnctl/snnctl/internal/onnx"
	"github.com/snnctl/snnctl/internal/onnx/onnxtest"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// file builds an ONNX file node by node, with random weights.
type file struct {
	onnxtest.Model
	draw *rand.Rand
	end  string // the value that next reads
}

// newFile starts a graph whose input has samples of that shape.
func newFile(opset int64, seed uint64, sample ...int64) *file {
	return &file{
		Model: onnxtest.Model{
			Opset:  opset,
			Inputs: []onnxtest.Value{{Name: "x", Dims: append([]int64{-1}, sample...)}},
		},
		draw: rand.New(rand.NewPCG(seed, 0)),
		end:  "x",
	}
}

// node adds a node that reads in, and gives the name of its output.
func (f *file) node(op string, in []string, attributes ...onnxtest.Attribute) string {
	name := fmt.Sprintf("/%d/%s", len(f.Nodes), op)
	out := name + "_output"
	f.Nodes = append(f.Nodes, onnxtest.Node{Name: name, Op: op, In: in, Out: []string{out}, Attributes: attributes})
	return out
}

// next adds a node that reads the last output, and further inputs.
func (f *file) next(op string, more []string, attributes ...onnxtest.Attribute) *file {
	f.end = f.node(op, append([]string{f.end}, more...), attributes...)
	return f
}

// array adds an initializer.
func (f *file) array(kind uint64, values []float64, dims ...int64) string {
	name := fmt.Sprintf("array%d", len(f.Initializers))
	f.Initializers = append(f.Initializers, onnxtest.Tensor{Name: name, Type: kind, Dims: dims, Values: values})
	return name
}

// weights adds random numbers around 0.
func (f *file) weights(dims ...int64) string {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	values := make([]float64, n)
	for i := range values {
		values[i] = f.draw.NormFloat64()
	}
	return f.array(onnxtest.Float32, values, dims...)
}

// integers adds a vector of whole numbers.
func (f *file) integers(v ...int64) string {
	values := make([]float64, len(v))
	for i := range v {
		values[i] = float64(v[i])
	}
	return f.array(onnxtest.Int64, values, int64(len(v)))
}

// constant adds a node of whole numbers, as PyTorch does in the place of initializers.
func (f *file) constant(v ...int64) string {
	values := make([]float64, len(v))
	for i := range v {
		values[i] = float64(v[i])
	}
	return f.node("Constant", nil, onnxtest.Array("value", onnxtest.Tensor{Type: onnxtest.Int64, Dims: []int64{int64(len(v))}, Values: values}))
}

// conv adds a convolution with a bias.
func (f *file) conv(out, in, height, width int64, attributes ...onnxtest.Attribute) *file {
	return f.next("Conv", []string{f.weights(out, in, height, width), f.weights(out)}, attributes...)
}

// linear adds a Gemm as PyTorch exports it.
func (f *file) linear(out, in int64) *file {
	return f.next("Gemm", []string{f.weights(out, in), f.weights(out)}, onnxtest.Int("transB", 1))
}

func (f *file) relu() *file    { return f.next("Relu", nil) }
func (f *file) flatten() *file { return f.next("Flatten", nil) }

// batchNorm adds a batch norm with gains of both signs.
func (f *file) batchNorm(channels int64) *file {
	variance := make([]float64, channels)
	for i := range variance {
		variance[i] = 0.5 + f.draw.Float64()
	}
	return f.next("BatchNormalization", []string{f.weights(channels), f.weights(channels), f.weights(channels), f.array(onnxtest.Float32, variance, channels)},
		onnxtest.Real("epsilon", 1e-3))
}

// done names the output, and gives the bytes.
func (f *file) done() []byte {
	f.Outputs = []onnxtest.Value{{Name: f.end, Dims: []int64{-1, -1}}}
	return f.Encode()
}

// load imports the file.
func (f *file) load() (*relu.Network[float64], *Report, error) {
	m, err := onnx.Decode(f.done(), nil)
	if err != nil {
		return nil, nil, err
	}
	return fromONNX(m, "model.onnx")
}

// tb is a *testing.T, or the same of a property test.
type tb interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// check imports the file, and compares its network with the graph itself on a
// batch of random samples.
func (f *file) check(t tb) (*relu.Network[float64], *Report) {
	t.Helper()
	n, report, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	shape := []int{3}
	for _, d := range f.Inputs[0].Dims[1:] {
		shape = append(shape, int(d))
	}
	if fixed := f.Inputs[0].Dims[0]; fixed > 0 {
		shape[0] = int(fixed)
	}
	x := empty(shape...)
	for i := range x.Data {
		x.Data[i] = f.draw.NormFloat64()
	}
	want := evaluate(&f.Model, x)
	each, classes := len(x.Data)/shape[0], len(want.Data)/shape[0]
	for s := range shape[0] {
		sample := slices.Clone(x.Data[s*each : (s+1)*each])
		for i, place := range report.InputOrder {
			sample[i] = x.Data[s*each+place]
		}
		got := forward(n, sample)
		if len(got) != classes {
			t.Fatalf("%d outputs, want %d", len(got), classes)
		}
		for i, v := range want.Data[s*classes : (s+1)*classes] {
			if !(math.Abs(got[i]-v) <= 1e-9*max(1, math.Abs(v))) {
				t.Fatalf("sample %d, output %d: %v, want %v", s, i, got[i], v)
			}
		}
	}
	return n, report
}

// kinds are the kinds of a network's layers.
func kinds(n *relu.Network[float64]) []string {
	var list []string
	for _, l := range n.Layers {
		list = append(list, l.Kind())
	}
	return list
}
