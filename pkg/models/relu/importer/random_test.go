package importer

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/onnx/onnxtest"
)

// Random chains of every kind of layer, channels first or last, in any opset, give
// what their graph gives.
func TestRandomChains(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := &chainDraw{T: r, opset: rapid.Int64Range(oldestOpset, newestOpset).Draw(r, "opset")}
		c.channels, c.height, c.width = c.between(1, 4, "channels"), c.between(4, 9, "height"), c.between(4, 9, "width")
		sample := []int64{c.channels, c.height, c.width}
		tensorFlow := rapid.Bool().Draw(r, "channels last")
		if tensorFlow {
			sample = []int64{c.height, c.width, c.channels}
		}
		c.file = newFile(c.opset, rapid.Uint64().Draw(r, "seed"), sample...)
		if rapid.Bool().Draw(r, "scaled input") {
			c.next("Div", []string{c.array(onnxtest.Float32, []float64{4})})
			c.next("Sub", []string{c.array(onnxtest.Float32, []float64{0.5})})
		}
		if tensorFlow {
			c.next("Transpose", nil, ints("perm", 0, 3, 1, 2))
		}
		for range rapid.IntRange(1, 3).Draw(r, "convolutions") {
			c.stage()
		}
		c.toFeatures(tensorFlow)
		for range rapid.IntRange(0, 2).Draw(r, "hidden dense layers") {
			c.dense(c.between(1, 6, "units"))
			c.norm()
			c.rectifier()
			c.norm()
		}
		c.dense(c.between(1, 4, "classes"))
		if rapid.Bool().Draw(r, "softmax") {
			c.next("Softmax", nil, num("axis", 1))
		}
		c.check(r)
	})
}

// chainDraw draws a chain; it keeps the shape of its end.
type chainDraw struct {
	*file
	*rapid.T
	opset                   int64
	channels, height, width int64
	features                int64
}

func (c *chainDraw) between(low, high int64, what string) int64 {
	return rapid.Int64Range(low, high).Draw(c.T, what)
}

func (c *chainDraw) may(what string) bool { return rapid.Bool().Draw(c.T, what) }

// stage is a convolution, ReLU, and what may stand around them.
func (c *chainDraw) stage() {
	c.pad()
	c.convolution()
	c.norm()
	before := c.may("pool before the rectifier")
	if before {
		c.maxPool(false)
	}
	c.norm()
	c.rectifier()
	switch {
	case before:
	case c.may("average"):
		c.averagePool()
	default:
		c.maxPool(true)
	}
	c.norm()
	if c.may("dropout") {
		c.next("Dropout", nil)
	}
}

func (c *chainDraw) pad() {
	if !c.may("pad") {
		return
	}
	top, left, bottom, right := c.between(0, 2, "top"), c.between(0, 2, "left"), c.between(0, 2, "bottom"), c.between(0, 2, "right")
	if c.opset < 11 {
		c.next("Pad", nil, ints("pads", 0, 0, top, left, 0, 0, bottom, right))
	} else {
		c.zeroPad(left, right, top, bottom)
	}
	c.height += top + bottom
	c.width += left + right
}

func (c *chainDraw) convolution() {
	kernel := []int64{c.between(1, min(3, c.height), "kernel height"), c.between(1, min(3, c.width), "kernel width")}
	strides := []int64{c.between(1, 2, "stride"), c.between(1, 2, "stride")}
	dilations := []int64{1, 1}
	groups := int64(1)
	if c.may("depthwise") {
		groups = c.channels
	}
	out := groups * c.between(1, 2, "filters of each group")
	attributes := []onnxtest.Attribute{ints("strides", strides...), num("group", groups)}
	lengths := []*int64{&c.height, &c.width}
	switch rapid.SampledFrom([]string{"pads", "SAME_UPPER", "SAME_LOWER", "VALID"}).Draw(c.T, "auto_pad") {
	case "pads":
		pads := []int64{c.between(0, 2, "top"), c.between(0, 2, "left"), c.between(0, 2, "bottom"), c.between(0, 2, "right")}
		for i, length := range lengths {
			if room := *length + pads[i] + pads[2+i]; room > 2*(kernel[i]-1) {
				dilations[i] = c.between(1, 2, "dilation")
			}
			*length = (*length+pads[i]+pads[2+i]-dilations[i]*(kernel[i]-1)-1)/strides[i] + 1
		}
		attributes = append(attributes, ints("pads", pads...))
	case "SAME_UPPER":
		attributes = append(attributes, text("auto_pad", "SAME_UPPER"))
		for i, length := range lengths {
			*length = (*length + strides[i] - 1) / strides[i]
		}
	case "SAME_LOWER":
		attributes = append(attributes, text("auto_pad", "SAME_LOWER"))
		for i, length := range lengths {
			*length = (*length + strides[i] - 1) / strides[i]
		}
	case "VALID":
		attributes = append(attributes, text("auto_pad", "VALID"))
		for i, length := range lengths {
			*length = (*length-kernel[i])/strides[i] + 1
		}
	}
	attributes = append(attributes, ints("dilations", dilations...))
	c.conv(out, c.channels/groups, kernel[0], kernel[1], attributes...)
	c.channels = out
}

func (c *chainDraw) norm() {
	if c.may("batch norm") {
		c.batchNorm(max(c.channels, c.features))
	}
}

func (c *chainDraw) rectifier() {
	if !c.may("clip") {
		c.relu()
		return
	}
	high := float64(c.between(1, 3, "ceiling"))
	if c.opset < 11 {
		c.next("Clip", nil, onnxtest.Real("min", 0), onnxtest.Real("max", float32(high)))
	} else {
		c.next("Clip", []string{c.array(onnxtest.Float32, []float64{0}), c.array(onnxtest.Float32, []float64{high})})
	}
}

// maxPool has pads of unequal sides and incomplete windows only behind a rectifier.
func (c *chainDraw) maxPool(rectified bool) {
	if c.height < 2 || c.width < 2 || !c.may("pool") {
		return
	}
	stride := c.between(1, 2, "stride")
	pads := []int64{0, 0, 0, 0}
	ceil := int64(0)
	if rectified {
		for i := range pads {
			pads[i] = c.between(0, 1, "pad")
		}
		if stride == 2 && c.opset >= 10 {
			ceil = c.between(0, 1, "ceil_mode")
		}
	}
	for i, length := range []*int64{&c.height, &c.width} {
		room := *length + pads[i] + pads[2+i] - 2
		outputs := room/stride + 1
		if ceil != 0 {
			outputs = (room+stride-1)/stride + 1
			if (outputs-1)*stride >= *length+pads[i] {
				outputs--
			}
		}
		*length = outputs
	}
	c.next("MaxPool", nil, ints("kernel_shape", 2, 2), ints("strides", stride, stride), ints("pads", pads...), num("ceil_mode", ceil))
}

// averagePool has pads of unequal sides only if they count.
func (c *chainDraw) averagePool() {
	c.pad()
	if c.height < 2 || c.width < 2 || !c.may("pool") {
		c.convolutionAfterPad()
		return
	}
	stride, count := c.between(1, 2, "stride"), c.between(0, 1, "count_include_pad")
	pads := []int64{c.between(0, 1, "top"), c.between(0, 1, "left"), 0, 0}
	pads[2], pads[3] = pads[0], pads[1]
	if count != 0 {
		pads[2], pads[3] = c.between(0, 1, "bottom"), c.between(0, 1, "right")
	}
	for i, length := range []*int64{&c.height, &c.width} {
		*length = (*length+pads[i]+pads[2+i]-2)/stride + 1
	}
	c.next("AveragePool", nil, ints("kernel_shape", 2, 2), ints("strides", stride, stride), ints("pads", pads...), num("count_include_pad", count))
}

// convolutionAfterPad follows a pad where no pool does.
func (c *chainDraw) convolutionAfterPad() {
	c.convolution()
	c.rectifier()
}

// toFeatures flattens the image, in TensorFlow's order or not, or takes means.
func (c *chainDraw) toFeatures(tensorFlow bool) {
	all := c.channels * c.height * c.width
	if tensorFlow {
		c.next("Transpose", nil, ints("perm", 0, 2, 3, 1))
	}
	c.features, c.channels = all, 0
	switch {
	case c.may("mean"):
		c.features = all / (c.height * c.width)
		first := int64(2)
		if tensorFlow {
			first = 1
		}
		if c.opset < 18 {
			c.next("ReduceMean", nil, ints("axes", first, first+1), num("keepdims", 0))
		} else {
			c.next("ReduceMean", []string{c.integers(first, first+1)}, num("keepdims", 0))
		}
	case c.may("view"):
		c.view()
	case c.may("reshape"):
		c.next("Reshape", []string{c.integers(-1, all)})
	default:
		c.flatten()
	}
}

func (c *chainDraw) dense(units int64) {
	if c.may("gemm") {
		c.linear(units, c.features)
	} else {
		c.next("MatMul", []string{c.weights(c.features, units)}).next("Add", []string{c.weights(units)})
	}
	c.features = units
}
