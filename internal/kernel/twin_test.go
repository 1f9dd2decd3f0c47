package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

// twins runs a kernel in plain Go and in each kind of vectors that this processor
// has, on copies of the same memory, and demands the same bits.
func twins(t *testing.T, name string, run func() [][]float32, words func() [][]uint16) {
	t.Helper()
	if !useVectors {
		t.Skip("this processor or build has no vector kernels")
	}
	useVectors = false
	plain := run()
	plainWords := words()
	useVectors = true
	defer func(wide bool) { useWide = wide }(useWide)
	for {
		fast := run()
		fastWords := words()
		for i := range plain {
			for k := range plain[i] {
				a, b := plain[i][k], fast[i][k]
				if math.Float32bits(a) != math.Float32bits(b) && !(a != a && b != b) {
					t.Fatalf("%s: result %d[%d]: plain Go gives %g (%#x), %s %g (%#x)", name, i, k, a, math.Float32bits(a), Instructions(), b, math.Float32bits(b))
				}
			}
		}
		for i := range plainWords {
			if !slices.Equal(plainWords[i], fastWords[i]) {
				t.Fatalf("%s: words %d differ between plain Go and %s", name, i, Instructions())
			}
		}
		if !useWide {
			return
		}
		useWide = false
	}
}

func noWords() [][]uint16 { return nil }

// awkward draws normal numbers with zeros, denormals, infinities and NaN among them.
func awkward(r *rand.Rand, n int) []float32 {
	special := []float32{0, float32(math.Copysign(0, -1)), 1e-42, -1e-42, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 1, -1}
	x := normal(r, n)
	for i := range x {
		if r.IntN(16) == 0 {
			x[i] = special[r.IntN(len(special))]
		}
	}
	return x
}

func normal(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func words(r *rand.Rand, n int, density float64) []uint16 {
	w := make([]uint16, n)
	for i := range w {
		for l := range Lanes {
			if r.Float64() < density {
				w[i] |= 1 << l
			}
		}
	}
	return w
}

// synapses draws pre×n weights, some zero, with delays.
func synapses(r *rand.Rand, pre, n, slots int, draw func(*rand.Rand, int) []float32) (*Synapses[float32], []uint8) {
	w, delays := draw(r, pre*n), make([]uint8, pre*n)
	for i := range w {
		delays[i] = uint8(r.IntN(slots))
		if r.IntN(3) == 0 {
			w[i] = 0
		}
	}
	s := new(Synapses[float32])
	s.Rebuild(w, delays, pre, n, slots, true)
	return s, delays
}

var draws = map[string]func(*rand.Rand, int) []float32{"normal": normal, "awkward": awkward}

// eachShape runs body over sizes that are zero, one, odd and whole tiles.
func eachShape(t *testing.T, body func(t *testing.T, r *rand.Rand, pre, n, slots int, density float64, draw func(*rand.Rand, int) []float32)) {
	for name, draw := range draws {
		t.Run(name, func(t *testing.T) {
			for i, n := range []int{1, 2, 3, 4, 5, 7, 8, 31, 64} {
				for _, pre := range []int{0, 1, 3, 16} {
					for _, density := range []float64{0, 0.02, 0.5, 1} {
						body(t, rng.Stream(uint64(i), "twins", uint64(pre), uint64(density*100)), pre, n, 1+n%4, density, draw)
					}
				}
			}
		})
	}
}

func TestScatterSpikesTwins(t *testing.T) {
	eachShape(t, func(t *testing.T, r *rand.Rand, pre, n, slots int, density float64, draw func(*rand.Rand, int) []float32) {
		s, _ := synapses(r, pre, n, slots, draw)
		z, current := words(r, pre, density), draw(r, slots*n*Lanes)
		twins(t, "current", func() [][]float32 {
			to := slices.Clone(current)
			ScatterSpikes(to, z, s)
			return [][]float32{to}
		}, noWords)
	})
}

func TestGatherAdjointTwins(t *testing.T) {
	eachShape(t, func(t *testing.T, r *rand.Rand, pre, n, slots int, density float64, draw func(*rand.Rand, int) []float32) {
		s, _ := synapses(r, pre, n, slots, draw)
		active, grad, before := words(r, pre, density), draw(r, slots*n*Lanes), draw(r, pre*Lanes)
		twins(t, "gradient", func() [][]float32 {
			to := slices.Clone(before)
			GatherAdjoint(to, active, grad, s)
			return [][]float32{to}
		}, noWords)
	})
}

// TestGatherIsTheAdjointOfScatter: ⟨scatter(z), g⟩ = ⟨z, gather(g)⟩ for every z and g.
func TestGatherIsTheAdjointOfScatter(t *testing.T) {
	r := rng.Stream(3, "adjoint", 0, 0)
	const pre, n, slots = 9, 14, 3
	w, delays := make([]float64, pre*n), make([]uint8, pre*n)
	for i := range w {
		w[i], delays[i] = r.NormFloat64(), uint8(r.IntN(slots))
	}
	var s Synapses[float64]
	s.Rebuild(w, delays, pre, n, slots, false)
	z, all := words(r, pre, 0.3), words(r, pre, 1)
	grad := make([]float64, slots*n*Lanes)
	for i := range grad {
		grad[i] = r.NormFloat64()
	}
	current, back := make([]float64, len(grad)), make([]float64, pre*Lanes)
	ScatterSpikes(current, z, &s)
	GatherAdjoint(back, all, grad, &s)
	var left, right float64
	for i := range current {
		left += current[i] * grad[i]
	}
	for i := range back {
		right += back[i] * pick(z[i/Lanes], i%Lanes, 1.0)
	}
	if math.Abs(left-right) > 1e-10*math.Abs(left) || left == 0 {
		t.Errorf("⟨scatter z, g⟩ = %g, ⟨z, gather g⟩ = %g", left, right)
	}
}

func neurons(r *rand.Rand, n int, draw func(*rand.Rand, int) []float32) *Neurons[float32] {
	p := &Neurons[float32]{Alpha: 0.95, Dampening: 0.3}
	x := draw(r, 4*n)
	for j := range n {
		p.Constants = append(p.Constants, Constants[float32]{x[4*j], x[4*j+1], x[4*j+2], x[4*j+3]})
	}
	return p
}

func TestMembraneStepTwins(t *testing.T) {
	eachShape(t, func(t *testing.T, r *rand.Rand, _, n, _ int, density float64, draw func(*rand.Rand, int) []float32) {
		p := neurons(r, n, draw)
		v, b, current := draw(r, n*Lanes), draw(r, n*Lanes), draw(r, n*Lanes)
		previous, blocked := words(r, n, density), words(r, n, 0.2)
		fired := make([]uint16, n)
		twins(t, "v, b, A", func() [][]float32 {
			s := Step[float32]{V: v, VNext: make([]float32, n*Lanes), B: slices.Clone(b), A: make([]float32, n*Lanes),
				Current: current, Spikes: fired, Previous: previous, Blocked: blocked}
			MembraneStep(p, &s)
			return [][]float32{s.VNext, s.B, s.A}
		}, func() [][]uint16 { return [][]uint16{slices.Clone(fired)} })
	})
}

func TestMembraneAdjointTwins(t *testing.T) {
	eachShape(t, func(t *testing.T, r *rand.Rand, _, n, _ int, density float64, draw func(*rand.Rand, int) []float32) {
		p := neurons(r, n, draw)
		size := n * Lanes
		v, a, external, recurrent := draw(r, size), draw(r, size), draw(r, size), draw(r, size)
		gvNext, gb, reset, regulariser := draw(r, size), draw(r, size), draw(r, size), draw(r, n)
		resetWords, blocked := words(r, n, density), words(r, n, 0.5)
		active := make([]uint16, n)
		twins(t, "ψ, gv, gb", func() [][]float32 {
			s := AdjointStep[float32]{V: v, A: a, Blocked: blocked, Psi: make([]float32, size), Active: active,
				External: external, Regulariser: regulariser, Recurrent: recurrent,
				GVNext: gvNext, GV: make([]float32, size), GB: slices.Clone(gb), Reset: reset, ResetWords: resetWords}
			s.ResetGrad = s.GV
			PseudoDerivative(p, &s)
			MembraneAdjoint(p, &s)
			return [][]float32{s.Psi, s.GV, s.GB}
		}, func() [][]uint16 { return [][]uint16{slices.Clone(active)} })
	})
}

func TestRowTwins(t *testing.T) {
	eachShape(t, func(t *testing.T, r *rand.Rand, _, n, _ int, density float64, draw func(*rand.Rand, int) []float32) {
		x, y, z := draw(r, n*Lanes), draw(r, n*Lanes), words(r, n, density)
		twins(t, "rows", func() [][]float32 {
			filtered, sum, scaled := slices.Clone(x), slices.Clone(x), slices.Clone(x)
			FilterSpikes(filtered, z, 0.9)
			AddRow(sum, y)
			Scale(scaled, -0.3)
			return [][]float32{filtered, sum, scaled}
		}, noWords)
		other := words(r, n, 0.3)
		united := slices.Clone(z)
		twins(t, "words", func() [][]float32 {
			copy(united, z)
			OrWords(united, other)
			return nil
		}, func() [][]uint16 { return [][]uint16{slices.Clone(united)} })
	})
}

func TestSpikeOuterTwins(t *testing.T) {
	eachShape(t, func(t *testing.T, r *rand.Rand, pre, n, slots int, density float64, draw func(*rand.Rand, int) []float32) {
		const steps = 9
		_, delays := synapses(r, pre, n, slots, draw)
		grad, before := draw(r, (steps+slots)*n*Lanes), draw(r, pre*n)
		spikes := make([][]uint16, steps)
		for i := range spikes {
			spikes[i] = words(r, pre, density)
		}
		var e SpikeList
		e.Rebuild(pre, 0, steps, func(t int) []uint16 { return spikes[t] })
		twins(t, "dw", func() [][]float32 {
			dw := slices.Clone(before)
			SpikeOuter(dw, &e, delays, slots, grad, n)
			return [][]float32{dw}
		}, noWords)
	})
}

// TestSpikeOuterIsASumOverSpikes compares with the formula, spike by spike.
func TestSpikeOuterIsASumOverSpikes(t *testing.T) {
	r := rng.Stream(5, "outer", 0, 0)
	const pre, n, slots, steps, first = 5, 6, 3, 8, -2
	delays := make([]uint8, pre*n)
	for i := range delays {
		delays[i] = uint8(r.IntN(slots))
	}
	grad := make([]float64, (steps+slots)*n*Lanes)
	for i := range grad {
		grad[i] = r.NormFloat64()
	}
	spikes := make([][]uint16, steps)
	for i := range spikes {
		spikes[i] = words(r, pre, 0.2)
	}
	var e SpikeList
	e.Rebuild(pre, first, first+steps, func(t int) []uint16 { return spikes[t-first] })
	dw := make([]float64, pre*n)
	SpikeOuter(dw, &e, delays, slots, grad, n)
	for i := range pre {
		for j := range n {
			var want float64
			for step := range steps {
				for l := range Lanes {
					if spikes[step][i]>>l&1 != 0 {
						want += grad[((step+int(delays[i*n+j]))*n+j)*Lanes+l]
					}
				}
			}
			if math.Abs(dw[i*n+j]-want) > 1e-12 {
				t.Errorf("dw[%d][%d] = %g, want %g", i, j, dw[i*n+j], want)
			}
		}
	}
}
