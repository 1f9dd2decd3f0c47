package kernel

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

// everyExponent samples all float32: each sign and exponent with the smallest,
// the largest and random mantissas, so zeros, denormals, infinities and NaN too.
func everyExponent() []float32 {
	const mantissas = 1500
	r := rng.Stream(1, "math", 0, 0)
	var x []float32
	for top := range uint32(512) {
		for i := range mantissas {
			mantissa := r.Uint32() & 0x7fffff
			switch i {
			case 0:
				mantissa = 0
			case 1:
				mantissa = 0x7fffff
			case 2:
				mantissa = 1
			}
			x = append(x, math.Float32frombits(top<<23|mantissa))
		}
	}
	return x
}

// near has numbers in the range where a function changes.
func near(from, to float64, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(from + (to-from)*float64(i)/float64(n))
	}
	return x
}

// ulps is the distance of got from want in units in the last place.
func ulps(got float32, want float64) float64 {
	rounded := float32(want)
	switch {
	case want != want || got != got:
		if want != want && got != got {
			return 0
		}
		return math.Inf(1)
	case got == rounded:
		if math.Signbit(float64(got)) != math.Signbit(want) {
			return math.Inf(1)
		}
		return min(0.5, distance(got, want))
	case math.IsInf(float64(rounded), 0) && math.Abs(float64(got)) != math.MaxFloat32 || math.IsInf(float64(got), 0) && math.Abs(want) < math.MaxFloat32:
		return math.Inf(1)
	}
	return distance(got, want)
}

func distance(got float32, want float64) float64 {
	size := math.Abs(float64(float32(want)))
	unit := 0x1p-149
	if size >= 0x1p-126 && !math.IsInf(size, 0) {
		_, e := math.Frexp(size)
		unit = math.Ldexp(1, e-24)
	}
	if math.IsInf(size, 0) && math.IsInf(float64(got), 0) {
		return 0
	}
	return math.Abs(float64(got)-want) / unit
}

func TestElementaryFunctionsKeepTheirErrorBounds(t *testing.T) {
	x := append(everyExponent(), near(-110, 95, 400_000)...)
	x = append(x, near(-2, 2, 200_000)...)
	y := make([]float32, len(x))
	for name, f := range map[string]struct {
		run   func(y, x []float32)
		want  func(float64) float64
		bound float64
	}{
		"exp":     {Exp[float32], math.Exp, 1},
		"log":     {Log[float32], math.Log, 1},
		"tanh":    {Tanh[float32], math.Tanh, 2},
		"sigmoid": {Sigmoid[float32], sigmoid, 3},
	} {
		f.run(y, x)
		worst, at := 0.0, float32(0)
		for i := range x {
			if e := ulps(y[i], f.want(float64(x[i]))); e > worst {
				worst, at = e, x[i]
			}
		}
		t.Logf("%s: largest error %.3f ulp, at %g", name, worst, at)
		if worst > f.bound {
			var got [1]float32
			f.run(got[:], []float32{at})
			t.Errorf("%s(%g) = %g, want %g: %.3g ulp, more than the %v stated", name, at, got[0], f.want(float64(at)), worst, f.bound)
		}
	}
}

// TestElementaryFunctionsDoNotDependOnPosition computes slices of all small
// lengths, in place, and compares the bits with those of single numbers.
func TestElementaryFunctionsDoNotDependOnPosition(t *testing.T) {
	r := rng.Stream(2, "math", 0, 0)
	for name, run := range map[string]func(y, x []float32){"exp": Exp[float32], "log": Log[float32], "tanh": Tanh[float32], "sigmoid": Sigmoid[float32]} {
		for n := range 35 {
			x := awkward(r, n+1)
			want := make([]float32, n)
			for i := range want {
				run(want[i:i+1], x[i:i+1])
			}
			guard := x[n]
			run(x[:n], x[:n])
			if !equalBits(x[:n], want) || !equalBits(x[n:], []float32{guard}) {
				t.Errorf("%s of %d numbers: %v, one by one %v", name, n, x[:n], want)
			}
		}
	}
}

func TestSoftmaxIsADistribution(t *testing.T) {
	eachTwin(t, func(t *testing.T) {
		r := rng.Stream(3, "math", 0, 0)
		for n := 1; n < 40; n++ {
			x := normal(r, 3*n)
			x[n] = 3e38 // must not overflow
			y := make([]float32, len(x))
			Softmax(y, x, n)
			for row := range 3 {
				var sum, total float64
				for _, v := range x[row*n : (row+1)*n] {
					total += math.Exp(float64(v) - float64(x[n])*float64(row%2))
				}
				for i, p := range y[row*n : (row+1)*n] {
					sum += float64(p)
					want := math.Exp(float64(x[row*n+i])-float64(x[n])*float64(row%2)) / total
					if math.Abs(float64(p)-want) > 1e-6*want+1e-40 {
						t.Fatalf("n = %d, row %d: p[%d] = %g, want %g", n, row, i, p, want)
					}
				}
				if math.Abs(sum-1) > 1e-6 {
					t.Errorf("n = %d, row %d: probabilities sum to %g", n, row, sum)
				}
			}
		}
		nan := []float32{1, 2, float32(math.NaN()), 3, 4, 5, 6, 7, 8, 9}
		Softmax(nan, nan, len(nan))
		for i, p := range nan {
			if p == p {
				t.Errorf("with NaN in the row, p[%d] = %g", i, p)
			}
		}
	})
}

func TestElementaryFunctionsAllocateNothing(t *testing.T) {
	x := normal(rng.Stream(4, "math", 0, 0), 100)
	for name, run := range map[string]func(){
		"exp": func() { Exp(x, x) }, "log": func() { Log(x, x) }, "tanh": func() { Tanh(x, x) },
		"sigmoid": func() { Sigmoid(x, x) }, "softmax": func() { Softmax(x, x, 10) },
	} {
		if n := testing.AllocsPerRun(20, run); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
