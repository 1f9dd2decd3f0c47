package autodiff

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Winograd's convolution (see kernel.WinogradRows) of a batch of images: tiles of 4×4
// outputs, row by row and image by image, are one axis; at each of the 36 positions
// of a transformed tile the sum over channels is a product of matrices,
//
//	Y [out][tiles] = U [out][in] · V [in][tiles]
//
// with U = G g Gᵀ of the weights and V = Bᵀ d B of the inputs. The gradient of the weights
// is a product over tiles, ∂U = (A y Aᵀ) Vᵀ.
//
// A number of the input enters all outputs of the tiles that read it, not only those whose
// windows do: a NaN or an infinity makes NaN of them, too, but never hides.

const (
	positions = kernel.WinogradInputs * kernel.WinogradInputs

	leastChannels = 12      // in and out, that pay for the transforms
	tilesAtOnce   = 64      // of a product with the weights
	sumsAtOnce    = 1 << 20 // numbers that are transformed for a product over tiles
	channelsApart = 8       // of a thread, where threads share the channels
	positionGap   = 16      // numbers between positions, lest they fall on each other in the cache
)

// suitsWinograd reports whether the kernel is 3×3, leaves no place out, and has
// channels enough.
func (c *correlation[F]) suitsWinograd() bool {
	fits := func(w window) bool {
		return w.taps == kernel.WinogradKernel && w.stride == 1 && w.dilation == 1 && w.padding >= 0 && w.padding < w.taps
	}
	return fits(c.height) && fits(c.width) && min(c.in, c.out) >= c.groups*leastChannels
}

// winograd is a correlation by tiles.
type winograd[F tensor.Float] struct {
	*correlation[F]
	down, across int // tiles of an image
}

func newWinograd[F tensor.Float](c *correlation[F]) *winograd[F] {
	tiles := func(w window) int { return (w.out + kernel.WinogradOutputs - 1) / kernel.WinogradOutputs }
	return &winograd[F]{c, tiles(c.height), tiles(c.width)}
}

// strips are rows of tiles, of one image after the other.
type strips struct{ first, last int }

// run returns the n-th run of size strips.
func (v *winograd[F]) run(n, size int) strips {
	return strips{n * size, min((n+1)*size, v.batch*v.down)}
}

// tiles is the number of tiles of strips.
func (v *winograd[F]) tiles(s strips) int { return (s.last - s.first) * v.across }

// transformed are channels at all positions: [positions][channels][stride], of which
// the tiles of some strips are used.
type transformed[F tensor.Float] struct {
	data             []F
	stride, position int
}

// transformedSize is how many numbers so many channels of tiles take.
func (v *winograd[F]) transformedSize(channels, strips int) (size, stride, position int) {
	const eight = kernel.WinogradTiles
	stride = (strips*v.across + eight - 1) / eight * eight
	position = channels*stride + positionGap
	return positions * position, stride, position
}

// at returns what follows channel c of position p.
func (t *transformed[F]) at(p, c int) []F { return t.data[p*t.position+c*t.stride:] }

// forward is correlation.forward; with turned weights they are those of the
// correlation that this is the adjoint of.
func (v *winograd[F]) forward(y, x, w, bias []F, unset, turned bool) {
	in, out := v.in/v.groups, v.out/v.groups
	weights := takeScratch[F](positions * out * v.in)
	v.transformWeights(weights.data, w, turned)
	size := max(1, tilesAtOnce/v.across)
	runs := (v.batch*v.down + size - 1) / size
	outer, inner := v.threads, 1 // threads share the runs, or the work of each
	if runs < 2*v.threads {
		outer, inner = 1, v.threads
	}
	inputs, stride, ofInput := v.transformedSize(in, size)
	outputs, _, ofOutput := v.transformedSize(out, size)
	parallel.For(outer, runs, func(_, n int) {
		s := v.run(n, size)
		memory := takeScratch[F](inputs + outputs)
		from := transformed[F]{memory.data[:inputs], stride, ofInput}
		to := transformed[F]{memory.data[inputs:], stride, ofOutput}
		for g := range v.groups {
			eachChannels(inner, in, func(lo, hi int) { v.inputs(&from, x, s, g*in, lo, hi) })
			parallel.For(inner, positions, func(_, p int) {
				u := weights.data[(p*v.out+g*out)*in:]
				kernel.Gemm(1, false, false, out, v.tiles(s), in, 1, u, in, from.at(p, 0), stride, 0, to.at(p, 0), stride)
			})
			eachChannels(inner, out, func(lo, hi int) { v.outputs(y, &to, s, g*out, lo, hi, bias, !unset) })
		}
		memory.giveBack()
	})
	weights.giveBack()
}

// weights adds the gradient with respect to w to gw.
func (v *winograd[F]) weights(gw, gy, x []F) {
	in, out := v.in/v.groups, v.out/v.groups
	size := max(1, max(tilesAtOnce, sumsAtOnce/(positions*(in+out)))/v.across)
	size = min(size, v.batch*v.down)
	inputs, stride, ofInput := v.transformedSize(in, size)
	outputs, _, ofOutput := v.transformedSize(out, size)
	memory := takeScratch[F](inputs + outputs + positions*out*v.in)
	from := transformed[F]{memory.data[:inputs], stride, ofInput}
	to := transformed[F]{memory.data[inputs:][:outputs], stride, ofOutput}
	sum := memory.data[inputs+outputs:]
	for n := range (v.batch*v.down + size - 1) / size {
		s, beta := v.run(n, size), F(min(n, 1))
		for g := range v.groups {
			eachChannels(v.threads, in, func(lo, hi int) { v.inputs(&from, x, s, g*in, lo, hi) })
			eachChannels(v.threads, out, func(lo, hi int) { v.adjointsOfOutputs(&to, gy, s, g*out, lo, hi) })
			parallel.For(v.threads, positions, func(_, p int) {
				u := sum[(p*v.out+g*out)*in:]
				kernel.Gemm(1, false, true, out, in, v.tiles(s), 1, to.at(p, 0), stride, from.at(p, 0), stride, beta, u, in)
			})
		}
	}
	v.addWeightsAdjoint(gw, sum)
	memory.giveBack()
}

// eachChannels calls work for the runs [lo, hi) of channels that threads share.
func eachChannels(threads, channels int, work func(lo, hi int)) {
	size := channels
	if threads > 1 {
		size = channelsApart
	}
	parallel.For(threads, (channels+size-1)/size, func(_, i int) { work(i*size, min(channels, (i+1)*size)) })
}
