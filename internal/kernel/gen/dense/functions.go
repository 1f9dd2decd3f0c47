package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Elementary functions of eight float32. The polynomials are those of Cephes
// (Moshier): minimax on the reduced range.

var constants = map[uint32]Mem{}

// constant is a vector of a number, in memory.
func constant(x float64) Mem { return constantBits(math.Float32bits(float32(x))) }

func constantBits(bits uint32) Mem {
	m, ok := constants[bits]
	if !ok {
		m = GLOBL(fmt.Sprintf("f%08x", bits), RODATA|NOPTR)
		for l := range 8 {
			DATA(4*l, U32(bits))
		}
		constants[bits] = m
	}
	return m
}

func load(m Mem) VecVirtual {
	y := YMM()
	VMOVUPS(m, y)
	return y
}

// polynomial is Horner's scheme; coefficients from the highest power on.
func polynomial(x VecVirtual, coefficients ...float64) VecVirtual {
	y := load(constant(coefficients[0]))
	for _, c := range coefficients[1:] {
		VFMADD213PS(constant(c), x, y)
	}
	return y
}

// expOf is eˣ = 2ⁿ eʳ with |r| ≤ ln 2/2. NaN stays NaN; 2ⁿ is applied in two
// steps so that results below the normal range are rounded once.
func expOf(x VecVirtual) VecVirtual {
	n, r, high := YMM(), YMM(), load(constant(89))
	VMINPS(x, high, r) // yields its first operand here, x, if that is NaN
	low := load(constant(-104))
	VMAXPS(r, low, r)
	VMULPS(constant(math.Log2E), r, n)
	VROUNDPS(Imm(0), n, n)
	VFNMADD231PS(constant(0.693359375), n, r)
	VFNMADD231PS(constant(-2.12194440e-4), n, r)
	y := polynomial(r, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
	square := YMM()
	VMULPS(r, r, square)
	VFMADD213PS(r, square, y)
	VADDPS(constant(1), y, y)
	VCVTPS2DQ(n, n)
	half := YMM()
	VPSRAD(Imm(1), n, half)
	VPSUBD(half, n, n)
	for _, power := range []VecVirtual{half, n} {
		VPADDD(constantBits(127), power, power)
		VPSLLD(Imm(23), power, power)
		VMULPS(power, y, y)
	}
	return y
}

// logOf is ln x = e ln 2 + ln m with √½ ≤ m < √2.
func logOf(x VecVirtual) VecVirtual {
	e, m, tiny := YMM(), YMM(), YMM()
	// Denormal numbers are made normal.
	VCMPPS(Imm(17), constantBits(0x00800000), x, tiny) // x < 2⁻¹²⁶
	VMULPS(constant(1<<25), x, m)
	VBLENDVPS(tiny, m, x, m)
	VPSUBD(constantBits(0x3f3504f3), m, m)
	VPSRAD(Imm(23), m, e)
	VPAND(constantBits(0x007fffff), m, m)
	VPADDD(constantBits(0x3f3504f3), m, m)
	VPAND(constantBits(25), tiny, tiny)
	VPSUBD(tiny, e, e)
	VCVTDQ2PS(e, e)
	VSUBPS(constant(1), m, m)
	y := polynomial(m, 7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
		2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1)
	square := YMM()
	VMULPS(m, m, square)
	VMULPS(m, y, y)
	VMULPS(square, y, y)
	VFMADD231PS(constant(-2.12194440e-4), e, y)
	VFNMADD231PS(constant(0.5), square, y)
	VADDPS(m, y, y)
	VFMADD231PS(constant(0.693359375), e, y)
	// 0 yields -∞, less NaN, ∞ and NaN themselves.
	special := YMM()
	VXORPS(square, square, square)
	VCMPPS(Imm(0), square, x, special)
	infinite := load(constant(math.Inf(-1)))
	VBLENDVPS(special, infinite, y, y)
	VCMPPS(Imm(17), square, x, special)
	VORPS(special, y, y)
	VCMPPS(Imm(6), constantBits(0x7f7fffff), x, special) // not ≤ the largest number
	VBLENDVPS(special, x, y, y)
	return y
}

// sigmoidOf is 1/(1+e⁻ˣ), for negative x as eˣ/(1+eˣ), so that nothing overflows.
func sigmoidOf(x VecVirtual) VecVirtual {
	negative := YMM()
	VORPS(constantBits(0x80000000), x, negative)
	e := expOf(negative)
	numerator := YMM()
	VBLENDVPS(x, e, load(constant(1)), numerator)
	VADDPS(constant(1), e, e)
	VDIVPS(e, numerator, e)
	return e
}

// tanhOf is 1 - 2/(1+e²ˣ), for small x a polynomial, of |x|, with the sign of x.
func tanhOf(x VecVirtual) VecVirtual {
	size, square := YMM(), YMM()
	VANDPS(constantBits(0x7fffffff), x, size)
	y := YMM()
	VADDPS(size, size, y)
	y = expOf(y)
	VADDPS(constant(1), y, y)
	two := load(constant(2))
	VDIVPS(y, two, y)
	one := load(constant(1))
	VSUBPS(y, one, y)
	VMULPS(size, size, square)
	near := polynomial(square, -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)
	VMULPS(square, near, near)
	VFMADD213PS(size, size, near) // size·near + size
	isNear := YMM()
	VCMPPS(Imm(17), constant(0.625), size, isNear)
	VBLENDVPS(isNear, near, y, y)
	VANDPS(constantBits(0x80000000), x, square)
	VORPS(square, y, y)
	return y
}

// elementwise applies a function to n numbers.
func elementwise(name, doc string, function func(VecVirtual) VecVirtual) {
	begin(name+"F32", "func(n int, x, y *float32)", " is "+doc+".")
	n, from, to := pointer("n"), pointer("x"), pointer("y")
	eights(n, []GPVirtual{from, to}, func(mask *VecVirtual) {
		x := YMM()
		loadEight(from, mask, x)
		storeEight(function(x), mask, to)
	})
}

// expSum is the heart of a softmax.
func expSum() {
	begin("expSumF32", "func(n int, x *float32, shift float32, y, sum *float32)",
		" is y[i] = exp(x[i]-shift); it adds y[i] to sum[i%8].")
	n, from, to, sum := pointer("n"), pointer("x"), pointer("y"), pointer("sum")
	shift := YMM()
	single.broadcastParam("shift", shift)
	eights(n, []GPVirtual{from, to}, func(mask *VecVirtual) {
		x := YMM()
		loadEight(from, mask, x)
		VSUBPS(shift, x, x)
		y := expOf(x)
		storeEight(y, mask, to)
		if mask != nil {
			VANDPS(*mask, y, y)
		}
		VADDPS(Mem{Base: sum}, y, y)
		VMOVUPS(y, Mem{Base: sum})
	})
}

// eights writes a function's end: body for each eight of n numbers, then for
// the rest, with a mask of those that are left.
func eights(n GPVirtual, pointers []GPVirtual, body func(mask *VecVirtual)) {
	Label("eight")
	CMPQ(n, Imm(8))
	JL(LabelRef("rest"))
	body(nil)
	for _, p := range pointers {
		ADDQ(Imm(vector), p)
	}
	SUBQ(Imm(8), n)
	JMP(LabelRef("eight"))
	Label("rest")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	mask := single.maskOfFirst(n)
	body(&mask)
	Label("done")
	end()
}

func loadEight(from GPVirtual, mask *VecVirtual, x VecVirtual) {
	if mask == nil {
		VMOVUPS(Mem{Base: from}, x)
	} else {
		VMASKMOVPS(Mem{Base: from}, *mask, x)
	}
}

func storeEight(y VecVirtual, mask *VecVirtual, to GPVirtual) {
	if mask == nil {
		VMOVUPS(y, Mem{Base: to})
	} else {
		VMASKMOVPS(y, *mask, Mem{Base: to})
	}
}
