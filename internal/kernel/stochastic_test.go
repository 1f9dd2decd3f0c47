package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

// eachLength runs body with rows of whole lanes.
func eachLength(t *testing.T, body func(t *testing.T, r *rand.Rand, row func() []float32, n int)) {
	for name, draw := range draws {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{16, 32, 48, 512} {
				r := rng.Stream(1, "stochastic", uint64(n), 0)
				body(t, r, func() []float32 { return draw(r, n) }, n)
			}
		})
	}
}

func TestChargeTwins(t *testing.T) {
	eachLength(t, func(t *testing.T, _ *rand.Rand, row func() []float32, n int) {
		v, decay, current, bias, scale, normal := row(), row(), row(), row(), row(), row()
		twins(t, "v, logit", func() [][]float32 {
			v, logit := slices.Clone(v), make([]float32, n)
			Charge(0.1, 150, v, decay, current, bias, scale, normal, logit)
			return [][]float32{v, logit}
		}, noWords)
	})
}

func TestFireTwins(t *testing.T) {
	eachLength(t, func(t *testing.T, r *rand.Rand, row func() []float32, n int) {
		p, v, drop, uniform := row(), row(), row(), row()
		Sigmoid(p, p)
		counter := make([]int32, n)
		for i := range counter {
			counter[i] = int32(r.IntN(3))
			uniform[i] = r.Float32()
		}
		for _, surrogate := range []bool{true, false} {
			var spikes []uint16
			var counters []int32
			twins(t, "v, surrogate", func() [][]float32 {
				s := Spiking[float32]{Most: 0.9, Slope: 45, Refractory: 2, P: p, Uniform: uniform, V: slices.Clone(v), Drop: drop,
					Counter: slices.Clone(counter), Spikes: make([]uint16, n/Lanes)}
				if surrogate {
					s.Surrogate = make([]float32, n)
				}
				Fire(&s)
				spikes, counters = s.Spikes, s.Counter
				return [][]float32{s.V, s.Surrogate}
			}, func() [][]uint16 {
				left := make([]uint16, n)
				for i, c := range counters {
					left[i] = uint16(c)
				}
				return [][]uint16{spikes, left}
			})
		}
	})
}

func TestDischargeTwins(t *testing.T) {
	eachLength(t, func(t *testing.T, _ *rand.Rand, row func() []float32, n int) {
		b := Backward[float32]{Back: row(), Spike: row(), Direct: row(), Surrogate: row(), Drop: row(), Decay: row(), Normal: row(), Sum: row(), Noise: row()}
		for range 2 {
			twins(t, "g, back, sums", func() [][]float32 {
				c := b
				c.G, c.Back, c.Sum, c.Noise = make([]float32, n), slices.Clone(b.Back), slices.Clone(b.Sum), slices.Clone(b.Noise)
				Discharge(&c)
				return [][]float32{c.G, c.Back, c.Sum, c.Noise}
			}, noWords)
			b.Direct = nil
		}
	})
}
