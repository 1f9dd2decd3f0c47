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
func NewTeacher(r *rand.Rand, of Attainable) *Teacher {
	t := new(Teacher)
	for _, parameters := range [][]float64{t.In[0][:], t.In[1][:], t.Bias[:], t.Out[:]} {
		for i := range parameters {
			parameters[i] = 2*r.Float64() - 1
		}
	}
	if of == OfFamily {
		most := hidden * sigmoid(3)
		t.low, t.high = sigmoid(-most), sigmoid(most)
		return t
	}
	t.low, t.high = sigmoid(-t.most(-1)), sigmoid(t.most(1))
	return t
}

// most is the largest value over the square of sign times the sum in equation (2), to about
// 1e-5: that of the points of a grid, improved by steps of half the length, a quarter, and so
// on.
func (t *Teacher) most(sign float64) float64 {
	const points, halvings = 17, 10
	best, at := math.Inf(-1), [2]float64{}
	try := func(x [2]float64) {
		for i := range x {
			x[i] = min(1, max(-1, x[i]))
		}
		if a := sign * t.sum(x[:]); a > best {
			best, at = a, x
		}
	}
	step := 2. / (points - 1)
	for i := range points * points {
		try([2]float64{-1 + step*float64(i/points), -1 + step*float64(i%points)})
	}
	for range halvings {
		step /= 2
		from := at
		for i := range 9 {
			try([2]float64{from[0] + step*float64(i/3-1), from[1] + step*float64(i%3-1)})
		}
	}
	return best
}

// At is C(x), for the two numbers of x in [-1, 1].
func (t *Teacher) At(x []float64) float64 {
	return min(1, max(0, (sigmoid(t.sum(x))-t.low)/(t.high-t.low)))
}

// sum is Σ_j v_j h_j.
func (t *Teacher) sum(x []float64) float64 {
	a := 0.0
	for j := range hidden {
		a += t.Out[j] * sigmoid(t.Bias[j]+t.In[0][j]*x[0]+t.In[1][j]*x[1])
	}
	return a
}
