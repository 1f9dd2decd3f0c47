package deepr

import (
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/mat"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Signs says which presynaptic neurons are excitatory (+1) or inhibitory (-1):
// floor(fraction·n)+1 excitatory ones. The inhibitory come first; shuffled
// mixes them.
func Signs(n int, fraction float64, shuffled bool, seed uint64, purpose rng.Purpose) []float64 {
	excitatory := min(n, int(math.Floor(fraction*float64(n)))+1)
	signs := make([]float64, n)
	for i := range signs {
		signs[i] = -1
		if i >= n-excitatory {
			signs[i] = 1
		}
	}
	if shuffled {
		rng.Stream(seed, purpose, 0, 0).Shuffle(n, func(i, j int) { signs[i], signs[j] = signs[j], signs[i] })
	}
	return signs
}

// NewSigned draws a matrix whose rows have the given signs: balanced so that
// each column of the full square matrix sums to zero, scaled to spectral
// radius 1, cut or sampled to post columns, and thinned to about p.
func NewSigned[F tensor.Float](name string, post int, p float64, signs []float64, seed uint64) *Matrix[F] {
	pre := len(signs)
	random := rng.Stream(seed, rng.Purpose("deep-r-start-"+name), 0, 0)
	full := balanced(signs, random.NormFloat64)
	if radius := spectralRadius(full); radius > 0 {
		full.Scale(1/radius, full)
	}
	columns := make([]int, post)
	for j := range columns {
		columns[j] = j
		if post > pre {
			columns[j] = random.IntN(pre)
		}
	}
	m := empty[F](name, pre, post, p)
	mask := m.drawMask(random.IntN)
	for i := range pre {
		for j := range post {
			at := i*post + j
			m.Sign[at] = F(signs[i])
			if mask[at] {
				m.Theta[at] = F(math.Abs(full.At(i, columns[j])))
			}
		}
	}
	return m
}

// NewUnsigned draws θ = |N(0,1)|/√pre on a mask of about p, with random signs.
func NewUnsigned[F tensor.Float](name string, pre, post int, p float64, seed uint64) *Matrix[F] {
	random := rng.Stream(seed, rng.Purpose("deep-r-start-"+name), 0, 0)
	m := empty[F](name, pre, post, p)
	mask := m.drawMask(random.IntN)
	for i := range m.Theta {
		theta := math.Abs(random.NormFloat64()) / math.Sqrt(float64(pre))
		if mask[i] {
			m.Theta[i] = F(theta)
		}
		m.Sign[i] = F(2*random.IntN(2) - 1)
	}
	return m
}

func empty[F tensor.Float](name string, pre, post int, p float64) *Matrix[F] {
	return &Matrix[F]{Name: name, Pre: pre, Post: post, Connectivity: p, Theta: make([]F, pre*post), Sign: make([]F, pre*post)}
}

// drawMask draws floor(size·p) sites with replacement: duplicates make the
// start a little sparser than p.
func (m *Matrix[F]) drawMask(intN func(int) int) []bool {
	mask := make([]bool, len(m.Theta))
	for range int(math.Floor(float64(len(mask))*m.Connectivity + 1e-9)) {
		mask[intN(m.Pre)*m.Post+intN(m.Post)] = true
	}
	return mask
}

// balanced draws |N(0,1)|·sign and balances it: inhibition is scaled to equal
// excitation in sum, then each column's remaining deficit is spread equally over
// its excitatory entries (an excess of excitation over its inhibitory ones).
func balanced(signs []float64, normal func() float64) *mat.Dense {
	n := len(signs)
	m := mat.NewDense(n, n, nil)
	var excitation, inhibition float64
	var excitatory, inhibitory int
	for i, s := range signs {
		for j := range n {
			x := math.Abs(normal())
			m.Set(i, j, s*x)
			if s > 0 {
				excitation += x
			} else {
				inhibition += x
			}
		}
		if s > 0 {
			excitatory++
		} else {
			inhibitory++
		}
	}
	if inhibitory == 0 || excitatory == 0 {
		return m
	}
	for i, s := range signs {
		for j := range n {
			if s < 0 {
				m.Set(i, j, m.At(i, j)*excitation/inhibition)
			}
		}
	}
	for j := range n {
		sum := mat.Sum(m.ColView(j))
		for i, s := range signs {
			switch {
			case sum < 0 && s > 0:
				m.Set(i, j, m.At(i, j)-sum/float64(excitatory))
			case sum > 0 && s < 0:
				m.Set(i, j, m.At(i, j)-sum/float64(inhibitory))
			}
		}
	}
	return m
}

// spectralRadius is the largest |eigenvalue|.
func spectralRadius(m *mat.Dense) float64 {
	var e mat.Eigen
	if !e.Factorize(m, mat.EigenNone) {
		return 0
	}
	radius := 0.0
	for _, v := range e.Values(nil) {
		radius = max(radius, cmplx.Abs(v))
	}
	return radius
}
