package functionepisodes

import (
	"math"
	"math/rand/v2"
)

// hidden is the number of a teacher's hidden units.
const hidden = 10

// Teacher is a network with two inputs, ten hidden units and one output, all of them
// sigmoids σ(a) = 1/(1+e⁻ᵃ):
//
//	(1) h_j = σ(b_j + Σ_i w_ij x_i)
//	(2) C(x) = (σ(Σ_j v_j h_j) - low) / (high - low)
//
// Its 40 parameters w, b and v are uniform in [-1, 1]. The affine map of (2) takes
// what is attainable to [0, 1].
type Teacher struct {
	In        [2][hidden]float64 // w
	Bias      [hidden]float64    // b
	Out       [hidden]float64    // v
	low, high float64
}

// Attainable says whose range the map of equation (2) takes to [0, 1].
type Attainable int

const (
	// OfFamily is the range that some teacher reaches somewhere: as no h_j exceeds σ(3),
	// σ(±10 σ(3)). One map for all; most teachers stay near a value of their own.
	OfFamily Attainable = iota
	// OfTeacher is the range of the teacher at hand over the square of its inputs, so
	// that each of them takes all values from 0 to 1.
	OfTeacher
)

func sigmoid(a float64) float64 { return 1 / (1 + math.Exp(-a)) }

// NewTeacher draws the parameters.
func NewTeacher(r *rand.Rand, range_ Attainable) *Teacher {
	t := new(Teacher)
	for _, parameters := range [][]float64{t.In[0][:], t.In[1][:], t.Bias[:], t.Out[:]} {
		for i := range parameters {
			parameters[i] = 2*r.Float64() - 1
		}
	}
	if range_ == OfFamily {
		most := hidden * sigmoid(3)
		t.low, t.high = sigmoid(-most), sigmoid(most)
		return t
	}
	// The extremes over a grid of inputs: C is so smooth that what lies between the
	// points exceeds them by less than 1e-4 of the range, which At cuts off.
	const points = 64
	t.low, t.high = math.Inf(1), math.Inf(-1)
	for i := range points * points {
		y := t.raw([]float64{-1 + 2*float64(i/points)/(points-1), -1 + 2*float64(i%points)/(points-1)})
		t.low, t.high = min(t.low, y), max(t.high, y)
	}
	return t
}

// At is C(x), for the two numbers of x in [-1, 1].
func (t *Teacher) At(x []float64) float64 {
	return min(1, max(0, (t.raw(x)-t.low)/(t.high-t.low)))
}

// raw is the output's sigmoid.
func (t *Teacher) raw(x []float64) float64 {
	a := 0.0
	for j := range hidden {
		a += t.Out[j] * sigmoid(t.Bias[j]+t.In[0][j]*x[0]+t.In[1][j]*x[1])
	}
	return sigmoid(a)
}
