// Command cohorts writes the AVX2 kernels of package kernel for cohorts of neurons, four
// float64 at a time.
//
// They fuse multiplications with additions and have an exponential of their own, so they
// agree with their plain Go twins up to rounding only.
package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	cohortStep()
	cohortBack()
	Generate()
}

const width = 4 // numbers in a vector

func pointer(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

func broadcast(name string) VecVirtual {
	m, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	y := YMM()
	VBROADCASTSD(m.Addr, y)
	return y
}

func zero() VecVirtual {
	y := YMM()
	VXORPD(y, y, y)
	return y
}

var constants = map[uint64]Mem{}

func constantBits(bits uint64) Mem {
	m, ok := constants[bits]
	if !ok {
		m = GLOBL(fmt.Sprintf("d%016x", bits), RODATA|NOPTR)
		for l := range width {
			DATA(8*l, U64(bits))
		}
		constants[bits] = m
	}
	return m
}

func constant(x float64) Mem { return constantBits(math.Float64bits(x)) }

// magic added to a number below 2⁵¹ leaves it, rounded to a whole number, in the low bits.
const magic = 3 << 51

// expm1Parts gives 2ⁿ and p with eˣ = 2ⁿ (1 + p), |x - n ln 2| ≤ ln 2/2, for x clamped to
// [-708, 709]; it overwrites x.
func expm1Parts(x VecVirtual) (power, p VecVirtual) {
	n, shifted := YMM(), YMM()
	VMINPD(constant(709), x, x)
	VMAXPD(constant(-708), x, x)
	VMULPD(constant(math.Log2E), x, n)
	VADDPD(constant(magic), n, shifted)
	VSUBPD(constant(magic), shifted, n)
	const high = 6.93147180369123816490e-01 // ln 2 with its low bits 0
	VFNMADD231PD(constant(high), n, x)
	VFNMADD231PD(constant(1.90821492927058770002e-10), n, x)
	// p = r + r² (1/2! + r/3! + …), Taylor's series: the first term left out is below 1e-17 r.
	var terms []VecVirtual // Estrin's scheme: neighbours are joined until one is left
	factorial := 1.0
	square := YMM()
	VMULPD(x, x, square)
	for k := 2; k <= 13; k += 2 {
		factorial *= float64(k)
		first := YMM()
		VMOVUPD(constant(1/(factorial*float64(k+1))), first)
		VFMADD213PD(constant(1/factorial), x, first)
		factorial *= float64(k + 1)
		terms = append(terms, first)
	}
	by := square
	for len(terms) > 1 {
		for i := 0; i+1 < len(terms); i += 2 {
			VFMADD231PD(terms[i+1], by, terms[i])
			terms[i/2] = terms[i]
		}
		if len(terms)%2 == 1 {
			terms[len(terms)/2] = terms[len(terms)-1]
		}
		terms = terms[:(len(terms)+1)/2]
		if len(terms) > 1 {
			next := YMM()
			VMULPD(by, by, next)
			by = next
		}
	}
	p = terms[0]
	VFMADD213PD(x, square, p)
	power = YMM()
	VPSLLQ(Imm(52), shifted, power)
	VPADDQ(constant(1), power, power)
	return power, p
}

// masked runs body on whole vectors, and then on what is left with a mask of the numbers that
// exist. Pointers move on by a vector each time.
func masked(n GPVirtual, pointers []GPVirtual, body func(load func(GPVirtual) VecVirtual, store func(VecVirtual, GPVirtual))) {
	SUBQ(Imm(width), n)
	JL(LabelRef("tail"))
	Label("vector")
	body(func(p GPVirtual) VecVirtual {
		y := YMM()
		VMOVUPD(Mem{Base: p}, y)
		return y
	}, func(y VecVirtual, p GPVirtual) { VMOVUPD(y, Mem{Base: p}) })
	for _, p := range pointers {
		ADDQ(Imm(8*width), p)
	}
	SUBQ(Imm(width), n)
	JGE(LabelRef("vector"))
	Label("tail")
	ADDQ(Imm(width), n)
	JZ(LabelRef("sum"))
	// The mask of n numbers begins n before the zeros.
	at := GP64()
	LEAQ(tailMasks(), at)
	NEGQ(n)
	mask := YMM()
	VMOVDQU(Mem{Base: at, Index: n, Scale: 8, Disp: 8 * width}, mask)
	body(func(p GPVirtual) VecVirtual {
		y := YMM()
		VMASKMOVPD(Mem{Base: p}, mask, y)
		return y
	}, func(y VecVirtual, p GPVirtual) { VMASKMOVPD(y, mask, Mem{Base: p}) })
	Label("sum")
}

var tails Mem

// tailMasks are a vector of ones and one of zeros.
func tailMasks() Mem {
	if tails.Base == nil {
		tails = GLOBL("tailMasks", RODATA|NOPTR)
		for l := range 2 * width {
			ones := uint64(0)
			if l < width {
				ones = math.MaxUint64
			}
			DATA(8*l, U64(ones))
		}
	}
	return tails
}

// addTo adds the four parts of x to a float64.
func addTo(x VecVirtual, to Mem) {
	high := XMM()
	VEXTRACTF128(Imm(1), x, high)
	low := x.AsX()
	VADDPD(high, low, low)
	VPERMILPD(Imm(1), low, high)
	VADDSD(high, low, low)
	VADDSD(to, low, low)
	VMOVSD(low, to)
}

func cohortStep() {
	TEXT("cohortStepAVX2", NOSPLIT, "func(n int, v, s, z, before, potential, hazard, chance *float64, c, drive, theta, dt float64, sums *float64)")
	Pragma("noescape")
	Doc("cohortStepAVX2 is CohortStep for n cohorts; it adds to x, m, w and wp in sums.")
	n, v, s, z, before, potential, hazard, chance := pointer("n"), pointer("v"), pointer("s"), pointer("z"), pointer("before"), pointer("potential"), pointer("hazard"), pointer("chance")
	c, drive, theta, dt := broadcast("c"), broadcast("drive"), broadcast("theta"), broadcast("dt")
	var sums [4]VecVirtual
	for i := range sums {
		sums[i] = zero()
	}
	masked(n, []GPVirtual{v, s, z, before, potential, hazard, chance}, func(load func(GPVirtual) VecVirtual, store func(VecVirtual, GPVirtual)) {
		u := load(v)
		VFMADD213PD(drive, c, u)
		store(u, v)
		store(u, potential)
		VSUBPD(theta, u, u)
		power, p := expm1Parts(u)
		VFMADD213PD(power, power, p) // λ = 2ⁿ p + 2ⁿ
		store(p, hazard)
		minusQ := zero()
		VFNMADD231PD(dt, p, minusQ)
		power, p = expm1Parts(minusQ)
		// P = (1 - 2ⁿ) - 2ⁿ p is accurate for small q too, where 2ⁿ = 1.
		chanceOf := YMM()
		VMOVUPD(constant(1), chanceOf)
		VSUBPD(power, chanceOf, chanceOf)
		VFNMADD231PD(power, p, chanceOf)
		store(chanceOf, chance)
		silent := load(s)
		store(silent, before)
		m, w := load(z), YMM()
		VMULPD(silent, m, m)
		VMOVAPD(m, w)
		VFNMADD231PD(silent, m, w) // (1 - S) m
		VFMADD231PD(m, chanceOf, sums[0])
		VADDPD(m, sums[1], sums[1])
		VADDPD(w, sums[2], sums[2])
		VFMADD231PD(w, chanceOf, sums[3])
		VFNMADD231PD(silent, chanceOf, silent)
		store(silent, s)
	})
	to := pointer("sums")
	for i, x := range sums {
		addTo(x, Mem{Base: to, Disp: 8 * i})
	}
	VZEROUPPER()
	RET()
}

func cohortBack() {
	TEXT("cohortBackAVX2", NOSPLIT, "func(n int, s, hazard, chance, z, before, logS, v, gz *float64, toZbar, toRate, rate, c, dt float64, sums *float64)")
	Pragma("noescape")
	Doc("cohortBackAVX2 is CohortBack for n cohorts; it adds to u, before and hazard in sums.")
	n, s, hazard, chance, z, before, logS, v, gz := pointer("n"), pointer("s"), pointer("hazard"), pointer("chance"), pointer("z"), pointer("before"), pointer("logS"), pointer("v"), pointer("gz")
	toZbar, toRate, rate, dt := broadcast("toZbar"), broadcast("toRate"), broadcast("rate"), broadcast("dt")
	var sums [3]VecVirtual
	for i := range sums {
		sums[i] = zero()
	}
	c, err := Param("c").Resolve()
	if err != nil {
		panic(err)
	}
	masked(n, []GPVirtual{s, hazard, chance, z, before, logS, v, gz}, func(load func(GPVirtual) VecVirtual, store func(VecVirtual, GPVirtual)) {
		silent, p := load(s), load(chance)
		over, f, m := YMM(), YMM(), load(z)
		VSUBPD(rate, p, over)
		VMOVAPD(toRate, f)
		VFNMADD231PD(toRate, silent, f)
		VADDPD(toZbar, f, f) // f = toZbar + toRate (1 - S)
		toM := YMM()
		VMULPD(over, f, toM)
		toS := YMM()
		VMULPD(m, toM, toS) // toM Z
		VMULPD(silent, m, m)
		g := load(gz)
		VFMADD231PD(toM, silent, g)
		store(g, gz)
		VMULPD(toRate, over, over)
		VFNMADD231PD(m, over, toS) // - toRate m (P - Λ)
		VMULPD(m, f, f)            // ∂/∂P
		VFNMADD231PD(p, f, f)      // times 1 - P
		old := load(logS)
		VSUBPD(old, f, f)
		VMULPD(dt, f, f)
		VFMADD231PD(toS, silent, old)
		store(old, logS)
		lam := load(hazard)
		VMULPD(lam, f, f)
		VADDPD(f, sums[2], sums[2])
		u := load(v)
		VADDPD(f, u, u)
		VADDPD(u, sums[0], sums[0])
		was := load(before)
		VFMADD231PD(was, u, sums[1])
		decay := YMM()
		VBROADCASTSD(c.Addr, decay)
		VMULPD(decay, u, u)
		store(u, v)
	})
	to := pointer("sums")
	for i, x := range sums {
		addTo(x, Mem{Base: to, Disp: 8 * i})
	}
	VZEROUPPER()
	RET()
}
