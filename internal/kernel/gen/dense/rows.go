package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// copyRows copies a row in vectors, the last of which ends with the row, over what the
// one before it wrote.
func copyRows() {
	begin("copyRowsF32", "func(rows, n int, to *float32, ts int, from *float32, fs int)",
		" is CopyRows for at least one row of one number.")
	rows, n, to, ts, from, fs := pointer("rows"), pointer("n"), pointer("to"), single.stride("ts"), pointer("from"), single.stride("fs")
	i, last := GP64(), GP64()
	copyAt := func(i Register, v VecVirtual, move func(...Op)) {
		move(Mem{Base: from, Index: i, Scale: 4}, v)
		move(v, Mem{Base: to, Index: i, Scale: 4})
	}
	for _, w := range []struct {
		label, less string
		numbers     int
		vector      func() VecVirtual
		move        func(...Op)
	}{
		{"eights", "fours", 8, func() VecVirtual { return YMM() }, VMOVUPS},
		{"fours", "ones", 4, func() VecVirtual { return XMM() }, VMOVUPS},
		{"ones", "", 1, func() VecVirtual { return XMM() }, VMOVSS},
	} {
		Label(w.label)
		if w.less != "" {
			CMPQ(n, Imm(uint64(w.numbers)))
			JL(LabelRef(w.less))
		}
		MOVQ(n, last)
		SUBQ(Imm(uint64(w.numbers)), last)
		v := w.vector()
		Label(w.label + "Row")
		XORQ(i, i)
		JMP(LabelRef(w.label + "Test"))
		Label(w.label + "Vector")
		copyAt(i, v, w.move)
		ADDQ(Imm(uint64(w.numbers)), i)
		Label(w.label + "Test")
		CMPQ(i, last)
		JL(LabelRef(w.label + "Vector"))
		copyAt(last, v, w.move)
		ADDQ(ts, to)
		ADDQ(fs, from)
		DECQ(rows)
		JNZ(LabelRef(w.label + "Row"))
		end()
	}
}
