package kernel

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

// The functions below are what lies between Fourier and a distance of spectra. They fuse
// nothing: all twins give the same bits.

// PairSpectra takes apart the spectra of two real signals x and y of n numbers, of which z is the transform of x + iy:
//
//	X[k] = (z[k] + z̄[n-k])/2,  Y[k] = (z[k] - z̄[n-k])/(2i)   for k ≤ n/2
//
// and writes scale √(|X|² + least), scale √(|Y|² + least) and Y, n/2 + 1 rows each.
func PairSpectra[F tensor.Float](z Complex[F], scale, least F, x, y []F, spectrum Complex[F]) {
	n := len(z.Re) / Lanes
	size := (n/2 + 1) * Lanes
	x, y, spectrum = x[:size], y[:size], Complex[F]{spectrum.Re[:size], spectrum.Im[:size]}
	if pairSpectraFast(z, scale, least, x, y, spectrum) {
		return
	}
	for k := range n/2 + 1 {
		mirror := (n - k) % n
		for l := range Lanes {
			re, im, mirrorRe, mirrorIm := z.Re[k*Lanes+l], z.Im[k*Lanes+l], z.Re[mirror*Lanes+l], z.Im[mirror*Lanes+l]
			xr, xi, yr, yi := (re+mirrorRe)*.5, (im-mirrorIm)*.5, (im+mirrorIm)*.5, (mirrorRe-re)*.5
			at := k*Lanes + l
			spectrum.Re[at], spectrum.Im[at] = yr, yi
			x[at] = scale * sqrt(F(xr*xr)+F(xi*xi)+least)
			y[at] = scale * sqrt(F(yr*yr)+F(yi*yi)+least)
		}
	}
}

// JoinSpectra writes z, n rows, whose exchanged transform (Σ_k z[k] e^(+2πi jk/n)) has the real signals
//
//	Re Σ_{k ≤ n/2} A[k] e^(2πi jk/n)  and  Re Σ_{k ≤ n/2} B[k] e^(2πi jk/n)
//
// in its real and its imaginary part. A and B have n/2 + 1 rows.
func JoinSpectra[F tensor.Float](a, b, z Complex[F]) {
	n := len(z.Re) / Lanes
	ends := []int{0}
	if n > 1 {
		ends = append(ends, n/2)
	}
	for _, k := range ends {
		copy(z.Re[k*Lanes:(k+1)*Lanes], a.Re[k*Lanes:])
		copy(z.Im[k*Lanes:(k+1)*Lanes], b.Re[k*Lanes:])
	}
	if n < 4 || joinSpectraFast(a, b, z) {
		return
	}
	for k := 1; k < n/2; k++ {
		for l := range Lanes {
			at, mirror := k*Lanes+l, (n-k)*Lanes+l
			ar, ai, br, bi := a.Re[at]*.5, a.Im[at]*.5, b.Re[at]*.5, b.Im[at]*.5
			z.Re[at], z.Re[mirror] = ar-bi, ar+bi
			z.Im[at], z.Im[mirror] = br+ai, br-ai
		}
	}
}

// SpectralDistance compares rows of magnitudes y = scale √(|Y|² + …) with x, and their logarithms ly, of y + floor, with lx: it
// adds |y - x| to apart and |ly - lx| to ratio, lane by lane, and replaces Y, the spectrum, by
//
//	(linear sgn(y - x) + logarithmic sgn(ly - lx)/(y + floor)) scale²/y · Y,
//
// the gradient with respect to it of linear Σ|y - x| + logarithmic Σ|ly - lx|.
func SpectralDistance[F tensor.Float](x, y, lx, ly []F, linear, logarithmic, floor, scale F, spectrum Complex[F], apart, ratio *[Lanes]F) {
	n := len(x)
	y, lx, ly, spectrum = y[:n], lx[:n], ly[:n], Complex[F]{spectrum.Re[:n], spectrum.Im[:n]}
	if spectralDistanceFast(x, y, lx, ly, linear, logarithmic, floor, scale*scale, spectrum, apart, ratio) {
		return
	}
	for i, v := range y {
		d, r := v-x[i], ly[i]-lx[i]
		apart[i%Lanes] += abs(d)
		ratio[i%Lanes] += abs(r)
		slope := signed(linear, d) + signed(logarithmic, r)/(v+floor)
		slope = F(slope*(scale*scale)) / v
		spectrum.Re[i] *= slope
		spectrum.Im[i] *= slope
	}
}

func abs[F tensor.Float](x F) F { return F(math.Abs(float64(x))) }

// signed is weight sgn(x); of what is no number, some number.
func signed[F tensor.Float](weight, x F) F {
	if x == 0 {
		return 0
	}
	return F(math.Copysign(float64(weight), float64(x)))
}
