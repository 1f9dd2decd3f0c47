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
