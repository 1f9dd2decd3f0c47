package kernel

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/snnctl/snnctl/internal/tensor"
)

//go:generate sh -c "cd gen/fourier && go run . -out ../../fourier_amd64.s -stubs ../../fourier_amd64.go -pkg kernel"

// Complex are complex numbers in rows of Lanes, real and imaginary parts apart.
type Complex[F tensor.Float] struct{ Re, Im []F }

// NewComplex are so many rows of zeros.
func NewComplex[F tensor.Float](rows int) Complex[F] {
	return Complex[F]{make([]F, rows*Lanes), make([]F, rows*Lanes)}
}

// Exchanged is x with the parts exchanged, in the same memory: the transform of it, exchanged again, is
// Σ_j x[j] e^(+2πi jk/n).
func (x Complex[F]) Exchanged() Complex[F] { return Complex[F]{x.Im, x.Re} }

// Fourier is the discrete Fourier transform of Lanes signals of n numbers side by side,
//
//	y[k] = Σ_j x[j] e^(-2πi jk/n)
//
// by the method of Stockham in passes of four (and a last one of two). It fuses nothing: all
// twins give the same bits. It may be shared among goroutines.
type Fourier[F tensor.Float] struct {
	n     int
	turns [][]F // of each pass of four: e^(-2πi p/n), its square and its cube, for p < n/4, of the n that is left
}

// NewFourier returns the transform for n, a power of two.
func NewFourier[F tensor.Float](n int) *Fourier[F] {
	if n < 1 || bits.OnesCount(uint(n)) != 1 {
		panic(fmt.Sprintf("kernel: Fourier transform of %d numbers, expected a power of two", n))
	}
	f := &Fourier[F]{n: n}
	for left := n; left >= 4; left /= 4 {
		var turns []F
		for p := range left / 4 {
			for k := 1; k <= 3; k++ {
				sin, cos := math.Sincos(-2 * math.Pi * float64(k*p) / float64(left))
				turns = append(turns, F(cos), F(sin))
			}
		}
		f.turns = append(f.turns, turns)
	}
	return f
}

// Transform transforms x, n rows, and returns the result, which is in the memory of x or of spare, and the other of the two.
// Both are written to.
func (f *Fourier[F]) Transform(x, spare Complex[F]) (y, other Complex[F]) {
	size := f.n * Lanes
	x, spare = Complex[F]{x.Re[:size], x.Im[:size]}, Complex[F]{spare.Re[:size], spare.Im[:size]}
	s := 1
	for _, turns := range f.turns {
		pass4(x, spare, s, turns)
		x, spare = spare, x
		s *= 4
	}
	if s < f.n {
		pass2(x.Re, spare.Re)
		pass2(x.Im, spare.Im)
		x, spare = spare, x
	}
	return x, spare
}

// pass4 combines four by four what lies a quarter of x apart: rows p·s … p·s + s - 1 have the turns p.
func pass4[F tensor.Float](x, y Complex[F], s int, turns []F) {
	if pass4Fast(x, y, s, turns) {
		return
	}
	quarter, row := len(x.Re)/4, s*Lanes
	for p := range len(turns) / 6 {
		w := turns[6*p : 6*p+6]
		for q := range row {
			i, to := p*row+q, 4*p*row+q
			ar, ai := x.Re[i], x.Im[i]
			br, bi := x.Re[i+quarter], x.Im[i+quarter]
			cr, ci := x.Re[i+2*quarter], x.Im[i+2*quarter]
			dr, di := x.Re[i+3*quarter], x.Im[i+3*quarter]
			sr, si, tr, ti := ar+cr, ai+ci, br+dr, bi+di
			er, ei, fr, fi := ar-cr, ai-ci, br-dr, bi-di
			y.Re[to], y.Im[to] = sr+tr, si+ti
			y.Re[to+row], y.Im[to+row] = complexProduct(er+fi, ei-fr, w[0], w[1])
			y.Re[to+2*row], y.Im[to+2*row] = complexProduct(sr-tr, si-ti, w[2], w[3])
			y.Re[to+3*row], y.Im[to+3*row] = complexProduct(er-fi, ei+fr, w[4], w[5])
		}
	}
}

func complexProduct[F tensor.Float](ar, ai, br, bi F) (re, im F) {
	return F(ar*br) - F(ai*bi), F(ar*bi) + F(ai*br)
}

// pass2 writes the sums and the differences of the halves of x.
func pass2[F tensor.Float](x, y []F) {
	if pass2Fast(x, y) {
		return
	}
	half := len(x) / 2
	for i := range half {
		a, b := x[i], x[i+half]
		y[i], y[i+half] = a+b, a-b
	}
}
