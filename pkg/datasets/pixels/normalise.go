package pixels

import (
	"math"

	"github.com/snnctl/snnctl/internal/parallel"
)

// Epsilon is added to the standard deviation that values are divided by
// (2212.12522, section 5.4 of the method).
const Epsilon = 1e-7

// Normalisation maps a file's value v of channel c to a network's input,
//
//	x = (v - Offset_c) / Divisor_c.
//
// An offset or divisor alone is that of every channel.
type Normalisation struct {
	Offset, Divisor []float64

	// Reverse puts the channels in the opposite order, before anything else: blue
	// first, as the VGG networks that came from Caffe want it.
	Reverse bool
}

// Unit maps the bytes 0 to 255 to 0 to 1.
func Unit() Normalisation { return Normalisation{Offset: []float64{0}, Divisor: []float64{255}} }

// Standard subtracts means and divides by standard deviations, of files' values:
// one of each for all channels, or one a channel.
func Standard(mean, deviation []float64) Normalisation {
	divisor := make([]float64, len(deviation))
	for c, d := range deviation {
		divisor[c] = d + Epsilon
	}
	return Normalisation{Offset: mean, Divisor: divisor}
}

// Centred subtracts the means of the channels.
func Centred(mean []float64) Normalisation {
	return Normalisation{Offset: mean, Divisor: []float64{1}}
}

// Range is the interval [p, q] that the inputs of values low to high fill: what
// the coding of inputs as spike times needs (section 5.4 of the method).
func (n Normalisation) Range(low, high float64) (p, q float64) {
	p, q = math.Inf(1), math.Inf(-1)
	for c := range max(len(n.Offset), len(n.Divisor)) {
		offset, divisor := of(n.Offset, c), of(n.Divisor, c)
		p, q = min(p, (low-offset)/divisor), max(q, (high-offset)/divisor)
	}
	return p, q
}

// Apply writes the input of a file's image.
func Apply[F float32 | float64](n Normalisation, dst []F, image []float32, s Shape) {
	plane := s.Height * s.Width
	for c := range s.Channels {
		from := c
		if n.Reverse {
			from = s.Channels - 1 - c
		}
		offset, divisor := of(n.Offset, c), of(n.Divisor, c)
		out := dst[c*plane : (c+1)*plane]
		for i, v := range image[from*plane : (from+1)*plane] {
			out[i] = F((float64(v) - offset) / divisor)
		}
	}
}

// of is the value of channel c.
func of(values []float64, c int) float64 {
	if len(values) == 1 {
		return values[0]
	}
	return values[c]
}

// Measure gives mean and standard deviation of each channel over all images, as
// they are shown in evaluation. Each image is summed by itself, and the sums are
// added in their order, so the result does not depend on threads.
func Measure(images Images, threads int) (mean, deviation []float64, err error) {
	s := images.Shape()
	const block = 1024 // images whose sums are kept at once
	type sums struct{ value, square []float64 }
	kept := make([]sums, block)
	for i := range kept {
		kept[i] = sums{make([]float64, s.Channels), make([]float64, s.Channels)}
	}
	errs := make([]error, block)
	scratch := make([][]float32, max(threads, 1))
	for i := range scratch {
		scratch[i] = make([]float32, s.Size())
	}
	mean, deviation = make([]float64, s.Channels), make([]float64, s.Channels)
	for first := 0; first < images.Len(); first += block {
		n := min(block, images.Len()-first)
		parallel.For(threads, n, func(worker, i int) {
			image := scratch[worker]
			if errs[i] = images.Read(image, first+i, Centre); errs[i] != nil {
				return
			}
			plane := s.Height * s.Width
			for c := range s.Channels {
				var value, square float64
				for _, v := range image[c*plane : (c+1)*plane] {
					value += float64(v)
					square += float64(v) * float64(v)
				}
				kept[i].value[c], kept[i].square[c] = value, square
			}
		})
		for i := range n {
			if errs[i] != nil {
				return nil, nil, errs[i]
			}
			for c := range s.Channels {
				mean[c] += kept[i].value[c]
				deviation[c] += kept[i].square[c]
			}
		}
	}
	values := float64(images.Len()) * float64(s.Height) * float64(s.Width)
	for c := range mean {
		mean[c] /= values
		deviation[c] = math.Sqrt(max(0, deviation[c]/values-mean[c]*mean[c]))
	}
	return mean, deviation, nil
}
