package defects

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

// values are n numbers uniform in [low, high].
func values(seed uint64, n int, low, high float64) []float64 {
	r := rng.Stream(seed, "test", 0, 0)
	x := make([]float64, n)
	for i := range x {
		x[i] = low + (high-low)*r.Float64()
	}
	return x
}

func distinct(x []float64) int {
	seen := map[float64]bool{}
	for _, v := range x {
		seen[v] = true
	}
	return len(seen)
}

// TestTimeBitsAreLevels is oracle 9 of the method: 2^k levels, the ends
// among them, an error of at most half a step, and none in the limit.
func TestTimeBitsAreLevels(t *testing.T) {
	const window = 3.7
	x := append(values(1, 4000, 0, window), 0, window)
	rounded := make([]float64, len(x))
	for bits := 1; bits <= 8; bits++ {
		RoundTimes(rounded, x, window, bits)
		if got, want := distinct(rounded), 1<<bits; got != want {
			t.Errorf("%d bits: %d levels, want %d", bits, got, want)
		}
		if n := len(x); rounded[n-2] != 0 || rounded[n-1] != window {
			t.Errorf("%d bits: the window's ends become %v and %v", bits, rounded[n-2], rounded[n-1])
		}
		half := window / (math.Ldexp(1, bits) - 1) / 2
		for i := range x {
			if e := math.Abs(rounded[i] - x[i]); e > half*(1+1e-12) {
				t.Fatalf("%d bits: %v becomes %v, further than half a step", bits, x[i], rounded[i])
			}
		}
	}
	RoundTimes(rounded, x, window, 32)
	for i := range x {
		if math.Abs(rounded[i]-x[i]) > 1e-8 {
			t.Fatalf("32 bits: %v becomes %v", x[i], rounded[i])
		}
	}
}

func TestTimesOutsideTheWindowAreClamped(t *testing.T) {
	x := []float64{-0.4, 5}
	RoundTimes(x, x, 2, 4)
	if x[0] != 0 || x[1] != 2 {
		t.Errorf("spikes after and before the window become %v, want its ends 0 and 2", x)
	}
	if InWindow(-0.1, 2) || InWindow(2.1, 2) || !InWindow(0.0, 2) || !InWindow(2.0, 2) {
		t.Error("a window holds its ends and nothing beyond")
	}
}

// TestErrorBoundOfTimeBits: the potential of a neuron moves by at most
// step/2·Σ|W| (section 6.1 of the method), and does come near it.
func TestErrorBoundOfTimeBits(t *testing.T) {
	const window, inputs, trials = 2.5, 5, 3000
	for bits := 1; bits <= 6; bits++ {
		step := window / (math.Ldexp(1, bits) - 1)
		w := values(uint64(bits), inputs, -1, 1)
		var sum, worst float64
		for _, x := range w {
			sum += math.Abs(x)
		}
		x, rounded := values(77, inputs*trials, 0, window), make([]float64, inputs*trials)
		RoundTimes(rounded, x, window, bits)
		for trial := range trials {
			var change float64
			for j := range w {
				change += w[j] * (rounded[trial*inputs+j] - x[trial*inputs+j])
			}
			worst = max(worst, math.Abs(change))
		}
		if bound := step / 2 * sum; worst > bound || worst < bound/2 {
			t.Errorf("%d bits: the potential moves by up to %v, the bound is %v", bits, worst, bound)
		}
	}
}

func TestWeightGridHoldsZeroAndItsEnds(t *testing.T) {
	g := NewGrid(4, -1, 1)
	low, high := g.Ends()
	if math.Abs(low+1.0667) > 1e-4 || math.Abs(high-0.9333) > 1e-4 {
		t.Errorf("4 bits over [-1, 1]: ends %v and %v, want -1.0667 and 0.9333", low, high)
	}
	w := values(3, 5000, -2, 2)
	for bits := 1; bits <= 8; bits++ {
		for _, d := range []Defects{{WeightBits: bits, WeightLow: -1, WeightHigh: 1}, {WeightBits: bits, WeightLow: -0.3, WeightHigh: 1.4}, {WeightBits: bits, RangePerLayer: true}} {
			rounded := make([]float64, len(w))
			g := RoundWeights(&d, rounded, w)
			low, high := g.Ends()
			want := 1 << bits
			// The zero point may move the least value out of [-max|w|, max|w|].
			if got := distinct(rounded); got != want && !(d.RangePerLayer && got == want-1) {
				t.Errorf("%+v: %d values, want %d", d, got, want)
			}
			if g.Round(0) != 0 {
				t.Errorf("%+v: 0 becomes %v", d, g.Round(0))
			}
			if g.Round(low) != low || math.Abs(g.Round(high)-high) > 1e-12 || g.Round(-9) != low {
				t.Errorf("%+v: the ends %v and %v become %v and %v", d, low, high, g.Round(low), g.Round(high))
			}
			for i, x := range w {
				if g.Holds(x) && math.Abs(rounded[i]-x) > g.Scale/2*(1+1e-9) {
					t.Fatalf("%+v: %v becomes %v, further than half a step of %v", d, x, rounded[i], g.Scale)
				}
			}
		}
	}
	fine := Defects{WeightBits: 32, WeightLow: -2.5, WeightHigh: 2.5}
	rounded := make([]float64, len(w))
	RoundWeights(&fine, rounded, w)
	for i := range w {
		if math.Abs(rounded[i]-w[i]) > 1e-8 {
			t.Fatalf("32 bits: %v becomes %v", w[i], rounded[i])
		}
	}
}

func TestWeightsThatAreAllZeroStayZero(t *testing.T) {
	w := make([]float64, 3)
	RoundWeights(&Defects{WeightBits: 3, RangePerLayer: true}, w, w)
	for _, x := range w {
		if x != 0 {
			t.Errorf("a weight of 0 becomes %v", x)
		}
	}
}

// TestJitterMovesPotentialsAsDerived: σ·‖W‖ (section 6.3 of the method).
func TestJitterMovesPotentialsAsDerived(t *testing.T) {
	const sigma, inputs, trials = 0.3, 20, 20000
	w := values(5, inputs, -1, 1)
	var norm, square float64
	for _, x := range w {
		norm += x * x
	}
	x, noisy := values(6, inputs, 1, 2), make([]float64, inputs)
	for trial := range trials {
		JitterSpikes(noisy, x, sigma, false, rng.Stream(1, "jitter", 0, uint64(trial)))
		var change float64
		for j := range w {
			change += w[j] * (noisy[j] - x[j])
		}
		square += change * change
	}
	got, want := math.Sqrt(square/trials), sigma*math.Sqrt(norm)
	if math.Abs(got/want-1) > 0.03 {
		t.Errorf("the potential's standard deviation is %v, want %v", got, want)
	}
}

func TestSilentNeuronsMayStaySilent(t *testing.T) {
	x := []float64{0, 1, 0, 2}
	both := [2][]float64{make([]float64, 4), make([]float64, 4)}
	for i, quiet := range []bool{false, true} {
		JitterSpikes(both[i], x, 0.1, quiet, rng.Stream(2, "jitter", 0, 0))
	}
	all, quiet := both[0], both[1]
	if all[0] == 0 || all[2] == 0 {
		t.Errorf("silent neurons do not jitter: %v", all)
	}
	if quiet[0] != 0 || quiet[2] != 0 || quiet[1] != all[1] || quiet[3] != all[3] {
		t.Errorf("%v, want the noise of %v on real spikes alone", quiet, all)
	}
}

func TestNoInputComesBeforeTheStart(t *testing.T) {
	x := values(9, 1000, 0.9, 1)
	JitterInputs(x, x, 1, false, rng.Stream(3, "jitter", 0, 0))
	early := 0
	for _, v := range x {
		if v > 1 {
			t.Fatalf("a spike at time %v", 1-v)
		}
		if v == 1 {
			early++
		}
	}
	if early < 300 {
		t.Errorf("%d of 1000 spikes are at time 0, want about half", early)
	}
}
