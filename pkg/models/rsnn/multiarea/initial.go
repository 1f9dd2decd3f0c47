package multiarea

import (
	"math"
	"math/cmplx"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Sizes are the numbers of neurons of a network whose areas are alike.
type Sizes struct {
	Neurons, Areas     int
	ExcitatoryFraction float64 // 0.8
}

// Excitatory is N_e = ⌊fraction · N⌋.
func (s Sizes) Excitatory() int { return int(s.ExcitatoryFraction*float64(s.Neurons) + 1e-9) }

// AreaOf is the area of each neuron: of N_e excitatory ones those in
// [a N_e/A, (a+1) N_e/A) belong to area a, and so do the inhibitory ones after them.
func (s Sizes) AreaOf() []int {
	area := make([]int, s.Neurons)
	excitatory := s.Excitatory()
	for a := range s.Areas {
		for _, kind := range [][2]int{{0, excitatory}, {excitatory, s.Neurons - excitatory}} {
			first, count := kind[0], kind[1]
			for i := a * count / s.Areas; i < (a+1)*count/s.Areas; i++ {
				area[first+i] = a
			}
		}
	}
	return area
}

// InitialWeights draws the start of a training (2306.03603, section 2.1 of the method).
// Within an area recurrent weights are uniform in (0,1), with no synapse onto itself,
// and balanced: for every neuron the larger of the sums of its excitatory and its
// inhibitory weights is scaled down to the other. They are divided by the largest
// absolute eigenvalue of the signed matrix and by the number of delays. Between areas
// they are zero. Input weights are uniform in (0, 1/√I), and balanced. The feedback of
// the jaw begins at zero.
func InitialWeights[F tensor.Float](p *Params, seed uint64) Weights[F] {
	w := NewWeights[F](p)
	n := p.Neurons
	for g := range p.Delays {
		r := rng.Stream(seed, "multiarea-recurrent", 0, uint64(g))
		one := make([]float64, n*n)
		for i := range n {
			for j := range n {
				if i != j && p.Area[i] == p.Area[j] {
					one[i*n+j] = r.Float64()
				}
			}
		}
		balance(one, n, p.Excitatory)
		scale := 1 / (p.radius(one) * float64(len(p.Delays)))
		for i, x := range one {
			w.Recurrent[g*n*n+i] = F(scale * x)
		}
	}
	r := rng.Stream(seed, "multiarea-input", 0, 0)
	in := make([]float64, p.Inputs*n)
	for i := range in {
		in[i] = r.Float64() / math.Sqrt(float64(p.Inputs))
	}
	balance(in, n, p.ExcitatoryInputs)
	for i, x := range in {
		w.Input[i] = F(x)
	}
	r = rng.Stream(seed, "multiarea-rest", 0, 0)
	for i := range w.Rest {
		w.Rest[i] = F((r.Float64() - 0.5) / math.Sqrt(float64(n)))
	}
	r = rng.Stream(seed, "multiarea-offset", 0, 0)
	for _, x := range [][]F{w.OffsetIn, w.OffsetBias, w.OffsetOut} {
		uniform(r, x, 1/math.Sqrt(float64(p.TrialNoise)))
	}
	r = rng.Stream(seed, "multiarea-jaw", 0, 0)
	for i := range w.Jaw {
		w.Jaw[i] = F(r.NormFloat64() * 10 * math.Sqrt(2/float64(len(p.Motor)+1)))
	}
	switch len(w.JawBias) {
	case 1:
		w.JawBias[0] = 1
	case 2: // mean and deviation
		w.JawBias[1] = 1
	}
	return w
}

// uniform fills x with numbers between -limit and limit.
func uniform[F tensor.Float](r *rand.Rand, x []F, limit float64) {
	for i := range x {
		x[i] = F(limit * (2*r.Float64() - 1))
	}
}

// balance scales, for each of n columns of w, the rows of the kind with the larger sum,
// excitatory ones first.
func balance(w []float64, n, excitatory int) {
	for j := range n {
		var sums [2]float64
		kind := func(i int) int {
			if i < excitatory {
				return 0
			}
			return 1
		}
		for i := range len(w) / n {
			sums[kind(i)] += w[i*n+j]
		}
		least := min(sums[0], sums[1])
		for i := range len(w) / n {
			if sum := sums[kind(i)]; sum > 0 {
				w[i*n+j] *= least / sum
			}
		}
	}
}

// radius is the largest absolute eigenvalue of the signed matrix, [pre][post], whose
// areas are not connected: it is that of one of its blocks. 1 for a matrix of zeros.
func (p *Params) radius(w []float64) float64 {
	byArea := map[int][]int{}
	for i, a := range p.Area {
		byArea[a] = append(byArea[a], i)
	}
	var largest float64
	for _, neurons := range byArea {
		m := mat.NewDense(len(neurons), len(neurons), nil)
		for a, i := range neurons {
			for b, j := range neurons {
				x := w[i*p.Neurons+j]
				if i >= p.Excitatory {
					x = -x
				}
				m.Set(a, b, x)
			}
		}
		var e mat.Eigen
		if !e.Factorize(m, mat.EigenNone) {
			continue
		}
		for _, value := range e.Values(nil) {
			largest = max(largest, cmplx.Abs(value))
		}
	}
	if largest == 0 {
		return 1
	}
	return largest
}
