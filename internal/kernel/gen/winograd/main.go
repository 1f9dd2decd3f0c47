// Command winograd writes the AVX2 kernels of package kernel for the transforms of
// Winograd's convolution, of float32.
//
// They neither fuse a multiplication with an addition nor add in another order, so they
// give the bits of their plain Go twins.
package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const vector = 32 // bytes

func main() {
	for _, m := range []matrix{input, adjointOfOutput, weights, adjointOfWeights} {
		rows(m)
	}
	outputRows()
	tileInputs()
	tileOutputs()
	tileOutputsAdjoint()
	Generate()
}

func begin(name, signature, doc string) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + " is " + doc)
}

func end() {
	VZEROUPPER()
	RET()
}

func pointer(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

// stride loads a number of elements as one of bytes.
func stride(name string) GPVirtual {
	s := pointer(name)
	SHLQ(Imm(2), s)
	return s
}

var constants = map[uint32]Mem{}

// constant is a vector of a number, in memory.
func constant(x float64) Mem {
	bits := math.Float32bits(float32(x))
	m, ok := constants[bits]
	if !ok {
		m = GLOBL(fmt.Sprintf("w%08x", bits), RODATA|NOPTR)
		for l := range vector / 4 {
			DATA(4*l, U32(bits))
		}
		constants[bits] = m
	}
	return m
}

// rowsOf are up to six rows, a stride apart.
type rowsOf struct {
	stride GPVirtual
	base   []GPVirtual // rows 0 and 3
}

func newRows(base, stride GPVirtual, n int) rowsOf {
	r := rowsOf{stride, []GPVirtual{base}}
	if n > 3 {
		r.base = append(r.base, GP64())
		r.setThird()
	}
	return r
}

func (r rowsOf) setThird() {
	LEAQ(Mem{Base: r.base[0], Index: r.stride, Scale: 2}, r.base[1])
	ADDQ(r.stride, r.base[1])
}

func (r rowsOf) at(i int) Mem {
	m := Mem{Base: r.base[i/3]}
	if i%3 > 0 {
		m.Index, m.Scale = r.stride, uint8(i%3)
	}
	return m
}

// step moves on within the rows.
func (r rowsOf) step(bytes int) {
	for _, b := range r.base {
		ADDQ(Imm(uint64(bytes)), b)
	}
}

// skip moves on by six rows.
func (r rowsOf) skip() {
	LEAQ(Mem{Base: r.base[1], Index: r.stride, Scale: 2}, r.base[0])
	ADDQ(r.stride, r.base[0])
	r.setThird()
}

func (r rowsOf) load(n int) []VecVirtual {
	v := make([]VecVirtual, n)
	for i := range v {
		v[i] = YMM()
		VMOVUPS(r.at(i), v[i])
	}
	return v
}

func (r rowsOf) store(v []VecVirtual) {
	for i := range v {
		VMOVUPS(v[i], r.at(i))
	}
}

// rows is WinogradRows for one matrix.
func rows(m matrix) {
	begin("winograd"+m.name+"F32", "func(n int, to *float32, ts int, from *float32, fs int)",
		"WinogradRows for the matrix of this name and n, a multiple of 8 and not 0.")
	n := pointer("n")
	to, from := newRows(pointer("to"), stride("ts"), m.rows), newRows(pointer("from"), stride("fs"), m.columns)
	Label("eight")
	to.store(m.multiply(from.load(m.columns)))
	to.step(vector)
	from.step(vector)
	SUBQ(Imm(8), n)
	JNZ(LabelRef("eight"))
	end()
}

// outputRows is WinogradOutputRows.
func outputRows() {
	begin("winogradOutputRowsF32", "func(n int, to *float32, ts int, from *float32, fs int, bias float32, add int)",
		"WinogradOutputRows for n, a multiple of 8 and not 0.")
	n, add := pointer("n"), pointer("add")
	to, from := newRows(pointer("to"), stride("ts"), output.rows), newRows(pointer("from"), stride("fs"), output.columns)
	bias := YMM()
	m, err := Param("bias").Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(m.Addr, bias)
	Label("eight")
	y := output.multiply(from.load(output.columns))
	for _, v := range y {
		VADDPS(bias, v, v)
	}
	TESTQ(add, add)
	JZ(LabelRef("store"))
	for i, v := range y {
		VADDPS(to.at(i), v, v)
	}
	Label("store")
	to.store(y)
	to.step(vector)
	from.step(vector)
	SUBQ(Imm(8), n)
	JNZ(LabelRef("eight"))
	end()
}
