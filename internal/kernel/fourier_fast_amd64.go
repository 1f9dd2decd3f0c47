//go:build amd64 && !purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

func pass4Fast[F tensor.Float](x, y Complex[F], s int, turns []F) bool {
	if _, ok := float32s(x.Re); !ok {
		return false
	}
	fourierPass4F32(len(turns)/6, s, first(x.Re), first(x.Im), first(y.Re), first(y.Im), first(turns))
	return true
}

func pass2Fast[F tensor.Float](x, y []F) bool {
	if _, ok := float32s(x); !ok {
		return false
	}
	fourierPass2F32(len(x)/2, first(x), first(y))
	return true
}

func pairSpectraFast[F tensor.Float](z Complex[F], scale, least F, x, y []F, spectrum Complex[F]) bool {
	if _, ok := float32s(z.Re); !ok {
		return false
	}
	n := len(z.Re) / Lanes
	run := func(rows, k, mirror int) {
		a, b := k*Lanes, mirror*Lanes
		pairSpectraF32(rows, first(z.Re[a:]), first(z.Im[a:]), first(z.Re[b:]), first(z.Im[b:]), float32(scale), float32(least),
			first(x[a:]), first(y[a:]), first(spectrum.Re[a:]), first(spectrum.Im[a:]))
	}
	run(1, 0, 0)
	if n > 1 {
		run(n/2, 1, n-1)
	}
	return true
}

func joinSpectraFast[F tensor.Float](a, b, z Complex[F]) bool {
	if _, ok := float32s(z.Re); !ok {
		return false
	}
	n := len(z.Re) / Lanes
	i, mirror := Lanes, (n-1)*Lanes
	joinSpectraF32(n/2-1, first(a.Re[i:]), first(a.Im[i:]), first(b.Re[i:]), first(b.Im[i:]),
		first(z.Re[i:]), first(z.Im[i:]), first(z.Re[mirror:]), first(z.Im[mirror:]))
	return true
}

func spectralDistanceFast[F tensor.Float](x, y, lx, ly []F, linear, logarithmic, floor, square F, spectrum Complex[F], apart, ratio *[Lanes]F) bool {
	if _, ok := float32s(x); !ok {
		return false
	}
	spectralDistanceF32(len(x)/Lanes, first(x), first(y), first(lx), first(ly), float32(linear), float32(logarithmic), float32(floor), float32(square),
		first(spectrum.Re), first(spectrum.Im), first(apart[:]), first(ratio[:]))
	return true
}
