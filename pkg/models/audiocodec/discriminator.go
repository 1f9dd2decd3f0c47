package audiocodec

import (
	"fmt"
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Discriminator tells sound from what a decoder made, by short-time spectra at several scales (section 4.1 of the
// method; EnCodec's MS-STFT discriminator). Each scale has a network of its own over the real and the imaginary parts [2][frames][bins]:
// convolutions of 3×9 from 2 channels, of 3×9 with strides 1×2 and dilations 1, 2 and 4 in time, of 3×3, each behind weight normalisation
// and followed by a leaky ReLU of slope 0.2, and one of 3×3 to the score.
type Discriminator[F tensor.Float] struct {
	Parameters []Parameter[F]

	scales [][]*conv2D[F]
}

const leak = 0.2

// conv2D is a convolution with weight normalisation that keeps the number of frames.
type conv2D[F tensor.Float] struct {
	weights, bias, gain *autodiff.Var[F]
	time, frequency     autodiff.Axis
}

// NewDiscriminator draws a discriminator of so many scales.
func NewDiscriminator[F tensor.Float](scales, channels int, seed uint64) *Discriminator[F] {
	d := &Discriminator[F]{}
	b := &builder[F]{random: rng.Stream(seed, "audiocodec discriminator", 0, 0), norm: true}
	for s := range scales {
		var layers []*conv2D[F]
		add := func(in, out, width, stride, dilation int) {
			name := fmt.Sprintf("discriminator%d.%d", s, len(layers))
			bound := 1 / math.Sqrt(float64(in*3*width))
			w := b.parameter(name+".weights", "[out][in][time][frequency]", bound, out, in, 3, width)
			layers = append(layers, &conv2D[F]{weights: w, bias: b.parameter(name+".bias", "[out]", bound, out), gain: b.gain(name, w),
				time: autodiff.Axis{Padding: dilation, Dilation: dilation}, frequency: autodiff.Axis{Stride: stride, Padding: width / 2}})
		}
		add(2, channels, 9, 1, 1)
		for _, dilation := range []int{1, 2, 4} {
			add(channels, channels, 9, 2, dilation)
		}
		add(channels, channels, 3, 1, 1)
		add(channels, 1, 3, 1, 1)
		d.scales = append(d.scales, layers)
	}
	d.Parameters = b.parameters
	return d
}

// Judge gives the score of spectra [batch][2][frames][bins] at a scale, and the five feature maps on the way.
func (d *Discriminator[F]) Judge(p *Pass[F], scale int, spectra *autodiff.Var[F]) (score *autodiff.Var[F], features []*autodiff.Var[F]) {
	x := spectra
	layers := d.scales[scale]
	for i, l := range layers {
		x = autodiff.Conv2D(p.Tape, p.Threads, x, normalised(p, l.weights, l.gain), l.bias, l.time, l.frequency, 1)
		if i < len(layers)-1 {
			x = autodiff.LeakyReLU(p.Tape, p.Threads, x, leak)
			features = append(features, x)
		}
	}
	return x, features
}
