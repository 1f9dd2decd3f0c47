package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// gemvRows sums rows, 256 bytes of each, in eight registers.
func gemvRows(p precision) {
	begin("gemvRows"+p.name, fmt.Sprintf("func(k int, x, a *%[1]s, lda int, sum *%[1]s)", p.float),
		fmt.Sprintf(" is sum[j] = Σ x[i] a[i*lda+j] over i < k, for j < %d.", 8*p.width))
	k, x, a, lda, out := pointer("k"), pointer("x"), pointer("a"), p.stride("lda"), pointer("sum")
	sum := zeros(8)
	TESTQ(k, k)
	JZ(LabelRef("store"))
	Label("row")
	xi := YMM()
	p.broadcast(Mem{Base: x}, xi)
	for v, s := range sum {
		p.fma(Mem{Base: a, Disp: v * vector}, xi, s)
	}
	ADDQ(Imm(uint64(p.bytes())), x)
	ADDQ(lda, a)
	DECQ(k)
	JNZ(LabelRef("row"))
	Label("store")
	for v, s := range sum {
		VMOVUPS(s, Mem{Base: out, Disp: v * vector})
	}
	end()
}

// gemvDots multiplies four rows with a vector, two vectors of numbers at a time.
func gemvDots(p precision) {
	const rows = 4
	begin("gemvDots"+p.name, fmt.Sprintf("func(n int, a *%[1]s, lda int, x, sum *%[1]s)", p.float),
		" is sum[i] = Σ a[i*lda+j] x[j] over j < n, for i < 4.")
	n, a, lda, x, out := pointer("n"), pointer("a"), p.stride("lda"), pointer("x"), pointer("sum")
	third := GP64()
	LEAQ(Mem{Base: a, Index: lda, Scale: 2}, third)
	row := func(i, v int) Mem {
		m := Mem{Base: a, Disp: v * vector}
		if i >= 2 {
			m.Base = third
		}
		if i%2 == 1 {
			m.Index, m.Scale = lda, 1
		}
		return m
	}
	advance := func(vectors int) {
		for _, g := range []GPVirtual{a, third, x} {
			ADDQ(Imm(uint64(vectors*vector)), g)
		}
		SUBQ(Imm(uint64(vectors*p.width)), n)
	}
	sum := [2][]VecVirtual{zeros(rows), zeros(rows)}
	Label("two")
	CMPQ(n, Imm(uint64(2*p.width)))
	JL(LabelRef("one"))
	for v := range sum {
		y := YMM()
		VMOVUPS(Mem{Base: x, Disp: v * vector}, y)
		for i, s := range sum[v] {
			p.fma(row(i, v), y, s)
		}
	}
	advance(2)
	JMP(LabelRef("two"))
	Label("one")
	CMPQ(n, Imm(uint64(p.width)))
	JL(LabelRef("rest"))
	y := YMM()
	VMOVUPS(Mem{Base: x}, y)
	for i, s := range sum[0] {
		p.fma(row(i, 0), y, s)
	}
	advance(1)
	Label("rest")
	TESTQ(n, n)
	JZ(LabelRef("store"))
	mask := p.maskOfFirst(n)
	p.masked(Mem{Base: x}, mask, y)
	for i, s := range sum[1] {
		ai := YMM()
		p.masked(row(i, 0), mask, ai)
		p.fma(ai, y, s)
	}
	Label("store")
	for i := range rows {
		s := sum[0][i]
		p.add(sum[1][i], s, s)
		high := YMM()
		VEXTRACTF128(Imm(1), s, high.AsX())
		p.add(high.AsX(), s.AsX(), s.AsX())
		VPERMILPD(Imm(1), s.AsX(), high.AsX())
		if p.width == 4 {
			VADDSD(high.AsX(), s.AsX(), s.AsX())
			VMOVSD(s.AsX(), Mem{Base: out, Disp: i * 8})
			continue
		}
		VADDPS(high.AsX(), s.AsX(), s.AsX())
		VMOVSHDUP(s.AsX(), high.AsX())
		VADDSS(high.AsX(), s.AsX(), s.AsX())
		VMOVSS(s.AsX(), Mem{Base: out, Disp: i * 4})
	}
	end()
}

var masks Mem

// maskOfFirst is a mask of the first n numbers. It spoils n.
func (p precision) maskOfFirst(n GPVirtual) VecVirtual {
	if masks.Base == nil { // a vector of ones, then one of zeros
		masks = GLOBL("masks", RODATA|NOPTR)
		for i := range 2 * vector / 8 {
			bits := U64(0)
			if i < vector/8 {
				bits = ^U64(0)
			}
			DATA(8*i, bits)
		}
	}
	at, mask := GP64(), YMM()
	LEAQ(masks, at)
	SHLQ(Imm(p.shift), n)
	SUBQ(n, at)
	VMOVDQU(Mem{Base: at, Disp: vector}, mask)
	return mask
}
