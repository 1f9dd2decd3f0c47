package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// rowWidths are the ways to go through short rows: in the widest vectors that a row has,
// of which the last ends with the row, over a part of the one before it.
var rowWidths = []struct {
	label, less string
	numbers     int
	vector      func() VecVirtual
	move, add   func(...Op)
}{
	{"eights", "fours", 8, func() VecVirtual { return YMM() }, VMOVUPS, VADDPS},
	{"fours", "ones", 4, func() VecVirtual { return XMM() }, VMOVUPS, VADDPS},
	{"ones", "", 1, func() VecVirtual { return XMM() }, VMOVSS, VADDSS},
}

// eachRowOf writes a function of rows: what is moved to a row is what load puts into a vector.
func eachRowOf(name, doc string, load func(from, to Mem, v VecVirtual, move, add func(...Op))) {
	begin(name, "func(rows, n int, to *float32, ts int, from *float32, fs int)", doc)
	rows, n, to, ts, from, fs := pointer("rows"), pointer("n"), pointer("to"), single.stride("ts"), pointer("from"), single.stride("fs")
	i, last := GP64(), GP64()
	at := func(base, i Register) Mem { return Mem{Base: base, Index: i, Scale: 4} }
	for _, w := range rowWidths {
		Label(w.label)
		if w.less != "" {
			CMPQ(n, Imm(uint64(w.numbers)))
			JL(LabelRef(w.less))
		}
		MOVQ(n, last)
		SUBQ(Imm(uint64(w.numbers)), last)
		v, final := w.vector(), w.vector()
		Label(w.label + "Row")
		load(at(from, last), at(to, last), final, w.move, w.add)
		XORQ(i, i)
		JMP(LabelRef(w.label + "Test"))
		Label(w.label + "Vector")
		load(at(from, i), at(to, i), v, w.move, w.add)
		w.move(v, at(to, i))
		ADDQ(Imm(uint64(w.numbers)), i)
		Label(w.label + "Test")
		CMPQ(i, last)
		JL(LabelRef(w.label + "Vector"))
		w.move(final, at(to, last))
		ADDQ(ts, to)
		ADDQ(fs, from)
		DECQ(rows)
		JNZ(LabelRef(w.label + "Row"))
		end()
	}
}

func shortRows() {
	eachRowOf("copyRowsF32", " is CopyRows for at least one row of one number.",
		func(from, _ Mem, v VecVirtual, move, _ func(...Op)) { move(from, v) })
	eachRowOf("addRowsF32", " is AddRows for at least one row of one number.",
		func(from, to Mem, v VecVirtual, move, add func(...Op)) {
			move(to, v)
			add(from, v, v)
		})
}
