// Command feedforward writes the AVX2 kernels of package kernel for layers of
// integrate-and-fire neurons and for sums of rows that spikes name.
//
// None of them fuses a multiplication with an addition or reorders a sum, so
// each gives the bits of its plain Go twin.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	vector  = 32 // bytes
	panel   = 8  // vectors in a row of a panel of B
	greater = 30 // VCMPPS predicate GT_OQ
)

func main() {
	lifStep()
	lifAdjoint("lifAdjointTriangleF32", triangle)
	lifAdjoint("lifAdjointSigmoidF32", fastSigmoid)
	sumEvents()
	sumWeighted("sumWeightedF32", "float32", 8, VBROADCASTSS, VMULPS, VADDPS)
	sumWeighted("sumWeightedF64", "float64", 9, VBROADCASTSD, VMULPD, VADDPD)
	Generate()
}

func begin(name, signature, doc string) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + doc)
}

func end() {
	VZEROUPPER()
	RET()
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

func number(bits uint32) VecVirtual {
	t, x, y := GP32(), XMM(), YMM()
	MOVL(U32(bits), t)
	VMOVD(t, x)
	VPBROADCASTD(x, y)
	return y
}

// loop runs body for i = 0, 8, … n-8.
func loop(n GPVirtual, body func(i GPVirtual)) {
	i := GP64()
	XORQ(i, i)
	Label("loop")
	body(i)
	ADDQ(Imm(8), i)
	CMPQ(i, n)
	JLT(LabelRef("loop"))
	end()
}

func lifStep() {
	begin("lifStepF32", "func(n int, vNext, v, current *float32, spikes, previous *uint64, beta, threshold float32, ahead int)",
		" is LIFStep for n neurons, a multiple of 8. It fetches the numbers ahead of current into the cache.")
	n, vNext, v, current := pointer("n"), pointer("vNext"), pointer("v"), pointer("current")
	spikes, previous := pointer("spikes"), pointer("previous")
	beta, threshold := broadcast("beta"), broadcast("threshold")
	ahead := pointer("ahead")
	LEAQ(Mem{Base: current, Index: ahead, Scale: 4}, ahead)
	bits := GLOBL("spikeBits", RODATA|NOPTR)
	for l := range 8 {
		DATA(4*l, U32(1<<l))
	}
	bit := YMM()
	VMOVDQU(bits, bit)
	loop(n, func(i GPVirtual) {
		at, word := GP64(), GP32()
		PREFETCHT0(Mem{Base: ahead, Index: i, Scale: 4})
		MOVQ(i, at)
		SHRQ(Imm(3), at)
		before, x := YMM(), YMM()
		VPBROADCASTB(Mem{Base: previous, Index: at, Scale: 1}, before)
		VPAND(bit, before, before)
		VPCMPEQD(bit, before, before)
		VANDPS(threshold, before, before)
		VMULPS(Mem{Base: v, Index: i, Scale: 4}, beta, x)
		VADDPS(Mem{Base: current, Index: i, Scale: 4}, x, x)
		VSUBPS(before, x, x)
		VMOVUPS(x, Mem{Base: vNext, Index: i, Scale: 4})
		VCMPPS(Imm(greater), threshold, x, x)
		VMOVMSKPS(x, word)
		MOVB(word.As8(), Mem{Base: spikes, Index: at, Scale: 1})
	})
}

// triangle is scale · max(0, 1-u).
func triangle(u, one, scale, _ VecVirtual) VecVirtual {
	zero := YMM()
	VXORPS(zero, zero, zero)
	VSUBPS(u, one, u)
	VMAXPS(zero, u, u) // 0 if u is not a number
	VMULPS(u, scale, u)
	return u
}

// fastSigmoid is scale / (1+k u)².
func fastSigmoid(u, one, scale, sharpness VecVirtual) VecVirtual {
	VMULPS(u, sharpness, u)
	VADDPS(u, one, u)
	VMULPS(u, u, u)
	VDIVPS(u, scale, u)
	return u
}

func lifAdjoint(name string, surrogate func(u, one, scale, sharpness VecVirtual) VecVirtual) {
	begin(name, "func(n int, gv, v, gz *float32, beta, inverse, scale, reset, sharpness float32)",
		" is LIFAdjoint for n neurons, a multiple of 8.")
	n, gv, v, gz := pointer("n"), pointer("gv"), pointer("v"), pointer("gz")
	beta, inverse, scale, reset, sharpness := broadcast("beta"), broadcast("inverse"), broadcast("scale"), broadcast("reset"), broadcast("sharpness")
	one, magnitude := number(0x3f800000), number(0x7fffffff)
	loop(n, func(i GPVirtual) {
		u, g, d, x := YMM(), YMM(), YMM(), YMM()
		VMULPS(Mem{Base: v, Index: i, Scale: 4}, inverse, u)
		VSUBPS(one, u, u)
		VANDPS(magnitude, u, u)
		psi := surrogate(u, one, scale, sharpness)
		VMOVUPS(Mem{Base: gv, Index: i, Scale: 4}, g)
		VMULPS(g, reset, d)
		VMOVUPS(Mem{Base: gz, Index: i, Scale: 4}, x)
		VSUBPS(d, x, x)
		VMULPS(x, psi, x)
		VMULPS(g, beta, g)
		VADDPS(x, g, g)
		VMOVUPS(g, Mem{Base: gv, Index: i, Scale: 4})
	})
}

func sumEvents() {
	begin("sumEventsF32", "func(count int, at *int32, rows, sum *float32)",
		" is sumEvents for sums of 64 numbers and at least one event.")
	count, at, rows, sum := pointer("count"), pointer("at"), pointer("rows"), pointer("sum")
	var to [panel]VecVirtual
	for i := range to {
		to[i] = YMM()
		VMOVUPS(Mem{Base: sum, Disp: i * vector}, to[i])
	}
	k, row := GP64(), GP64()
	XORQ(k, k)
	Label("event")
	MOVLQSX(Mem{Base: at, Index: k, Scale: 4}, row)
	SHLQ(Imm(8), row)
	for i := range to {
		VADDPS(Mem{Base: rows, Index: row, Scale: 1, Disp: i * vector}, to[i], to[i])
	}
	INCQ(k)
	CMPQ(k, count)
	JLT(LabelRef("event"))
	for i := range to {
		VMOVUPS(to[i], Mem{Base: sum, Disp: i * vector})
	}
	end()
}

// sumWeighted adds rows that are 1<<shift bytes apart, times their weights, to the sums of
// as many columns as eight vectors have.
func sumWeighted(name, number string, shift uint64, broadcast func(ops ...Op), multiply, add func(ops ...Op)) {
	begin(name, "func(count int, at *int32, weights, rows, sum *"+number+")",
		" is sumWeighted for eight vectors of columns and at least one row.")
	count, at, weights, rows, sum := pointer("count"), pointer("at"), pointer("weights"), pointer("rows"), pointer("sum")
	var to [panel]VecVirtual
	for i := range to {
		to[i] = YMM()
		VMOVUPS(Mem{Base: sum, Disp: i * vector}, to[i])
	}
	k, row := GP64(), GP64()
	weight, product := YMM(), YMM()
	scale := uint8(1 << (shift - 6))
	XORQ(k, k)
	Label("row")
	MOVLQSX(Mem{Base: at, Index: k, Scale: 4}, row)
	SHLQ(Imm(shift), row)
	broadcast(Mem{Base: weights, Index: k, Scale: scale}, weight)
	for i := range to {
		multiply(Mem{Base: rows, Index: row, Scale: 1, Disp: i * vector}, weight, product)
		add(product, to[i], to[i])
	}
	INCQ(k)
	CMPQ(k, count)
	JLT(LabelRef("row"))
	for i := range to {
		VMOVUPS(to[i], Mem{Base: sum, Disp: i * vector})
	}
	end()
}
