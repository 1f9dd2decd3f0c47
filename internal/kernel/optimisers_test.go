package kernel

import (
	"math"
	"slices"
	"testing"
)

func TestOptimiserTwinsAgree(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 16, 100, 1023} {
		for offset := range 3 {
			draw := func(name uint64) []float32 { return oddNumbers(name<<12|uint64(n), n+offset)[offset:] }
			x, m, g := draw(1), draw(2), draw(3)
			v := slices.Clone(draw(4))
			for i := range v {
				v[i] = float32(math.Abs(float64(v[i])))
			}
			step := func(do func(x, m, v []float32)) func() [][]float32 {
				return func() [][]float32 {
					x, m, v := slices.Clone(x), slices.Clone(m), slices.Clone(v)
					do(x, m, v)
					return [][]float32{x, m, v}
				}
			}
			r := AdamRates[float32]{Beta1: 0.9, Beta2: 0.999, Eta: 0.013, Unbias: 31.7, Epsilon: 1e-7, Decay: 0.01}
			twins(t, "Adam", step(func(x, m, v []float32) { Adam(x, m, v, g, r) }), noWords)
			twins(t, "Momentum", step(func(x, m, _ []float32) { Momentum(x, m, g, 0.9, 0.013) }), noWords)
			twins(t, "Nesterov", step(func(x, m, _ []float32) { Nesterov(x, m, g, 0.9, 0.013) }), noWords)
		}
	}
}
