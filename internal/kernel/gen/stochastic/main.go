// Command stochastic writes the AVX2 and AVX-512 kernels of package kernel for stochastic
// neurons: their noise, a step forward and a step back.
//
// None of them fuses a multiplication with an addition or adds in another order, so each
// gives the bits of its plain Go twin.
package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	for _, w := range []width{{}, {wide: true}} {
		noise(w)
		charge(w)
		fire(w)
		back(w)
	}
	Generate()
}

// width is a kind of vectors: 8 or 16 numbers.
type width struct{ wide bool }

func (w width) name() string {
	if w.wide {
		return "AVX512"
	}
	return "AVX2"
}

func (w width) bytes() int {
	if w.wide {
		return 64
	}
	return 32
}

func (w width) reg() VecVirtual {
	if w.wide {
		return ZMM()
	}
	return YMM()
}

func (w width) begin(name, signature, doc string) {
	TEXT(name+w.name(), NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + w.name() + doc)
}

func pointer(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

func (w width) broadcast(name string) VecVirtual {
	m, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	x := w.reg()
	VBROADCASTSS(m.Addr, x)
	return x
}

// constants are numbers that vectors are made of, each once.
var constants = map[uint32]Mem{}

func (w width) word(bits uint32) VecVirtual {
	m, ok := constants[bits]
	if !ok {
		m = GLOBL("word"+hex(bits), RODATA|NOPTR)
		DATA(0, U32(bits))
		constants[bits] = m
	}
	x := w.reg()
	VBROADCASTSS(m, x)
	return x
}

func hex(x uint32) string {
	const digits = "0123456789abcdef"
	s := ""
	for i := 28; i >= 0; i -= 4 {
		s += string(digits[x>>i&15])
	}
	return s
}

func (w width) number(x float64) VecVirtual { return w.word(math.Float32bits(float32(x))) }

func (w width) load(m Mem) VecVirtual {
	x := w.reg()
	VMOVUPS(m, x)
	return x
}

func (w width) xor(a Op, b, to VecVirtual) {
	if w.wide {
		VPXORD(a, b, to)
	} else {
		VPXOR(a, b, to)
	}
}

func (w width) and(a Op, b, to VecVirtual) {
	if w.wide {
		VPANDD(a, b, to)
	} else {
		VPAND(a, b, to)
	}
}

// product is the low and the high half of m·c.
func (w width) product(m, c VecVirtual, evens Register) (low, high VecVirtual) {
	low, high = w.reg(), w.reg()
	even, odd := w.reg(), w.reg()
	VPMULLD(c, m, low)
	VPMULUDQ(c, m, even)
	VPSRLQ(Imm(32), c, odd)
	VPMULUDQ(odd, m, odd)
	if w.wide {
		VPSHUFD(Imm(0xf5), even, evens, odd)
		return low, odd
	}
	VPSHUFD(Imm(0xf5), even, even)
	VPBLENDD(Imm(0xaa), odd, even, high)
	return low, high
}

// noise draws for half or a whole block of neurons at a time: the numbers of 8 or 16,
// and of as many 16 further on.
func noise(w width) {
	w.begin("membraneNoise", "func(blocks int, keys *uint32, counter *uint32, normal, uniform *float32)",
		" is MembraneNoise for whole blocks, with the keys of the ten rounds.")
	blocks, keys, counter := pointer("blocks"), pointer("keys"), pointer("counter")
	normal, uniform := pointer("normal"), pointer("uniform")
	iota := GLOBL("iota"+w.name(), RODATA|NOPTR)
	for l := range w.bytes() / 4 {
		DATA(4*l, U32(uint32(l)))
	}
	index := w.reg()
	VMOVUPS(iota, index)
	step := w.word(uint32(w.bytes() / 4))
	m0, m1 := w.word(0xD2511F53), w.word(0xCD9E8D57)
	var evens Register
	if w.wide {
		t := GP32()
		MOVL(U32(0x5555), t)
		evens = K()
		KMOVW(t, evens)
	}
	Label("block")
	for half := 0; half < 64/w.bytes(); half++ {
		var c [4]VecVirtual
		c[0] = w.reg()
		VMOVAPS(index, c[0])
		for i := 1; i < 4; i++ {
			c[i] = w.reg()
			VBROADCASTSS(Mem{Base: counter, Disp: 4 * (i - 1)}, c[i])
		}
		for round := range 10 {
			low0, high0 := w.product(m0, c[0], evens)
			low1, high1 := w.product(m1, c[2], evens)
			k0, k1 := w.reg(), w.reg()
			VBROADCASTSS(Mem{Base: keys, Disp: 8 * round}, k0)
			VBROADCASTSS(Mem{Base: keys, Disp: 8*round + 4}, k1)
			w.xor(c[1], high1, high1)
			w.xor(k0, high1, high1)
			w.xor(c[3], high0, high0)
			w.xor(k1, high0, high0)
			c = [4]VecVirtual{high1, low1, high0, low0}
		}
		if w.wide {
			VPADDD(step, index, index)
		} else {
			VPADDD(step, index, index)
		}
		at := half * w.bytes()
		rho := w.radius(c[0])
		w.angle(rho, c[1], normal, at)
		for i, far := range []int{0, 64} {
			u := c[2+i]
			VPSRLD(Imm(8), u, u)
			VCVTDQ2PS(u, u)
			VMULPS(w.number(1.0/(1<<24)), u, u)
			VMOVUPS(u, Mem{Base: uniform, Disp: at + far})
		}
	}
	ADDQ(Imm(128), normal)
	ADDQ(Imm(128), uniform)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// horner is polynomial32.
func (w width) horner(x VecVirtual, coefficients ...float64) VecVirtual {
	y := w.number(coefficients[0])
	for _, c := range coefficients[1:] {
		VMULPS(x, y, y)
		VADDPS(w.number(c), y, y)
	}
	return y
}

// radius is √(-2 ln((w0>>8 + 1)/2²⁴)).
func (w width) radius(word VecVirtual) VecVirtual {
	const rootHalf = 0x3f3504f3
	n := w.reg()
	VPSRLD(Imm(8), word, n)
	VPADDD(w.word(1), n, n)
	VCVTDQ2PS(n, n)
	VPSUBD(w.word(rootHalf), n, n)
	e := w.reg()
	VPSRAD(Imm(23), n, e)
	VPSUBD(w.word(24), e, e)
	VCVTDQ2PS(e, e)
	w.and(w.word(1<<23-1), n, n)
	VPADDD(w.word(rootHalf), n, n)
	x, z := n, w.reg()
	VSUBPS(w.number(1), x, x)
	VMULPS(x, x, z)
	y := w.horner(x, 7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
		-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1)
	VMULPS(x, y, y)
	VMULPS(z, y, y)
	t := w.number(-2.12194440e-4)
	VMULPS(e, t, t)
	VADDPS(t, y, y)
	t = w.number(0.5)
	VMULPS(z, t, t)
	VSUBPS(t, y, y)
	VADDPS(y, x, x)
	t = w.number(0.693359375)
	VMULPS(e, t, t)
	VADDPS(t, x, x)
	VMULPS(w.number(-2), x, x)
	VSQRTPS(x, x)
	return x
}

// angle writes ρ cos φ and ρ sin φ.
func (w width) angle(rho, word VecVirtual, to GPVirtual, at int) {
	y, y2 := w.reg(), w.reg()
	VPSRLD(Imm(8), word, y)
	w.and(w.word(1<<22-1), y, y)
	VCVTDQ2PS(y, y)
	VMULPS(w.number(1.0/(1<<22)), y, y)
	VSUBPS(w.number(0.5), y, y)
	VMULPS(w.number(math.Pi/2), y, y)
	VMULPS(y, y, y2)
	sin := w.horner(y2, -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
	VMULPS(y2, sin, sin)
	VMULPS(y, sin, sin)
	VADDPS(y, sin, sin)
	cos := w.horner(y2, 2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
	VMULPS(y2, cos, cos)
	VMULPS(y2, cos, cos)
	half := w.number(0.5)
	VMULPS(y2, half, half)
	one := w.number(1)
	VSUBPS(half, one, one)
	VADDPS(one, cos, cos)
	VMULPS(rho, cos, cos)
	VMULPS(rho, sin, sin)
	swap, sign := w.reg(), w.word(1<<31)
	VPSLLD(Imm(1), word, swap) // bit 30
	a, b := w.reg(), w.reg()
	if w.wide {
		k := K()
		VPMOVD2M(swap, k)
		VBLENDMPS(sin, cos, k, a)
		VBLENDMPS(cos, sin, k, b)
	} else {
		VBLENDVPS(swap, sin, cos, a)
		VBLENDVPS(swap, cos, sin, b)
	}
	w.xor(word, swap, swap)
	w.and(sign, swap, swap)
	w.xor(swap, a, a)
	w.and(sign, word, word)
	w.xor(word, b, b)
	VMOVUPS(a, Mem{Base: to, Disp: at})
	VMOVUPS(b, Mem{Base: to, Disp: at + 64})
}

// loop runs body for the byte offsets 0, width, … of n numbers.
func (w width) loop(n GPVirtual, body func(at func(base GPVirtual) Mem, i GPVirtual)) {
	i := GP64()
	XORQ(i, i)
	SHLQ(Imm(2), n)
	Label("loop")
	body(func(base GPVirtual) Mem { return Mem{Base: base, Index: i, Scale: 1} }, i)
	ADDQ(Imm(uint64(w.bytes())), i)
	CMPQ(i, n)
	JLT(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func charge(w width) {
	w.begin("charge", "func(n int, theta, steep float32, v, decay, current, bias, scale, normal, logit *float32)", " is Charge for n neurons.")
	n, theta, steep := pointer("n"), w.broadcast("theta"), w.broadcast("steep")
	v, decay, current, bias := pointer("v"), pointer("decay"), pointer("current"), pointer("bias")
	scale, normal, logit := pointer("scale"), pointer("normal"), pointer("logit")
	w.loop(n, func(at func(GPVirtual) Mem, _ GPVirtual) {
		x := w.load(at(v))
		VMULPS(at(decay), x, x)
		VADDPS(at(current), x, x)
		VADDPS(at(bias), x, x)
		e := w.load(at(scale))
		VMULPS(at(normal), e, e)
		VADDPS(e, x, x)
		VMOVUPS(x, at(v))
		VSUBPS(theta, x, x)
		VMULPS(steep, x, x)
		VMOVUPS(x, at(logit))
	})
}

func fire(w width) {
	w.begin("fire", "func(n int, most, slope float32, refractory int32, p, uniform, v, drop *float32, counter *int32, surrogate *float32, spikes *uint16)",
		" is Fire for n neurons; surrogate may be nil.")
	n, most, slope := pointer("n"), w.broadcast("most"), w.broadcast("slope")
	refractory := w.broadcast("refractory")
	p, uniform, v, drop := pointer("p"), pointer("uniform"), pointer("v"), pointer("drop")
	counter, surrogate, spikes := pointer("counter"), pointer("surrogate"), pointer("spikes")
	one := w.number(1)
	ones, zero := w.word(1), w.reg()
	w.xor(zero, zero, zero)
	const less = 17 // VCMPPS predicate LT_OQ
	w.loop(n, func(at func(GPVirtual) Mem, i GPVirtual) {
		x, threshold := w.load(at(p)), w.reg()
		VMULPS(most, x, threshold)
		count := w.reg()
		VMOVUPS(at(counter), count)
		u := w.load(at(uniform))
		to := GP64()
		MOVQ(i, to)
		var store func(s VecVirtual)
		if w.wide {
			free, fired := K(), K()
			VPCMPEQD(zero, count, free)
			VCMPPS(Imm(less), threshold, u, free, fired)
			SHRQ(Imm(5), to)
			KMOVW(fired, Mem{Base: spikes, Index: to, Scale: 1})
			VPSUBD(ones, count, count)
			VPMAXSD(zero, count, count)
			VMOVDQA32(refractory, fired, count)
			y := w.load(at(v))
			VSUBPS(at(drop), y, fired, y)
			VMOVUPS(y, at(v))
			store = func(s VecVirtual) { VMOVUPS_Z(s, free, s) }
		} else {
			free, fired := w.reg(), w.reg()
			VPCMPEQD(zero, count, free)
			VCMPPS(Imm(less), threshold, u, fired)
			VPAND(free, fired, fired)
			bits := GP32()
			VMOVMSKPS(fired, bits)
			SHRQ(Imm(5), to)
			MOVB(bits.As8(), Mem{Base: spikes, Index: to, Scale: 1})
			VPSUBD(ones, count, count)
			VPMAXSD(zero, count, count)
			VBLENDVPS(fired, refractory, count, count)
			d := w.load(at(drop))
			y, less := w.load(at(v)), w.reg()
			VSUBPS(d, y, less)
			VBLENDVPS(fired, less, y, y)
			VMOVUPS(y, at(v))
			store = func(s VecVirtual) { VPAND(free, s, s) }
		}
		VMOVUPS(count, at(counter))
		TESTQ(surrogate, surrogate)
		JZ(LabelRef("next"))
		s, rest := w.reg(), w.reg()
		VMULPS(slope, x, s)
		VSUBPS(x, one, rest)
		VMULPS(rest, s, s)
		store(s)
		VMOVUPS(s, at(surrogate))
		Label("next")
	})
}

func back(w width) {
	w.begin("discharge", "func(n int, to, back, spike, direct, surrogate, drop, decay, normal, sum, noise *float32)", " is Discharge for n neurons; direct may be nil.")
	n, g, backward, spike, direct := pointer("n"), pointer("to"), pointer("back"), pointer("spike"), pointer("direct")
	surrogate, drop, decay := pointer("surrogate"), pointer("drop"), pointer("decay")
	normal, sum, noise := pointer("normal"), pointer("sum"), pointer("noise")
	w.loop(n, func(at func(GPVirtual) Mem, _ GPVirtual) {
		b := w.load(at(backward))
		reset, x := w.load(at(drop)), w.load(at(spike))
		VMULPS(b, reset, reset)
		VSUBPS(reset, x, x)
		VMULPS(at(surrogate), x, x)
		VADDPS(b, x, x)
		TESTQ(direct, direct)
		JZ(LabelRef("store"))
		VADDPS(at(direct), x, x)
		Label("store")
		VMOVUPS(x, at(g))
		d := w.load(at(decay))
		VMULPS(x, d, d)
		VMOVUPS(d, at(backward))
		total := w.load(at(sum))
		VADDPS(x, total, total)
		VMOVUPS(total, at(sum))
		e := w.load(at(normal))
		VMULPS(x, e, e)
		VADDPS(at(noise), e, e)
		VMOVUPS(e, at(noise))
	})
}
