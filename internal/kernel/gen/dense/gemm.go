package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tile is a part of C that stays in registers: rows times two vectors.
type tile struct {
	name   string // of the kernel, after gemmPanel
	rows   int
	vector int // bytes
	reg    func() VecVirtual
}

const tileVectors = 2

var tiles = []tile{
	{"", 6, 32, func() VecVirtual { return YMM() }},
	{"Wide", 12, 64, func() VecVirtual { return ZMM() }},
}

// gemmPanel computes a panel of C, tile by tile. A tile, 6 rows of 64 bytes (12
// of 128 in AVX-512), stays in registers; each step of k reads a row of the panel
// of op(B), and broadcasts a column of the tile's part of op(A): 8 loads for 12
// multiplications and additions (14 for 24). What rows are left make a lower tile.
func gemmPanel(p precision, t tile) {
	begin("gemmPanel"+t.name+p.name, fmt.Sprintf("func(rows, k int, a *%[1]s, rs, cs, step int, b *%[1]s, bs int, alpha, beta %[1]s, c *%[1]s, ldc int)", p.float),
		fmt.Sprintf(" is productPanel in tiles of %d rows, for at least one row and one k.", t.rows))
	rows, a, c := pointer("rows"), pointer("a"), pointer("c")
	Label("tile")
	for r := 1; r < t.rows; r++ {
		CMPQ(rows, Imm(uint64(r)))
		JE(LabelRef(fmt.Sprint("rows", r)))
	}
	p.tile(t, t.rows, a, c)
	SUBQ(Imm(uint64(t.rows)), rows)
	JZ(LabelRef("done"))
	ADDQ(p.stride("step"), a)
	JMP(LabelRef("tile"))
	for r := 1; r < t.rows; r++ {
		Label(fmt.Sprint("rows", r))
		p.tile(t, r, a, c)
		if r < t.rows-1 {
			JMP(LabelRef("done"))
		}
	}
	Label("done")
	end()
}

// tile computes a tile of rows rows, and leaves c at the row below it.
func (p precision) tile(t tile, rows int, a, c GPVirtual) {
	ldc, row := p.stride("ldc"), GP64()
	MOVQ(c, row)
	for range rows {
		for line := 0; line < tileVectors*t.vector-4; line += 64 {
			PREFETCHT0(Mem{Base: row, Disp: line})
		}
		PREFETCHT0(Mem{Base: row, Disp: tileVectors*t.vector - 4})
		ADDQ(ldc, row)
	}
	rs, cs, b, bs, k := p.stride("rs"), p.stride("cs"), pointer("b"), p.stride("bs"), pointer("k")
	from := []GPVirtual{GP64()} // rows 0, 3, 6, 9
	MOVQ(a, from[0])
	for 3*len(from) < rows {
		next, last := GP64(), from[len(from)-1]
		LEAQ(Mem{Base: last, Index: rs, Scale: 2}, next)
		ADDQ(rs, next)
		from = append(from, next)
	}
	sum := make([]VecVirtual, rows*tileVectors)
	for i := range sum {
		sum[i] = t.reg()
		VXORPS(sum[i], sum[i], sum[i])
	}
	x, y := t.reg(), [tileVectors]VecVirtual{t.reg(), t.reg()}
	loop := fmt.Sprint("k", rows)
	Label(loop)
	for v := range y {
		VMOVUPS(Mem{Base: b, Disp: v * t.vector}, y[v])
	}
	for r := range rows {
		m := Mem{Base: from[r/3]}
		if r%3 > 0 {
			m.Index, m.Scale = rs, uint8(r%3)
		}
		p.broadcast(m, x)
		for v := range y {
			p.fma(y[v], x, sum[r*tileVectors+v])
		}
	}
	for _, f := range from {
		ADDQ(cs, f)
	}
	ADDQ(bs, b)
	DECQ(k)
	JNZ(LabelRef(loop))
	ldc = p.stride("ldc") // again, to leave a register to the loop
	p.broadcastParam("alpha", x)
	for _, s := range sum {
		p.mul(x, s, s)
	}
	p.isZero("beta")
	store := fmt.Sprint("store", rows)
	JZ(LabelRef(store))
	p.broadcastParam("beta", x)
	MOVQ(c, row)
	for r := range rows {
		for v := range y {
			p.mul(Mem{Base: row, Disp: v * t.vector}, x, y[v])
			p.add(y[v], sum[r*tileVectors+v], sum[r*tileVectors+v])
		}
		ADDQ(ldc, row)
	}
	Label(store)
	for r := range rows {
		for v := range y {
			VMOVUPS(sum[r*tileVectors+v], Mem{Base: c, Disp: v * t.vector})
		}
		ADDQ(ldc, c)
	}
}

// packRows copies rows of a panel of op(B), 64 or 128 bytes, or op(A), six or twelve numbers.
func packRows(p precision) {
	for _, rows := range []struct {
		name  string
		bytes int
	}{{"Panel", 64}, {"Wide", 128}, {"Six", 6 * p.bytes()}, {"Twelve", 12 * p.bytes()}} {
		begin("pack"+rows.name+p.name, fmt.Sprintf("func(k int, src *%[1]s, ld int, dst *%[1]s)", p.float),
			fmt.Sprintf(" copies k rows of %d numbers, ld apart, to dst, one after the other.", rows.bytes/p.bytes()))
		k, src, ld, dst := pointer("k"), pointer("src"), p.stride("ld"), pointer("dst")
		Label("row")
		for at := 0; at < rows.bytes; {
			y := YMM()
			switch left := rows.bytes - at; {
			case left >= 32:
				VMOVUPS(Mem{Base: src, Disp: at}, y)
				VMOVUPS(y, Mem{Base: dst, Disp: at})
				at += 32
			case left >= 16:
				VMOVUPS(Mem{Base: src, Disp: at}, y.AsX())
				VMOVUPS(y.AsX(), Mem{Base: dst, Disp: at})
				at += 16
			default:
				VMOVSD(Mem{Base: src, Disp: at}, y.AsX())
				VMOVSD(y.AsX(), Mem{Base: dst, Disp: at})
				at += 8
			}
		}
		ADDQ(ld, src)
		ADDQ(Imm(uint64(rows.bytes)), dst)
		DECQ(k)
		JNZ(LabelRef("row"))
		end()
	}
}

// packTransposed turns squares of a vector's width on their diagonal.
func packTransposed(p precision) {
	begin("packTransposed"+p.name, fmt.Sprintf("func(n int, src *%[1]s, ld int, dst *%[1]s, stride int)", p.float),
		fmt.Sprintf(" is dst[j*stride+i] = src[i*ld+j] for i < %d and j < n, a multiple of %[1]d. It writes rows of %[1]d numbers in the order of j, the later over the earlier.", p.width))
	n, src, ld, dst, stride := pointer("n"), pointer("src"), p.stride("ld"), pointer("dst"), p.stride("stride")
	low := []GPVirtual{src} // rows 0, 3, 6
	for len(low)*3 < p.width {
		next := GP64()
		LEAQ(Mem{Base: low[len(low)-1], Index: ld, Scale: 2}, next)
		ADDQ(ld, next)
		low = append(low, next)
	}
	TESTQ(n, n)
	JZ(LabelRef("done"))
	Label("square")
	to := func(row VecVirtual) {
		VMOVUPS(row, Mem{Base: dst})
		ADDQ(stride, dst)
	}
	from := func(i, disp int) Mem {
		m := Mem{Base: low[i/3], Disp: disp}
		if i%3 > 0 {
			m.Index, m.Scale = ld, uint8(i%3)
		}
		return m
	}
	if p.width == 8 {
		transpose8(from, to)
	} else {
		transpose4(from, to)
	}
	for _, l := range low {
		ADDQ(Imm(vector), l)
	}
	SUBQ(Imm(uint64(p.width)), n)
	JNZ(LabelRef("square"))
	Label("done")
	end()
}

// halves loads 16 bytes of row i and 16 bytes of row j, both disp bytes on.
func halves(from func(i, disp int) Mem, i, j, disp int) VecVirtual {
	y := YMM()
	VMOVUPS(from(i, disp), y.AsX())
	VINSERTF128(Imm(1), from(j, disp), y, y)
	return y
}

func transpose8(from func(i, disp int) Mem, to func(VecVirtual)) {
	for half := range 2 {
		var x [4]VecVirtual
		for i := range x {
			x[i] = halves(from, i, i+4, 16*half)
		}
		for _, unpack := range []func(...Op){VUNPCKLPS, VUNPCKHPS} {
			y, z := YMM(), YMM()
			unpack(x[1], x[0], y)
			unpack(x[3], x[2], z)
			low, high := YMM(), YMM()
			VSHUFPS(Imm(0x44), z, y, low)
			VSHUFPS(Imm(0xee), z, y, high)
			to(low)
			to(high)
		}
	}
}

func transpose4(from func(i, disp int) Mem, to func(VecVirtual)) {
	for half := range 2 {
		x, y := halves(from, 0, 2, 16*half), halves(from, 1, 3, 16*half)
		low, high := YMM(), YMM()
		VUNPCKLPD(y, x, low)
		VUNPCKHPD(y, x, high)
		to(low)
		to(high)
	}
}
