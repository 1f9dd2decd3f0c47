package importer

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/onnx/onnxtest"
)

// view adds PyTorch's x.view(x.size(0), -1), which computes the shape.
func (f *file) view() *file {
	batch := f.node("Gather", []string{f.node("Shape", []string{f.end}), f.array(onnxtest.Int64, []float64{0})}, num("axis", 0))
	var first, rest string
	if f.Opset < 13 {
		first = f.node("Unsqueeze", []string{batch}, ints("axes", 0))
		rest = f.node("Unsqueeze", []string{f.array(onnxtest.Int64, []float64{-1})}, ints("axes", 0))
	} else {
		first = f.node("Unsqueeze", []string{batch, f.constant(0)})
		rest = f.constant(-1)
	}
	return f.next("Reshape", []string{f.node("Concat", []string{first, rest}, num("axis", 0))})
}

// zeroPad adds PyTorch's ZeroPad2d, which turns the order of its pads (left,
// right, top, bottom) into that of ONNX by a chain of eight nodes.
func (f *file) zeroPad(pads ...int64) *file {
	zeros := f.node("ConstantOfShape", []string{f.constant(int64(8 - len(pads)))},
		onnxtest.Array("value", onnxtest.Tensor{Type: onnxtest.Int64, Dims: []int64{1}, Values: []float64{0}}))
	all := f.node("Concat", []string{f.integers(pads...), zeros}, num("axis", 0))
	pairs := f.node("Reshape", []string{all, f.constant(-1, 2)})
	turned := f.node("Slice", []string{pairs, f.constant(-1), f.constant(-9223372036854775807), f.constant(0), f.constant(-1)})
	flat := f.node("Reshape", []string{f.node("Transpose", []string{turned}, ints("perm", 1, 0)), f.constant(-1)})
	return f.next("Pad", []string{f.node("Cast", []string{flat}, num("to", 7)), f.array(onnxtest.Float32, []float64{0})}, text("mode", "constant"))
}

// PyTorch's exporter from TorchScript computes shapes and pads by chains of nodes.
func TestTorchScript(t *testing.T) {
	for _, opset := range []int64{11, 13, 17} {
		f := newFile(opset, 1, 2, 8, 8)
		f.zeroPad(1, 2, 0, 3).conv(3, 2, 3, 3).relu().zeroPad(0, 0, 0, 0)
		f.next("AveragePool", nil, ints("kernel_shape", 2, 2), ints("strides", 2, 2), num("ceil_mode", 0)).view().linear(4, 3*4*4)
		f.relu().next("MatMul", []string{f.weights(4, 3)}).next("Add", []string{f.weights(3)})
		n, _ := f.check(t)
		want := []string{"pad", "conv", "relu", "average-pool", "flatten", "dense", "relu", "dense"}
		if got := kinds(n); !slices.Equal(got, want) {
			t.Errorf("opset %d: layers %v, want %v", opset, got, want)
		}
	}
}

// Older exporters list the initializers as inputs too, and leave nodes without
// names; some files have a fixed batch.
func TestOldExporters(t *testing.T) {
	f := newFile(9, 1, 2, 4, 4)
	f.Inputs[0].Dims[0] = 2
	f.conv(3, 2, 3, 3).relu().view().linear(2, 12)
	for _, a := range f.Initializers {
		f.Inputs = append(f.Inputs, onnxtest.Value{Name: a.Name, Type: a.Type, Dims: a.Dims})
	}
	for i := range f.Nodes {
		f.Nodes[i].Name = ""
	}
	f.Unpacked, f.IR = true, 3
	n, _ := f.check(t)
	if got := n.Layers[0].Name; got != "Conv_0" {
		t.Errorf("the first layer is called %q, want Conv_0", got)
	}
}

// tf2onnx keeps TensorFlow's order, channels last, around the nodes that have
// channels first.
func TestTensorFlow(t *testing.T) {
	first, last := ints("perm", 0, 3, 1, 2), ints("perm", 0, 2, 3, 1)
	same := text("auto_pad", "SAME_UPPER")
	for name, build := range map[string]func() (*file, []string){
		"image": func() (*file, []string) {
			f := newFile(13, 1, 6, 8, 3)
			f.next("Transpose", nil, first).conv(4, 3, 3, 3, same).relu().next("MaxPool", nil, ints("kernel_shape", 2, 2), ints("strides", 2, 2), same)
			f.next("Transpose", nil, last).next("Reshape", []string{f.integers(-1, 3*4*4)})
			f.next("MatMul", []string{f.weights(3*4*4, 5)}).next("Add", []string{f.weights(5)}).relu()
			f.next("MatMul", []string{f.weights(5, 3)}).next("Add", []string{f.weights(3)}).next("Softmax", nil)
			return f, []string{"conv", "relu", "max-pool", "flatten", "dense", "relu", "dense"}
		},
		"one channel": func() (*file, []string) {
			f := newFile(11, 2, 6, 8, 1)
			f.next("Reshape", []string{f.integers(-1, 1, 6, 8)}).conv(4, 1, 3, 3, text("auto_pad", "VALID")).relu()
			f.next("Transpose", nil, last).next("Reshape", []string{f.integers(-1, 4*6*4)}).next("MatMul", []string{f.weights(4*6*4, 3)})
			return f, []string{"conv", "relu", "flatten", "dense"}
		},
		"inputs as nchw": func() (*file, []string) {
			f := newFile(13, 3, 3, 6, 8)
			f.conv(4, 3, 3, 3, same).relu().batchNorm(4).next("Transpose", nil, last).next("Reshape", []string{f.integers(-1, 4*6*8)})
			f.next("MatMul", []string{f.weights(4*6*8, 3)})
			return f, []string{"conv", "relu", "batch-norm", "flatten", "dense"}
		},
		"inputs as nchw, dense alone": func() (*file, []string) {
			f := newFile(13, 3, 3, 6, 8)
			f.next("Transpose", nil, last).next("Reshape", []string{f.integers(-1, 3*6*8)}).next("MatMul", []string{f.weights(3*6*8, 3)})
			return f, []string{"flatten", "dense"}
		},
		"dense alone": func() (*file, []string) {
			f := newFile(13, 4, 6, 8, 3)
			f.next("Reshape", []string{f.integers(-1, 3*6*8)}).next("MatMul", []string{f.weights(3*6*8, 3)})
			return f, []string{"flatten", "dense"}
		},
		"features of an image as channels last, normalised": func() (*file, []string) {
			f := newFile(13, 5, 6, 8, 3)
			f.next("Transpose", nil, first).conv(4, 3, 3, 3).relu().next("Transpose", nil, last).next("Reshape", []string{f.integers(-1, 4*4*6)}).batchNorm(4*4*6).linear(3, 4*4*6)
			return f, []string{"conv", "relu", "flatten", "batch-norm", "dense"}
		},
		"global pooling of channels last": func() (*file, []string) {
			f := newFile(13, 6, 6, 8, 3)
			f.next("Transpose", nil, first).conv(4, 3, 3, 3).relu().next("Transpose", nil, last).next("ReduceMean", nil, ints("axes", 1, 2), num("keepdims", 0))
			f.next("MatMul", []string{f.weights(4, 3)})
			return f, []string{"conv", "relu", "global-average-pool", "dense"}
		},
		"relu and bias between the transposes": func() (*file, []string) {
			f := newFile(13, 7, 6, 8, 3)
			f.next("Transpose", nil, first).next("Conv", []string{f.weights(4, 3, 3, 3)}).next("Transpose", nil, last).next("Add", []string{f.weights(4)}).relu()
			f.next("Transpose", nil, first).conv(2, 4, 4, 6).next("Transpose", nil, last).next("Squeeze", []string{f.integers(1, 2)})
			return f, []string{"conv", "relu", "conv"}
		},
		"two orders one after the other": func() (*file, []string) {
			f := newFile(13, 11, 3, 6, 8)
			f.conv(4, 3, 3, 3).relu().next("Transpose", nil, last).next("Transpose", nil, ints("perm", 0, 2, 1, 3)).next("Reshape", []string{f.integers(-1, 4*4*6)})
			f.next("MatMul", []string{f.weights(4*4*6, 3)})
			return f, []string{"conv", "relu", "flatten", "dense"}
		},
		"rows, channels last": func() (*file, []string) {
			f := newFile(13, 8, 9, 2)
			f.next("Transpose", nil, ints("perm", 0, 2, 1)).next("Conv", []string{f.weights(4, 2, 3), f.weights(4)}).relu()
			f.next("Transpose", nil, ints("perm", 0, 2, 1)).next("Reshape", []string{f.integers(-1, 28)}).next("MatMul", []string{f.weights(28, 3)})
			return f, []string{"conv", "relu", "flatten", "dense"}
		},
		"rows by way of images of one line": func() (*file, []string) {
			f := newFile(13, 9, 9, 2)
			f.next("Unsqueeze", []string{f.integers(1)}).next("Transpose", nil, first).conv(4, 2, 1, 3).relu()
			f.next("Transpose", nil, last).next("Squeeze", []string{f.integers(1)}).next("Reshape", []string{f.integers(-1, 28)}).next("MatMul", []string{f.weights(28, 3)})
			return f, []string{"conv", "relu", "flatten", "dense"}
		},
		"vectors read as images": func() (*file, []string) {
			f := newFile(13, 10, 48)
			f.next("Reshape", []string{f.integers(-1, 6, 8, 1)}).next("Transpose", nil, first).conv(4, 1, 6, 8).relu().flatten().linear(2, 4)
			return f, []string{"conv", "relu", "dense"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, want := build()
			n, _ := f.check(t)
			if got := kinds(n); !slices.Equal(got, want) {
				t.Errorf("layers %v, want %v", got, want)
			}
		})
	}
}

// PyTorch's newer exporter keeps batch norms, and writes weights to a file of
// their own, one after the other.
func TestExternalData(t *testing.T) {
	dir := t.TempDir()
	f := newFile(18, 1, 2, 6, 6)
	f.conv(4, 2, 3, 3).batchNorm(4).relu().next("ReduceMean", []string{f.integers(-1, -2)}, num("keepdims", 0)).linear(3, 4)
	inside := f.done()
	var data bytes.Buffer
	for i := range f.Initializers {
		a := &f.Initializers[i]
		if a.Type == onnxtest.Float32 {
			a.Location, a.Offset, a.Length = "./model.onnx.data", fmt.Sprint(data.Len()), fmt.Sprint(len(a.Raw()))
			data.Write(a.Raw())
			if i%2 == 0 {
				a.Length = "" // may be left out
			}
			data.Write(make([]byte, 16)) // files have gaps, for alignment
		}
	}
	path := filepath.Join(dir, "model.onnx")
	for name, content := range map[string][]byte{"inside.onnx": inside, "model.onnx": f.done(), "model.onnx.data": data.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, _, err := Load(filepath.Join(dir, "inside.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	got, report, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float64, 72)
	for i := range x {
		x[i] = f.draw.NormFloat64()
	}
	if a, b := forward(got, x), forward(want, x); !slices.Equal(a, b) {
		t.Errorf("%v with the weights beside the model, %v with them in it", a, b)
	}
	if len(report.Steps) != 0 {
		t.Errorf("steps %v, want none", report.Steps)
	}
}

// Weights in any type of real numbers, raw or typed, packed or not, are those that
// were written.
func TestTypesOfWeights(t *testing.T) {
	values := []float64{0, 1, -2, 0.5, -0.0625, 1.5}
	for _, kind := range []uint64{onnxtest.Float32, onnxtest.Float64, onnxtest.Float16, onnxtest.BFloat16} {
		for _, typed := range []bool{false, true} {
			for _, unpacked := range []bool{false, true} {
				f := newFile(13, 1, 3)
				f.next("MatMul", []string{f.array(kind, values, 3, 2)})
				f.Initializers[0].Typed, f.Unpacked = typed, unpacked
				n, _, err := f.load()
				if err != nil {
					t.Fatal(err)
				}
				if got := n.Layers[0].Parameters()[0].Values.Data; !slices.Equal(got, values) {
					t.Errorf("type %d, typed %v, unpacked %v: %v, want %v", kind, typed, unpacked, got, values)
				}
			}
		}
	}
}

// Nodes and arrays that the output does not need are left out, and named.
func TestUnusedParts(t *testing.T) {
	f := newFile(13, 1, 3)
	side := f.node("Sigmoid", []string{"x"})
	f.node("Exp", []string{side})
	f.linear(2, 3)
	f.weights(7)
	_, report, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(report.Unused, " "); got != "array2 /0/Sigmoid /1/Exp" {
		t.Errorf("unused: %s", got)
	}
}

// The report says what became of the nodes that are no layers.
func TestReport(t *testing.T) {
	f := newFile(13, 1, 4, 4, 3)
	f.Producer = "tf2onnx"
	f.next("Div", []string{f.array(onnxtest.Float32, []float64{255})}).next("Transpose", nil, ints("perm", 0, 3, 1, 2))
	f.zeroPad(1, 1, 1, 1).conv(2, 3, 3, 3).relu().next("Dropout", nil).view().linear(2, 32).next("Softmax", nil)
	_, report, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	if report.Producer != "tf2onnx" || report.Opset != 13 || report.Output != "Softmax" || !slices.Equal(report.Input, []int{4, 4, 3}) {
		t.Errorf("report %+v", report)
	}
	if len(report.InputOrder) != 48 || report.InputOrder[1] != 3 || report.InputOrder[16] != 1 {
		t.Errorf("input order %v, want channels last", report.InputOrder)
	}
	done := map[string]string{}
	for _, s := range report.Steps {
		done[s.Op] = s.Done
	}
	for op, want := range map[string]string{
		"Div": "scaling of the input", "Pad": "merged into the padding of", "Transpose": "folded", "Dropout": "dropped", "Shape": "folded", "Concat": "folded", "Softmax": "dropped",
	} {
		if !strings.Contains(done[op], want) {
			t.Errorf("%s: %q, want %q", op, done[op], want)
		}
	}
}
