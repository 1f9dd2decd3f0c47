// Command optimisers writes the AVX2 kernels of package kernel that move parameters
// along their gradients.
//
// None of them fuses a multiplication with an addition, so each gives the bits of its
// plain Go twin.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	adam()
	momentum("momentumF32", false)
	momentum("nesterovF32", true)
	Generate()
}

func begin(name, signature, doc string) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + doc)
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

// loop runs body for i = 0, 8, … n-8.
func loop(n GPVirtual, body func(at func(base GPVirtual) Mem)) {
	i := GP64()
	XORQ(i, i)
	Label("loop")
	body(func(base GPVirtual) Mem { return Mem{Base: base, Index: i, Scale: 4} })
	ADDQ(Imm(8), i)
	CMPQ(i, n)
	JLT(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func adam() {
	begin("adamF32", "func(n int, x, m, v, grad *float32, beta1, rest1, beta2, rest2, eta, unbias, epsilon, decay float32)",
		" is Adam for n parameters, a multiple of 8.")
	n, x, m, v, g := pointer("n"), pointer("x"), pointer("m"), pointer("v"), pointer("grad")
	beta1, rest1, beta2, rest2 := broadcast("beta1"), broadcast("rest1"), broadcast("beta2"), broadcast("rest2")
	eta, unbias, epsilon, decay := broadcast("eta"), broadcast("unbias"), broadcast("epsilon"), broadcast("decay")
	loop(n, func(at func(GPVirtual) Mem) {
		grad, first, second, t := YMM(), YMM(), YMM(), YMM()
		VMOVUPS(at(g), grad)
		VMULPS(at(m), beta1, first)
		VMULPS(rest1, grad, t)
		VADDPS(t, first, first)
		VMOVUPS(first, at(m))
		VMULPS(grad, grad, t)
		VMULPS(rest2, t, t)
		VMULPS(at(v), beta2, second)
		VADDPS(t, second, second)
		VMOVUPS(second, at(v))
		VMULPS(unbias, second, second)
		VSQRTPS(second, second)
		VADDPS(epsilon, second, second)
		VMULPS(eta, first, first)
		VDIVPS(second, first, first)
		VMOVUPS(at(x), grad)
		VMULPS(decay, grad, t)
		VSUBPS(t, grad, grad)
		VSUBPS(first, grad, grad)
		VMOVUPS(grad, at(x))
	})
}

func momentum(name string, nesterov bool) {
	begin(name, "func(n int, x, m, grad *float32, mu, eta float32)", " moves n parameters, a multiple of 8, as its twin in Go does.")
	n, x, m, g := pointer("n"), pointer("x"), pointer("m"), pointer("grad")
	mu, eta := broadcast("mu"), broadcast("eta")
	loop(n, func(at func(GPVirtual) Mem) {
		grad, velocity, value := YMM(), YMM(), YMM()
		VMOVUPS(at(g), grad)
		VMULPS(at(m), mu, velocity)
		VADDPS(grad, velocity, velocity)
		VMOVUPS(velocity, at(m))
		if nesterov {
			VMULPS(mu, velocity, velocity)
			VADDPS(grad, velocity, velocity)
		}
		VMULPS(eta, velocity, velocity)
		VMOVUPS(at(x), value)
		VSUBPS(velocity, value, value)
		VMOVUPS(value, at(x))
	})
}
