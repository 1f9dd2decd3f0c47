package defects

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

// Grid is the set of values that a weight of few bits can have (section 6.2 of the method):
// Scale·(k - Zero) for k = 0 … 2^bits - 1. It holds 0.
type Grid struct {
	Scale, Zero float64
	levels      float64 // the greatest k
}

// NewGrid lays 2^bits values over [low, high], which holds 0:
//
//	scale = (high - low) / (2^bits - 1)    zero = -low/scale, rounded half away from zero.
//
// For 4 bits over [-1, 1] the values go from -1.0667 to 0.9333.
func NewGrid(bits int, low, high float64) Grid {
	levels := math.Ldexp(1, bits) - 1
	scale := (high - low) / levels
	return Grid{Scale: scale, Zero: min(math.Round(-low/scale), levels), levels: levels}
}

// gridOf is the grid of a layer with weights w.
func gridOf[F tensor.Float](d *Defects, w []F) Grid {
	if !d.RangePerLayer {
		return NewGrid(d.WeightBits, d.WeightLow, d.WeightHigh)
	}
	var widest F
	for _, x := range w {
		widest = max(widest, x, -x)
	}
	if widest == 0 {
		widest = 1
	}
	return NewGrid(d.WeightBits, -float64(widest), float64(widest))
}

// RoundWeights writes to dst the weights w of a layer on their grid, and returns it.
func RoundWeights[F tensor.Float](d *Defects, dst, w []F) Grid {
	g := gridOf(d, w)
	for i, x := range w {
		dst[i] = F(g.Round(float64(x)))
	}
	return g
}

// Round is the value of the grid next to w.
func (g Grid) Round(w float64) float64 {
	low, high := g.Ends()
	level := math.Floor((max(low, min(w, high))-low)/g.Scale + 0.5)
	return g.Scale * (level - g.Zero)
}

// Ends are the least and the greatest value.
func (g Grid) Ends() (low, high float64) { return -g.Scale * g.Zero, g.Scale * (g.levels - g.Zero) }

// Holds reports whether w lies between the ends, where rounding passes gradients
// straight through; outside it does not.
func (g Grid) Holds(w float64) bool {
	low, high := g.Ends()
	return w >= low && w <= high
}
