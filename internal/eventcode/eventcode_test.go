package eventcode

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

// random puts an event into each cell with probability rho.
func random(t, n int, rho float64, r *rand.Rand) *Matrix {
	m := NewMatrix(t, n)
	for cell := range m.cells() {
		if r.Float64() < rho {
			m.set(cell)
		}
	}
	return m
}

func TestEveryModeGivesTheMatrixBack(t *testing.T) {
	for _, units := range []int{1, 2, 40, 64, 65, 1000} {
		c := NewCodec(units, nil)
		for _, frames := range []int{0, 1, 2, 127, 128, 129, 1000} {
			for i, rho := range []float64{0, .001, .02, .1, .5, 1} {
				large := units*frames > 20_000
				if large && rho != .001 && rho != .1 && rho != 1 {
					continue
				}
				m := random(frames, units, rho, rng.Stream(1, "matrix", uint64(units*frames), uint64(i)))
				smallest := math.MaxInt
				for _, mode := range Modes() {
					if large && (mode == Enumerative || mode == Range) && rho != .1 {
						continue
					}
					p, ok := c.Encode(m, mode)
					if !ok {
						if mode != Empty || m.Count() == 0 {
							t.Errorf("N %d, T %d, ρ %v: %v cannot store it", units, frames, rho, mode)
						}
						continue
					}
					if size, known := Size(m, mode); known && size != p.Bits || len(p.Data) != (p.Bits+7)/8 {
						t.Errorf("N %d, T %d, ρ %v: %v has %d bits in %d bytes, its size is %d", units, frames, rho, mode, p.Bits, len(p.Data), size)
					}
					smallest = min(smallest, p.Bits)
					back := random(frames, units, .5, rng.Stream(1, "what was there before", 0, 0))
					if err := c.Decode(p, back); err != nil {
						t.Errorf("N %d, T %d, ρ %v: %v: %v", units, frames, rho, mode, err)
					} else if !back.Equal(m) {
						t.Errorf("N %d, T %d, ρ %v: %v gives another matrix back", units, frames, rho, mode)
					}
				}
				if large {
					continue
				}
				if p, ok := c.Cheapest(m, Modes()); !ok || p.Bits > smallest {
					t.Errorf("N %d, T %d, ρ %v: the cheapest has %d bits, one has %d", units, frames, rho, p.Bits, smallest)
				}
			}
		}
	}
}

// The sizes that section 13 computes for N = 64, T = 128, K = 100.
func TestSizesToTheBit(t *testing.T) {
	m := NewMatrix(128, 64)
	r := rng.Stream(2, "hundred", 0, 0)
	for m.Count() < 100 {
		m.set(r.IntN(m.cells()))
	}
	for mode, want := range map[Mode]int{Dense: 8192, COO: 14 + 100*13, CCS: 128*7 + 100*6, CRS: 64*8 + 100*7} {
		if got, ok := Size(m, mode); !ok || got != want {
			t.Errorf("%v: %d bits, want %d", mode, got, want)
		}
	}
	if got, want := TextbookCRS(m), 65*7+100*7; got != want {
		t.Errorf("textbook CRS: %d bits, want %d", got, want)
	}
	// C(64, k) for a matrix of one frame.
	for k, bits := range map[int]int{0: 0, 1: 6, 2: 11, 3: 16, 32: 61, 63: 6, 64: 0} {
		one := NewMatrix(1, 64)
		for n := range k {
			one.Set(0, n)
		}
		if got, _ := Size(one, Enumerative); got != 7+bits {
			t.Errorf("enumerative, %d of 64: %d bits, want %d", k, got, 7+bits)
		}
	}
	// Events in cells 0, 5 and 6 have the gaps 0, 4, 0.
	rice := NewMatrix(1, 64)
	for _, n := range []int{0, 5, 6} {
		rice.Set(0, n)
	}
	if got, _ := Size(rice, Rice); got != 7+(0+1)+(4+1)+(0+1) { // r = 0
		t.Errorf("rice: %d bits", got)
	}
}

// The densities below which the sparse formats are smaller than the dense one.
func TestCrossOverDensities(t *testing.T) {
	for _, c := range []struct {
		n, t int
		mode Mode
		rho  float64
	}{
		{64, 128, COO, .0769}, {64, 128, CCS, .1484}, {64, 128, CRS, .1339},
		{128, 128, COO, .0714}, {128, 128, CCS, .1339}, {128, 128, CRS, .1339},
		{512, 256, COO, .0588}, {512, 256, CCS, .1089}, {512, 256, CRS, .1206},
	} {
		for _, side := range []float64{.98, 1.02} {
			m := NewMatrix(c.t, c.n)
			k := int(math.Round(side * c.rho * float64(m.cells())))
			for cell := range k {
				m.set(cell)
			}
			if bits, _ := Size(m, c.mode); bits < m.cells() != (side < 1) {
				t.Errorf("%v of %d × %d at %.4f: %d bits, dense %d", c.mode, c.t, c.n, side*c.rho, bits, m.cells())
			}
		}
	}
}

func TestWhatNoEncoderWroteIsCorrupt(t *testing.T) {
	write := func(fields ...[2]int) Payload {
		w := &bitWriter{}
		bits := 0
		for _, f := range fields {
			w.write(uint64(f[0]), f[1])
			bits += f[1]
		}
		return Payload{Bits: bits, Data: w.data}
	}
	// N = 5, T = 3: counts of COO and Rice have 4 bits, units 3, frames 2; counts of a frame 3, of a unit 2.
	for _, c := range []struct {
		name string
		mode Mode
		p    Payload
	}{
		{"too short", Dense, write([2]int{1, 14})},
		{"bits left over", Dense, write([2]int{1, 15}, [2]int{0, 1})},
		{"unsorted", COO, write([2]int{2, 4}, [2]int{1, 3}, [2]int{1, 2}, [2]int{0, 3}, [2]int{1, 2})},
		{"twice", COO, write([2]int{2, 4}, [2]int{1, 3}, [2]int{1, 2}, [2]int{1, 3}, [2]int{1, 2})},
		{"unit 5 of 5", COO, write([2]int{1, 4}, [2]int{5, 3}, [2]int{0, 2})},
		{"frame 3 of 3", COO, write([2]int{1, 4}, [2]int{0, 3}, [2]int{3, 2})},
		{"six events of five", CCS, write([2]int{6, 3})},
		{"unsorted", CCS, write([2]int{2, 3}, [2]int{3, 3}, [2]int{2, 3}, [2]int{0, 3}, [2]int{0, 3})},
		{"frame 3 of 3", CRS, write([2]int{1, 2}, [2]int{3, 2}, [2]int{0, 8})},
		{"no such choice", Enumerative, write([2]int{2, 3}, [2]int{10, 4}, [2]int{0, 3}, [2]int{0, 3})},
		{"behind the end", Rice, write([2]int{1, 4}, [2]int{1<<15 - 1, 15}, [2]int{0, 1})},
		{"an endless run", Rice, write([2]int{1, 4}, [2]int{255, 8})},
		{"a zero at the end", Range, Payload{Bits: 16, Data: []byte{1, 0}}},
		{"too many bytes", Range, Payload{Bits: 80, Data: []byte{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}}},
		{"not empty", Empty, write([2]int{0, 1})},
		{"a mode to come", Mode(8), write()},
	} {
		c.p.Mode = c.mode
		if err := NewCodec(5, nil).Decode(c.p, NewMatrix(3, 5)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%v, %s: %v", c.mode, c.name, err)
		}
	}
	spare := write([2]int{1, 15})
	spare.Data[1] |= 1 << 7
	if err := NewCodec(5, nil).Decode(spare, NewMatrix(3, 5)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a bit behind the last: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	c := NewCodec(9, nil)
	for i, mode := range Modes() {
		if p, ok := c.Encode(random(20, 9, .1, rng.Stream(3, "fuzz", 0, uint64(i))), mode); ok {
			f.Add(uint8(p.Mode), p.Param, uint16(p.Bits), p.Data)
		}
	}
	f.Fuzz(func(t *testing.T, mode, param uint8, bits uint16, data []byte) {
		m := NewMatrix(20, 9)
		p := Payload{Mode(mode), param, int(bits), data}
		if err := c.Decode(p, m); err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Error(err)
			}
			return
		}
		// What is accepted is what the encoder writes, but for a Rice parameter that is not the
		// best, and for another number in the last interval of the range coder.
		loose := Mode(mode) == Rice || Mode(mode) == Range
		if again, ok := c.Encode(m, Mode(mode)); !ok || !loose && (again.Bits != p.Bits || string(again.Data) != string(data)) {
			t.Errorf("accepted %v, which the encoder writes as %v", p, again)
		}
	})
}
