package rng

import (
	"math"
	"testing"
)

// The known answers of the Random123 distribution for philox4x32-10.
func TestPhiloxKnownAnswers(t *testing.T) {
	ones := uint32(math.MaxUint32)
	for _, c := range []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{[4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{ones, ones, ones, ones}, [2]uint32{ones, ones}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := Philox4x32(c.counter, c.key); got != c.want {
			t.Errorf("Philox4x32(%x, %x) = %x, want %x", c.counter, c.key, got, c.want)
		}
	}
}

func TestStreamsDependOnEveryPartOfTheirName(t *testing.T) {
	first := func(seed uint64, p Purpose, step, index uint64) uint64 { return Stream(seed, p, step, index).Uint64() }
	base := first(1, "a", 2, 3)
	if base != first(1, "a", 2, 3) {
		t.Error("the same name gave another number")
	}
	for name, other := range map[string]uint64{
		"seed": first(2, "a", 2, 3), "purpose": first(1, "b", 2, 3), "step": first(1, "a", 3, 3),
		"index": first(1, "a", 2, 4), "swapped": first(1, "a", 3, 2),
	} {
		if other == base {
			t.Errorf("streams differing in %s start alike", name)
		}
	}
}

func TestStreamMoments(t *testing.T) {
	const n = 200_000
	r := Stream(7, "moments", 0, 0)
	var sum, square float64
	for range n {
		x := r.NormFloat64()
		sum += x
		square += x * x
	}
	if mean := sum / n; math.Abs(mean) > 5/math.Sqrt(n) {
		t.Errorf("mean of %d normal draws = %g, want 0 within five standard errors", n, mean)
	}
	if v := square / n; math.Abs(v-1) > 5*math.Sqrt(2.0/n) {
		t.Errorf("variance of %d normal draws = %g, want 1 within five standard errors", n, v)
	}
}
