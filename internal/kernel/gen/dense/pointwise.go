package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The kernels of this file take float32, eight at a time, and fuse nothing: they
// give the bits of their plain Go twins.

func pointwise() {
	relu()
	reluAdjoint()
	reluMask()
	affine()
	normGradient(false)
	normGradient(true)
	centredSums()
	centredProducts(false)
	centredProducts(true)
}

// wholeEights is a loop over n numbers, a multiple of 8 and not 0, of the arrays named.
func wholeEights(arrays []string, body func(at func(string) Mem)) {
	n, i, base := pointer("n"), GP64(), map[string]GPVirtual{}
	for _, a := range arrays {
		base[a] = pointer(a)
	}
	XORQ(i, i)
	Label("eight")
	body(func(a string) Mem { return Mem{Base: base[a], Index: i, Scale: 4} })
	ADDQ(Imm(8), i)
	CMPQ(i, n)
	JL(LabelRef("eight"))
}

func relu() {
	begin("reluF32", "func(n int, x, y *float32)", " is ReLU for a multiple of 8 numbers.")
	zero := zeros(1)[0]
	wholeEights([]string{"x", "y"}, func(at func(string) Mem) {
		v := YMM()
		VMAXPS(at("x"), zero, v) // the second operand, x, if one is NaN or both are zero
		VADDPS(zero, v, v)       // -0 becomes 0
		VMOVUPS(v, at("y"))
	})
	end()
}

func reluAdjoint() {
	begin("reluAdjointF32", "func(n int, gx, gy, y *float32)", " is ReLUAdjoint for a multiple of 8 numbers.")
	zero := zeros(1)[0]
	wholeEights([]string{"gx", "gy", "y"}, func(at func(string) Mem) {
		mask := YMM()
		VPSUBD(at("y"), zero, mask)
		VPSRAD(Imm(31), mask, mask)
		VANDPS(at("gy"), mask, mask)
		VADDPS(at("gx"), mask, mask)
		VMOVUPS(mask, at("gx"))
	})
	end()
}

func reluMask() {
	begin("reluMaskF32", "func(n int, gy, y *float32)", " is ReLUMask for a multiple of 8 numbers.")
	zero := zeros(1)[0]
	wholeEights([]string{"gy", "y"}, func(at func(string) Mem) {
		mask := YMM()
		VPSUBD(at("y"), zero, mask)
		VPSRAD(Imm(31), mask, mask)
		VANDPS(at("gy"), mask, mask)
		VMOVUPS(mask, at("gy"))
	})
	end()
}

func parameters(names ...string) []VecVirtual {
	all := make([]VecVirtual, len(names))
	for i, name := range names {
		all[i] = YMM()
		single.broadcastParam(name, all[i])
	}
	return all
}

func affine() {
	begin("affineF32", "func(n int, y, x *float32, mean, a, b float32)", " is Affine for a multiple of 8 numbers.")
	p := parameters("mean", "a", "b")
	wholeEights([]string{"y", "x"}, func(at func(string) Mem) {
		v := YMM()
		VMOVUPS(at("x"), v)
		VSUBPS(p[0], v, v)
		VMULPS(p[1], v, v)
		VADDPS(p[2], v, v)
		VMOVUPS(v, at("y"))
	})
	end()
}

// rectify sets g to 0 where y, what ReLU was taken of, is not positive; NaN is.
func rectify(g, y, zero VecVirtual) {
	positive := YMM()
	VCMPPS(Imm(notLessOrEqual), zero, y, positive)
	VANDPS(positive, g, g)
}

func normGradient(rectified bool) {
	if rectified {
		begin("rectifiedNormGradientF32", "func(n int, gx, gy, x *float32, mean, a, b, slope, offset float32)", " is RectifiedNormGradient for a multiple of 8 numbers.")
	} else {
		begin("normGradientF32", "func(n int, gx, gy, x *float32, mean, a, slope, offset float32)", " is NormGradient for a multiple of 8 numbers.")
	}
	p := parameters("mean", "a", "slope", "offset")
	var b, zero VecVirtual
	if rectified {
		b, zero = parameters("b")[0], zeros(1)[0]
	}
	wholeEights([]string{"gx", "gy", "x"}, func(at func(string) Mem) {
		g, v := YMM(), YMM()
		VMOVUPS(at("x"), v)
		VSUBPS(p[0], v, v)
		if rectified {
			y := YMM()
			VMULPS(p[1], v, y)
			VADDPS(b, y, y)
			VMOVUPS(at("gy"), g)
			rectify(g, y, zero)
			VMULPS(p[1], g, g)
		} else {
			VMULPS(at("gy"), p[1], g)
		}
		VMULPS(p[2], v, v)
		VSUBPS(v, g, g)
		VSUBPS(p[3], g, g)
		VADDPS(at("gx"), g, g)
		VMOVUPS(g, at("gx"))
	})
	end()
}

// widened is v in double precision: lanes 0-3, then 4-7.
func widened(v VecVirtual) [2]VecVirtual {
	low, high := YMM(), YMM()
	VCVTPS2PD(v.AsX(), low)
	upper := XMM()
	VEXTRACTF128(Imm(1), v, upper)
	VCVTPS2PD(upper, high)
	return [2]VecVirtual{low, high}
}

// accumulators loads sums, eight numbers of two kinds, runs the loop and stores them.
func accumulators(loop func(sum [4]VecVirtual)) {
	sums := pointer("sums")
	var sum [4]VecVirtual
	for i := range sum {
		sum[i] = YMM()
		VMOVUPD(Mem{Base: sums, Disp: i * vector}, sum[i])
	}
	loop(sum)
	sums = pointer("sums")
	for i := range sum {
		VMOVUPD(sum[i], Mem{Base: sums, Disp: i * vector})
	}
}

func centredSums() {
	begin("centredSumsF32", "func(n int, x *float32, about float32, sums *float64)", " is CentredSums for a multiple of 8 numbers.")
	about := parameters("about")[0]
	accumulators(func(sum [4]VecVirtual) {
		wholeEights([]string{"x"}, func(at func(string) Mem) {
			v := YMM()
			VMOVUPS(at("x"), v)
			VSUBPS(about, v, v)
			for h, d := range widened(v) {
				VADDPD(d, sum[h], sum[h])
				VMULPD(d, d, d)
				VADDPD(d, sum[2+h], sum[2+h])
			}
		})
	})
	end()
}

func centredProducts(rectified bool) {
	if rectified {
		begin("rectifiedProductsF32", "func(n int, gy, x *float32, mean, a, b float32, sums *float64)", " is RectifiedProducts for a multiple of 8 numbers.")
	} else {
		begin("centredProductsF32", "func(n int, gy, x *float32, mean float32, sums *float64)", " is CentredProducts for a multiple of 8 numbers.")
	}
	mean := parameters("mean")[0]
	var affine []VecVirtual
	var zero VecVirtual
	if rectified {
		affine, zero = parameters("a", "b"), zeros(1)[0]
	}
	accumulators(func(sum [4]VecVirtual) {
		wholeEights([]string{"gy", "x"}, func(at func(string) Mem) {
			g, v := YMM(), YMM()
			VMOVUPS(at("gy"), g)
			VMOVUPS(at("x"), v)
			VSUBPS(mean, v, v)
			if rectified {
				y := YMM()
				VMULPS(affine[0], v, y)
				VADDPS(affine[1], y, y)
				rectify(g, y, zero)
			}
			ds := widened(v)
			for h, d := range widened(g) {
				VADDPD(d, sum[h], sum[h])
				VMULPD(ds[h], d, d)
				VADDPD(d, sum[2+h], sum[2+h])
			}
		})
	})
	end()
}
