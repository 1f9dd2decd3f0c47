package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The lane kernels in AVX-512: sixteen trials are one vector, and a word is a
// mask register as it is. Each does the arithmetic of its AVX2 twin, in its order.

func wide() {
	scatterSpikesWide()
	gatherAdjointWide()
	membraneStepWide()
	pseudoDerivativeWide()
	membraneAdjointWide()
	filterSpikesWide()
}

// maskOf loads the word at m into a mask register.
func maskOf(m Mem) Register {
	k := K()
	KMOVW(m, k)
	return k
}

func broadcastWide(name string) VecVirtual {
	z := ZMM()
	m, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(m.Addr, z)
	return z
}

func numberWide(bits uint32) VecVirtual {
	t, z := GP32(), ZMM()
	MOVL(U32(bits), t)
	VPBROADCASTD(t, z)
	return z
}

func zeroWide() VecVirtual {
	z := ZMM()
	VXORPS(z, z, z)
	return z
}

func scatterSpikesWide() {
	begin("scatterSpikesAVX512", "func(pre int, words *uint16, start, offset *int32, weight, current *float32)",
		"scatterSpikesAVX512 is ScatterSpikes.")
	pre, words, start, offset, weight, current := pointer("pre"), pointer("words"), pointer("start"), pointer("offset"), pointer("weight"), pointer("current")
	i := GP64()
	XORQ(i, i)
	Label("neuron")
	CMPQ(i, pre)
	JGE(LabelRef("done"))
	CMPW(Mem{Base: words, Index: i, Scale: 2}, Imm(0))
	JE(LabelRef("next"))
	fired := maskOf(Mem{Base: words, Index: i, Scale: 2})
	k, last, at := GP64(), GP64(), GP64()
	MOVLQSX(Mem{Base: start, Index: i, Scale: 4}, k)
	MOVLQSX(Mem{Base: start, Index: i, Scale: 4, Disp: 4}, last)
	JMP(LabelRef("test"))
	Label("synapse")
	MOVLQSX(Mem{Base: offset, Index: k, Scale: 4}, at)
	x, to := ZMM(), Mem{Base: current, Index: at, Scale: 4}
	VBROADCASTSS_Z(Mem{Base: weight, Index: k, Scale: 4}, fired, x)
	VADDPS(to, x, x)
	VMOVUPS(x, to)
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

func gatherAdjointWide() {
	begin("gatherAdjointAVX512", "func(pre int, active *uint16, start, offset *int32, weight, grad, to *float32)",
		"gatherAdjointAVX512 is GatherAdjoint.")
	pre, active, start, offset, weight, grad, to := pointer("pre"), pointer("active"), pointer("start"), pointer("offset"), pointer("weight"), pointer("grad"), pointer("to")
	i := GP64()
	XORQ(i, i)
	Label("neuron")
	CMPQ(i, pre)
	JGE(LabelRef("done"))
	CMPW(Mem{Base: active, Index: i, Scale: 2}, Imm(0))
	JE(LabelRef("next"))
	sum := [2]VecVirtual{zeroWide(), zeroWide()} // of even and odd synapses
	k, last, at := GP64(), GP64(), GP64()
	MOVLQSX(Mem{Base: start, Index: i, Scale: 4}, k)
	MOVLQSX(Mem{Base: start, Index: i, Scale: 4, Disp: 4}, last)
	synapse := func(e int) {
		MOVLQSX(Mem{Base: offset, Index: k, Scale: 4, Disp: 4 * e}, at)
		x := ZMM()
		VBROADCASTSS(Mem{Base: weight, Index: k, Scale: 4, Disp: 4 * e}, x)
		VMULPS(Mem{Base: grad, Index: at, Scale: 4}, x, x)
		VADDPS(x, sum[e], sum[e])
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
	VADDPS(sum[1], sum[0], sum[0])
	VMOVUPS(sum[0], Mem{Base: to, Index: row, Scale: 1})
	Label("next")
	INCQ(i)
	JMP(LabelRef("neuron"))
	Label("done")
	end()
}

func membraneStepWide() {
	begin("membraneStepAVX512", "func(n int, alpha, oneMinusAlpha float32, constant, v, vNext, b, a, current *float32, spikes, previous, blocked *uint16)",
		"membraneStepAVX512 is MembraneStep with R = A.")
	n, alpha, rest := pointer("n"), broadcastWide("alpha"), broadcastWide("oneMinusAlpha")
	constant, v, vNext, b, a, current := pointer("constant"), pointer("v"), pointer("vNext"), pointer("b"), pointer("a"), pointer("current")
	spikes, previous, blocked := pointer("spikes"), pointer("previous"), pointer("blocked")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	Label("neuron")
	at := func(p GPVirtual) Mem { return Mem{Base: p} }
	before := maskOf(at(previous))
	c, x, adaptation, threshold := ZMM(), ZMM(), ZMM(), ZMM()
	VBROADCASTSS(at(constant), c)
	VMULPS(at(b), c, adaptation)
	VBROADCASTSS_Z(Mem{Base: constant, Disp: 4}, before, c)
	VADDPS(c, adaptation, adaptation)
	VMOVUPS(adaptation, at(b))
	VBROADCASTSS(Mem{Base: constant, Disp: 8}, c)
	VMULPS(c, adaptation, threshold)
	VBROADCASTSS(Mem{Base: constant, Disp: 12}, c)
	VADDPS(threshold, c, threshold)
	VMOVUPS(threshold, at(a))
	VMULPS(at(v), alpha, x)
	VMULPS(at(current), rest, c)
	VADDPS(c, x, x)
	VMOVAPS_Z(threshold, before, c)
	VSUBPS(c, x, x)
	VMOVUPS(x, at(vNext))
	above, fired, refractory := K(), GP32(), GP32()
	VCMPPS(Imm(greater), threshold, x, above)
	KMOVW(above, fired)
	MOVWLZX(at(blocked), refractory)
	ANDNL(fired, refractory, fired)
	MOVW(fired.As16(), at(spikes))
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

func pseudoDerivativeWide() {
	begin("pseudoDerivativeAVX512", "func(n int, dampening float32, v, a, psi *float32, active, blocked *uint16)",
		"pseudoDerivativeAVX512 is PseudoDerivative.")
	n, gamma := pointer("n"), broadcastWide("dampening")
	v, a, psi, active, blocked := pointer("v"), pointer("a"), pointer("psi"), pointer("active"), pointer("blocked")
	one, magnitude, none := numberWide(0x3f800000), numberWide(0x7fffffff), zeroWide()
	TESTQ(n, n)
	JZ(LabelRef("done"))
	Label("neuron")
	threshold, u := ZMM(), ZMM()
	VMOVUPS(Mem{Base: a}, threshold)
	VMOVUPS(Mem{Base: v}, u)
	VSUBPS(threshold, u, u)
	VDIVPS(threshold, u, u)
	VANDPS(magnitude, u, u)
	VSUBPS(u, one, u)
	refractory, near := maskOf(Mem{Base: blocked}), K()
	VCMPPS(Imm(greater), none, u, near)
	KANDNW(near, refractory, near)
	VMULPS_Z(gamma, u, near, u)
	VMOVUPS(u, Mem{Base: psi})
	KMOVW(near, Mem{Base: active})
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

func membraneAdjointWide() {
	begin("membraneAdjointAVX512", "func(n int, alpha, oneMinusAlpha float32, constant, v, a, psi, external, regulariser, recurrent, gvNext, gv, gb, reset *float32, active, resetWords *uint16)",
		"membraneAdjointAVX512 is MembraneAdjoint with R = A, nothing detached and external given.")
	alpha, rest := broadcastWide("alpha"), broadcastWide("oneMinusAlpha")
	v, a, psi, external, recurrent := pointer("v"), pointer("a"), pointer("psi"), pointer("external"), pointer("recurrent")
	gvNext, gv, gb, reset := pointer("gvNext"), pointer("gv"), pointer("gb"), pointer("reset")
	sign := numberWide(0x80000000)
	j, at := GP64(), GP64()
	XORQ(j, j)
	XORQ(at, at)
	Label("neuron")
	// Pointers that are used once a neuron are read from the stack.
	p, constant := GP64(), GP64()
	Load(Param("n"), p)
	CMPQ(j, p)
	JGE(LabelRef("done"))
	row := func(p GPVirtual) Mem { return Mem{Base: p, Index: at, Scale: 1} }
	MOVQ(j, constant)
	SHLQ(Imm(4), constant)
	Load(Param("constant"), p)
	ADDQ(p, constant)
	spike, gA := zeroWide(), zeroWide()
	Load(Param("active"), p)
	CMPW(Mem{Base: p, Index: j, Scale: 2}, Imm(0))
	JE(LabelRef("silent"))
	Load(Param("regulariser"), p)
	gz, x := ZMM(), ZMM()
	VBROADCASTSS(Mem{Base: p, Index: j, Scale: 4}, gz)
	VADDPS(row(external), gz, gz)
	VMULPS(row(recurrent), rest, x)
	VADDPS(x, gz, gz)
	VMOVUPS(row(reset), x)
	VMULPS(row(gvNext), x, x)
	VSUBPS(x, gz, gz)
	VBROADCASTSS(Mem{Base: constant, Disp: 4}, x)
	VMULPS(row(gb), x, x)
	VADDPS(x, gz, gz)
	VMULPS(row(psi), gz, gz)
	VMOVUPS(row(a), x)
	VDIVPS(x, gz, spike)
	ratio := ZMM()
	VMOVUPS(row(v), ratio)
	VDIVPS(x, ratio, ratio)
	VMULPS(ratio, spike, gA)
	VXORPS(sign, gA, gA)
	Label("silent")
	Load(Param("resetWords"), p)
	before := maskOf(Mem{Base: p, Index: j, Scale: 2})
	y, c := ZMM(), ZMM()
	VMULPS(row(gvNext), alpha, y)
	VADDPS(spike, y, y)
	VMOVUPS(y, row(gv))
	VMOVAPS_Z(y, before, y)
	VSUBPS(y, gA, gA)
	VBROADCASTSS(Mem{Base: constant}, y)
	VMULPS(row(gb), y, y)
	VBROADCASTSS(Mem{Base: constant, Disp: 8}, c)
	VMULPS(c, gA, c)
	VADDPS(c, y, y)
	VMOVUPS(y, row(gb))
	INCQ(j)
	ADDQ(Imm(lane), at)
	JMP(LabelRef("neuron"))
	Label("done")
	end()
}

func filterSpikesWide() {
	begin("filterSpikesAVX512", "func(n int, kappa, rise float32, filtered *float32, words *uint16)",
		"filterSpikesAVX512 is FilterSpikes.")
	n, kappa, rise, filtered, words := pointer("n"), broadcastWide("kappa"), broadcastWide("rise"), pointer("filtered"), pointer("words")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	Label("neuron")
	fired, x, y := maskOf(Mem{Base: words}), ZMM(), ZMM()
	VMULPS(Mem{Base: filtered}, kappa, x)
	VMOVAPS_Z(rise, fired, y)
	VADDPS(y, x, x)
	VMOVUPS(x, Mem{Base: filtered})
	ADDQ(Imm(lane), filtered)
	ADDQ(Imm(2), words)
	DECQ(n)
	JNZ(LabelRef("neuron"))
	Label("done")
	end()
}
