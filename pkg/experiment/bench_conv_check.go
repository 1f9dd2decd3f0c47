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
			var some []float32
			for e := 0; e < len(gradient); e += 16 {
				some = append(some, gradient[e])
			}
			gradient = some
		}
		c.Weights = append(c.Weights, gradient)
		c.Scale[l], c.Shift[l] = layer.scale.Grad.Data, layer.shift.Grad.Data
	}
	return c
}
