package eventcode

import (
	"bytes"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

// One context with the counts of what was: the code is as long as the entropy.
func TestRangeCoderComesCloseToTheEntropy(t *testing.T) {
	for _, p := range []float64{.5, .1, .02, .001} {
		const n = 1_000_000
		r := rng.Stream(1, "bernoulli", 0, 0)
		bits := make([]uint64, n)
		ones := 0
		for i := range bits {
			if r.Float64() < p {
				bits[i] = 1
				ones++
			}
		}
		counts := [2]int64{}
		next := func() uint32 {
			return clampP(int32((counts[1]*2 + 1) << 16 / (2*(counts[0]+counts[1]) + 2)))
		}
		e := newRangeEncoder(nil)
		for _, bit := range bits {
			e.encode(bit, next())
			counts[bit]++
		}
		data := e.finish(0)
		q := float64(ones) / n
		entropy := -n * (q*math.Log2(q) + (1-q)*math.Log2(1-q))
		if got := float64(8 * len(data)); got > 1.01*entropy+64 || got < entropy {
			t.Errorf("p = %v: %.0f bits, entropy %.0f", p, got, entropy)
		}
		counts = [2]int64{}
		d := newRangeDecoder(data)
		for i, bit := range bits {
			if d.decode(next()) != bit {
				t.Fatalf("p = %v: bit %d differs", p, i)
			}
			counts[bit]++
		}
		if err := d.check(); err != nil {
			t.Error(err)
		}
	}
}

// Sequences whose interval stays just below a carry for long, and then carries or not.
func TestRangeCoderCarries(t *testing.T) {
	carried := false
	for last := range uint64(2) {
		var bits []uint64
		var ps []uint32
		e := newRangeEncoder(nil)
		take := func(bit uint64, p uint32) {
			before := append([]byte(nil), e.data...)
			bits, ps = append(bits, bit), append(ps, p)
			e.encode(bit, p)
			carried = carried || !bytes.HasPrefix(e.data, before)
		}
		for range 400 { // keep the middle of the 32 bits of low below the top: zeros push it up, ones narrow
			p := uint32(1 << 15)
			if e.low+uint64((e.width>>16)*p) < 1<<32 && e.low+uint64(e.width) > 1<<32 {
				take(0, p)
			} else {
				take(1, p)
			}
		}
		take(last, 1<<15)
		data := e.finish(0)
		d := newRangeDecoder(data)
		for i, bit := range bits {
			if d.decode(ps[i]) != bit {
				t.Fatalf("bit %d of %d differs", i, len(bits))
			}
		}
	}
	for i := range uint64(10_000) {
		r := rng.Stream(1, "probabilities", 0, i)
		n := r.IntN(60)
		bits, ps := make([]uint64, n), make([]uint32, n)
		e := newRangeEncoder(nil)
		for k := range bits {
			ps[k] = clampP(int32(r.Uint32N(1 << 16)))
			if r.IntN(4) == 0 {
				ps[k] = []uint32{leastP, mostP}[r.IntN(2)]
			}
			bits[k] = uint64(r.IntN(2))
			before := append([]byte(nil), e.data...)
			e.encode(bits[k], ps[k])
			carried = carried || !bytes.HasPrefix(e.data, before)
		}
		data := e.finish(0)
		d := newRangeDecoder(data)
		for k, bit := range bits {
			if d.decode(ps[k]) != bit {
				t.Fatalf("sequence %d: bit %d differs", i, k)
			}
		}
		if err := d.check(); err != nil {
			t.Fatalf("sequence %d: %v", i, err)
		}
	}
	if !carried {
		t.Error("nothing was carried")
	}
}

func TestSquashIsTheInverseOfStretch(t *testing.T) {
	l := newLogistics()
	for d := -mostStretch; d <= mostStretch; d += 7 {
		want := 65536 / (1 + math.Exp(-float64(d)/256))
		if got := float64(l.squash(int32(d))); math.Abs(got-want) > 1 {
			t.Errorf("squash(%d) = %v, want %v", d, got, want)
		}
	}
	for i := 64; i < stretchPlaces-64; i += 111 {
		p := (float64(i) + .5) / stretchPlaces
		if got, want := float64(l.stretched[i]), 256*math.Log(p/(1-p)); math.Abs(got-want) > 2 {
			t.Errorf("stretch(%v) = %v, want %v", p, got, want)
		}
	}
}

// structured is a code whose units follow each other: unit n+1 one frame after unit n, with
// some noise.
func structured(frames, units int, seed uint64) *Matrix {
	r := rng.Stream(seed, "structured", 0, 0)
	m := NewMatrix(frames, units)
	for t := range frames {
		for n := range units {
			p := .01
			if t > 0 && m.At(t-1, (n*5+1)%units) {
				p = .6
			}
			if n > 2 && m.At(t, n-3) {
				p = .7
			}
			if r.Float64() < p {
				m.Set(t, n)
			}
		}
	}
	return m
}

func TestAPriorMakesShortCodesSmaller(t *testing.T) {
	const units = 24
	var codes []*Matrix
	for seed := range uint64(6) {
		codes = append(codes, structured(400, units, seed))
	}
	prior := Train(units, codes)
	data, err := prior.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	read, err := ReadPrior(units, data)
	if err != nil {
		t.Fatal(err)
	}
	m := structured(100, units, 99)
	without, _ := NewCodec(units, nil).Encode(m, Range)
	c := NewCodec(units, prior)
	with, _ := c.Encode(m, Range)
	again, _ := NewCodec(units, read).Encode(m, Range)
	if !bytes.Equal(with.Data, again.Data) {
		t.Error("the prior that was written and read gives another code")
	}
	best := 1 << 30
	for _, mode := range []Mode{Dense, COO, CCS, CRS, Enumerative, Rice} {
		if bits, ok := Size(m, mode); ok {
			best = min(best, bits)
		}
	}
	if with.Bits >= without.Bits*9/10 || without.Bits >= best {
		t.Errorf("with a prior %d bits, without %d, the best other format %d", with.Bits, without.Bits, best)
	}
	back := NewMatrix(100, units)
	if err := c.Decode(with, back); err != nil || !back.Equal(m) {
		t.Errorf("not the same matrix: %v", err)
	}
	for cut := range len(data) {
		if _, err := ReadPrior(units, data[:cut]); err == nil {
			t.Fatalf("%d of %d bytes are taken for a prior", cut, len(data))
		}
		if cut > 40 {
			break
		}
	}
}

func BenchmarkRange(b *testing.B) {
	m := random(625, 64, .06, rng.Stream(1, "benchmark", 0, 0))
	c := NewCodec(64, nil)
	b.SetBytes(int64(m.cells()))
	for b.Loop() {
		c.Encode(m, Range)
	}
}
