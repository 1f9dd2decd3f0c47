// Command dense writes the AVX2 and AVX-512 kernels of package kernel for dense products
// and elementary functions, in float32 and float64.
//
// They fuse multiplications with additions, as their plain Go twins do not, so
// the two agree up to rounding only.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const vector = 32 // bytes

func main() {
	for _, p := range []precision{single, double} {
		for _, t := range tiles {
			gemmPanel(p, t)
		}
		gemvRows(p)
		gemvDots(p)
		packTransposed(p)
		packRows(p)
	}
	elementwise("exp", "y = eˣ", expOf)
	elementwise("log", "y = ln x", logOf)
	elementwise("tanh", "y = tanh x", tanhOf)
	elementwise("sigmoid", "y = 1/(1+e⁻ˣ)", sigmoidOf)
	expSum()
	pointwise()
	maxOfSquares()
	shortRows()
	Generate()
}

// precision is what differs between float32 and float64.
type precision struct {
	name, float string
	shift       uint64 // log2 of the bytes of a number
	width       int    // numbers in a vector

	broadcast, fma, mul, add func(...Op)
	masked                   func(m, mask, y Op) // loads where the mask is set
}

var (
	single = precision{"F32", "float32", 2, 8, VBROADCASTSS, VFMADD231PS, VMULPS, VADDPS, VMASKMOVPS}
	double = precision{"F64", "float64", 3, 4, VBROADCASTSD, VFMADD231PD, VMULPD, VADDPD, VMASKMOVPD}
)

func (p precision) bytes() int { return 1 << p.shift }

func begin(name, signature, doc string) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + doc)
}

func end() {
	VZEROUPPER()
	RET()
}

func pointer(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

// stride loads a number of elements as one of bytes.
func (p precision) stride(name string) GPVirtual {
	s := pointer(name)
	SHLQ(Imm(p.shift), s)
	return s
}

func (p precision) broadcastParam(name string, y VecVirtual) {
	m, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	p.broadcast(m.Addr, y)
}

func zeros(n int) []VecVirtual {
	v := make([]VecVirtual, n)
	for i := range v {
		v[i] = YMM()
		VXORPS(v[i], v[i], v[i])
	}
	return v
}

// isZero sets the flag Z if the number is 0 or -0.
func (p precision) isZero(name string) {
	m, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	if x := GP64(); p.bytes() == 4 {
		MOVL(m.Addr, x.As32())
		ADDL(x.As32(), x.As32())
	} else {
		MOVQ(m.Addr, x)
		ADDQ(x, x)
	}
}
