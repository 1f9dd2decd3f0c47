// Package float16 has the two kinds of numbers in 16 bits that files of networks
// hold.
package float16

import "math"

// Binary is the number with those bits in IEEE 754's binary16: a sign, five bits
// of exponent and ten of fraction.
func Binary(bits uint16) float64 {
	sign := 1.0
	if bits>>15 == 1 {
		sign = -1
	}
	exponent, fraction := int(bits>>10&0x1f), float64(bits&0x3ff)
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 0x1f:
		if fraction != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

// Brain is the number with those bits in bfloat16, the upper half of a float32.
func Brain(bits uint16) float64 { return float64(math.Float32frombits(uint32(bits) << 16)) }

// FromFloat32 is the number in binary16 that is nearest to x, of two as near the even one; what
// is too large becomes infinite.
func FromFloat32(x float32) uint16 {
	bits := math.Float32bits(x)
	sign := uint16(bits >> 16 & 0x8000)
	a := math.Abs(float64(x))
	switch {
	case a != a: //nolint:staticcheck // true for NaN only
		return sign | 0x7e00
	case a >= 65520: // half a step above the largest number
		return sign | 0x7c00
	case a < 1.0/(1<<14): // subnormal: a multiple of 2^-24
		return sign | uint16(math.RoundToEven(a*(1<<24)))
	}
	fraction, exponent := math.Frexp(a) // a = fraction · 2^exponent, fraction in [½, 1)
	steps := math.RoundToEven(fraction * (1 << 11))
	if steps == 1<<11 {
		steps, exponent = 1<<10, exponent+1
	}
	return sign | uint16(exponent+14)<<10 | uint16(steps)&0x3ff
}
