package importer

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/onnx/onnxtest"
)

// What is no chain of layers with ReLU is refused, with the node, the operator and
// the reason.
func TestRefusals(t *testing.T) {
	image, features := []int64{2, 6, 6}, []int64{4}
	number := func(f *file, v float64) string { return f.array(onnxtest.Float32, []float64{v}) }
	activation := func(op string) func(f *file) {
		return func(f *file) { f.linear(4, 4).next(op, nil).linear(2, 4) }
	}
	for _, c := range []struct {
		name   string
		opset  int64
		sample []int64
		build  func(f *file)
		says   []string
	}{
		{"residual", 13, features, func(f *file) {
			f.linear(4, 4).relu()
			skip := f.end
			f.linear(4, 4)
			f.end = f.node("Add", []string{f.end, skip})
			f.relu().linear(2, 4)
		}, []string{"/3/Add (Add): it adds two activations (a residual connection)"}},
		{"residual by itself", 13, features, func(f *file) { f.linear(4, 4).relu().next("Add", []string{f.end}).linear(2, 4) }, []string{"/2/Add (Add): it adds two activations"}},
		{"branches", 13, features, func(f *file) {
			f.linear(4, 4).relu()
			start := f.end
			a := f.node("Gemm", []string{start, f.weights(4, 2)})
			b := f.node("Gemm", []string{start, f.weights(4, 2)})
			f.end = f.node("Concat", []string{a, b}, num("axis", 1))
			f.relu().linear(2, 4)
		}, []string{"/3/Gemm (Gemm): it reads the output of /1/Relu, which /2/Gemm reads too", "/4/Concat (Concat): it joins several branches"}},
		{"branches at the input", 13, features, func(f *file) {
			a := f.node("Relu", []string{"x"})
			f.end = f.node("Mul", []string{a, f.node("Gemm", []string{"x", f.weights(4, 4)})})
		}, []string{"/1/Gemm (Gemm): it reads the output of the input, which /0/Relu reads too", "/2/Mul (Mul): it multiplies two activations"}},
		{"sigmoid", 13, features, activation("Sigmoid"), []string{"/1/Sigmoid (Sigmoid): this activation function has no exact form in spikes, only ReLU has"}},
		{"tanh", 13, features, activation("Tanh"), []string{"/1/Tanh (Tanh)"}},
		{"leaky relu", 13, features, activation("LeakyRelu"), []string{"/1/LeakyRelu (LeakyRelu)"}},
		{"elu", 13, features, activation("Elu"), []string{"/1/Elu (Elu)"}},
		{"hard swish", 14, features, activation("HardSwish"), []string{"/1/HardSwish (HardSwish)"}},
		{"gelu", 20, features, activation("Gelu"), []string{"/1/Gelu (Gelu)"}},
		{"prelu", 13, features, func(f *file) { f.linear(4, 4).next("PRelu", []string{f.weights(4)}).linear(2, 4) }, []string{"/1/PRelu (PRelu)"}},
		{"softmax inside", 13, features, activation("Softmax"), []string{"/2/Gemm (Gemm): it comes after Softmax, which is only supported as the last layer"}},
		{"softmax of something else", 13, image, func(f *file) { f.conv(2, 2, 3, 3).next("Softmax", nil, num("axis", 1)) }, []string{"(Softmax): it is over the axis 1"}},
		{"softmax of the batch", 13, features, func(f *file) { f.linear(2, 4).next("Softmax", nil, num("axis", 0)) }, []string{"(Softmax): it is over the axis 0"}},
		{"layer norm", 17, features, func(f *file) {
			f.linear(4, 4).next("LayerNormalization", []string{f.weights(4), f.weights(4)}).relu().linear(2, 4)
		},
			[]string{"(LayerNormalization): it normalises by statistics of each input"}},
		{"instance norm", 13, image, func(f *file) { f.next("InstanceNormalization", []string{f.weights(2), f.weights(2)}).conv(2, 2, 3, 3) }, []string{"(InstanceNormalization)"}},
		{"lstm", 13, features, func(f *file) { f.next("LSTM", []string{f.weights(1, 4, 4)}).linear(2, 4) }, []string{"(LSTM): recurrent networks"}},
		{"transposed conv", 13, image, func(f *file) { f.next("ConvTranspose", []string{f.weights(2, 2, 2, 2)}).relu().conv(2, 2, 2, 2) }, []string{"(ConvTranspose): layers that enlarge images"}},
		{"resize", 13, image, func(f *file) { f.next("Resize", []string{"", f.weights(4)}).conv(2, 2, 3, 3) }, []string{"(Resize): layers that enlarge images"}},
		{"quantised", 13, features, func(f *file) {
			f.next("QuantizeLinear", []string{number(f, 1)}).next("DequantizeLinear", []string{number(f, 1)}).linear(2, 4)
		}, []string{"(QuantizeLinear): quantised networks", "(DequantizeLinear): quantised networks"}},
		{"unknown operator", 13, features, func(f *file) { f.next("Wavelet", nil).linear(2, 4) }, []string{"/0/Wavelet (Wavelet): the operator is not supported"}},
		{"unknown domain", 13, features, func(f *file) { f.relu().linear(2, 4); f.Nodes[0].Domain = "com.example" }, []string{"/0/Relu (com.example::Relu): it is not an operator of ONNX itself"}},
		{"linear after linear", 13, features, func(f *file) { f.linear(4, 4).linear(2, 4) }, []string{"/1/Gemm (Gemm): it follows the linear layer /0/Gemm without a ReLU between them"}},
		{"conv after conv", 13, image, func(f *file) { f.conv(2, 2, 1, 1).batchNorm(2).conv(2, 2, 1, 1) }, []string{"/2/Conv (Conv): it follows the linear layer /0/Conv"}},
		{"linear, max pool, linear", 13, image, func(f *file) {
			f.conv(2, 2, 1, 1).next("MaxPool", nil, ints("kernel_shape", 2, 2)).conv(2, 2, 1, 1)
		}, []string{"/2/Conv (Conv): it follows the linear layer /0/Conv"}},
		{"mean of sums", 13, image, func(f *file) { f.conv(2, 2, 1, 1).next("GlobalAveragePool", nil) }, []string{"(GlobalAveragePool): it takes the mean of what the linear layer /0/Conv gives"}},
		{"ends in a relu", 13, features, func(f *file) { f.linear(2, 4).relu() }, []string{`output "/1/Relu_output": the last layer is /1/Relu (relu), expected a dense layer or a convolution`}},
		{"ends in a pool", 13, image, func(f *file) { f.conv(2, 2, 1, 1).relu().next("GlobalAveragePool", nil) }, []string{"the last layer is /2/GlobalAveragePool (global-average-pool)"}},
		{"ends in a max pool", 13, image, func(f *file) { f.conv(2, 2, 1, 1).next("MaxPool", nil, ints("kernel_shape", 6, 6)) }, []string{"the last layer is the max pool /1/MaxPool"}},
		{"no layers", 13, features, func(f *file) { f.next("Identity", nil) }, []string{"the network has no layers"}},
		{"constant output", 13, features, func(f *file) { f.end = f.node("Identity", []string{f.weights(2)}) }, []string{"it does not depend on the input"}},
		{"padding at the end", 13, image, func(f *file) { f.conv(2, 2, 1, 1).next("Pad", []string{f.integers(0, 0, 1, 1, 0, 0, 1, 1)}) }, []string{"it follows the padding /1/Pad"}},
		{"transA", 13, features, func(f *file) { f.next("Gemm", []string{f.weights(4, 2)}, num("transA", 1)) }, []string{"(Gemm): it transposes its input (transA=1)"}},
		{"bias of each sample", 13, features, func(f *file) { f.next("Gemm", []string{f.weights(4, 2), f.weights(3, 1)}) }, []string{"(Gemm): its bias of shape [3 1] differs from sample to sample"}},
		{"gemm of an image", 13, image, func(f *file) { f.linear(2, 6) }, []string{"(Gemm): it reads samples of shape [2 6 6], expected vectors"}},
		{"gemm of another size", 13, features, func(f *file) { f.linear(2, 5) }, []string{"(Gemm): it has weights for 5 inputs, but reads 4"}},
		{"weights on the left", 13, []int64{4}, func(f *file) { f.end = f.node("MatMul", []string{f.weights(2, 4), "x"}) }, []string{"(MatMul): its first input is constant and the second is not"}},
		{"weights in rows", 13, []int64{3, 4}, func(f *file) { f.next("MatMul", []string{f.weights(4, 2)}) }, []string{"(MatMul): it reads samples of shape [3 4] as vectors along the last axis"}},
		{"weights of a batch", 13, features, func(f *file) { f.next("MatMul", []string{f.weights(1, 4, 2)}) }, []string{"(MatMul): it has no matrix of weights"}},
		{"computed weights", 13, features, func(f *file) { f.linear(4, 4).next("MatMul", []string{f.end}) }, []string{"(MatMul): it multiplies two activations"}},
		{"division by an activation", 13, features, func(f *file) { f.end = f.node("Div", []string{number(f, 1), "x"}) }, []string{"(Div): it divides by an activation"}},
		{"division by zero", 13, features, func(f *file) { f.next("Div", []string{number(f, 0)}).linear(2, 4) }, []string{"(Div): the scaling of the input holds"}},
		{"scaling inside", 13, features, func(f *file) { f.linear(4, 4).relu().next("Mul", []string{number(f, 2)}).linear(2, 4) },
			[]string{"/2/Mul (Mul): a constant can be added right after a linear layer, or scale the input"}},
		{"scaling of sums", 13, features, func(f *file) { f.linear(4, 4).next("Mul", []string{number(f, 2)}).relu().linear(2, 4) }, []string{"/1/Mul (Mul)"}},
		{"shift inside", 13, features, func(f *file) { f.linear(4, 4).relu().next("Add", []string{number(f, 2)}).linear(2, 4) }, []string{"/2/Add (Add)"}},
		{"mean image", 13, image, func(f *file) { f.next("Sub", []string{f.weights(2, 6, 6)}).conv(2, 2, 3, 3) }, []string{"its constant differs from place to place within a channel"}},
		{"bias of each place", 13, image, func(f *file) { f.conv(2, 2, 3, 3).next("Add", []string{f.weights(4, 4)}) }, []string{"(Add): its constant differs from place to place"}},
		{"bias that does not fit", 13, image, func(f *file) { f.conv(2, 2, 3, 3).next("Add", []string{f.weights(5)}) }, []string{"(Add): its constant of shape [5] does not fit [1 2 4 4]"}},
		{"training batch norm", 15, image, func(f *file) {
			f.conv(2, 2, 3, 3).batchNorm(2).relu().conv(2, 2, 1, 1)
			f.Nodes[1].Attributes = append(f.Nodes[1].Attributes, num("training_mode", 1))
		}, []string{"(BatchNormalization): it is in training mode"}},
		{"batch norm with further outputs", 9, image, func(f *file) {
			f.conv(2, 2, 3, 3).batchNorm(2).relu()
			f.Nodes[1].Out = append(f.Nodes[1].Out, "mean")
			f.next("Add", []string{"mean"}).conv(2, 2, 1, 1)
		}, []string{`/1/BatchNormalization (BatchNormalization): its output 2 ("mean") is used`, "(Add): it adds two activations"}},
		{"batch norm of each place", 7, image, func(f *file) {
			f.conv(2, 2, 3, 3).batchNorm(2).relu().conv(2, 2, 1, 1)
			f.Nodes[1].Attributes = append(f.Nodes[1].Attributes, num("spatial", 0))
		}, []string{"(BatchNormalization): it has statistics of each place (spatial=0)"}},
		{"negative variance", 13, features, func(f *file) {
			f.next("BatchNormalization", []string{f.weights(4), f.weights(4), f.weights(4), f.array(onnxtest.Float32, []float64{1, -1, 1, 1}, 4)}).linear(2, 4)
		}, []string{"(BatchNormalization): its variance of channel 1 is -1"}},
		{"batch norm of another size", 13, image, func(f *file) { f.batchNorm(3).conv(2, 2, 3, 3) }, []string{"(BatchNormalization): it has 3 channels, but reads samples of shape [2 6 6]"}},
		{"clip above zero", 13, features, func(f *file) { f.linear(4, 4).next("Clip", []string{number(f, 1)}).linear(2, 4) }, []string{"(Clip): it clips at 1, expected at 0"}},
		{"hardtanh", 9, features, func(f *file) {
			f.linear(4, 4).next("Clip", nil, onnxtest.Real("min", -1), onnxtest.Real("max", 1)).linear(2, 4)
		}, []string{"(Clip): it clips at -1"}},
		{"clip to nothing", 13, features, func(f *file) { f.linear(4, 4).next("Clip", []string{number(f, 0), number(f, 0)}).linear(2, 4) }, []string{"(Clip): it clips above 0"}},
		{"clip at no number", 13, features, func(f *file) { f.linear(4, 4).next("Clip", []string{number(f, 0), number(f, math.NaN())}).linear(2, 4) }, []string{"(Clip): it clips above NaN"}},
		{"indices of a max pool", 13, image, func(f *file) {
			f.next("MaxPool", nil, ints("kernel_shape", 2, 2))
			f.Nodes[0].Out = append(f.Nodes[0].Out, "indices")
			f.next("Add", []string{"indices"}).conv(2, 2, 1, 1)
		}, []string{`(MaxPool): its output 2 ("indices") is used`, "(Add): it adds two activations"}},
		{"mask of a dropout", 13, features, func(f *file) {
			f.next("Dropout", nil)
			f.Nodes[0].Out = append(f.Nodes[0].Out, "mask")
			f.next("Mul", []string{"mask"}).linear(2, 4)
		}, []string{`(Dropout): its output 2 ("mask") is used`, "(Mul): it multiplies two activations"}},
		{"dropout in training", 13, features, func(f *file) {
			f.next("Dropout", []string{"", f.array(onnxtest.Bool, []float64{1})}).linear(2, 4)
		}, []string{"(Dropout): it is in training mode"}},
		{"dilated max pool", 13, image, func(f *file) {
			f.next("MaxPool", nil, ints("kernel_shape", 2, 2), ints("dilations", 2, 2)).conv(2, 2, 1, 1)
		}, []string{"(MaxPool): its windows have dilations"}},
		{"dilated average pool", 19, image, func(f *file) {
			f.next("AveragePool", nil, ints("kernel_shape", 2, 2), ints("dilations", 2, 2)).conv(2, 2, 1, 1)
		}, []string{"(AveragePool): its windows have dilations"}},
		{"incomplete windows of an average", 13, []int64{2, 5, 6}, func(f *file) {
			f.next("AveragePool", nil, ints("kernel_shape", 2, 2), ints("strides", 2, 2), num("ceil_mode", 1)).conv(2, 2, 1, 1)
		}, []string{"(AveragePool): its last windows are incomplete (ceil_mode=1"}},
		{"incomplete windows before a relu", 13, []int64{2, 5, 6}, func(f *file) {
			f.conv(2, 2, 1, 1).next("MaxPool", nil, ints("kernel_shape", 2, 2), ints("strides", 2, 2), num("ceil_mode", 1)).relu().conv(2, 2, 1, 1)
		}, []string{"(MaxPool): its windows need [0 0 1 0] more places"}},
		{"unequal pads that do not count", 13, image, func(f *file) {
			f.next("AveragePool", nil, ints("kernel_shape", 2, 2), ints("pads", 0, 0, 1, 1)).conv(2, 2, 1, 1)
		}, []string{"(AveragePool): its pads [0 0 1 1] differ from side to side"}},
		{"windows of pads alone", 13, image, func(f *file) {
			f.next("MaxPool", nil, ints("kernel_shape", 2, 2), ints("pads", 2, 2, 2, 2)).conv(2, 2, 1, 1)
		},
			[]string{"(MaxPool): its pads [2 2 2 2] leave windows of [2 2] without a place in the image"}},
		{"three axes", 13, image, func(f *file) { f.next("MaxPool", nil, ints("kernel_shape", 2, 2, 2)).conv(2, 2, 1, 1) }, []string{"(MaxPool): its kernel has 3 axes"}},
		{"kernel too large", 13, image, func(f *file) { f.conv(2, 2, 7, 7) }, []string{"(Conv): has filters of 7x7, which do not fit"}},
		{"conv of another number of channels", 13, image, func(f *file) { f.conv(2, 3, 3, 3) }, []string{"(Conv): has 2 filters over 3 channels"}},
		{"conv in wrong groups", 13, image, func(f *file) { f.conv(3, 1, 3, 3, num("group", 2)) }, []string{"(Conv): has 3 filters over 2 channels in 2 groups"}},
		{"conv in no groups", 13, image, func(f *file) { f.conv(3, 1, 3, 3, num("group", 0)) }, []string{"in 0 groups"}},
		{"kernel_shape of another kernel", 13, image, func(f *file) { f.conv(3, 2, 3, 3, ints("kernel_shape", 2, 2)) }, []string{"its kernel_shape is [2 2], but its weights have [3 3]"}},
		{"no stride", 13, image, func(f *file) { f.conv(3, 2, 3, 3, ints("strides", 0, 1)) }, []string{"(Conv): its strides are [0 1]"}},
		{"huge dilation", 13, image, func(f *file) { f.conv(3, 2, 3, 3, ints("dilations", 1, math.MaxInt64)) }, []string{"(Conv): its dilations are"}},
		{"negative pads", 13, image, func(f *file) { f.conv(3, 2, 3, 3, ints("pads", 0, -1, 0, 0)) }, []string{"(Conv): its pads are [0 -1 0 0]"}},
		{"unknown auto_pad", 13, image, func(f *file) { f.conv(3, 2, 3, 3, text("auto_pad", "FULL")) }, []string{`(Conv): its auto_pad is "FULL"`}},
		{"attribute of another type", 13, image, func(f *file) { f.conv(3, 2, 3, 3, num("strides", 2)) }, []string{"(Conv): its attribute strides has type 2, expected 7"}},
		{"biases of another number", 13, image, func(f *file) { f.next("Conv", []string{f.weights(3, 2, 3, 3), f.weights(2)}) }, []string{"(Conv): it has 2 biases for 3 filters"}},
		{"weights that are no numbers", 13, features, func(f *file) {
			f.next("MatMul", []string{f.array(onnxtest.Float32, []float64{1, 2, math.NaN(), 4}, 4, 1)})
		},
			[]string{`(MatMul): the array "array0" holds NaN at place 2, expected finite numbers`}},
		{"infinite bias", 13, features, func(f *file) { f.next("Gemm", []string{f.weights(4, 1), number(f, math.Inf(1))}) }, []string{`the array "array1" holds +Inf at place 0`}},
		{"whole weights", 13, features, func(f *file) { f.next("MatMul", []string{f.array(onnxtest.Int64, []float64{1, 2, 3, 4}, 4, 1)}) }, []string{`the array "array0" has whole numbers`}},
		{"pad of edges", 13, image, func(f *file) {
			f.next("Pad", []string{f.integers(0, 0, 1, 1, 0, 0, 1, 1)}, text("mode", "edge")).conv(2, 2, 3, 3)
		}, []string{`(Pad): its mode is "edge"`}},
		{"pad of ones", 13, image, func(f *file) {
			f.next("Pad", []string{f.integers(0, 0, 1, 1, 0, 0, 1, 1), number(f, 1)}).conv(2, 2, 3, 3)
		}, []string{"(Pad): it pads with 1, expected 0"}},
		{"pad of channels", 13, image, func(f *file) { f.next("Pad", []string{f.integers(0, 1, 0, 0, 0, 0, 0, 0)}).conv(2, 3, 3, 3) }, []string{"(Pad): its pads are [0 1 0 0 0 0 0 0], expected zeros around images only"}},
		{"crop", 13, image, func(f *file) { f.next("Pad", []string{f.integers(0, 0, -1, 0, 0, 0, 0, 0)}).conv(2, 2, 3, 3) }, []string{"(Pad): its pads are"}},
		{"pad before a max pool", 13, image, func(f *file) {
			f.next("Pad", []string{f.integers(0, 0, 1, 1, 0, 0, 1, 1)}).next("MaxPool", nil, ints("kernel_shape", 2, 2)).conv(2, 2, 1, 1)
		}, []string{"(MaxPool): it follows /0/Pad, whose zeros would count in its windows"}},
		{"pad before features", 13, image, func(f *file) { f.next("Pad", []string{f.integers(0, 0, 1, 1, 0, 0, 1, 1)}).flatten().linear(2, 128) }, []string{"(Flatten): it follows the padding /0/Pad"}},
		{"batch in the middle", 13, image, func(f *file) { f.next("Transpose", nil, ints("perm", 1, 0, 2, 3)).conv(2, 2, 3, 3) }, []string{"(Transpose): it moves the axis of the batch"}},
		{"axes that are not all", 13, image, func(f *file) { f.next("Transpose", nil, ints("perm", 0, 1, 2)).conv(2, 2, 3, 3) }, []string{"(Transpose): its order [0 1 2] is not one of 4 axes"}},
		{"rows as channels", 13, image, func(f *file) {
			f.conv(2, 2, 3, 3).relu().next("Transpose", nil, ints("perm", 0, 2, 1, 3)).conv(2, 4, 1, 1)
		}, []string{"(Conv): it reads [4 2 4] made of an image of 2x4x4 by rearranging it"}},
		{"batch reshaped", 13, image, func(f *file) { f.next("Reshape", []string{f.integers(-1, 36)}).linear(2, 36) }, []string{"(Reshape): it makes [-1 36] of samples of shape [2 6 6], expected the batch to stay"}},
		{"reshape to another size", 13, image, func(f *file) { f.next("Reshape", []string{f.integers(1, 71)}).linear(2, 71) }, []string{"(Reshape): it makes [1 71] of [1 2 6 6], which has another number of values"}},
		{"flatten from elsewhere", 13, image, func(f *file) { f.next("Flatten", nil, num("axis", 2)).linear(2, 36) }, []string{"(Flatten): it flattens from axis 2"}},
		{"mean of some axes", 13, image, func(f *file) { f.next("ReduceMean", nil, ints("axes", 3)).conv(2, 2, 1, 1) }, []string{"(ReduceMean): it takes the mean over the axes [3]"}},
		{"mean of rows and channels", 13, image, func(f *file) {
			f.conv(2, 2, 3, 3).relu().next("ReduceMean", nil, ints("axes", 1, 2), num("keepdims", 0)).linear(2, 4)
		}, []string{"(ReduceMean): it leaves 4 of samples"}},
		{"cast to whole numbers", 13, features, func(f *file) { f.next("Cast", nil, num("to", 7)).linear(2, 4) }, []string{"(Cast): it makes values of type int64"}},
		{"shape from the data", 13, features, func(f *file) { f.next("Reshape", []string{f.end}).linear(2, 4) }, []string{"(Reshape): it reads two activations"}},
		{"open rows", 13, []int64{2, -1, 6}, func(f *file) { f.conv(2, 2, 3, 3) }, []string{`input "x": its dimension 2 is open, expected a fixed number`}},
		{"too many axes", 13, []int64{2, 3, 4, 5}, func(f *file) { f.flatten().linear(2, 120) }, []string{`input "x": it has 5 dimensions`}},
		{"giant input", 13, []int64{1 << 20, 1 << 20}, func(f *file) { f.flatten().linear(2, 4) }, []string{`input "x": a sample of shape [1048576 1048576] has more than 268435456 values`}},
		{"whole input", 13, features, func(f *file) { f.Inputs[0].Type = onnxtest.Int64; f.linear(2, 4) }, []string{`input "x": it has values of type int64`}},
		{"input without a shape", 13, features, func(f *file) { f.Inputs[0].Dims = nil; f.linear(2, 4) }, []string{`input "x": its shape is not in the file`}},
		{"two inputs", 13, features, func(f *file) {
			f.Inputs = append(f.Inputs, onnxtest.Value{Name: "z", Dims: []int64{-1, 4}})
			f.linear(4, 4).relu().next("Add", []string{"z"}).linear(2, 4)
		}, []string{`input "z": the graph has 2 inputs, expected one`, "(Add): it adds two activations"}},
		{"folding of something else", 13, features, func(f *file) { f.next("MatMul", []string{f.node("Exp", []string{f.weights(4, 2)})}) }, []string{"/0/Exp (Exp): the operator is not supported on constants"}},
		{"everything at once", 13, image, func(f *file) {
			f.conv(2, 2, 3, 3).next("Sigmoid", nil).conv(2, 2, 3, 3).next("LeakyRelu", nil).next("Resize", nil)
			f.next("Gemm", []string{f.weights(4, 2)}, num("transA", 1)).linear(2, 2)
		}, []string{"/1/Sigmoid (Sigmoid)", "/3/LeakyRelu (LeakyRelu)", "/4/Resize (Resize)", "/5/Gemm (Gemm): it transposes its input"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFile(c.opset, 1, c.sample...)
			c.build(f)
			_, _, err := f.load()
			refused := (*Refused)(nil)
			if !errors.As(err, &refused) || !fault.IsInput(err) {
				t.Fatalf("got %v, want a refusal", err)
			}
			for _, says := range append(c.says, "supported operators are Add, AveragePool, BatchNormalization") {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%v\ndoes not say %q", err, says)
				}
			}
			if len(refused.Refusals) != len(c.says) {
				t.Errorf("%d refusals, want %d: %v", len(refused.Refusals), len(c.says), err)
			}
		})
	}
}

// Graphs whose names do not fit together are damaged.
func TestDamagedGraphs(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(f *file)
		says  string
	}{
		{"cycle", func(f *file) { f.linear(4, 4).relu().linear(2, 4); f.Nodes[0].In[0] = f.Nodes[1].Out[0] }, `is cyclic: the node /1/Relu (Relu) reads "/0/Gemm_output", which depends on its own output`},
		{"cycle of one", func(f *file) { f.linear(4, 4); f.Nodes[0].In[0] = f.end }, "is cyclic"},
		{"missing initializer", func(f *file) { f.linear(4, 4); f.Initializers = f.Initializers[1:] }, `has a node /0/Gemm (Gemm) that reads "array0", which no node writes and the file does not hold`},
		{"initializer twice", func(f *file) { f.linear(4, 4); f.Initializers = append(f.Initializers, f.Initializers[0]) }, `has two initializers that are called "array0"`},
		{"output twice", func(f *file) { f.linear(4, 4).relu().linear(2, 4); f.Nodes[1].Out = f.Nodes[0].Out }, `has two nodes, /0/Gemm and /1/Relu, that write "/0/Gemm_output"`},
		{"input twice", func(f *file) { f.linear(4, 4); f.Inputs = append(f.Inputs, f.Inputs[0]) }, `has two inputs that are called "x"`},
		{"output over an input", func(f *file) { f.linear(4, 4).relu(); f.Nodes[0].Out[0] = "x" }, `that writes "x", which is an input or initializer`},
		{"unknown output", func(f *file) { f.linear(4, 4); f.end = "logits" }, `has the output "logits", which no node writes`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFile(13, 1, 4)
			c.build(f)
			_, _, err := f.load()
			if !fault.IsInput(err) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// The nodes may come in any order.
func TestOrderOfNodes(t *testing.T) {
	f := newFile(13, 1, 4)
	f.linear(3, 4).relu().linear(2, 3)
	want, _ := f.check(t)
	f.Nodes[0], f.Nodes[2] = f.Nodes[2], f.Nodes[0]
	got, _, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	for i := range want.Layers {
		if got.Layers[i].Name != want.Layers[i].Name {
			t.Errorf("layer %d is %s, want %s", i, got.Layers[i].Name, want.Layers[i].Name)
		}
	}
}

func TestOtherOpsetsAreRefused(t *testing.T) {
	for _, opset := range []int64{0, 6, 22, math.MaxInt64} {
		f := newFile(opset, 1, 4)
		f.linear(3, 4)
		if _, _, err := f.load(); !fault.IsInput(err) || !strings.Contains(err.Error(), "expected 7 to 21") {
			t.Errorf("opset %d: %v", opset, err)
		}
	}
}

func TestOtherFilesAreRefused(t *testing.T) {
	for name, says := range map[string]string{
		"model.h5": "tf2onnx", "model.keras": "tf2onnx", "model.pt": "torch.onnx.export", "model.pth": "torch.onnx.export", "model.txt": `found ".txt"`, "model.safetensors": "layers of the network must be given too",
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Load(path); !fault.IsInput(err) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A small file cannot take memory that it does not have.
func TestConstantsAreBounded(t *testing.T) {
	for name, build := range map[string]func(f *file){
		"doubled again and again": func(f *file) {
			c := f.integers(1, 2, 3, 4)
			for range 40 {
				c = f.node("Concat", []string{c, c}, num("axis", 0))
			}
			f.next("Reshape", []string{c})
		},
		"a shape of giant size": func(f *file) {
			f.next("Reshape", []string{f.node("ConstantOfShape", []string{f.integers(1<<10, 1<<10)})})
		},
		"broadcast to giant size": func(f *file) {
			a, b := f.integers(make([]int64, 1<<12)...), f.node("Unsqueeze", []string{f.integers(make([]int64, 1<<12)...), f.integers(1)})
			f.next("Reshape", []string{f.node("Mul", []string{a, b})})
		},
		"gathered to giant size": func(f *file) {
			f.next("Reshape", []string{f.node("Gather", []string{f.node("Unsqueeze", []string{f.integers(make([]int64, 1<<12)...), f.integers(0)}), f.integers(make([]int64, 1<<12)...)})})
		},
	} {
		f := newFile(13, 1, 4)
		build(f)
		if _, _, err := f.load(); !fault.IsInput(err) || !strings.Contains(err.Error(), "more memory than the file holds") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
