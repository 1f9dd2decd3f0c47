package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// matrix is one of the algorithm, which multiplies vectors of vectors.
type matrix struct {
	name          string
	rows, columns int
	multiply      func(x []VecVirtual) []VecVirtual
}

// The two points in float32, computed as Go computes the constants of the twins.
const a, b = math.Sqrt2 / 2, math.Sqrt2

func add(x, y Op) VecVirtual { z := YMM(); VADDPS(y, x, z); return z }
func sub(x, y Op) VecVirtual { z := YMM(); VSUBPS(y, x, z); return z }

func times(c float64, x VecVirtual) VecVirtual {
	z := YMM()
	if c == 2 {
		VADDPS(x, x, z)
	} else {
		VMULPS(constant(c), x, z)
	}
	return z
}

var input = matrix{"Input", 6, 6, func(x []VecVirtual) []VecVirtual {
	p, q := sub(x[4], times(2, x[2])), times(a, sub(x[3], times(2, x[1])))
	r, s := sub(x[4], times(0.5, x[2])), times(b, sub(x[3], times(0.5, x[1])))
	first, last := sub(add(x[0], x[4]), times(2.5, x[2])), sub(add(x[1], x[5]), times(2.5, x[3]))
	return []VecVirtual{first, add(p, q), sub(p, q), add(r, s), sub(r, s), last}
}}

var output = matrix{"Output", 4, 6, func(x []VecVirtual) []VecVirtual {
	p, q := add(x[1], x[2]), sub(x[1], x[2])
	r, s := add(x[3], x[4]), sub(x[3], x[4])
	return []VecVirtual{
		add(x[0], add(p, r)), add(times(a, q), times(b, s)),
		add(times(0.5, p), times(2, r)), add(add(times(a/2, q), times(2*b, s)), x[5]),
	}
}}

var adjointOfOutput = matrix{"OutputAdjoint", 6, 4, func(x []VecVirtual) []VecVirtual {
	p, q := add(x[0], times(0.5, x[2])), add(times(a, x[1]), times(a/2, x[3]))
	r, s := add(x[0], times(2, x[2])), add(times(b, x[1]), times(2*b, x[3]))
	return []VecVirtual{x[0], add(p, q), sub(p, q), add(r, s), sub(r, s), x[3]}
}}

var weights = matrix{"Weights", 6, 3, func(x []VecVirtual) []VecVirtual {
	p, q := add(times(-2./3, x[0]), times(-1./3, x[2])), times(-2./3*a, x[1])
	r, s := add(times(1./6, x[0]), times(1./3, x[2])), times(1./6*b, x[1])
	return []VecVirtual{x[0], add(p, q), sub(p, q), add(r, s), sub(r, s), x[2]}
}}

var adjointOfWeights = matrix{"WeightsAdjoint", 3, 6, func(x []VecVirtual) []VecVirtual {
	p, q := add(x[1], x[2]), sub(x[1], x[2])
	r, s := add(x[3], x[4]), sub(x[3], x[4])
	return []VecVirtual{
		add(x[0], add(times(-2./3, p), times(1./6, r))), add(times(-2./3*a, q), times(1./6*b, s)),
		add(add(times(-1./3, p), times(1./3, r)), x[5]),
	}
}}
