package float16

import (
	"math"
	"testing"
)

// All 65,536 numbers of binary16 and bfloat16 have their values: the upper bits of
// a bfloat16 are those of a float32, and binary16 is sign · 2^(e-15) · 1.f.
func TestSixteenBits(t *testing.T) {
	for i := range 1 << 16 {
		bits := uint16(i)
		want := math.Pow(2, float64(bits>>10&31)-15) * (1 + float64(bits&1023)/1024)
		switch {
		case bits>>10&31 == 0:
			want = math.Pow(2, -14) * float64(bits&1023) / 1024
		case bits>>10&31 == 31 && bits&1023 != 0:
			want = math.NaN()
		case bits>>10&31 == 31:
			want = math.Inf(1)
		}
		if bits>>15 == 1 {
			want = -want
		}
		if got := Binary(bits); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Fatalf("binary16 %#04x is %v, want %v", bits, got, want)
		}
		if got := Brain(bits); math.Float32bits(float32(got)) != uint32(bits)<<16 && !math.IsNaN(got) {
			t.Fatalf("bfloat16 %#04x is %v", bits, got)
		}
	}
}
