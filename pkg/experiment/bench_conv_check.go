package experiment

// ConvCheck is the result of the block of the job "conv" on two images, with
// input and weights given by formulas for other programs to compute, too:
// benchmarks/conv_block.py does.
type ConvCheck struct {
	Loss    float32      `json:"loss"`
	Weights [][]float32  `json:"weights"` // gradients by layer; of the second, those of every 16th weight
	Scale   [2][]float32 `json:"scale"`
	Shift   [2][]float32 `json:"shift"`
}

// CheckConv computes it: element e of the images is ((31e) mod 257)/128 - 1, and
// weight e of layer l ((37e + 11l) mod 127 - 63)/640.
func CheckConv(threads int) *ConvCheck {
	b := newConvBlock(2, threads)
	for e := range b.images.Value.Data {
		b.images.Value.Data[e] = float32((31*e)%257)/128 - 1
	}
	for l, layer := range b.layers {
		for e := range layer.weights.Value.Data {
			layer.weights.Value.Data[e] = float32((37*e+11*l)%127-63) / 640
		}
	}
	c := &ConvCheck{Loss: b.pass().Value.Data[0]}
	for l, layer := range b.layers {
		gradient := layer.weights.Grad.Data
		if l == 1 {
			gradient = everySixteenth(gradient)
		}
		c.Weights = append(c.Weights, gradient)
		c.Scale[l], c.Shift[l] = layer.scale.Grad.Data, layer.shift.Grad.Data
	}
	return c
}

// LeNetCheck is ConvCheck of the shape "lenet": gradients of all weights and biases, layer
// by layer; of more than 4096 weights, those of every 16th.
type LeNetCheck struct {
	Loss    float32     `json:"loss"`
	Weights [][]float32 `json:"weights"`
	Bias    [][]float32 `json:"bias"`
}

// CheckLeNet computes it by the formulas of CheckConv, with biases of zero; image n is of class n.
func CheckLeNet(threads int) *LeNetCheck {
	n := newLeNet(2, threads)
	for e := range n.images.Value.Data {
		n.images.Value.Data[e] = float32((31*e)%257)/128 - 1
	}
	layers := append(n.convs[:len(n.convs):len(n.convs)], n.dense...)
	for l, layer := range layers {
		for e := range layer.weights.Value.Data {
			layer.weights.Value.Data[e] = float32((37*e+11*l)%127-63) / 640
		}
		clear(layer.bias.Value.Data)
	}
	c := &LeNetCheck{Loss: n.pass().Value.Data[0]}
	for _, layer := range layers {
		gradient := layer.weights.Grad.Data
		if len(gradient) > 4096 {
			gradient = everySixteenth(gradient)
		}
		c.Weights, c.Bias = append(c.Weights, gradient), append(c.Bias, layer.bias.Grad.Data)
	}
	return c
}

func everySixteenth(x []float32) (some []float32) {
	for e := 0; e < len(x); e += 16 {
		some = append(some, x[e])
	}
	return some
}
