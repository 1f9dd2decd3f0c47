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

	leastChannels  = 8       // in and out, that pay for the transforms
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

// stripsAtOnce is how many strips, rows of tiles, are transformed at once, to about so
// many numbers.
func (v *winograd[F]) stripsAtOnce(numbers int) int {
	tiles := max(tilesAtOnce, numbers*v.groups/(positions*(v.in+v.out)))
	return max(1, min(tiles/v.across, v.batch*v.down))
}

// forward is correlation.forward; with turned weights they are those of the
// correlation that this is the adjoint of.
func (v *winograd[F]) forward(y, x, w, bias []F, unset, turned bool) {
	n := v.out * v.in / v.groups
	weights := takeScratch[F](positions * n)
	v.transformWeights(weights.data, w, turned)
	size, strips := v.stripsAtOnce(cachedNumbers), v.batch*v.down
	runs := (strips + size - 1) / size
	outer, inner := v.threads, 1 // threads share the runs, or the work of each
	if runs < 2*v.threads {
		outer, inner = 1, v.threads
	}
	parallel.For(outer, runs, func(_, r int) {
		s := v.newStep(size)
		s.x, s.y, s.weights, s.bias, s.add = x, y, weights.data, bias, !unset
		s.first, s.last = r*size, min((r+1)*size, strips)
		for s.group = range v.groups {
			s.forward(inner)
		}
		s.memory.giveBack()
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
	size := v.stripsAtOnce(2 * cachedNumbers) // sums over more tiles are read and written less often
	sums := takeScratch[F](runs * n)
	parallel.For(outer, runs, func(_, r int) {
		s := v.newStep(size)
		s.x, s.y, s.weights = x, gy, sums.data[r*n:(r+1)*n]
		last := (r + 1) * strips / runs
		for s.first = r * strips / runs; s.first < last; s.first = s.last {
			s.last = min(s.first+size, last)
			for s.group = range v.groups {
				s.sum(inner)
			}
			s.add = true
		}
		s.memory.giveBack()
	})
	v.addWeightsAdjoint(gw, sums.data, runs)
	sums.giveBack()
}
