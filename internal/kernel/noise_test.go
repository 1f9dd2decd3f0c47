package kernel

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

func TestMembraneNoiseIsNormalAndUniform(t *testing.T) {
	const neurons, steps = 500, 400
	key := rng.Key(1, "test")
	normal, uniform := make([]float32, neurons), make([]float32, neurons)
	var moments [4]float64
	var mean, square, product float64
	for step := range steps {
		MembraneNoise(normal, uniform, key, [3]uint32{uint32(step), 2, 3})
		for i, x := range normal {
			for k := range moments {
				moments[k] += math.Pow(float64(x), float64(k+1)) / (neurons * steps)
			}
			u := float64(uniform[i])
			if !(u >= 0 && u < 1) {
				t.Fatalf("uniform number %v", u)
			}
			mean, square = mean+u/(neurons*steps), square+u*u/(neurons*steps)
			product += (u - 0.5) * float64(x) / (neurons * steps)
		}
	}
	// Four standard errors of 200000 draws.
	root := 4 / math.Sqrt(neurons*steps)
	for k, want := range []struct{ value, deviation float64 }{{0, 1}, {1, math.Sqrt(2)}, {0, math.Sqrt(15)}, {3, math.Sqrt(96)}} {
		if math.Abs(moments[k]-want.value) > root*want.deviation {
			t.Errorf("moment %d is %v, want %v", k+1, moments[k], want.value)
		}
	}
	if math.Abs(mean-0.5) > root*0.29 || math.Abs(square-1.0/3) > root*0.3 || math.Abs(product) > root*0.29 {
		t.Errorf("uniform: mean %v, mean square %v, with the normal %v", mean, square, product)
	}
}

func TestMembraneNoiseOfBothPrecisionsAgrees(t *testing.T) {
	key := rng.Key(7, "test")
	x, u := make([]float32, 1001), make([]float32, 1001)
	y, v := make([]float64, 1001), make([]float64, 1001)
	for step := range uint32(50) {
		MembraneNoise(x, u, key, [3]uint32{step, 0, 0})
		MembraneNoise(y, v, key, [3]uint32{step, 0, 0})
		for i := range x {
			if math.Abs(float64(x[i])-y[i]) > 1e-6 || float64(u[i]) != v[i] {
				t.Fatalf("neuron %d: %v and %v in float32, %v and %v in float64", i, x[i], u[i], y[i], v[i])
			}
		}
	}
}

func TestSmallestLogarithm(t *testing.T) {
	for _, n := range []uint32{1, 2, 3, 1 << 12, 1<<24 - 1, 1 << 24} {
		want := -2 * math.Log(float64(n)/(1<<24))
		if got := float64(minusTwiceLog(n)); math.Abs(got-want) > 3e-7*max(want, 1e-7) || got < 0 {
			t.Errorf("-2 ln(%d/2²⁴) is %v, want %v", n, got, want)
		}
	}
}

func TestMembraneNoiseTwins(t *testing.T) {
	for _, n := range []int{1, 16, 31, 32, 33, 64, 500} {
		for seed := range uint64(20) {
			key := rng.Key(seed, "twins")
			twins(t, "noise", func() [][]float32 {
				x, u := make([]float32, n), make([]float32, n)
				MembraneNoise(x, u, key, [3]uint32{uint32(seed), 1 << 31, uint32(n)})
				return [][]float32{x, u}
			}, noWords)
		}
	}
}
