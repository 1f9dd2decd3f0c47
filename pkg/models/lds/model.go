// Package lds holds linear dynamical systems that are seen through spike counts, the usual
// latent variable models of neural recordings: a Poisson linear dynamical system (PLDS), and
// one that switches between several dynamics (section 7 of the method of
// arXiv:2205.13493, B2 and B3):
//
//	s_{t+1} ~ P(s_t → ·)
//	x_{t+1} = F_s x_t + b_s + ε,  ε ~ N(0, Q_s),  s = s_{t+1}
//	y_tn ~ Poisson(exp(C_n·x_t + d_n))
//
// A PLDS has one state s. Counts are of bins; exp(d) is in spikes a bin.
package lds

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Model is the parameters of a system of D dimensions and K states, seen by N neurons.
type Model struct {
	D int

	Dynamics   []Dynamics  // [K]
	Transition [][]float64 // [K][K], P(from → to); rows sum to 1
	Start      []float64   // [K] of s_0

	StartMean       []float64     // [D] of x_0
	StartCovariance *mat.SymDense // [D][D]

	Loading [][]float64 // C, [N][D]
	Offset  []float64   // d, [N]
}

// Dynamics is that of one state.
type Dynamics struct {
	F *mat.Dense    // [D][D]
	B []float64     // [D]
	Q *mat.SymDense // [D][D], positive definite
}

// States is K.
func (m *Model) States() int { return len(m.Dynamics) }

// LogRate is C_n·x + d_n.
func (m *Model) LogRate(n int, x []float64) float64 {
	sum := m.Offset[n]
	for i, c := range m.Loading[n] {
		sum += c * x[i]
	}
	return sum
}

// Path is a simulated trajectory.
type Path struct {
	States []int       // [T]
	X      [][]float64 // [T][D]
	Counts [][]float64 // [T][N]
}

// Simulate draws a path of bins.
func (m *Model) Simulate(bins int, random *rand.Rand) *Path {
	p := &Path{}
	w := m.walker()
	x, s := make([]float64, m.D), 0
	for t := range bins {
		if t == 0 {
			s = w.start(x, random)
		} else {
			s = w.next(x, s, random)
		}
		counts := make([]float64, len(m.Offset))
		for n := range counts {
			counts[n] = poisson(math.Exp(m.LogRate(n, x)), random)
		}
		p.States, p.X, p.Counts = append(p.States, s), append(p.X, append([]float64(nil), x...)), append(p.Counts, counts)
	}
	return p
}

// walker draws steps of the dynamics.
type walker struct {
	m       *Model
	factors [][]float64 // [K][D·D] lower Cholesky factors of Q
	first   []float64   // of the covariance of x_0
	noise   []float64
	to      []float64
}

func (m *Model) walker() *walker {
	w := &walker{m: m, first: lower(m.StartCovariance), noise: make([]float64, m.D), to: make([]float64, m.D)}
	for _, k := range m.Dynamics {
		w.factors = append(w.factors, lower(k.Q))
	}
	return w
}

// lower is the lower Cholesky factor, row after row.
func lower(a *mat.SymDense) []float64 {
	n := a.SymmetricDim()
	var c mat.Cholesky
	f := make([]float64, n*n)
	if !c.Factorize(a) {
		return f // of rank less than n: no noise
	}
	var l mat.TriDense
	c.LTo(&l)
	for i := range n {
		for j := range i + 1 {
			f[i*n+j] = l.At(i, j)
		}
	}
	return f
}

func (w *walker) start(x []float64, random *rand.Rand) (s int) {
	s = pick(w.m.Start, random)
	copy(x, w.m.StartMean)
	w.add(x, w.first, random)
	return s
}

func (w *walker) next(x []float64, s int, random *rand.Rand) int {
	s = pick(w.m.Transition[s], random)
	k := &w.m.Dynamics[s]
	for i := range w.to {
		w.to[i] = k.B[i]
		for j, v := range x {
			w.to[i] += k.F.At(i, j) * v
		}
	}
	copy(x, w.to)
	w.add(x, w.factors[s], random)
	return s
}

func (w *walker) add(x, factor []float64, random *rand.Rand) {
	for i := range w.noise {
		w.noise[i] = random.NormFloat64()
	}
	for i := range x {
		for j := range i + 1 {
			x[i] += factor[i*len(x)+j] * w.noise[j]
		}
	}
}

func pick(chances []float64, random *rand.Rand) int {
	if len(chances) == 1 {
		return 0
	}
	u := random.Float64()
	for i, c := range chances {
		if u -= c; u < 0 {
			return i
		}
	}
	return len(chances) - 1
}

// poisson draws a count by the gaps between events.
func poisson(mean float64, random *rand.Rand) (n float64) {
	for at := random.ExpFloat64(); at < mean; at += random.ExpFloat64() {
		n++
	}
	return n
}
