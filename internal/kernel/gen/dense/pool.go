package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	notLessOrEqual = 6 // VCMPPS predicate NLE_US
	ordered        = 7 // VCMPPS predicate ORD_Q
)

// maxOfSquares takes the even and the odd numbers of sixteen apart within halves of
// vectors, and puts the results in order at the end.
func maxOfSquares() {
	begin("maxOfSquaresF32", "func(n int, y *float32, place *int32, upper, lower *float32, first, second int32)",
		" is MaxOfSquares for a multiple of 8 results.")
	places := GLOBL("placesOfSquares", RODATA|NOPTR)
	for l, j := range []uint32{0, 1, 4, 5, 2, 3, 6, 7} {
		DATA(4*l, U32(2*j))
	}
	n, y, place, upper, lower := pointer("n"), pointer("y"), pointer("place"), pointer("upper"), pointer("lower")
	one, sixteen := YMM(), YMM()
	VPCMPEQD(one, one, one)
	VPSRLD(Imm(31), one, one)
	VPSLLD(Imm(4), one, sixteen)
	var at [2]VecVirtual // of even numbers, in either row
	for r, name := range []string{"first", "second"} {
		x := XMM()
		VMOVD(Load(Param(name), GP32()), x)
		at[r] = YMM()
		VPBROADCASTD(x, at[r])
		VPADDD(places, at[r], at[r])
	}
	Label("eight")
	peak, where := YMM(), YMM()
	for r, from := range []GPVirtual{upper, lower} {
		low, high := YMM(), YMM()
		VMOVUPS(Mem{Base: from}, low)
		VMOVUPS(Mem{Base: from, Disp: vector}, high)
		for odd, order := range []uint64{0x88, 0xdd} {
			v, p := YMM(), at[r]
			VSHUFPS(Imm(order), high, low, v)
			if odd == 1 {
				p = YMM()
				VPADDD(one, at[r], p)
			}
			if r == 0 && odd == 0 {
				VMOVAPS(v, peak)
				VMOVDQA(p, where)
				continue
			}
			greater, number := YMM(), YMM()
			VCMPPS(Imm(notLessOrEqual), peak, v, greater)
			VCMPPS(Imm(ordered), peak, peak, number)
			VANDPS(number, greater, greater)
			VBLENDVPS(greater, v, peak, peak)
			VBLENDVPS(greater, p, where, where)
		}
		VPADDD(sixteen, at[r], at[r])
		ADDQ(Imm(2*vector), from)
	}
	VPERMPD(Imm(0xd8), peak, peak)
	VPERMQ(Imm(0xd8), where, where)
	VMOVUPS(peak, Mem{Base: y})
	VMOVDQU(where, Mem{Base: place})
	ADDQ(Imm(vector), y)
	ADDQ(Imm(vector), place)
	SUBQ(Imm(8), n)
	JNZ(LabelRef("eight"))
	end()
}
