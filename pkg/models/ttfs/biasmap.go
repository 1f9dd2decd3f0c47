package ttfs

import (
	"slices"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// convolved is the bias of a convolution whose inputs are shifted by s: b plus the
// convolution of s itself, with zeros outside, a bias for each place (section 5.3), or
// for each channel if its places agree.
func (f *fusion) convolved(c *relu.Conv[float64], out Shape) *tensor.Dense[float64] {
	if !slices.ContainsFunc(f.shift, func(s float64) bool { return s != 0 }) {
		return clone(c.Bias)
	}
	in, bias := f.shape, make([]float64, out.Size())
	channels, height, width := c.Weights.Shape[1], c.Weights.Shape[2], c.Weights.Shape[3]
	parallel.For(f.threads, out.Channels, func(_, o int) {
		plane := bias[o*out.Places() : (o+1)*out.Places()]
		for i := range plane {
			plane[i] = c.Bias.Data[o]
		}
		first := o / (out.Channels / c.Groups) * channels
		for k, w := range c.Weights.Data[o*channels*height*width : (o+1)*channels*height*width] {
			channel, u, v := k/(height*width), k/width%height, k%width
			shift := f.shift[(first+channel)*in.Places():]
			for row := range out.Height {
				y := row*c.Height.Stride - c.Height.Padding + u*c.Height.Dilation
				if y < 0 || y >= in.Height {
					continue
				}
				for column := range out.Width {
					x := column*c.Width.Stride - c.Width.Padding + v*c.Width.Dilation
					if x >= 0 && x < in.Width {
						plane[row*out.Width+column] += w * shift[y*in.Width+x]
					}
				}
			}
		}
	})
	return mapOrChannels(bias, out)
}

// mapOrChannels is a bias of each place, or of each channel if its places agree.
func mapOrChannels(bias []float64, shape Shape) *tensor.Dense[float64] {
	places := shape.Places()
	channels := make([]float64, shape.Channels)
	for c := range channels {
		channels[c] = bias[c*places]
		for _, b := range bias[c*places : (c+1)*places] {
			if b != channels[c] {
				return &tensor.Dense[float64]{Shape: []int{shape.Channels, shape.Height, shape.Width}, Data: bias}
			}
		}
	}
	return &tensor.Dense[float64]{Shape: []int{len(channels)}, Data: channels}
}
