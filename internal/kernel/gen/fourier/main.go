// Command fourier writes the AVX2 kernels of package kernel for Fourier transforms of Lanes
// signals side by side, and for what is made of their spectra.
//
// They neither fuse a multiplication with an addition nor add in another order, so they
// give the bits of their plain Go twins.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const vector = 32 // bytes: half of the lanes

func main() {
	pass4()
	pass2()
	pairSpectra()
	spectralDistance()
	joinSpectra()
	Generate()
}

func pointer(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

func broadcast(name string) VecVirtual {
	m, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	y := YMM()
	VBROADCASTSS(m.Addr, y)
	return y
}

func end() {
	VZEROUPPER()
	RET()
}

// at is base + disp, base + stride, base + 2 stride, base + 3 stride.
func at(base, stride, thrice GPVirtual, k int) Mem {
	switch k {
	case 0:
		return Mem{Base: base}
	case 3:
		return Mem{Base: base, Index: thrice, Scale: 1}
	}
	return Mem{Base: base, Index: stride, Scale: uint8(k)}
}

// pass4 is a pass of four: m groups of s rows, with the turns [m][6] of each group.
func pass4() {
	TEXT("fourierPass4F32", NOSPLIT, "func(m, s int, xr, xi, yr, yi, turns *float32)")
	Pragma("noescape")
	Doc("fourierPass4F32 is a pass of four for m groups of s rows.")
	m, s := pointer("m"), pointer("s")
	xr, xi, yr, yi, turns := pointer("xr"), pointer("xi"), pointer("yr"), pointer("yi"), pointer("turns")
	SHLQ(Imm(6), s) // bytes of the rows of a group
	quarter, quarter3, s3, left := GP64(), GP64(), GP64(), GP64()
	MOVQ(m, quarter)
	IMULQ(s, quarter)
	LEAQ(Mem{Base: quarter, Index: quarter, Scale: 2}, quarter3)
	LEAQ(Mem{Base: s, Index: s, Scale: 2}, s3)
	Label("group")
	var w [6]VecVirtual
	for k := range w {
		w[k] = YMM()
		VBROADCASTSS(Mem{Base: turns, Disp: 4 * k}, w[k])
	}
	MOVQ(s, left)
	Label("row")
	// Real parts in [0], imaginary in [1].
	var sum, difference, sumBD, differenceBD [2]VecVirtual
	for part, x := range []GPVirtual{xr, xi} {
		load := func(k int) VecVirtual {
			y := YMM()
			VMOVUPS(at(x, quarter, quarter3, k), y)
			return y
		}
		a, b := load(0), load(1)
		sum[part], difference[part], sumBD[part], differenceBD[part] = YMM(), a, YMM(), b
		c := at(x, quarter, quarter3, 2)
		VADDPS(c, a, sum[part])
		VSUBPS(c, a, difference[part])
		d := at(x, quarter, quarter3, 3)
		VADDPS(d, b, sumBD[part])
		VSUBPS(d, b, differenceBD[part])
	}
	t, u := YMM(), YMM()
	for part, y := range []GPVirtual{yr, yi} {
		VADDPS(sumBD[part], sum[part], t)
		VMOVUPS(t, at(y, s, s3, 0))
		VSUBPS(sumBD[part], sum[part], sum[part])
	}
	// turned writes v·w[2k-2], w[2k-1].
	turned := func(k int, v [2]VecVirtual) {
		re, im := w[2*k-2], w[2*k-1]
		VMULPS(re, v[0], t)
		VMULPS(im, v[1], u)
		VSUBPS(u, t, t)
		VMOVUPS(t, at(yr, s, s3, k))
		VMULPS(im, v[0], t)
		VMULPS(re, v[1], u)
		VADDPS(u, t, t)
		VMOVUPS(t, at(yi, s, s3, k))
	}
	turned(2, sum)
	plus, minus := sum, sumBD // their registers are free
	VADDPS(differenceBD[1], difference[0], plus[0])
	VSUBPS(differenceBD[0], difference[1], plus[1])
	turned(1, plus)
	VSUBPS(differenceBD[1], difference[0], minus[0])
	VADDPS(differenceBD[0], difference[1], minus[1])
	turned(3, minus)
	for _, p := range []GPVirtual{xr, xi, yr, yi} {
		ADDQ(Imm(vector), p)
	}
	SUBQ(Imm(vector), left)
	JNZ(LabelRef("row"))
	ADDQ(s3, yr)
	ADDQ(s3, yi)
	ADDQ(Imm(24), turns)
	DECQ(m)
	JNZ(LabelRef("group"))
	end()
}

// pass2 is sums and differences of the halves of x, each of n numbers.
func pass2() {
	TEXT("fourierPass2F32", NOSPLIT, "func(n int, x, y *float32)")
	Pragma("noescape")
	Doc("fourierPass2F32 writes the sums and the differences of the two halves of x, of n numbers each.")
	n, x, y := pointer("n"), pointer("x"), pointer("y")
	SHLQ(Imm(2), n)
	left := GP64()
	MOVQ(n, left)
	Label("more")
	a, b, t := YMM(), YMM(), YMM()
	VMOVUPS(Mem{Base: x}, a)
	VMOVUPS(Mem{Base: x, Index: n, Scale: 1}, b)
	VADDPS(b, a, t)
	VSUBPS(b, a, a)
	VMOVUPS(t, Mem{Base: y})
	VMOVUPS(a, Mem{Base: y, Index: n, Scale: 1})
	ADDQ(Imm(vector), x)
	ADDQ(Imm(vector), y)
	SUBQ(Imm(vector), left)
	JNZ(LabelRef("more"))
	end()
}

// pairSpectra takes the spectra of two signals apart, and gives their magnitudes.
func pairSpectra() {
	TEXT("pairSpectraF32", NOSPLIT, "func(rows int, ar, ai, br, bi *float32, scale, least float32, x, y, yr, yi *float32)")
	Pragma("noescape")
	Doc("pairSpectraF32 is PairSpectra for rows whose mirror images come before each other.")
	n := pointer("rows")
	ar, ai, br, bi := pointer("ar"), pointer("ai"), pointer("br"), pointer("bi")
	x, y, yr, yi := pointer("x"), pointer("y"), pointer("yr"), pointer("yi")
	scale, least := broadcast("scale"), broadcast("least")
	half := YMM()
	word := GP32()
	MOVL(U32(0x3f000000), word)
	VMOVD(word, half.AsX())
	VBROADCASTSS(half.AsX(), half)
	Label("row")
	for h := range 2 {
		disp := h * vector
		load := func(p GPVirtual) VecVirtual {
			v := YMM()
			VMOVUPS(Mem{Base: p, Disp: disp}, v)
			return v
		}
		re, im, mirrorRe, mirrorIm := load(ar), load(ai), load(br), load(bi)
		xr, xi, youRe, youIm := YMM(), YMM(), YMM(), YMM()
		VADDPS(mirrorRe, re, xr)
		VSUBPS(mirrorIm, im, xi)
		VADDPS(mirrorIm, im, youRe)
		VSUBPS(re, mirrorRe, youIm)
		for _, v := range []VecVirtual{xr, xi, youRe, youIm} {
			VMULPS(half, v, v)
		}
		VMOVUPS(youRe, Mem{Base: yr, Disp: disp})
		VMOVUPS(youIm, Mem{Base: yi, Disp: disp})
		magnitude := func(a, b VecVirtual, to GPVirtual) {
			VMULPS(a, a, a)
			VMULPS(b, b, b)
			VADDPS(b, a, a)
			VADDPS(least, a, a)
			VSQRTPS(a, a)
			VMULPS(scale, a, a)
			VMOVUPS(a, Mem{Base: to, Disp: disp})
		}
		magnitude(xr, xi, x)
		magnitude(youRe, youIm, y)
	}
	for _, p := range []GPVirtual{ar, ai, x, y, yr, yi} {
		ADDQ(Imm(2*vector), p)
	}
	SUBQ(Imm(2*vector), br)
	SUBQ(Imm(2*vector), bi)
	DECQ(n)
	JNZ(LabelRef("row"))
	end()
}

// spectralDistance compares magnitudes and their logarithms.
func spectralDistance() {
	TEXT("spectralDistanceF32", NOSPLIT, "func(rows int, x, y, lx, ly *float32, linear, logarithmic, floor, square float32, re, im, apart, ratio *float32)")
	Pragma("noescape")
	Doc("spectralDistanceF32 is SpectralDistance.")
	n := pointer("rows")
	x, y, lx, ly, re, im := pointer("x"), pointer("y"), pointer("lx"), pointer("ly"), pointer("re"), pointer("im")
	linear, logarithmic, floor, square := broadcast("linear"), broadcast("logarithmic"), broadcast("floor"), broadcast("square")
	zero, signs := YMM(), YMM()
	VXORPS(zero, zero, zero)
	word := GP32()
	MOVL(U32(0x80000000), word)
	VMOVD(word, signs.AsX())
	VBROADCASTSS(signs.AsX(), signs)
	sums := map[string][2]VecVirtual{}
	for _, name := range []string{"apart", "ratio"} {
		p := pointer(name)
		s := [2]VecVirtual{YMM(), YMM()}
		for h := range s {
			VMOVUPS(Mem{Base: p, Disp: h * vector}, s[h])
		}
		sums[name] = s
	}
	Label("row")
	for h := range 2 {
		disp := h * vector
		d, a, m := YMM(), YMM(), YMM()
		// compare leaves weight sgn(u - v) in d, and adds |u - v| to sum.
		compare := func(u, v GPVirtual, weight, sum VecVirtual) {
			VMOVUPS(Mem{Base: u, Disp: disp}, d)
			VSUBPS(Mem{Base: v, Disp: disp}, d, d)
			VANDNPS(d, signs, a)
			VADDPS(a, sum, sum)
			VCMPPS(Imm(4), zero, d, a) // not equal
			VANDPS(signs, d, d)
			VORPS(weight, d, d)
			VANDPS(a, d, d)
		}
		compare(ly, lx, logarithmic, sums["ratio"][h])
		VMOVUPS(Mem{Base: y, Disp: disp}, m)
		VADDPS(floor, m, m)
		slope := YMM()
		VDIVPS(m, d, slope)
		compare(y, x, linear, sums["apart"][h])
		VADDPS(slope, d, slope)
		VMULPS(square, slope, slope)
		VDIVPS(Mem{Base: y, Disp: disp}, slope, slope)
		for _, p := range []GPVirtual{re, im} {
			VMULPS(Mem{Base: p, Disp: disp}, slope, d)
			VMOVUPS(d, Mem{Base: p, Disp: disp})
		}
	}
	for _, p := range []GPVirtual{x, y, lx, ly, re, im} {
		ADDQ(Imm(2*vector), p)
	}
	DECQ(n)
	JNZ(LabelRef("row"))
	for _, name := range []string{"apart", "ratio"} {
		p := pointer(name)
		for h, s := range sums[name] {
			VMOVUPS(s, Mem{Base: p, Disp: h * vector})
		}
	}
	end()
}

// joinSpectra is rows 1 … n/2 - 1 of JoinSpectra and their mirror images.
func joinSpectra() {
	TEXT("joinSpectraF32", NOSPLIT, "func(rows int, ar, ai, br, bi, zr, zi, mirrorRe, mirrorIm *float32)")
	Pragma("noescape")
	Doc("joinSpectraF32 is JoinSpectra for rows whose mirror images come before each other.")
	n := pointer("rows")
	ar, ai, br, bi := pointer("ar"), pointer("ai"), pointer("br"), pointer("bi")
	zr, zi, mirrorRe, mirrorIm := pointer("zr"), pointer("zi"), pointer("mirrorRe"), pointer("mirrorIm")
	half := YMM()
	word := GP32()
	MOVL(U32(0x3f000000), word)
	VMOVD(word, half.AsX())
	VBROADCASTSS(half.AsX(), half)
	Label("row")
	for h := range 2 {
		disp := h * vector
		var v [4]VecVirtual
		for k, p := range []GPVirtual{ar, ai, br, bi} {
			v[k] = YMM()
			VMULPS(Mem{Base: p, Disp: disp}, half, v[k])
		}
		t := YMM()
		VSUBPS(v[3], v[0], t)
		VMOVUPS(t, Mem{Base: zr, Disp: disp})
		VADDPS(v[3], v[0], t)
		VMOVUPS(t, Mem{Base: mirrorRe, Disp: disp})
		VADDPS(v[1], v[2], t)
		VMOVUPS(t, Mem{Base: zi, Disp: disp})
		VSUBPS(v[1], v[2], t)
		VMOVUPS(t, Mem{Base: mirrorIm, Disp: disp})
	}
	for _, p := range []GPVirtual{ar, ai, br, bi, zr, zi} {
		ADDQ(Imm(2*vector), p)
	}
	SUBQ(Imm(2*vector), mirrorRe)
	SUBQ(Imm(2*vector), mirrorIm)
	DECQ(n)
	JNZ(LabelRef("row"))
	end()
}
