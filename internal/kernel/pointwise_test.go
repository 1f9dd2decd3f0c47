package kernel

import (
	"math"
	"slices"
	"testing"
)

// Each kernel on numbers that include NaN, infinities, zeros of both signs and
// denormals, at lengths around the vector's and from unaligned places.
func TestPointwiseTwinsAgree(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 16, 100, 1023} {
		for offset := range 3 {
			draw := func(name uint64) []float32 { return oddNumbers(name<<12|uint64(n), n+offset)[offset:] }
			x, g, to := draw(1), draw(2), draw(3)
			twins(t, "ReLU", func() [][]float32 {
				y := make([]float32, n)
				ReLU(y, x)
				return [][]float32{y}
			}, noWords)
			y := make([]float32, n)
			ReLU(y, x)
			twins(t, "ReLUAdjoint", func() [][]float32 {
				gx := slices.Clone(to)
				ReLUAdjoint(gx, g, y)
				return [][]float32{gx}
			}, noWords)
			twins(t, "ReLUMask", func() [][]float32 {
				masked := slices.Clone(g)
				ReLUMask(masked, y)
				return [][]float32{masked}
			}, noWords)
			twins(t, "Affine", func() [][]float32 {
				y := make([]float32, n)
				Affine(y, x, 0.3, -1.7, 0.1)
				return [][]float32{y}
			}, noWords)
			twins(t, "NormGradient", func() [][]float32 {
				gx := slices.Clone(to)
				NormGradient(gx, g, x, 0.3, 1.1, -0.7, 0.01)
				return [][]float32{gx}
			}, noWords)
			twins(t, "RectifiedNormGradient", func() [][]float32 {
				gx := slices.Clone(to)
				RectifiedNormGradient(gx, g, x, 0.3, 1.1, -0.2, -0.7, 0.01)
				return [][]float32{gx}
			}, noWords)
			twins(t, "RectifiedProducts", func() [][]float32 {
				return doubles(RectifiedProducts(g, x, 0.3, 1.1, -0.2))
			}, noWords)
			twins(t, "CentredSums", func() [][]float32 {
				return doubles(CentredSums(x, 0.3))
			}, noWords)
			twins(t, "CentredProducts", func() [][]float32 {
				return doubles(CentredProducts(g, x, 0.3))
			}, noWords)
		}
	}
}

// doubles gives the bits of two numbers, for twins to compare; all NaN are one.
func doubles(x, y float64) [][]float32 {
	var bits []float32
	for _, v := range []float64{x, y} {
		b := math.Float64bits(v)
		if v != v {
			b = 0
		}
		for shift := 0; shift < 64; shift += 16 {
			bits = append(bits, float32(b>>shift&0xffff))
		}
	}
	return [][]float32{bits}
}

func TestReLUIsZeroOrTheNumber(t *testing.T) {
	eachTwin(t, func(t *testing.T) {
		x := []float32{-1, float32(math.Copysign(0, -1)), 0, 2, float32(math.Inf(-1)), float32(math.Inf(1)), float32(math.NaN()), -3e-45, 5}
		y := make([]float32, len(x))
		ReLU(y, x)
		for i, want := range []float32{0, 0, 0, 2, 0, float32(math.Inf(1)), float32(math.NaN()), 0, 5} {
			if math.Float32bits(y[i]) != math.Float32bits(want) && !(y[i] != y[i] && want != want) {
				t.Errorf("max(%v, 0) = %v", x[i], y[i])
			}
		}
		masked := slices.Clone(x)
		ReLUMask(masked, y)
		gx := make([]float32, len(x))
		ReLUAdjoint(gx, x, y)
		for i, want := range []float32{0, 0, 0, 2, 0, float32(math.Inf(1)), float32(math.NaN()), 0, 5} {
			if gx[i] != want && !(gx[i] != gx[i] && want != want) {
				t.Errorf("the gradient %v comes back as %v where y = %v", x[i], gx[i], y[i])
			}
			if masked[i] != want && !(masked[i] != masked[i] && want != want) {
				t.Errorf("the gradient %v is masked to %v where y = %v", x[i], masked[i], y[i])
			}
		}
	})
}

// They are what NormGradient and CentredProducts give of a gradient masked by ReLU's result.
func TestRectifiedIsOfTheMaskedGradient(t *testing.T) {
	const mean, a, b = 0.3, -1.7, 0.2
	x, g := oddNumbers(1, 100), oddNumbers(2, 100)
	y := make([]float32, len(x))
	Affine(y, x, mean, a, b)
	ReLU(y, y)
	masked := slices.Clone(g)
	ReLUMask(masked, y)
	got, want := oddNumbers(3, 100), oddNumbers(3, 100)
	RectifiedNormGradient(got, g, x, mean, a, b, 0.4, 0.1)
	NormGradient(want, masked, x, mean, a, 0.4, 0.1)
	sameFloats(t, "gradient", got, want)
	for i := range x { // one by one, since a NaN would hide the others in a sum
		sum, product := RectifiedProducts(g[i:i+1], x[i:i+1], mean, a, b)
		wantSum, wantProduct := CentredProducts(masked[i:i+1], x[i:i+1], mean)
		same := func(a, b float64) bool { return a == b || a != a && b != b }
		if !same(sum, wantSum) || !same(product, wantProduct) {
			t.Errorf("g = %g, x = %g: %g and %g, want %g and %g", g[i], x[i], sum, product, wantSum, wantProduct)
		}
	}
}
