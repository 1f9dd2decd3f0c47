package experiment

import (
	"cmp"
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/tensor"
)

// GradientCheck compares the gradient of one parameter in float32 with that in
// float64.
//
// A spike that rounding moves by a step changes the trial after it, so the two
// agree closely, not to the last digits: a cosine near 1 and a ratio of norms
// near 1 are what to expect.
type GradientCheck struct {
	Name      string  `json:"name"`
	Cosine    float64 `json:"cosine"`
	NormRatio float64 `json:"norm_ratio"` // of float32 over float64
}

// checkTrials is the size of the batch that is checked.
const checkTrials = 16

// The least agreement that passes.
const (
	minCosine    = 0.95
	maxNormRatio = 1.25 // or its inverse
)

// Passed reports whether the gradients point the same way and are about as long.
func (c GradientCheck) Passed() bool {
	return c.Cosine >= minCosine && c.NormRatio <= maxNormRatio && c.NormRatio >= 1/maxNormRatio
}

// Check compares the gradients of the first batch in float32 with those in
// float64, whichever of them the experiment trains in.
func (x *Experiment) Check() ([]GradientCheck, error) { return x.check() }

func compareGradients(ours, exact map[string][]float64) []GradientCheck {
	var checks []GradientCheck
	for name, g := range exact {
		var dot, norm, normExact float64
		for i, x := range g {
			y := ours[name][i]
			dot += x * y
			norm += y * y
			normExact += x * x
		}
		c := GradientCheck{Name: name, Cosine: 1, NormRatio: 1} // of two zero gradients
		if norm != 0 || normExact != 0 {                        // NaN too
			c.Cosine, c.NormRatio = dot/math.Sqrt(norm*normExact), math.Sqrt(norm/normExact)
		}
		checks = append(checks, c)
	}
	slices.SortFunc(checks, func(a, b GradientCheck) int { return cmp.Compare(a.Name, b.Name) })
	return checks
}

// widened copies gradients to float64.
func widened[F tensor.Float](gradients map[string][]F) map[string][]float64 {
	wide := map[string][]float64{}
	for name, g := range gradients {
		for _, x := range g {
			wide[name] = append(wide[name], float64(x))
		}
	}
	return wide
}
