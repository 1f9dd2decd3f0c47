package autodiff

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
)

const (
	kernelSide = kernel.WinogradKernel
	taps       = kernelSide * kernelSide

	kernelsAtOnce = 256 // that are transformed while they lie in the first cache
)

// eachKernels calls work for the runs [lo, hi) of n kernels that threads share.
func eachKernels(threads, n int, work func(lo, hi int)) {
	const size = kernelsAtOnce
	parallel.For(threads, (n+size-1)/size, func(_, i int) { work(i*size, min(n, (i+1)*size)) })
}

// transformWeights is U [positions][out][in/groups] = G g Gᵀ of the kernels of w, or of
// those of the adjoint correlation: turned by 180°, in and out exchanged.
func (v *winograd[F]) transformWeights(u, w []F, turned bool) {
	in, out := v.in/v.groups, v.out/v.groups
	n := v.out * in
	eachKernels(v.threads, n, func(lo, hi int) {
		size := hi - lo
		memory := takeScratch[F]((taps + tileInputs*kernelSide) * size)
		g, half := memory.data[:taps*size], memory.data[taps*size:]
		for e := lo; e < hi; e++ {
			if !turned {
				for k, x := range w[e*taps:][:taps] {
					g[k*size+e-lo] = x
				}
				continue
			}
			o, i := e/in, e%in
			group := o / out
			for k, x := range w[((group*in+i)*out+o-group*out)*taps:][:taps] {
				g[(taps-1-k)*size+e-lo] = x
			}
		}
		for j := range kernelSide {
			kernel.WinogradRows(kernel.WinogradWeights, size, half[j*size:], kernelSide*size, g[j*size:], kernelSide*size)
		}
		for i := range tileInputs {
			kernel.WinogradRows(kernel.WinogradWeights, size, u[i*tileInputs*n+lo:], n, half[i*kernelSide*size:], size)
		}
		memory.giveBack()
	})
}

// addWeightsAdjoint adds Gᵀ ∂U G to the gradient of the weights, ∂U being the sum of some
// sums, in their order.
func (v *winograd[F]) addWeightsAdjoint(gw, sums []F, count int) {
	n := v.out * v.in / v.groups
	eachKernels(v.threads, n, func(lo, hi int) {
		size := hi - lo
		memory := takeScratch[F]((positions + taps + tileInputs*kernelSide) * size)
		u, rest := memory.data[:positions*size], memory.data[positions*size:]
		g, half := rest[:taps*size], rest[taps*size:]
		for p := range positions {
			to := u[p*size:][:size]
			copy(to, sums[p*n+lo:])
			for s := 1; s < count; s++ {
				for i, x := range sums[(s*positions+p)*n+lo:][:size] {
					to[i] += x
				}
			}
		}
		for j := range tileInputs {
			kernel.WinogradRows(kernel.WinogradWeightsAdjoint, size, half[j*size:], tileInputs*size, u[j*size:], tileInputs*size)
		}
		for i := range kernelSide {
			kernel.WinogradRows(kernel.WinogradWeightsAdjoint, size, g[i*kernelSide*size:], size, half[i*tileInputs*size:], size)
		}
		for e := lo; e < hi; e++ {
			to := gw[e*taps:][:taps]
			for k := range to {
				to[k] += g[k*size+e-lo]
			}
		}
		memory.giveBack()
	})
}
