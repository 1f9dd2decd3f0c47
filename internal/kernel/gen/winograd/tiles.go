package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const tiles = 8

// eachRow is a loop over the six rows of tiles.
func eachRow(body func()) {
	i := GP64()
	MOVQ(U64(6), i)
	Label("row")
	body()
	DECQ(i)
	JNZ(LabelRef("row"))
	end()
}

// columns loads four numbers of each of eight tiles, at at(t), and returns four vectors
// of one number of each.
func columns(at func(t int) Mem) []VecVirtual {
	var x [4]VecVirtual // tile t, then tile t+4
	for t := range x {
		x[t] = YMM()
		VMOVUPS(at(t), x[t].AsX())
		VINSERTF128(Imm(1), at(t+4), x[t], x[t])
	}
	return transpose(x)
}

// transpose turns the two squares of four numbers each.
func transpose(x [4]VecVirtual) (y []VecVirtual) {
	for _, unpack := range []func(...Op){VUNPCKLPS, VUNPCKHPS} {
		low, high := YMM(), YMM()
		unpack(x[1], x[0], low)
		unpack(x[3], x[2], high)
		first, second := YMM(), YMM()
		VSHUFPS(Imm(0x44), high, low, first)
		VSHUFPS(Imm(0xee), high, low, second)
		y = append(y, first, second)
	}
	return y
}

func tileInputs() {
	begin("tileInputsF32", "func(to *float32, ts int, from *float32, fs int, offset *int)", "TileInputs.")
	to := newRows(pointer("to"), stride("ts"), 6)
	from, fs, table := pointer("from"), stride("fs"), pointer("offset")
	var offset [tiles]GPVirtual
	for t := range offset {
		offset[t] = GP64()
		MOVQ(Mem{Base: table, Disp: 8 * t}, offset[t])
	}
	at := func(t, disp int) Mem { return Mem{Base: from, Index: offset[t], Scale: 4, Disp: disp} }
	eachRow(func() {
		x := columns(func(t int) Mem { return at(t, 0) })
		// The last two of six numbers: tiles 0, 1 | 4, 5 and 2, 3 | 6, 7.
		var pairs [2]VecVirtual
		for p := range pairs {
			y, z := YMM(), XMM()
			VMOVSD(at(2*p, 16), y.AsX())
			VMOVHPS(at(2*p+1, 16), y.AsX(), y.AsX())
			VMOVSD(at(2*p+4, 16), z)
			VMOVHPS(at(2*p+5, 16), z, z)
			VINSERTF128(Imm(1), z, y, y)
			pairs[p] = y
		}
		for _, order := range []uint64{0x88, 0xdd} {
			y := YMM()
			VSHUFPS(Imm(order), pairs[1], pairs[0], y)
			x = append(x, y)
		}
		to.store(input.multiply(x))
		to.skip()
		ADDQ(fs, from)
	})
}

func tileOutputs() {
	begin("tileOutputsF32", "func(to *float32, ts int, from *float32, fs int)", "TileOutputs.")
	to, ts := pointer("to"), stride("ts")
	from := newRows(pointer("from"), stride("fs"), 6)
	eachRow(func() {
		y := output.multiply(from.load(6))
		for t, v := range transpose([4]VecVirtual(y)) {
			VMOVUPS(v.AsX(), Mem{Base: to, Disp: 16 * t})
			VEXTRACTF128(Imm(1), v, Mem{Base: to, Disp: 16 * (t + 4)})
		}
		from.skip()
		ADDQ(ts, to)
	})
}

func tileOutputsAdjoint() {
	begin("tileOutputsAdjointF32", "func(to *float32, ts int, from *float32, fs int)", "TileOutputsAdjoint.")
	to := newRows(pointer("to"), stride("ts"), 6)
	from, fs := pointer("from"), stride("fs")
	eachRow(func() {
		x := columns(func(t int) Mem { return Mem{Base: from, Disp: 16 * t} })
		to.store(adjointOfOutput.multiply(x))
		to.skip()
		ADDQ(fs, from)
	})
}
