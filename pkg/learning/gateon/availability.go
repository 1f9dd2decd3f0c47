package gateon

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/tensor"
)

const (
	// exhausted is the availability below which it is 0.
	exhausted = 1e-30
	// idle is the availability below which float32 weights do not move: a step that it
	// scales is below their precision, and would only make denormal numbers, which are slow.
	idle = 1e-12
)

// next is Ã after a step with relevance r (2306.01690, section 5 of the method):
//
//	Ã ← clip(Ã - η Ã (R - ε), 0, 1)
//
// While R is constant it falls like exp(-η (R - ε) t); below a relevance of ε it grows.
func next(a, r, eta, epsilon float64) float64 {
	a -= eta * a * (r - epsilon)
	if a < exhausted {
		return 0
	}
	return min(a, 1)
}

// factor is what an availability multiplies plasticity by.
func factor[F tensor.Float](a F) F {
	if unsafe.Sizeof(a) == 4 && a < idle {
		return 0
	}
	return a
}
