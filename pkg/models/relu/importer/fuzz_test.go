package importer

import (
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/onnx"
	"github.com/snnctl/snnctl/internal/onnx/onnxtest"
)

// Whatever bytes come, import ends with a network whose layers fit together, or
// with an error of the input.
func FuzzONNX(f *testing.F) {
	for i, build := range []func(f *file){
		func(f *file) { f.linear(3, 72).relu().linear(2, 3).next("Softmax", nil) },
		func(f *file) {
			f.zeroPad(1, 2, 0, 3).conv(3, 2, 3, 3, ints("pads", 1, 1, 1, 1), ints("strides", 2, 2), num("group", 1)).batchNorm(3).relu().view().linear(2, 3*6*5)
		},
		func(f *file) {
			f.next("Transpose", nil, ints("perm", 0, 3, 1, 2)).conv(2, 6, 1, 1, text("auto_pad", "SAME_UPPER")).next("Clip", []string{f.array(onnxtest.Float32, []float64{0}), f.array(onnxtest.Float32, []float64{6})})
			f.next("MaxPool", nil, ints("kernel_shape", 2, 2), num("ceil_mode", 1)).next("Transpose", nil, ints("perm", 0, 2, 3, 1)).next("ReduceMean", nil, ints("axes", 1, 2), num("keepdims", 0)).linear(2, 2)
		},
		func(f *file) {
			f.next("Sub", []string{f.weights(2, 1, 1)}).next("Mul", []string{f.weights()}).next("AveragePool", nil, ints("kernel_shape", 3, 3), ints("pads", 1, 1, 1, 1), num("count_include_pad", 1))
			f.conv(2, 2, 3, 3).relu().next("Add", []string{f.end}).next("Sigmoid", nil).next("Reshape", []string{f.integers(0, -1)}).linear(2, 4)
		},
	} {
		seed := newFile(13, uint64(i), 2, 6, 6)
		build(seed)
		f.Add(seed.done())
		seed.Unpacked = true
		for k := range seed.Initializers {
			seed.Initializers[k].Typed = true
		}
		f.Add(seed.done())
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		m, err := onnx.Decode(content, nil)
		if err != nil {
			return
		}
		n, report, err := fromONNX(m, "model.onnx")
		if err != nil {
			if !fault.IsInput(err) || !strings.Contains(err.Error(), "model.onnx") {
				t.Fatalf("not an error of the input that names the file: %v", err)
			}
			return
		}
		if report == nil || len(n.Layers) == 0 {
			t.Fatal("no layers")
		}
		if _, err := n.Shapes(); err != nil {
			t.Fatal(err)
		}
	})
}
