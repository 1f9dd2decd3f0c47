// Command gen writes the AVX2 and AVX-512 kernels of package kernel: the lane kernels,
// which advance sixteen trials (two vectors of eight float32) at once (wide.go: one
// of sixteen).
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
	half      = 32 // bytes of a vector: lanes 0-7, then 8-15
	lane      = 2 * half
	constants = 16 // bytes of a neuron's Constants: ρ, 1-ρ, β, v_th
	greater   = 30 // VCMPPS predicate GT_OQ
)

func main() {
	scatterSpikes()
	gatherAdjoint()
	membraneStep()
	pseudoDerivative()
	membraneAdjoint()
	filterSpikes()
	addRow()
	scale()
	orWords()
	spikeOuter()
	wide()
	Generate()
}

// bits is lane l's bit of a word in double word l of each half.
var bits Mem

func laneBits() [2]VecVirtual {
	if bits.Base == nil {
		bits = GLOBL("laneBits", RODATA|NOPTR)
		for l := range 16 {
			DATA(4*l, U32(1<<l))
		}
	}
	var v [2]VecVirtual
	for h := range v {
		v[h] = YMM()
		VMOVDQU(bits.Offset(h*half), v[h])
	}
	return v
}

// expand turns the word at m into masks of lanes.
func expand(m Mem, bits [2]VecVirtual) [2]VecVirtual {
	word := YMM()
	VPBROADCASTW(m, word)
	var mask [2]VecVirtual
	for h := range mask {
		mask[h] = YMM()
		VPAND(bits[h], word, mask[h])
		VPCMPEQD(bits[h], mask[h], mask[h])
	}
	return mask
}

// storeWord packs the signs of two halves into the word at m.
func storeWord(lo, hi VecVirtual, m Mem, clear *Mem) {
	a, b := GP32(), GP32()
	VMOVMSKPS(lo, a)
	VMOVMSKPS(hi, b)
	SHLL(Imm(8), b)
	ORL(b, a)
	if clear != nil {
		c := GP32()
		MOVWLZX(*clear, c)
		ANDNL(a, c, a)
	}
	MOVW(a.As16(), m)
}

func pointer(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

func broadcast(name string) VecVirtual {
	x, y := XMM(), YMM()
	Load(Param(name), x)
	VBROADCASTSS(x, y)
	return y
}

func number(bits uint32) VecVirtual {
	t, x, y := GP32(), XMM(), YMM()
	MOVL(U32(bits), t)
	VMOVD(t, x)
	VPBROADCASTD(x, y)
	return y
}

func zero() VecVirtual {
	z := YMM()
	VXORPS(z, z, z)
	return z
}

func begin(name, signature, doc string) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(doc)
}

func end() {
	VZEROUPPER()
	RET()
}

func scatterSpikes() {
	begin("scatterSpikesAVX2", "func(pre int, words *uint16, start, offset *int32, weight, current *float32)",
		"scatterSpikesAVX2 is ScatterSpikes.")
	pre, words, start, offset, weight, current := pointer("pre"), pointer("words"), pointer("start"), pointer("offset"), pointer("weight"), pointer("current")
	bits := laneBits()
	i := GP64()
	XORQ(i, i)
	Label("neuron")
	CMPQ(i, pre)
	JGE(LabelRef("done"))
	CMPW(Mem{Base: words, Index: i, Scale: 2}, Imm(0))
	JE(LabelRef("next"))
	mask := expand(Mem{Base: words, Index: i, Scale: 2}, bits)
	k, last, at := GP64(), GP64(), GP64()
	MOVLQSX(Mem{Base: start, Index: i, Scale: 4}, k)
	MOVLQSX(Mem{Base: start, Index: i, Scale: 4, Disp: 4}, last)
	JMP(LabelRef("test"))
	Label("synapse")
	MOVLQSX(Mem{Base: offset, Index: k, Scale: 4}, at)
	w := YMM()
	VBROADCASTSS(Mem{Base: weight, Index: k, Scale: 4}, w)
	for h := range mask {
		x := YMM()
		VANDPS(mask[h], w, x)
		to := Mem{Base: current, Index: at, Scale: 4, Disp: h * half}
		VADDPS(to, x, x)
		VMOVUPS(x, to)
	}
	INCQ(k)
	Label("test")
	CMPQ(k, last)
	JLT(LabelRef("synapse"))
	Label("next")
	INCQ(i)
	JMP(LabelRef("neuron"))
	Label("done")
	end()
}

func gatherAdjoint() {
	begin("gatherAdjointAVX2", "func(pre int, active *uint16, start, offset *int32, weight, grad, to *float32)",
		"gatherAdjointAVX2 is GatherAdjoint.")
	pre, active, start, offset, weight, grad, to := pointer("pre"), pointer("active"), pointer("start"), pointer("offset"), pointer("weight"), pointer("grad"), pointer("to")
	i := GP64()
	XORQ(i, i)
	Label("neuron")
	CMPQ(i, pre)
	JGE(LabelRef("done"))
	CMPW(Mem{Base: active, Index: i, Scale: 2}, Imm(0))
	JE(LabelRef("next"))
	var sum [2][2]VecVirtual // of even and odd synapses
	for e := range sum {
		for h := range sum[e] {
			sum[e][h] = zero()
		}
	}
	k, last, at := GP64(), GP64(), GP64()
	MOVLQSX(Mem{Base: start, Index: i, Scale: 4}, k)
	MOVLQSX(Mem{Base: start, Index: i, Scale: 4, Disp: 4}, last)
	synapse := func(e int) {
		MOVLQSX(Mem{Base: offset, Index: k, Scale: 4, Disp: 4 * e}, at)
		w := YMM()
		VBROADCASTSS(Mem{Base: weight, Index: k, Scale: 4, Disp: 4 * e}, w)
		for h := range sum[e] {
			x := YMM()
			VMULPS(Mem{Base: grad, Index: at, Scale: 4, Disp: h * half}, w, x)
			VADDPS(x, sum[e][h], sum[e][h])
		}
	}
	DECQ(last)
	JMP(LabelRef("test"))
	Label("pair")
	synapse(0)
	synapse(1)
	ADDQ(Imm(2), k)
	Label("test")
	CMPQ(k, last)
	JLT(LabelRef("pair"))
	JG(LabelRef("store"))
	synapse(0)
	Label("store")
	row := GP64()
	MOVQ(i, row)
	SHLQ(Imm(6), row)
	for h := range sum[0] {
		VADDPS(sum[1][h], sum[0][h], sum[0][h])
		VMOVUPS(sum[0][h], Mem{Base: to, Index: row, Scale: 1, Disp: h * half})
	}
	Label("next")
	INCQ(i)
	JMP(LabelRef("neuron"))
	Label("done")
	end()
}

func membraneStep() {
	begin("membraneStepAVX2", "func(n int, alpha, oneMinusAlpha float32, constant, v, vNext, b, a, current *float32, spikes, previous, blocked *uint16)",
		"membraneStepAVX2 is MembraneStep with R = A.")
	n, alpha, rest := pointer("n"), broadcast("alpha"), broadcast("oneMinusAlpha")
	constant, v, vNext, b, a, current := pointer("constant"), pointer("v"), pointer("vNext"), pointer("b"), pointer("a"), pointer("current")
	spikes, previous, blocked := pointer("spikes"), pointer("previous"), pointer("blocked")
	bits := laneBits()
	TESTQ(n, n)
	JZ(LabelRef("done"))
	Label("neuron")
	mask := expand(Mem{Base: previous}, bits)
	var fired [2]VecVirtual
	for h := range mask {
		at := func(p GPVirtual) Mem { return Mem{Base: p, Disp: h * half} }
		c, x := YMM(), YMM()
		adaptation := YMM()
		VBROADCASTSS(Mem{Base: constant}, c)
		VMULPS(at(b), c, adaptation)
		VBROADCASTSS(Mem{Base: constant, Disp: 4}, c)
		VANDPS(mask[h], c, c)
		VADDPS(c, adaptation, adaptation)
		VMOVUPS(adaptation, at(b))
		threshold := YMM()
		VBROADCASTSS(Mem{Base: constant, Disp: 8}, c)
		VMULPS(c, adaptation, threshold)
		VBROADCASTSS(Mem{Base: constant, Disp: 12}, c)
		VADDPS(threshold, c, threshold)
		VMOVUPS(threshold, at(a))
		VMULPS(at(v), alpha, x)
		VMULPS(at(current), rest, c)
		VADDPS(c, x, x)
		VANDPS(mask[h], threshold, c)
		VSUBPS(c, x, x)
		VMOVUPS(x, at(vNext))
		fired[h] = YMM()
		VCMPPS(Imm(greater), threshold, x, fired[h])
	}
	storeWord(fired[0], fired[1], Mem{Base: spikes}, &Mem{Base: blocked})
	for _, p := range []GPVirtual{v, vNext, b, a, current} {
		ADDQ(Imm(lane), p)
	}
	ADDQ(Imm(constants), constant)
	for _, p := range []GPVirtual{spikes, previous, blocked} {
		ADDQ(Imm(2), p)
	}
	DECQ(n)
	JNZ(LabelRef("neuron"))
	Label("done")
	end()
}

func pseudoDerivative() {
	begin("pseudoDerivativeAVX2", "func(n int, dampening float32, v, a, psi *float32, active, blocked *uint16)",
		"pseudoDerivativeAVX2 is PseudoDerivative.")
	n, gamma := pointer("n"), broadcast("dampening")
	v, a, psi, active, blocked := pointer("v"), pointer("a"), pointer("psi"), pointer("active"), pointer("blocked")
	bits := laneBits()
	one, magnitude, none := number(0x3f800000), number(0x7fffffff), zero()
	TESTQ(n, n)
	JZ(LabelRef("done"))
	Label("neuron")
	mask := expand(Mem{Base: blocked}, bits)
	for h := range mask {
		at := func(p GPVirtual) Mem { return Mem{Base: p, Disp: h * half} }
		threshold, u := YMM(), YMM()
		VMOVUPS(at(a), threshold)
		VMOVUPS(at(v), u)
		VSUBPS(threshold, u, u)
		VDIVPS(threshold, u, u)
		VANDPS(magnitude, u, u)
		VSUBPS(u, one, u)
		positive := YMM()
		VCMPPS(Imm(greater), none, u, positive)
		VANDNPS(positive, mask[h], mask[h])
		VMULPS(gamma, u, u)
		VANDPS(mask[h], u, u)
		VMOVUPS(u, at(psi))
	}
	storeWord(mask[0], mask[1], Mem{Base: active}, nil)
	for _, p := range []GPVirtual{v, a, psi} {
		ADDQ(Imm(lane), p)
	}
	for _, p := range []GPVirtual{active, blocked} {
		ADDQ(Imm(2), p)
	}
	DECQ(n)
	JNZ(LabelRef("neuron"))
	Label("done")
	end()
}

func membraneAdjoint() {
	begin("membraneAdjointAVX2", "func(n int, alpha, oneMinusAlpha float32, constant, v, a, psi, external, regulariser, recurrent, gvNext, gv, gb, reset *float32, active, resetWords *uint16)",
		"membraneAdjointAVX2 is MembraneAdjoint with R = A, nothing detached and external given.")
	alpha, rest := broadcast("alpha"), broadcast("oneMinusAlpha")
	v, a, psi, external, recurrent := pointer("v"), pointer("a"), pointer("psi"), pointer("external"), pointer("recurrent")
	gvNext, gv, gb, reset := pointer("gvNext"), pointer("gv"), pointer("gb"), pointer("reset")
	bits := laneBits()
	sign := number(0x80000000)
	j, at := GP64(), GP64()
	XORQ(j, j)
	XORQ(at, at)
	Label("neuron")
	// Pointers that are used once a neuron are read from the stack.
	p := GP64()
	Load(Param("n"), p)
	CMPQ(j, p)
	JGE(LabelRef("done"))
	row := func(p GPVirtual, h int) Mem { return Mem{Base: p, Index: at, Scale: 1, Disp: h * half} }
	var spike, gA [2]VecVirtual
	for h := range spike {
		spike[h], gA[h] = zero(), zero()
	}
	Load(Param("active"), p)
	CMPW(Mem{Base: p, Index: j, Scale: 2}, Imm(0))
	JE(LabelRef("silent"))
	constant := GP64()
	MOVQ(j, constant)
	SHLQ(Imm(4), constant)
	Load(Param("constant"), p)
	ADDQ(p, constant)
	Load(Param("regulariser"), p)
	for h := range spike {
		gz, x := YMM(), YMM()
		VBROADCASTSS(Mem{Base: p, Index: j, Scale: 4}, gz)
		VADDPS(row(external, h), gz, gz)
		VMULPS(row(recurrent, h), rest, x)
		VADDPS(x, gz, gz)
		VMOVUPS(row(reset, h), x)
		VMULPS(row(gvNext, h), x, x)
		VSUBPS(x, gz, gz)
		VBROADCASTSS(Mem{Base: constant, Disp: 4}, x)
		VMULPS(row(gb, h), x, x)
		VADDPS(x, gz, gz)
		VMULPS(row(psi, h), gz, gz)
		VMOVUPS(row(a, h), x)
		VDIVPS(x, gz, spike[h])
		ratio := YMM()
		VMOVUPS(row(v, h), ratio)
		VDIVPS(x, ratio, ratio)
		VMULPS(ratio, spike[h], gA[h])
		VXORPS(sign, gA[h], gA[h])
	}
	Label("silent")
	Load(Param("resetWords"), p)
	mask := expand(Mem{Base: p, Index: j, Scale: 2}, bits)
	MOVQ(j, constant)
	SHLQ(Imm(4), constant)
	Load(Param("constant"), p)
	ADDQ(p, constant)
	for h := range spike {
		x := YMM()
		VMULPS(row(gvNext, h), alpha, x)
		VADDPS(spike[h], x, x)
		VMOVUPS(x, row(gv, h))
		VANDPS(mask[h], x, x)
		VSUBPS(x, gA[h], gA[h])
		c := YMM()
		VBROADCASTSS(Mem{Base: constant}, x)
		VMULPS(row(gb, h), x, x)
		VBROADCASTSS(Mem{Base: constant, Disp: 8}, c)
		VMULPS(c, gA[h], c)
		VADDPS(c, x, x)
		VMOVUPS(x, row(gb, h))
	}
	INCQ(j)
	ADDQ(Imm(lane), at)
	JMP(LabelRef("neuron"))
	Label("done")
	end()
}

func filterSpikes() {
	begin("filterSpikesAVX2", "func(n int, kappa, rise float32, filtered *float32, words *uint16)",
		"filterSpikesAVX2 is FilterSpikes.")
	n, kappa, rise, filtered, words := pointer("n"), broadcast("kappa"), broadcast("rise"), pointer("filtered"), pointer("words")
	bits := laneBits()
	TESTQ(n, n)
	JZ(LabelRef("done"))
	Label("neuron")
	mask := expand(Mem{Base: words}, bits)
	for h := range mask {
		x := YMM()
		VMULPS(Mem{Base: filtered, Disp: h * half}, kappa, x)
		VANDPS(rise, mask[h], mask[h])
		VADDPS(mask[h], x, x)
		VMOVUPS(x, Mem{Base: filtered, Disp: h * half})
	}
	ADDQ(Imm(lane), filtered)
	ADDQ(Imm(2), words)
	DECQ(n)
	JNZ(LabelRef("neuron"))
	Label("done")
	end()
}

func addRow() {
	begin("addRowAVX2", "func(n int, dst, src *float32)", "addRowAVX2 is AddRow for n neurons.")
	n, dst, src := pointer("n"), pointer("dst"), pointer("src")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	Label("neuron")
	for h := range 2 {
		x := YMM()
		VMOVUPS(Mem{Base: dst, Disp: h * half}, x)
		VADDPS(Mem{Base: src, Disp: h * half}, x, x)
		VMOVUPS(x, Mem{Base: dst, Disp: h * half})
	}
	ADDQ(Imm(lane), dst)
	ADDQ(Imm(lane), src)
	DECQ(n)
	JNZ(LabelRef("neuron"))
	Label("done")
	end()
}

func scale() {
	begin("scaleAVX2", "func(n int, x *float32, c float32)", "scaleAVX2 is Scale for n neurons.")
	n, x, c := pointer("n"), pointer("x"), broadcast("c")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	Label("neuron")
	for h := range 2 {
		y := YMM()
		VMULPS(Mem{Base: x, Disp: h * half}, c, y)
		VMOVUPS(y, Mem{Base: x, Disp: h * half})
	}
	ADDQ(Imm(lane), x)
	DECQ(n)
	JNZ(LabelRef("neuron"))
	Label("done")
	end()
}

// orWords takes sixteen words at a time; the last sixteen may overlap those
// before, which changes nothing.
func orWords() {
	begin("orWordsAVX2", "func(n int, dst, src *uint16)", "orWordsAVX2 is OrWords for at least sixteen words.")
	n, dst, src := pointer("n"), pointer("dst"), pointer("src")
	i := GP64()
	XORQ(i, i)
	SUBQ(Imm(16), n)
	Label("sixteen")
	x := YMM()
	VMOVDQU(Mem{Base: src, Index: i, Scale: 2}, x)
	VPOR(Mem{Base: dst, Index: i, Scale: 2}, x, x)
	VMOVDQU(x, Mem{Base: dst, Index: i, Scale: 2})
	CMPQ(i, n)
	JGE(LabelRef("done"))
	ADDQ(Imm(16), i)
	CMPQ(i, n)
	CMOVQGT(n, i)
	JMP(LabelRef("sixteen"))
	Label("done")
	end()
}

// spikeOuter handles four postsynaptic neurons, whose columns of the gradient
// follow each other. It adds one number for each spike and neuron.
func spikeOuter() {
	const tile = 4
	begin("spikeOuterAVX2", "func(pre int, start, spikes *int32, delays *uint8, columns *float32, columnBytes, n int, dw *float32)",
		"spikeOuterAVX2 is SpikeOuter for four neurons: those at delays and dw, whose columns [steps][Lanes] follow each other.")
	pre, start, delays, dw := pointer("pre"), pointer("start"), pointer("delays"), pointer("dw")
	Label("neuron")
	TESTQ(pre, pre)
	JZ(LabelRef("done"))
	spike, last := GP64(), GP64()
	MOVLQSX(Mem{Base: start}, spike)
	MOVLQSX(Mem{Base: start, Disp: 4}, last)
	CMPQ(spike, last)
	JE(LabelRef("next"))
	spikes := GP64()
	Load(Param("spikes"), spikes)
	LEAQ(Mem{Base: spikes, Index: spike, Scale: 4}, spike)
	LEAQ(Mem{Base: spikes, Index: last, Scale: 4, Disp: -4}, last)
	base, columnBytes := GP64(), GP64()
	Load(Param("columns"), base)
	Load(Param("columnBytes"), columnBytes)
	var column [tile]GPVirtual
	var sum [2][tile]VecVirtual // of even and odd spikes
	for c := range column {
		column[c] = GP64()
		MOVBQZX(Mem{Base: delays, Disp: c}, column[c])
		SHLQ(Imm(6), column[c])
		ADDQ(base, column[c])
		if c < tile-1 {
			ADDQ(columnBytes, base)
		}
		for e := range sum {
			sum[e][c] = XMM()
			VXORPS(sum[e][c], sum[e][c], sum[e][c])
		}
	}
	add := func(e int) {
		at := GP64()
		MOVLQSX(Mem{Base: spike, Disp: 4 * e}, at)
		for c := range column {
			VADDSS(Mem{Base: column[c], Index: at, Scale: 4}, sum[e][c], sum[e][c])
		}
	}
	JMP(LabelRef("test"))
	Label("pair")
	add(0)
	add(1)
	ADDQ(Imm(8), spike)
	Label("test")
	CMPQ(spike, last)
	JLT(LabelRef("pair"))
	JG(LabelRef("store"))
	add(0)
	Label("store")
	for c := range column {
		to := Mem{Base: dw, Disp: 4 * c}
		VADDSS(sum[1][c], sum[0][c], sum[0][c])
		VADDSS(to, sum[0][c], sum[0][c])
		VMOVSS(sum[0][c], to)
	}
	Label("next")
	ADDQ(Imm(4), start)
	n := GP64()
	Load(Param("n"), n)
	ADDQ(n, delays)
	SHLQ(Imm(2), n)
	ADDQ(n, dw)
	DECQ(pre)
	JMP(LabelRef("neuron"))
	Label("done")
	end()
}
