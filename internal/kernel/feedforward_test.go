package kernel

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// oddNumbers returns n numbers, some of them special.
func oddNumbers(name uint64, n int) []float32 {
	r := rng.Stream(7, "feedforward-test", 0, name)
	special := []float32{0, float32(math.Copysign(0, -1)), 1e-42, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 3e38}
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(2 * r.NormFloat64())
		if r.IntN(8) == 0 {
			x[i] = special[r.IntN(len(special))]
		}
	}
	return x
}

// plainly runs f without assembly.
func plainly(f func()) {
	defer func(v bool) { useVectors = v }(useVectors)
	useVectors = false
	f()
}

func sameFloats(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) && !(got[i] != got[i] && want[i] != want[i]) {
			t.Fatalf("%s[%d] = %g in vectors, %g in plain Go", what, i, got[i], want[i])
		}
	}
}

var lifShapes = []int{0, 1, 7, 8, 9, 63, 64, 65, 72, 127, 129, 512}

func TestLIFStepGivesTheBitsOfPlainGo(t *testing.T) {
	p := LIF[float32]{Beta: 0.9, Threshold: 0.7}
	for _, n := range lifShapes {
		v, current := oddNumbers(1, n), oddNumbers(2, n)
		previous := make([]uint64, (n+63)/64)
		for i := range n {
			if i%3 == 0 {
				previous[i/64] |= 1 << (i % 64)
			}
		}
		for _, z := range [][]uint64{nil, previous} {
			run := func() ([]float32, []uint64) {
				next, spikes := make([]float32, n), make([]uint64, (n+63)/64)
				for i := range spikes {
					spikes[i] = math.MaxUint64 // leftovers
				}
				LIFStep(&p, next, v, current, spikes, z)
				return next, spikes
			}
			next, spikes := run()
			plainly(func() {
				wantNext, wantSpikes := run()
				sameFloats(t, "v", next, wantNext)
				for i := range wantSpikes {
					if spikes[i] != wantSpikes[i] {
						t.Fatalf("%d neurons: spikes %x in vectors, %x in plain Go", n, spikes, wantSpikes)
					}
				}
			})
			for i := range n {
				want := next[i] > p.Threshold
				if got := spikes[i/64]>>(i%64)&1 != 0; got != want {
					t.Fatalf("neuron %d at %g fired: %v", i, next[i], got)
				}
			}
			if n%64 != 0 && spikes[n/64]>>(n%64) != 0 {
				t.Fatalf("%d neurons: bits past the last are set: %x", n, spikes)
			}
		}
	}
}

func TestLIFAdjointGivesTheBitsOfPlainGo(t *testing.T) {
	for _, p := range []LIF[float32]{
		{Beta: 0.9, Threshold: 0.7, Dampening: 0.3},
		{Beta: 0.9, Threshold: 0.7, Dampening: 0.3, Detached: true},
		{Beta: 0.9, Threshold: 0.7, Dampening: 1, Sharpness: 25},
	} {
		for _, n := range lifShapes {
			v, gz := oddNumbers(1, n), oddNumbers(2, n)
			run := func() []float32 {
				gv := oddNumbers(3, n)
				LIFAdjoint(&p, gv, v, gz)
				return gv
			}
			got := run()
			plainly(func() { sameFloats(t, "gv", got, run()) })
		}
	}
}

// E B is the sum of the rows of B that E's ones name, for both precisions and
// both ways to read E, over more than one block and panel.
func TestMultiplyEventsIsTheProductWithABinaryMatrix(t *testing.T) {
	var scratch EventScratch[float32]
	var e Events
	for _, s := range []struct {
		rows, cols, n int
		density       float64
	}{{0, 3, 4, 1}, {3, 0, 4, 1}, {1, 1, 1, 1}, {3, 5, 7, 0}, {17, 70, 64, 0.3}, {5, 1030, 130, 0.1}, {9, 2100, 65, 0.5}} {
		r := rng.Stream(7, "events-test", 0, uint64(s.cols))
		m := tensor.NewBits(s.rows, s.cols)
		transposed := tensor.NewBits(s.cols, s.rows)
		for i := range s.rows {
			for k := range s.cols {
				if r.Float64() < s.density {
					m.Set(i, k)
					transposed.Set(k, i)
				}
			}
		}
		ldb, ldc := s.n+3, s.n+1
		b := make([]float32, s.cols*ldb)
		for i := range b {
			b[i] = float32(r.IntN(1000)) / 8 // exact sums
		}
		for _, trans := range []bool{false, true} {
			if trans {
				e.Rebuild(transposed, true)
			} else {
				e.Rebuild(m, false)
			}
			if e.Ones() != m.Count() {
				t.Fatalf("%+v: %d ones listed, %d set", s, e.Ones(), m.Count())
			}
			for _, threads := range []int{1, 3} {
				c := make([]float32, s.rows*ldc)
				for i := range c {
					c[i] = -1
				}
				MultiplyEvents(threads, &scratch, &e, s.n, b, ldb, c, ldc)
				for i := range s.rows {
					for j := range ldc {
						var want float32
						for k := range s.cols {
							if j < s.n && m.At(i, k) {
								want += b[k*ldb+j]
							}
						}
						if j >= s.n {
							want = -1
						}
						if got := c[i*ldc+j]; got != want {
							t.Fatalf("%+v, transposed %v, %d threads: C[%d,%d] = %g, want %g", s, trans, threads, i, j, got, want)
						}
					}
				}
			}
		}
	}
}

func TestSumEventsGivesTheBitsOfPlainGo(t *testing.T) {
	panel := oddNumbers(1, 40*eventWidth)
	at := []int32{0, 3, 4, 17, 39}
	for _, width := range []int{1, 63, eventWidth} {
		got := oddNumbers(2, width)
		sumEvents(got, panel, at)
		plainly(func() {
			want := oddNumbers(2, width)
			sumEvents(want, panel, at)
			sameFloats(t, "sum", got, want)
		})
	}
}
