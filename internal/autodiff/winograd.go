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

	leastChannels  = 12      // in and out, that pay for the transforms
	tilesAtOnce    = 32      // at least, lest the product is too narrow
	cachedNumbers  = 1 << 17 // in the second cache: as many tiles as fit are transformed at once
	channelsAtOnce = 8       // of a thread, where threads share the channels
	positionGap    = 16      // numbers between positions, lest they fall on each other in the cache

	// Sums over tiles that are taken side by side, where the weights are few.
	sumRuns, sumNumbers = 8, 1 << 22
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

// strips are size of them, or as many as there are, from first on.
func (v *winograd[F]) strips(first, size int) strips {
	return strips{first, min(first+size, v.batch*v.down)}
}

// tiles is the number of tiles of strips.
func (v *winograd[F]) tiles(s strips) int { return (s.last - s.first) * v.across }

// transformed are channels of tiles at all positions, [positions][channels][stride].
type transformed[F tensor.Float] struct {
	data             []F
	stride, position int
}

// at returns what follows channel c of position p.
func (t *transformed[F]) at(p, c int) []F { return t.data[p*t.position+c*t.stride:] }

// stripsAtOnce is how many strips are transformed at once, to about so many numbers.
func (v *winograd[F]) stripsAtOnce(numbers int) int {
	tiles := max(tilesAtOnce, numbers*v.groups/(positions*(v.in+v.out)))
	return max(1, min(tiles/v.across, v.batch*v.down))
}

// pair is memory for the transformed inputs and outputs of some strips.
func (v *winograd[F]) pair(strips int) (memory *scratch[F], inputs, outputs transformed[F]) {
	tiles := (strips*v.across + eightTiles - 1) / eightTiles * eightTiles
	sizeOf := func(channels int) int { return channels*tiles + positionGap }
	in, out := sizeOf(v.in/v.groups), sizeOf(v.out/v.groups)
	memory = takeScratch[F](positions * (in + out))
	return memory, transformed[F]{memory.data, tiles, in}, transformed[F]{memory.data[positions*in:], tiles, out}
}

// forward is correlation.forward; with turned weights they are those of the
// correlation that this is the adjoint of.
func (v *winograd[F]) forward(y, x, w, bias []F, unset, turned bool) {
	in, out := v.in/v.groups, v.out/v.groups
	weights := takeScratch[F](positions * out * v.in)
	v.transformWeights(weights.data, w, turned)
	size := v.stripsAtOnce(cachedNumbers)
	runs := (v.batch*v.down + size - 1) / size
	outer, inner := v.threads, 1 // threads share the runs, or the work of each
	if runs < 2*v.threads {
		outer, inner = 1, v.threads
	}
	parallel.For(outer, runs, func(_, n int) {
		s := v.strips(n*size, size)
		memory, inputs, outputs := v.pair(size)
		for g := range v.groups {
			eachChannels(inner, in, func(lo, hi int) { v.inputs(&inputs, x, s, g*in, lo, hi) })
			parallel.For(inner, positions, func(_, p int) {
				u := weights.data[(p*v.out+g*out)*in:]
				kernel.Gemm(1, false, false, out, v.tiles(s), in, 1, u, in, inputs.at(p, 0), inputs.stride, 0, outputs.at(p, 0), outputs.stride)
			})
			eachChannels(inner, out, func(lo, hi int) { v.outputs(y, &outputs, s, g*out, lo, hi, bias, !unset) })
		}
		memory.giveBack()
	})
	weights.giveBack()
}

// weights adds the gradient with respect to w to gw. The tiles are cut into runs that
// depend on the sizes alone, whose sums are added in their order.
func (v *winograd[F]) weights(gw, gy, x []F) {
	n, strips := positions*v.out*v.in/v.groups, v.batch*v.down
	runs := min(sumRuns, strips)
	outer, inner := v.threads, 1
	if runs*n > sumNumbers {
		runs, outer, inner = 1, 1, v.threads
	}
	sums := takeScratch[F](runs * n)
	parallel.For(outer, runs, func(_, r int) {
		first, last := r*strips/runs, (r+1)*strips/runs
		v.sumOverTiles(inner, sums.data[r*n:(r+1)*n], gy, x, first, last)
	})
	v.addWeightsAdjoint(gw, sums.data, runs)
	sums.giveBack()
}

// sumOverTiles is ∂U of the strips [first, last).
func (v *winograd[F]) sumOverTiles(threads int, sum, gy, x []F, first, last int) {
	in, out := v.in/v.groups, v.out/v.groups
	size := v.stripsAtOnce(2 * cachedNumbers) // a sum over more tiles is read and written less often
	memory, inputs, outputs := v.pair(size)
	beta := F(0)
	for ; first < last; first += size {
		s := v.strips(first, min(size, last-first))
		for g := range v.groups {
			eachChannels(threads, in, func(lo, hi int) { v.inputs(&inputs, x, s, g*in, lo, hi) })
			eachChannels(threads, out, func(lo, hi int) { v.adjointsOfOutputs(&outputs, gy, s, g*out, lo, hi) })
			parallel.For(threads, positions, func(_, p int) {
				u := sum[(p*v.out+g*out)*in:]
				kernel.Gemm(1, false, true, out, in, v.tiles(s), 1, outputs.at(p, 0), outputs.stride, inputs.at(p, 0), inputs.stride, beta, u, in)
			})
		}
		beta = 1
	}
	memory.giveBack()
}

// eachChannels calls work for the runs [lo, hi) of channels that threads share.
func eachChannels(threads, channels int, work func(lo, hi int)) {
	size := channels
	if threads > 1 {
		size = channelsAtOnce
	}
	parallel.For(threads, (channels+size-1)/size, func(_, i int) { work(i*size, min(channels, (i+1)*size)) })
}
