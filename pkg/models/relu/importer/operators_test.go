package importer

import (
	"math"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/onnx/onnxtest"
)

// Short names for attributes.
var (
	ints = onnxtest.Ints
	num  = onnxtest.Int
	text = onnxtest.Text
)

// Each operator, in each of its forms, computes what its documentation says.
func TestOperators(t *testing.T) {
	float := func(f *file, v float64, dims ...int64) string {
		return f.array(onnxtest.Float32, []float64{v}, dims...)
	}
	for _, c := range []struct {
		name   string
		opset  int64
		sample []int64
		build  func(f *file)
	}{
		{"conv", 9, []int64{2, 6, 5}, func(f *file) { f.conv(3, 2, 3, 2) }},
		{"conv without bias", 9, []int64{2, 6, 5}, func(f *file) { f.next("Conv", []string{f.weights(3, 2, 3, 3)}) }},
		{"conv with kernel_shape", 9, []int64{2, 6, 5}, func(f *file) { f.conv(3, 2, 3, 2, ints("kernel_shape", 3, 2)) }},
		{"conv with stride and dilation", 13, []int64{2, 9, 11}, func(f *file) { f.conv(3, 2, 3, 2, ints("strides", 2, 3), ints("dilations", 1, 2)) }},
		{"conv with equal pads", 13, []int64{2, 6, 5}, func(f *file) { f.conv(3, 2, 3, 2, ints("pads", 2, 1, 2, 1)) }},
		{"conv with unequal pads", 13, []int64{2, 6, 5}, func(f *file) { f.conv(3, 2, 3, 2, ints("pads", 0, 1, 2, 0)) }},
		{"conv in groups", 13, []int64{4, 6, 5}, func(f *file) { f.conv(6, 2, 3, 3, num("group", 2), ints("pads", 1, 1, 1, 1)) }},
		{"depthwise conv", 13, []int64{3, 6, 5}, func(f *file) { f.conv(3, 1, 3, 3, num("group", 3)) }},
		{"conv VALID", 13, []int64{2, 6, 5}, func(f *file) { f.conv(3, 2, 3, 2, text("auto_pad", "VALID"), ints("pads", 0, 0, 0, 0)) }},
		{"conv NOTSET", 13, []int64{2, 6, 5}, func(f *file) { f.conv(3, 2, 3, 2, text("auto_pad", "NOTSET"), ints("pads", 1, 0, 1, 0)) }},
		{"conv SAME_UPPER", 13, []int64{2, 6, 5}, func(f *file) { f.conv(3, 2, 3, 2, text("auto_pad", "SAME_UPPER"), ints("strides", 2, 1)) }},
		{"conv SAME_LOWER", 13, []int64{2, 6, 5}, func(f *file) { f.conv(3, 2, 4, 2, text("auto_pad", "SAME_LOWER"), ints("strides", 1, 2)) }},
		{"conv along one axis", 13, []int64{2, 9}, func(f *file) {
			f.next("Conv", []string{f.weights(3, 2, 3), f.weights(3)}, ints("pads", 2, 1), ints("strides", 2), ints("dilations", 2))
		}},
		{"conv along one axis SAME", 13, []int64{2, 9}, func(f *file) {
			f.next("Conv", []string{f.weights(3, 2, 2), f.weights(3)}, text("auto_pad", "SAME_LOWER"), ints("kernel_shape", 2))
		}},
		{"gemm [out][in]", 13, []int64{5}, func(f *file) { f.linear(3, 5) }},
		{"gemm [in][out]", 13, []int64{5}, func(f *file) {
			f.next("Gemm", []string{f.weights(5, 3), f.weights(1, 3)}, onnxtest.Real("alpha", 0.5), onnxtest.Real("beta", 2))
		}},
		{"gemm with a number as bias", 13, []int64{5}, func(f *file) { f.next("Gemm", []string{f.weights(5, 3), f.weights()}) }},
		{"gemm with one bias", 7, []int64{5}, func(f *file) { f.next("Gemm", []string{f.weights(5, 3), f.weights(1)}, num("transA", 0)) }},
		{"gemm without bias", 13, []int64{5}, func(f *file) { f.next("Gemm", []string{f.weights(5, 3)}) }},
		{"gemm with an empty bias", 13, []int64{5}, func(f *file) { f.next("Gemm", []string{f.weights(5, 3), ""}) }},
		{"matmul", 13, []int64{5}, func(f *file) { f.next("MatMul", []string{f.weights(5, 3)}) }},
		{"matmul of one row", 13, []int64{1, 5}, func(f *file) { f.next("MatMul", []string{f.weights(5, 3)}).next("Add", []string{f.weights(3)}) }},
		{"matmul and add", 13, []int64{5}, func(f *file) { f.next("MatMul", []string{f.weights(5, 3)}).next("Add", []string{f.weights(3)}) }},
		{"add in the other order", 13, []int64{5}, func(f *file) {
			f.next("MatMul", []string{f.weights(5, 3)})
			f.end = f.node("Add", []string{f.weights(1, 3), f.end})
		}},
		{"conv and add", 13, []int64{2, 6, 5}, func(f *file) { f.conv(3, 2, 3, 3).next("Add", []string{f.weights(3, 1, 1)}) }},
		{"conv, batch norm and add", 13, []int64{2, 6, 5}, func(f *file) { f.conv(3, 2, 3, 3).batchNorm(3).next("Add", []string{f.weights(1, 3, 1, 1)}) }},
		{"bias by sub", 13, []int64{5}, func(f *file) { f.next("MatMul", []string{f.weights(5, 3)}).next("Sub", []string{f.weights(3)}) }},
		{"batch norm of features", 13, []int64{5}, func(f *file) { f.linear(4, 5).batchNorm(4).relu().batchNorm(4).linear(2, 4) }},
		{"batch norm of an image", 15, []int64{2, 6, 5}, func(f *file) { f.conv(3, 2, 3, 3).batchNorm(3).relu().batchNorm(3).conv(2, 3, 3, 3) }},
		{"batch norm of the input", 8, []int64{2, 6, 5}, func(f *file) { f.batchNorm(2).conv(3, 2, 3, 3) }},
		{"batch norm without epsilon", 7, []int64{2}, func(f *file) {
			f.next("BatchNormalization", []string{f.weights(2), f.weights(2), f.weights(2), f.array(onnxtest.Float32, []float64{0.1, 2}, 2)}, num("spatial", 1)).linear(2, 2)
		}},
		{"relu", 13, []int64{5}, func(f *file) { f.linear(4, 5).relu().linear(2, 4) }},
		{"relu twice", 13, []int64{5}, func(f *file) { f.linear(4, 5).relu().relu().linear(2, 4) }},
		{"clip of attributes", 10, []int64{5}, func(f *file) {
			f.linear(4, 5).next("Clip", nil, onnxtest.Real("min", 0), onnxtest.Real("max", 1.5)).linear(2, 4)
		}},
		{"clip of the largest float", 6 + 1, []int64{5}, func(f *file) {
			f.linear(4, 5).next("Clip", nil, onnxtest.Real("min", 0), onnxtest.Real("max", math.MaxFloat32)).linear(2, 4)
		}},
		{"clip of inputs", 11, []int64{5}, func(f *file) {
			f.linear(4, 5).next("Clip", []string{float(f, 0), float(f, 1.5)}).linear(2, 4)
		}},
		{"clip without maximum", 13, []int64{5}, func(f *file) { f.linear(4, 5).next("Clip", []string{float(f, 0)}).linear(2, 4) }},
		{"clip of a relu", 13, []int64{5}, func(f *file) {
			f.linear(4, 5).relu().next("Clip", []string{"", float(f, 1.5)}).linear(2, 4)
		}},
		{"clip at nothing", 13, []int64{5}, func(f *file) { f.linear(4, 5).next("Clip", nil).relu().linear(2, 4) }},
		{"max pool", 13, []int64{2, 6, 7}, func(f *file) {
			f.conv(3, 2, 1, 1).relu().next("MaxPool", nil, ints("kernel_shape", 2, 3), ints("strides", 2, 1)).flatten().linear(2, 3*3*5)
		}},
		{"max pool before relu", 13, []int64{2, 6, 6}, func(f *file) {
			f.conv(3, 2, 1, 1).next("MaxPool", nil, ints("kernel_shape", 3, 3), ints("strides", 3, 3)).relu().flatten().linear(2, 3*2*2)
		}},
		{"max pool, batch norm, relu", 13, []int64{2, 6, 6}, func(f *file) {
			f.conv(3, 2, 1, 1).next("MaxPool", nil, ints("kernel_shape", 3, 3), ints("strides", 3, 3)).batchNorm(3).relu().flatten().linear(2, 3*2*2)
		}},
		{"max pool with pads", 8, []int64{2, 6, 6}, func(f *file) {
			f.next("MaxPool", nil, ints("kernel_shape", 3, 3), ints("strides", 2, 2), ints("pads", 1, 1, 1, 1), num("storage_order", 1)).flatten().linear(2, 2*3*3)
		}},
		{"max pool with pads of unequal sides", 13, []int64{2, 6, 6}, func(f *file) {
			f.conv(3, 2, 1, 1).relu().next("MaxPool", nil, ints("kernel_shape", 3, 3), ints("strides", 2, 2), ints("pads", 0, 1, 1, 0)).flatten().linear(2, 3*3*3)
		}},
		{"max pool SAME_UPPER", 13, []int64{2, 5, 5}, func(f *file) {
			f.conv(3, 2, 1, 1).relu().next("MaxPool", nil, ints("kernel_shape", 2, 2), ints("strides", 2, 2), text("auto_pad", "SAME_UPPER")).flatten().linear(2, 3*3*3)
		}},
		{"max pool with incomplete windows", 13, []int64{2, 5, 6}, func(f *file) {
			f.conv(3, 2, 1, 1).relu().next("MaxPool", nil, ints("kernel_shape", 2, 2), ints("strides", 2, 2), num("ceil_mode", 1)).flatten().linear(2, 3*3*3)
		}},
		{"max pool with a window that would begin outside", 13, []int64{2, 4, 4}, func(f *file) {
			f.conv(3, 2, 1, 1).relu().next("MaxPool", nil, ints("kernel_shape", 2, 2), ints("strides", 3, 3), ints("pads", 1, 1, 1, 1), num("ceil_mode", 1)).flatten().linear(2, 3*2*2)
		}},
		{"max pool with ceil_mode and whole windows", 13, []int64{2, 6, 6}, func(f *file) {
			f.conv(3, 2, 1, 1).next("MaxPool", nil, ints("kernel_shape", 2, 2), ints("strides", 2, 2), num("ceil_mode", 1)).relu().flatten().linear(2, 3*3*3)
		}},
		{"max pool along one axis", 13, []int64{2, 9}, func(f *file) {
			f.next("MaxPool", nil, ints("kernel_shape", 3), ints("strides", 2), ints("pads", 1, 1)).flatten().linear(2, 2*5)
		}},
		{"average pool", 13, []int64{2, 6, 7}, func(f *file) {
			f.conv(3, 2, 1, 1).relu().next("AveragePool", nil, ints("kernel_shape", 2, 3), ints("strides", 2, 1)).flatten().linear(2, 3*3*5)
		}},
		{"average pool with pads that do not count", 13, []int64{2, 6, 6}, func(f *file) {
			f.next("AveragePool", nil, ints("kernel_shape", 3, 3), ints("pads", 1, 1, 1, 1), ints("strides", 2, 2)).flatten().linear(2, 2*3*3)
		}},
		{"average pool with pads that count", 13, []int64{2, 6, 6}, func(f *file) {
			f.next("AveragePool", nil, ints("kernel_shape", 3, 3), ints("pads", 1, 1, 1, 1), ints("strides", 2, 2), num("count_include_pad", 1)).flatten().linear(2, 2*3*3)
		}},
		{"average pool with pads of unequal sides", 19, []int64{2, 6, 6}, func(f *file) {
			f.next("AveragePool", nil, ints("kernel_shape", 3, 3), ints("pads", 0, 1, 1, 0), ints("strides", 2, 2), num("count_include_pad", 1), ints("dilations", 1, 1)).flatten().linear(2, 2*3*3)
		}},
		{"average pool with ceil_mode and whole windows", 13, []int64{2, 6, 6}, func(f *file) {
			f.next("AveragePool", nil, ints("kernel_shape", 2, 2), ints("strides", 2, 2), num("ceil_mode", 1)).flatten().linear(2, 2*3*3)
		}},
		{"global average pool", 13, []int64{2, 6, 6}, func(f *file) { f.conv(3, 2, 3, 3).relu().next("GlobalAveragePool", nil).flatten().linear(2, 3) }},
		{"global average pool along one axis", 13, []int64{2, 6}, func(f *file) {
			f.next("GlobalAveragePool", nil).next("Squeeze", []string{f.integers(2)}).linear(2, 2)
		}},
		{"global max pool", 13, []int64{2, 6, 6}, func(f *file) { f.conv(3, 2, 3, 3).relu().next("GlobalMaxPool", nil).flatten().linear(2, 3) }},
		{"mean of axes that stay", 13, []int64{2, 6, 6}, func(f *file) {
			f.conv(3, 2, 3, 3).relu().next("ReduceMean", nil, ints("axes", 2, 3), num("keepdims", 1)).conv(2, 3, 1, 1)
		}},
		{"mean of axes that go", 17, []int64{2, 6, 6}, func(f *file) {
			f.conv(3, 2, 3, 3).relu().next("ReduceMean", nil, ints("axes", -1, -2), num("keepdims", 0)).linear(2, 3)
		}},
		{"mean of axes as input", 18, []int64{2, 6, 6}, func(f *file) {
			f.conv(3, 2, 3, 3).relu().next("ReduceMean", []string{f.integers(2, 3)}, num("keepdims", 0)).linear(2, 3)
		}},
		{"flatten from the back", 13, []int64{2, 3, 3}, func(f *file) { f.conv(3, 2, 2, 2).relu().next("Flatten", nil, num("axis", -3)).linear(2, 3*2*2) }},
		{"reshape to -1", 13, []int64{2, 3, 3}, func(f *file) { f.conv(3, 2, 2, 2).relu().next("Reshape", []string{f.integers(-1, 12)}).linear(2, 12) }},
		{"reshape to 0", 13, []int64{2, 3, 3}, func(f *file) {
			f.conv(3, 2, 2, 2).relu().next("Reshape", []string{f.integers(0, -1)}, num("allowzero", 0)).linear(2, 12)
		}},
		{"squeeze by attribute", 11, []int64{2, 3, 3}, func(f *file) { f.conv(3, 2, 3, 3).relu().next("Squeeze", nil, ints("axes", 2, -1)).linear(2, 3) }},
		{"squeeze by input", 13, []int64{2, 3, 3}, func(f *file) { f.conv(3, 2, 3, 3).relu().next("Squeeze", []string{f.integers(-2, 3)}).linear(2, 3) }},
		{"unsqueeze of rows", 13, []int64{4, 5}, func(f *file) { f.next("Unsqueeze", []string{f.integers(1)}).conv(2, 1, 3, 3) }},
		{"pad by attribute", 10, []int64{2, 4, 4}, func(f *file) {
			f.next("Pad", nil, ints("pads", 0, 0, 1, 2, 0, 0, 1, 2), text("mode", "constant")).conv(3, 2, 3, 3, ints("pads", 1, 0, 1, 0))
		}},
		{"pad by input", 11, []int64{2, 4, 4}, func(f *file) { f.next("Pad", []string{f.integers(0, 0, 1, 2, 0, 0, 0, 1)}).conv(3, 2, 3, 3) }},
		{"pad with a zero", 18, []int64{2, 4, 4}, func(f *file) {
			f.next("Pad", []string{f.integers(0, 0, 1, 2, 0, 0, 0, 1), float(f, 0), ""}).conv(3, 2, 3, 3, ints("pads", 0, 0, 1, 1))
		}},
		{"pad and SAME", 11, []int64{2, 5, 5}, func(f *file) {
			f.next("Pad", []string{f.integers(0, 0, 1, 1, 0, 0, 0, 0)}).conv(3, 2, 3, 3, text("auto_pad", "SAME_UPPER"), ints("strides", 2, 2))
		}},
		{"pad, relu, conv", 11, []int64{2, 4, 4}, func(f *file) {
			f.conv(3, 2, 3, 3).next("Pad", []string{f.integers(0, 0, 1, 1, 0, 0, 1, 1)}).relu().conv(2, 3, 3, 3)
		}},
		{"pad that adds nothing, and max pool", 11, []int64{2, 4, 4}, func(f *file) {
			f.next("Pad", []string{f.integers(0, 0, 0, 0, 0, 0, 0, 0)}).next("MaxPool", nil, ints("kernel_shape", 2, 2)).flatten().linear(2, 2*3*3)
		}},
		{"pad and average pool", 11, []int64{2, 4, 4}, func(f *file) {
			f.next("Pad", []string{f.integers(0, 0, 1, 1, 0, 0, 1, 1)}).next("AveragePool", nil, ints("kernel_shape", 2, 2), ints("strides", 2, 2)).flatten().linear(2, 2*3*3)
		}},
		{"pad and average pool with pads", 11, []int64{2, 4, 4}, func(f *file) {
			f.next("Pad", []string{f.integers(0, 0, 1, 1, 0, 0, 1, 0)}).next("AveragePool", nil, ints("kernel_shape", 2, 2), ints("pads", 1, 1, 1, 1)).flatten().linear(2, 2*7*6)
		}},
		{"pad along one axis", 11, []int64{2, 4}, func(f *file) {
			f.next("Pad", []string{f.integers(0, 0, 1, 0, 0, 2)}).next("Conv", []string{f.weights(3, 2, 3), f.weights(3)})
		}},
		{"softmax", 13, []int64{5}, func(f *file) { f.linear(4, 5).relu().linear(2, 4).next("Softmax", nil) }},
		{"softmax of old", 9, []int64{5}, func(f *file) { f.linear(2, 5).next("LogSoftmax", nil, num("axis", 1)) }},
		{"softmax of an image of one place, then flatten", 13, []int64{2, 3, 3}, func(f *file) { f.conv(4, 2, 3, 3).next("Softmax", nil, num("axis", 1)).flatten() }},
		{"dropout, identity, cast", 13, []int64{5}, func(f *file) {
			f.next("Cast", nil, num("to", 1)).linear(4, 5).next("Identity", nil).relu().next("Dropout", []string{float(f, 0.5)}).linear(2, 4).next("Cast", nil, num("to", 11))
		}},
		{"scaled pixels", 13, []int64{3, 4, 4}, func(f *file) {
			f.next("Div", []string{float(f, 255)}).next("Sub", []string{f.weights(3, 1, 1)}).next("Mul", []string{f.weights(1, 3, 1, 1)}).next("Add", []string{float(f, 0.25, 1)}).conv(2, 3, 3, 3)
		}},
		{"inverted pixels, features", 13, []int64{3, 4, 4}, func(f *file) {
			f.end = f.node("Sub", []string{float(f, 1), f.end})
			f.flatten().linear(2, 48)
		}},
		{"standardised features", 13, []int64{5}, func(f *file) {
			f.next("Sub", []string{f.weights(5)}).next("Div", []string{f.weights(1, 5)}).linear(2, 5)
		}},
		{"scaled pixels, channels last", 13, []int64{4, 5, 3}, func(f *file) {
			f.next("Sub", []string{f.weights(3)}).next("Transpose", nil, ints("perm", 0, 3, 1, 2)).conv(2, 3, 3, 3, ints("pads", 1, 1, 1, 1))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFile(c.opset, 1, c.sample...)
			c.build(f)
			f.check(t)
		})
	}
}

// Every opset that is supported is read; operators whose attributes became inputs
// are given in the form of their time.
func TestOpsets(t *testing.T) {
	for opset := int64(oldestOpset); opset <= newestOpset; opset++ {
		f := newFile(opset, uint64(opset), 2, 8, 8)
		if opset < 11 {
			f.next("Pad", nil, ints("pads", 0, 0, 1, 1, 0, 0, 1, 1))
		} else {
			f.next("Pad", []string{f.integers(0, 0, 1, 1, 0, 0, 1, 1)})
		}
		f.conv(4, 2, 3, 3)
		if opset < 11 {
			f.next("Clip", nil, onnxtest.Real("min", 0), onnxtest.Real("max", 2))
		} else {
			f.next("Clip", []string{f.array(onnxtest.Float32, []float64{0}), f.array(onnxtest.Float32, []float64{2})})
		}
		f.next("MaxPool", nil, ints("kernel_shape", 2, 2), ints("strides", 2, 2)).conv(3, 4, 3, 3).relu().batchNorm(3)
		if opset < 18 {
			f.next("ReduceMean", nil, ints("axes", 2, 3))
		} else {
			f.next("ReduceMean", []string{f.integers(2, 3)})
		}
		if opset < 13 {
			f.next("Squeeze", nil, ints("axes", 2, 3)).next("Unsqueeze", nil, ints("axes", 2, 3))
		} else {
			f.next("Squeeze", []string{f.integers(2, 3)}).next("Unsqueeze", []string{f.integers(2, 3)})
		}
		f.flatten().linear(3, 3).next("Softmax", nil)
		n, _ := f.check(t)
		want := []string{"conv", "relu", "max-pool", "conv", "relu", "batch-norm", "global-average-pool", "dense"}
		if got := kinds(n); !slices.Equal(got, want) {
			t.Errorf("opset %d: layers %v, want %v", opset, got, want)
		}
	}
}
