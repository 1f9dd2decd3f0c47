package float16

import (
	"math"
	"testing"
)

// All numbers of the format are themselves, and what lies between two goes to the nearer.
func TestFromFloat32(t *testing.T) {
	for b := range uint16(0x7c00) {
		x := Binary(b)
		if got := FromFloat32(float32(x)); got != b {
			t.Fatalf("%v becomes %#x, want %#x", x, got, b)
		}
		if got := FromFloat32(float32(-x)); got != b|0x8000 {
			t.Fatalf("%v becomes %#x, want %#x", -x, got, b|0x8000)
		}
		if b == 0x7bff {
			break
		}
		next := Binary(b + 1)
		even := b + b&1
		if got := FromFloat32(float32((x + next) / 2)); got != even {
			t.Fatalf("halfway between %v and %v: %#x, want %#x", x, next, got, even)
		}
		if got := FromFloat32(float32(x + (next-x)*.51)); got != b+1 {
			t.Fatalf("above the middle of %v and %v: %#x", x, next, got)
		}
	}
	for x, want := range map[float32]uint16{65519: 0x7bff, 65520: 0x7c00, 1e30: 0x7c00, float32(math.Inf(-1)): 0xfc00} {
		if got := FromFloat32(x); got != want {
			t.Errorf("%v becomes %#x, want %#x", x, got, want)
		}
	}
	if !math.IsNaN(Binary(FromFloat32(float32(math.NaN())))) {
		t.Error("NaN is lost")
	}
}
