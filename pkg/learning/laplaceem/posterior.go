package laplaceem

import (
	"errors"
	"math"
	"sort"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"

	"github.com/snnctl/snnctl/pkg/models/lds"
)

// Posterior is q(x) q(s).
type Posterior struct {
	Mean       [][]float64 // [T][D]
	Covariance [][]float64 // [T][D·D]
	Next       [][]float64 // [T-1][D·D], Cov(x_{t+1}, x_t), row of x_{t+1}
	States     [][]float64 // [T][K]

	turns     [][]float64 // [K][K] expected transitions
	entropyX  float64
	discreteH float64 // E ln p(s) + H[q(s)]
}

func newPosterior(m *lds.Model, bins int) *Posterior {
	q := &Posterior{}
	for t := range bins {
		q.Mean = append(q.Mean, make([]float64, m.D))
		copy(q.Mean[t], m.StartMean)
		q.Covariance = append(q.Covariance, make([]float64, m.D*m.D))
		if t > 0 {
			q.Next = append(q.Next, make([]float64, m.D*m.D))
		}
		q.States = append(q.States, append([]float64(nil), m.Start...))
	}
	for range m.Start {
		q.turns = append(q.turns, make([]float64, len(m.Start)))
	}
	return q
}

// expansion is ln p(x_{t+1} | x_t) of one state as a quadratic form: with a = x_t and c = x_{t+1}
//
//	constant - ½ (cᵀ Q⁻¹ c - 2 cᵀ Q⁻¹F a + aᵀ FᵀQ⁻¹F a) + cᵀ Q⁻¹b - aᵀ FᵀQ⁻¹b
type expansion struct {
	cc, ca, aa []float64 // [D·D]
	c, a       []float64 // [D]
	constant   float64
}

func expand(k *lds.Dynamics) (e expansion, err error) {
	d := len(k.B)
	var chol mat.Cholesky
	if !chol.Factorize(k.Q) {
		return e, errors.New("the covariance of a linear dynamical system is singular")
	}
	var inverse mat.SymDense
	if err := chol.InverseTo(&inverse); err != nil {
		return e, err
	}
	var ca, aa mat.Dense
	ca.Mul(&inverse, k.F)
	aa.Mul(k.F.T(), &ca)
	b := mat.NewVecDense(d, k.B)
	var c, a mat.VecDense
	c.MulVec(&inverse, b)
	a.MulVec(ca.T(), b)
	flat := func(x mat.Matrix) []float64 { return mat.DenseCopyOf(x).RawMatrix().Data }
	e = expansion{cc: flat(&inverse), ca: flat(&ca), aa: flat(&aa), c: c.RawVector().Data, a: a.RawVector().Data}
	e.constant = -0.5 * (float64(d)*math.Log(2*math.Pi) + chol.LogDet() + mat.Dot(&c, b))
	return e, nil
}

// newtonSteps, at most; newtonSmall is the gain of a step, in nats, at which they end.
const (
	newtonSteps = 50
	newtonSmall = 1e-8
)

// path moves q(x) to the most probable path given q(s), by Newton's method: minus the second
// derivatives are a banded matrix of T·D rows, whose Cholesky factor gives the steps,
// covariances of neighbours, and the entropy.
func (q *Posterior) path(m *lds.Model, counts [][]float64) error {
	d, bins := m.D, len(counts)
	prior, linear, err := q.prior(m)
	if err != nil {
		return err
	}
	n, band := bins*d, 2*d-1
	x := make([]float64, n)
	for t, mean := range q.Mean {
		copy(x[t*d:], mean)
	}
	curve := blas64.SymmetricBand{Uplo: blas.Upper, N: n, K: band, Stride: band + 1, Data: make([]float64, n*(band+1))}
	grad, trial := make([]float64, n), make([]float64, n)
	var factor blas64.TriangularBand
	value := q.value(m, counts, x, prior, linear)
	for step := range newtonSteps {
		// Slopes and curvature at x.
		copy(curve.Data, prior)
		copy(grad, linear)
		blas64.Sbmv(-1, blas64.SymmetricBand{Uplo: blas.Upper, N: n, K: band, Stride: band + 1, Data: prior}, blas64.Vector{N: n, Data: x, Inc: 1}, 1, blas64.Vector{N: n, Data: grad, Inc: 1})
		for t, y := range counts {
			at := x[t*d : (t+1)*d]
			for i, k := range y {
				rate := math.Exp(m.LogRate(i, at))
				for a, c := range m.Loading[i] {
					grad[t*d+a] += (k - rate) * c
					row := curve.Data[(t*d+a)*(band+1):]
					for b := a; b < d; b++ {
						row[b-a] += rate * c * m.Loading[i][b]
					}
				}
			}
		}
		var ok bool
		if factor, ok = lapack64.Pbtrf(curve); !ok {
			return errors.New("the curvature of a linear dynamical system is not positive definite")
		}
		if step == newtonSteps-1 {
			break
		}
		move := append([]float64(nil), grad...)
		lapack64.Pbtrs(factor, blas64.General{Rows: n, Cols: 1, Stride: 1, Data: move})
		if floats.Dot(move, grad) < 2*newtonSmall {
			break
		}
		moved := false
		for scale := 1.0; scale > 1e-6; scale /= 2 {
			floats.AddScaledTo(trial, x, scale, move)
			if v := q.value(m, counts, trial, prior, linear); v > value {
				x, trial, value, moved = trial, x, v, true
				break
			}
		}
		if !moved {
			break // in rounding
		}
	}
	q.selected(factor, d)
	q.entropyX = 0.5 * float64(n) * (1 + math.Log(2*math.Pi))
	for i := range n {
		q.entropyX -= math.Log(factor.Data[i*factor.Stride])
	}
	for t := range q.Mean {
		copy(q.Mean[t], x[t*d:])
	}
	return nil
}

// prior is minus the second derivatives of E ln p(x | s), as the rows of an upper band, and the
// linear term.
func (q *Posterior) prior(m *lds.Model) (band, linear []float64, err error) {
	d, bins := m.D, len(q.Mean)
	width := 2 * d
	band, linear = make([]float64, bins*d*width), make([]float64, bins*d)
	start, err := expand(&lds.Dynamics{F: mat.NewDense(d, d, nil), B: m.StartMean, Q: m.StartCovariance})
	if err != nil {
		return nil, nil, err
	}
	add := func(t int, block []float64, w float64) {
		for i := range d {
			for j := i; j < d; j++ {
				band[(t*d+i)*width+j-i] += w * block[i*d+j]
			}
		}
	}
	add(0, start.cc, 1)
	floats.Add(linear[:d], start.c)
	for k := range m.Dynamics {
		e, err := expand(&m.Dynamics[k])
		if err != nil {
			return nil, nil, err
		}
		for t := 1; t < bins; t++ {
			w := q.States[t][k]
			add(t, e.cc, w)
			add(t-1, e.aa, w)
			for i := range d { // of x_{t-1}
				for j := range d { // of x_t
					band[((t-1)*d+i)*width+d+j-i] -= w * e.ca[j*d+i]
				}
			}
			floats.AddScaled(linear[t*d:(t+1)*d], w, e.c)
			floats.AddScaled(linear[(t-1)*d:t*d], -w, e.a)
		}
	}
	return band, linear, nil
}

// value is ln p(y | x) + E ln p(x | s) up to a constant.
func (q *Posterior) value(m *lds.Model, counts [][]float64, x, prior, linear []float64) float64 {
	n, d := len(x), m.D
	px := make([]float64, n)
	blas64.Sbmv(1, blas64.SymmetricBand{Uplo: blas.Upper, N: n, K: 2*d - 1, Stride: 2 * d, Data: prior}, blas64.Vector{N: n, Data: x, Inc: 1}, 0, blas64.Vector{N: n, Data: px, Inc: 1})
	sum := floats.Dot(x, linear) - floats.Dot(x, px)/2
	for t, y := range counts {
		at := x[t*d : (t+1)*d]
		for i, k := range y {
			u := m.LogRate(i, at)
			sum += k*u - math.Exp(u)
		}
	}
	return sum
}

// selected takes from the factor U, A = UᵀU, those entries of Σ = A⁻¹ that lie in the band, from
// the last row up (Takahashi's equations): U Σ = U⁻ᵀ has zeros above its diagonal, and
//
//	Σ_ij = (i = j) / U_ii² - Σ_{k>i} U_ik Σ_kj / U_ii
func (q *Posterior) selected(u blas64.TriangularBand, d int) {
	n, width := u.N, u.K+1
	s := make([]float64, n*width)
	at := func(i, j int) float64 {
		if i > j {
			i, j = j, i
		}
		return s[i*width+j-i]
	}
	for i := n - 1; i >= 0; i-- {
		row := u.Data[i*u.Stride:]
		for j := min(i+u.K, n-1); j >= i; j-- {
			sum := 0.0
			for k := i + 1; k <= min(i+u.K, n-1); k++ {
				sum -= row[k-i] * at(k, j)
			}
			if i == j {
				sum += 1 / row[0]
			}
			s[i*width+j-i] = sum / row[0]
		}
	}
	for t := range q.Covariance {
		for i := range d {
			for j := range d {
				q.Covariance[t][i*d+j] = at(t*d+i, t*d+j)
				if t > 0 {
					q.Next[t-1][i*d+j] = at((t-1)*d+j, t*d+i)
				}
			}
		}
	}
}

// expected is E ln p(x_{t+1} | x_t) of a state.
func (q *Posterior) expected(e *expansion, t int) float64 {
	d := len(e.c)
	x, next := q.Mean[t], q.Mean[t+1]
	sum := e.constant
	for i := range d {
		sum += next[i]*e.c[i] - x[i]*e.a[i]
		for j := range d {
			k := i*d + j
			sum -= 0.5 * e.cc[k] * (next[i]*next[j] + q.Covariance[t+1][k])
			sum -= 0.5 * e.aa[k] * (x[i]*x[j] + q.Covariance[t][k])
			sum += e.ca[k] * (next[i]*x[j] + q.Next[t][k])
		}
	}
	return sum
}

// discrete moves q(s) to the best one given q(x), by going forwards and backwards.
func (q *Posterior) discrete(m *lds.Model) {
	states, bins := m.States(), len(q.Mean)
	if states == 1 {
		q.discreteH = 0
		return
	}
	like := q.likelihoods(m)
	forward := make([][]float64, bins) // ln
	scratch := make([]float64, states)
	for t := range bins {
		forward[t] = make([]float64, states)
		for k := range states {
			if t == 0 {
				forward[t][k] = math.Log(m.Start[k])
				continue
			}
			for j := range states {
				scratch[j] = forward[t-1][j] + math.Log(m.Transition[j][k])
			}
			forward[t][k] = like[t][k] + floats.LogSumExp(scratch)
		}
	}
	total := floats.LogSumExp(forward[bins-1])
	for _, row := range q.turns {
		clear(row)
	}
	backward, before := make([]float64, states), make([]float64, states)
	for t := bins - 1; t >= 0; t-- {
		for k := range states {
			q.States[t][k] = math.Exp(forward[t][k] + backward[k] - total)
		}
		if t == 0 {
			break
		}
		for j := range states {
			for k := range states {
				scratch[k] = math.Log(m.Transition[j][k]) + like[t][k] + backward[k]
				q.turns[j][k] += math.Exp(forward[t-1][j] + scratch[k] - total)
			}
			before[j] = floats.LogSumExp(scratch)
		}
		backward, before = before, backward
	}
	q.discreteH = total
	for t := range bins {
		for k, g := range q.States[t] {
			q.discreteH -= g * like[t][k]
		}
	}
}

// likelihoods are E ln p(x_t | x_{t-1}, s_t), [T][K]; none of bin 0.
func (q *Posterior) likelihoods(m *lds.Model) [][]float64 {
	like := make([][]float64, len(q.Mean))
	for t := range like {
		like[t] = make([]float64, m.States())
	}
	for k := range m.Dynamics {
		e, err := expand(&m.Dynamics[k])
		for t := 1; t < len(like); t++ {
			like[t][k] = math.Inf(-1)
			if err == nil {
				like[t][k] = q.expected(&e, t-1)
			}
		}
	}
	return like
}

// Bound is the bound on ln p(y), with the logarithm of the priors over loadings and offsets, up
// to a constant.
func (q *Posterior) Bound(m *lds.Model, counts [][]float64) float64 {
	sum := q.entropyX
	start, err := expand(&lds.Dynamics{F: mat.NewDense(m.D, m.D, nil), B: m.StartMean, Q: m.StartCovariance})
	if err != nil {
		return math.Inf(-1)
	}
	d := m.D
	sum += start.constant
	for i := range d {
		sum += q.Mean[0][i] * start.c[i]
		for j := range d {
			sum -= 0.5 * start.cc[i*d+j] * (q.Mean[0][i]*q.Mean[0][j] + q.Covariance[0][i*d+j])
		}
	}
	for t, row := range q.likelihoods(m) {
		for k, l := range row {
			if t > 0 && q.States[t][k] > 0 {
				sum += q.States[t][k] * l
			}
		}
	}
	// E ln p(s) + H[q(s)], with the transitions of now: q.discreteH was of those before.
	sum += q.discreteH
	for n := range m.Offset {
		o := observed{m: m, q: q, counts: counts, n: n}
		value, _, _ := o.at(append(append([]float64(nil), m.Loading[n]...), m.Offset[n]), false)
		sum += value
	}
	for _, y := range counts {
		for _, k := range y {
			g, _ := math.Lgamma(k + 1)
			sum -= g
		}
	}
	return sum
}

// Rates are E exp(C x + d), [T][N], spikes a bin.
func (q *Posterior) Rates(m *lds.Model) [][]float64 {
	rates := make([][]float64, len(q.Mean))
	for t := range rates {
		rates[t] = make([]float64, len(m.Offset))
		for n := range rates[t] {
			rates[t][n] = math.Exp(m.LogRate(n, q.Mean[t]) + spread(m.Loading[n], q.Covariance[t])/2)
		}
	}
	return rates
}

// spread is Cᵀ Σ C.
func spread(c, covariance []float64) (v float64) {
	for i, a := range c {
		for j, b := range c {
			v += a * b * covariance[i*len(c)+j]
		}
	}
	return v
}

func argsort(x mat.Vector) []int {
	order := make([]int, x.Len())
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return x.AtVec(order[a]) < x.AtVec(order[b]) })
	return order
}
