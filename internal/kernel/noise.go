package kernel

import (
	"math"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// NoiseBlock is the number of neurons that the draws of MembraneNoise come in.
const NoiseBlock = 2 * Lanes

// MembraneNoise draws, for each neuron of a step, a number of the standard normal
// distribution and one that is uniform in [0,1). Philox block 16 g + l, counted in the
// first counter word, has the four words w of neurons 32 g + l and 32 g + 16 + l:
//
//	ρ = √(-2 ln((w0>>8 + 1) 2⁻²⁴)),  φ = 2π w1 2⁻³² (24 bits of w1)
//	normal = ρ cos φ and ρ sin φ,  uniform = (w2>>8) 2⁻²⁴ and (w3>>8) 2⁻²⁴
//
// (Box and Muller 1958). The other three counter words name the step. The last block is
// drawn as far as there are neurons. In float32 the normal numbers are within 1e-6 of
// the formula, and have the same bits on every processor.
func MembraneNoise[F tensor.Float](normal, uniform []F, key [2]uint32, counter [3]uint32) {
	uniform = uniform[:len(normal)]
	if membraneNoiseFast(normal, uniform, key, counter) {
		return
	}
	for first := 0; first < len(normal); first += NoiseBlock {
		drawBlock(normal, uniform, first, key, counter)
	}
}

// drawBlock draws for the neurons of one block, from first on.
func drawBlock[F tensor.Float](normal, uniform []F, first int, key [2]uint32, counter [3]uint32) {
	for l := range min(Lanes, len(normal)-first) {
		w := rng.Philox4x32([4]uint32{uint32(first/2 + l), counter[0], counter[1], counter[2]}, key)
		a, b := normals[F](w[0], w[1])
		i, j := first+l, first+l+Lanes
		normal[i], uniform[i] = a, uniform24[F](w[2])
		if j < len(normal) {
			normal[j], uniform[j] = b, uniform24[F](w[3])
		}
	}
}

const unit24 = 1.0 / (1 << 24)

func uniform24[F tensor.Float](w uint32) F { return F(w>>8) * unit24 }

// normals turns two words into two normal numbers.
func normals[F tensor.Float](w0, w1 uint32) (a, b F) {
	var zero F
	if _, ok := any(zero).(float32); ok {
		x, y := normals32(w0, w1)
		return F(x), F(y)
	}
	rho := math.Sqrt(-2 * math.Log(float64(w0>>8+1)*unit24))
	quadrant, y := w1>>30, (float64(w1>>8&(1<<22-1))*(1.0/(1<<22))-0.5)*(math.Pi/2)
	sin, cos := math.Sincos(y)
	a, b = F(rho*cos), F(rho*sin)
	if quadrant&1 != 0 {
		a, b = -b, a
	}
	if quadrant&2 != 0 {
		a, b = -a, -b
	}
	return a, b
}

// normals32 is normals in single precision, each operation rounded. φ is measured from
// the middle of its quadrant, so that sine and cosine are wanted in [-π/4, π/4] only.
func normals32(w0, w1 uint32) (a, b float32) {
	rho := float32(math.Sqrt(float64(minusTwiceLog(w0>>8 + 1))))
	f := float32(float32(w1>>8&(1<<22-1)) * float32(1.0/(1<<22)))
	y := float32(float32(f-0.5) * float32(math.Pi/2))
	y2 := float32(y * y)
	sin := polynomial32(y2, sineCoefficients[:])
	sin = float32(float32(float32(sin*y2)*y) + y)
	cos := polynomial32(y2, cosineCoefficients[:])
	cos = float32(float32(float32(cos*y2)*y2) + float32(1-float32(0.5*y2)))
	a, b = float32(rho*cos), float32(rho*sin)
	if w1>>30&1 != 0 {
		a, b = -b, a
	}
	if w1>>31 != 0 {
		a, b = -a, -b
	}
	return a, b
}

// Coefficients of the Cephes library for single precision, from the highest power down.
var (
	sineCoefficients   = [...]float32{-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1}
	cosineCoefficients = [...]float32{2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2}
	logCoefficients    = [...]float32{7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
		-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1}
)

const (
	logHalfLow  = -2.12194440e-4 // of ln 2, in two parts
	logHalfHigh = 0.693359375
)

// minusTwiceLog is -2 ln(n/2²⁴) for n in [1, 2²⁴].
func minusTwiceLog(n uint32) float32 {
	bits := math.Float32bits(float32(n)) // exact
	// n/2²⁴ = m 2ᵉ with m in [√½, √2)
	const rootHalf = 0x3f3504f3
	bits -= rootHalf
	e := float32(int32(bits)>>23 - 24)
	m := math.Float32frombits(bits&(1<<23-1) + rootHalf)
	x := float32(m - 1)
	z := float32(x * x)
	y := polynomial32(x, logCoefficients[:])
	y = float32(float32(y*x) * z)
	y = float32(y + float32(e*float32(logHalfLow)))
	y = float32(y - float32(0.5*z))
	ln := float32(float32(x+y) + float32(e*float32(logHalfHigh)))
	return float32(-2 * ln)
}

// polynomial32 is Horner's scheme, each operation rounded.
func polynomial32(x float32, coefficients []float32) float32 {
	y := coefficients[0]
	for _, c := range coefficients[1:] {
		y = float32(float32(y*x) + c)
	}
	return y
}
