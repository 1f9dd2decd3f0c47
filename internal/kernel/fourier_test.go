package kernel

import (
	"math"
	"math/cmplx"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

func randomComplex(n int, seed uint64) Complex[float64] {
	r := rng.Stream(seed, "complex", uint64(n), 0)
	x := NewComplex[float64](n)
	for i := range x.Re {
		x.Re[i], x.Im[i] = r.NormFloat64(), r.NormFloat64()
	}
	return x
}

func (x Complex[F]) clone() Complex[F] { return Complex[F]{slices.Clone(x.Re), slices.Clone(x.Im)} }

func (x Complex[F]) single() Complex[float32] {
	return Complex[float32]{narrowed(x.Re), narrowed(x.Im)}
}

func narrowed[F float32 | float64](x []F) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

// By the definition, and back: exchanged parts give n times what there was.
func TestFourierIsItsDefinition(t *testing.T) {
	for _, n := range []int{1, 2, 4, 8, 16, 32, 128, 256} {
		f := NewFourier[float64](n)
		x := randomComplex(n, 1)
		y, spare := f.Transform(x.clone(), NewComplex[float64](n))
		for _, lane := range []int{0, Lanes - 1} {
			for k := range n {
				var want complex128
				for j := range n {
					want += complex(x.Re[j*Lanes+lane], x.Im[j*Lanes+lane]) * cmplx.Rect(1, -2*math.Pi*float64(j*k%n)/float64(n))
				}
				if got := complex(y.Re[k*Lanes+lane], y.Im[k*Lanes+lane]); cmplx.Abs(got-want) > 1e-12*float64(n) {
					t.Fatalf("n = %d, lane %d: y[%d] is %v, want %v", n, lane, k, got, want)
				}
			}
		}
		back, _ := f.Transform(y.Exchanged(), spare)
		back = back.Exchanged()
		for i := range x.Re {
			if math.Abs(back.Re[i]/float64(n)-x.Re[i]) > 1e-13*float64(n) || math.Abs(back.Im[i]/float64(n)-x.Im[i]) > 1e-13*float64(n) {
				t.Fatalf("n = %d: back and forth gives %v, want %v", n, back.Re[i]/float64(n), x.Re[i])
			}
		}
	}
}

// The spectra of two real signals, out of one transform, are those of each alone.
func TestPairSpectraTakesTwoSignalsApart(t *testing.T) {
	for _, n := range []int{2, 4, 8, 64} {
		f := NewFourier[float64](n)
		pair := randomComplex(n, 2)
		alone := func(signal []float64) Complex[float64] {
			y, _ := f.Transform(Complex[float64]{slices.Clone(signal), make([]float64, n*Lanes)}, NewComplex[float64](n))
			return y
		}
		a, b := alone(pair.Re), alone(pair.Im)
		z, _ := f.Transform(pair, NewComplex[float64](n))
		size := (n/2 + 1) * Lanes
		x, y, spectrum := make([]float64, size), make([]float64, size), NewComplex[float64](n/2+1)
		PairSpectra(z, 2, .25, x, y, spectrum)
		magnitude := func(c Complex[float64], i int) float64 {
			return 2 * math.Sqrt(c.Re[i]*c.Re[i]+c.Im[i]*c.Im[i]+.25)
		}
		for i := range size {
			for _, d := range []float64{x[i] - magnitude(a, i), y[i] - magnitude(b, i), spectrum.Re[i] - b.Re[i], spectrum.Im[i] - b.Im[i]} {
				if math.Abs(d) > 1e-12*float64(n) {
					t.Fatalf("n = %d: number %d is off by %v", n, i, d)
				}
			}
		}
	}
}

// The adjoint of the real part of the transform, of two signals at once, by the definition.
func TestJoinSpectraIsTheAdjoint(t *testing.T) {
	for _, n := range []int{2, 4, 8, 32} {
		a, b, z := randomComplex(n/2+1, 7), randomComplex(n/2+1, 8), NewComplex[float64](n)
		JoinSpectra(a, b, z)
		y, _ := NewFourier[float64](n).Transform(z.Exchanged(), NewComplex[float64](n))
		y = y.Exchanged()
		for j := range n {
			for lane := range Lanes {
				var wantA, wantB float64
				for k := range n/2 + 1 {
					turn := cmplx.Rect(1, 2*math.Pi*float64(j*k)/float64(n))
					at := k*Lanes + lane
					wantA += real(complex(a.Re[at], a.Im[at]) * turn)
					wantB += real(complex(b.Re[at], b.Im[at]) * turn)
				}
				at := j*Lanes + lane
				if math.Abs(y.Re[at]-wantA) > 1e-12*float64(n) || math.Abs(y.Im[at]-wantB) > 1e-12*float64(n) {
					t.Fatalf("n = %d: %v, %v, want %v, %v", n, y.Re[at], y.Im[at], wantA, wantB)
				}
			}
		}
	}
}

func TestFourierTwinsAgree(t *testing.T) {
	for _, n := range []int{1, 2, 4, 8, 32, 64, 1024} {
		f := NewFourier[float32](n)
		z := randomComplex(n, 3).single()
		z.Re[0] = float32(math.Inf(1))
		twins(t, "Fourier", func() [][]float32 {
			y, _ := f.Transform(z.clone(), NewComplex[float32](n))
			return [][]float32{y.Re, y.Im}
		}, noWords)
		twins(t, "JoinSpectra", func() [][]float32 {
			j := NewComplex[float32](n)
			JoinSpectra(z, z.Exchanged(), j)
			return [][]float32{j.Re, j.Im}
		}, noWords)
		twins(t, "SpectralDistance", func() [][]float32 {
			x, y, lx, ly := slices.Clone(z.Re), slices.Clone(z.Im), narrowed(randomComplex(n, 4).Re), narrowed(randomComplex(n, 5).Re)
			x[1], lx[1] = y[1], ly[1]
			s := randomComplex(n, 6).single()
			var apart, ratio [Lanes]float32
			SpectralDistance(x, y, lx, ly, .3, .7, 1e-3, .2, s, &apart, &ratio)
			return [][]float32{s.Re, s.Im, apart[:], ratio[:]}
		}, noWords)
		twins(t, "PairSpectra", func() [][]float32 {
			size := (n/2 + 1) * Lanes
			x, y, s := make([]float32, size), make([]float32, size), NewComplex[float32](n/2+1)
			PairSpectra(z, .3, 1e-12, x, y, s)
			return [][]float32{x, y, s.Re, s.Im}
		}, noWords)
	}
}

func BenchmarkFourier(b *testing.B) {
	const n = 1024
	f := NewFourier[float32](n)
	x, y := randomComplex(n, 1).single(), NewComplex[float32](n)
	for b.Loop() {
		clear(x.Re)
		clear(x.Im)
		x, y = f.Transform(x, y)
	}
}
