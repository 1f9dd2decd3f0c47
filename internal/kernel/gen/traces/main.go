// Command traces writes the AVX2 kernel of package kernel for eligibility traces.
//
// It neither fuses a multiplication with an addition nor adds in another order, so it
// gives the bits of its plain Go twin.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	half = 32       // bytes of a vector: half of the lanes
	lane = 2 * half // bytes of the lanes of a synapse
)

func main() {
	traceStep()
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

func row(base GPVirtual) (y [2]VecVirtual) {
	for h := range y {
		y[h] = YMM()
		VMOVUPS(Mem{Base: base, Disp: h * half}, y[h])
	}
	return y
}

// addSum adds the sum over the lanes of x, which it overwrites, to a float64.
func addSum(x [2]VecVirtual, to GPVirtual) {
	VADDPS(x[1], x[0], x[0])
	low, high := x[0].AsX(), x[1].AsX()
	VEXTRACTF128(Imm(1), x[0], high)
	VADDPS(high, low, low)
	VMOVHLPS(low, low, high)
	VADDPS(high, low, low)
	VMOVSHDUP(low, high)
	VADDSS(high, low, low)
	VCVTSS2SD(low, low, low)
	VADDSD(Mem{Base: to}, low, low)
	VMOVSD(low, Mem{Base: to})
}

func traceStep() {
	TEXT("traceStepAVX2", NOSPLIT, "func(n int, psi, phi, signal, epsV, epsA, ebar *float32, rho, c, kappa, gain float32, byError, byRate *float64)")
	Pragma("noescape")
	Doc("traceStepAVX2 is TraceStep for n synapses; pointers that are nil stand for slices that are.")
	n, epsV, epsA, ebar := pointer("n"), pointer("epsV"), pointer("epsA"), pointer("ebar")
	byError, byRate := pointer("byError"), pointer("byRate")
	psi, phi, signal := row(pointer("psi")), row(pointer("phi")), row(pointer("signal"))
	rho, c, kappa, gain := broadcast("rho"), broadcast("c"), broadcast("kappa"), broadcast("gain")
	Label("synapse")
	var e [2]VecVirtual
	for h := range e {
		e[h] = YMM()
		VMULPS(Mem{Base: epsV, Disp: h * half}, psi[h], e[h])
	}
	TESTQ(epsA, epsA)
	JZ(LabelRef("rate"))
	for h := range e {
		old, add := YMM(), YMM()
		VMOVUPS(Mem{Base: epsA, Disp: h * half}, old)
		VMULPS(old, phi[h], add)
		VSUBPS(add, e[h], e[h])
		VMULPS(old, rho, old)
		VMULPS(e[h], c, add)
		VADDPS(add, old, old)
		VMOVUPS(old, Mem{Base: epsA, Disp: h * half})
	}
	ADDQ(Imm(lane), epsA)
	Label("rate")
	TESTQ(byRate, byRate)
	JZ(LabelRef("filter"))
	var sum [2]VecVirtual
	for h := range e {
		sum[h] = YMM()
		VMOVAPS(e[h], sum[h])
	}
	addSum(sum, byRate)
	ADDQ(Imm(8), byRate)
	Label("filter")
	TESTQ(ebar, ebar)
	JZ(LabelRef("error"))
	for h := range e {
		old := YMM()
		VMULPS(Mem{Base: ebar, Disp: h * half}, kappa, old)
		VMULPS(e[h], gain, e[h])
		VADDPS(e[h], old, e[h])
		VMOVUPS(e[h], Mem{Base: ebar, Disp: h * half})
	}
	ADDQ(Imm(lane), ebar)
	Label("error")
	TESTQ(byError, byError)
	JZ(LabelRef("next"))
	for h := range e {
		VMULPS(e[h], signal[h], e[h])
	}
	addSum(e, byError)
	ADDQ(Imm(8), byError)
	Label("next")
	ADDQ(Imm(lane), epsV)
	DECQ(n)
	JNZ(LabelRef("synapse"))
	VZEROUPPER()
	RET()
}
