package laplaceem

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/snnctl/snnctl/pkg/models/lds"
)

// system draws one of d dimensions that turns and decays, seen by n neurons.
func system(d, n int, random *rand.Rand) *lds.Model {
	m := &lds.Model{D: d, Transition: [][]float64{{1}}, Start: []float64{1}, StartMean: make([]float64, d), StartCovariance: diagonal(d, 1)}
	f := mat.DenseCopyOf(diagonal(d, 0.96))
	if d > 1 {
		f.Set(0, 1, 0.1)
		f.Set(1, 0, -0.1)
	}
	m.Dynamics = []lds.Dynamics{{F: f, B: make([]float64, d), Q: diagonal(d, 0.07)}}
	for range n {
		m.Offset = append(m.Offset, -1.5+0.3*random.NormFloat64())
		c := make([]float64, d)
		for i := range c {
			c[i] = 0.6 * random.NormFloat64()
		}
		m.Loading = append(m.Loading, c)
	}
	return m
}

func gradientOfPath(q *Posterior, m *lds.Model, counts [][]float64, t, i int) float64 {
	prior, linear, err := q.prior(m)
	if err != nil {
		return math.NaN()
	}
	var x []float64
	for _, mean := range q.Mean {
		x = append(x, mean...)
	}
	const h = 1e-5
	kept := x[t*m.D+i]
	x[t*m.D+i] = kept + h
	up := q.value(m, counts, x, prior, linear)
	x[t*m.D+i] = kept - h
	return (up - q.value(m, counts, x, prior, linear)) / (2 * h)
}

// The path is the most probable one; covariances are those of the inverse of minus the second
// derivatives, which the values' differences give.
func TestPathIsTheMode(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	m := system(2, 5, random)
	m.Dynamics[0].B = []float64{0.1, -0.05}
	counts := m.Simulate(12, random).Counts
	q := newPosterior(m, len(counts))
	if err := q.path(m, counts); err != nil {
		t.Fatal(err)
	}
	for i := range counts {
		for j := range 2 {
			if g := gradientOfPath(q, m, counts, i, j); math.Abs(g) > 1e-3 {
				t.Errorf("slope %.2g by x_%d,%d at the mode", g, i, j)
			}
		}
	}
	// minus the second derivatives, densely
	prior, _, _ := q.prior(m)
	n := 2 * len(counts)
	a := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < min(i+4, n); j++ {
			a.SetSym(i, j, prior[i*4+j-i])
		}
	}
	for i, y := range counts {
		for k := range y {
			rate := math.Exp(m.LogRate(k, q.Mean[i]))
			for r := range 2 {
				for c := range r + 1 {
					a.SetSym(2*i+r, 2*i+c, a.At(2*i+r, 2*i+c)+rate*m.Loading[k][r]*m.Loading[k][c])
				}
			}
		}
	}
	var inverse mat.Dense
	if err := inverse.Inverse(a); err != nil {
		t.Fatal(err)
	}
	for i := range counts {
		for r := range 2 {
			for c := range 2 {
				if got, want := q.Covariance[i][r*2+c], inverse.At(2*i+r, 2*i+c); math.Abs(got-want) > 1e-9 {
					t.Errorf("covariance %v, densely %v", got, want)
				}
				if i > 0 {
					if got, want := q.Next[i-1][r*2+c], inverse.At(2*i+r, 2*(i-1)+c); math.Abs(got-want) > 1e-9 {
						t.Errorf("covariance of neighbours %v, densely %v", got, want)
					}
				}
			}
		}
	}
	det, _ := mat.LogDet(a)
	if want := 0.5*float64(n)*(1+math.Log(2*math.Pi)) - det/2; math.Abs(q.entropyX-want) > 1e-9 {
		t.Errorf("entropy %v, want %v", q.entropyX, want)
	}
}

// The bound lies below ln p(y), which particles give, and not far.
func TestBoundIsBelowTheLikelihood(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 1))
	m := system(1, 8, random)
	counts := m.Simulate(150, random).Counts
	q, err := Infer(m, counts, 1)
	if err != nil {
		t.Fatal(err)
	}
	bound := q.Bound(m, counts)
	for n := range m.Offset { // without the prior
		o := observed{m: m, q: q, counts: counts, n: n}
		for _, c := range m.Loading[n] {
			bound += observedPrior * c * c / 2
		}
		d := m.Offset[n] - o.level()
		bound += observedPrior * d * d / 2
	}
	like := m.LogLikelihood(counts, 4000, random)
	if bound > like+0.5 || bound < like-5 {
		t.Errorf("bound %.2f, ln p %.2f", bound, like)
	}
}

// The steps of the discrete states and of the parameters never lower the bound; whole rounds, whose
// path is the mode and not the mean, hardly do, and end far above where they begin.
func TestBoundRises(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	truth := switching(random)
	counts := truth.Simulate(600, random).Counts
	o := Options{Dimensions: 2, States: 2, Iterations: 25, Sigma: 5, Bins: 25}
	m, q := first(o, counts)
	for round := range 6 {
		if err := q.path(m, counts); err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			q.discrete(m) // the first states had no entropy yet
		}
		before := q.Bound(m, counts)
		q.discrete(m)
		between := q.Bound(m, counts)
		if between < before-1e-6 {
			t.Errorf("round %d: states lower the bound from %.6f to %.6f", round, before, between)
		}
		maximise(m, q, counts)
		if after := q.Bound(m, counts); after < between-1e-6 {
			t.Errorf("round %d: parameters lower the bound from %.6f to %.6f", round, between, after)
		}
	}
	_, _, bounds, err := Fit(o, counts)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(bounds); i++ {
		if bounds[i] < bounds[i-1]-0.5 {
			t.Errorf("round %d takes the bound from %.3f to %.3f", i, bounds[i-1], bounds[i])
		}
	}
	if gain := bounds[len(bounds)-1] - bounds[0]; gain < 10 {
		t.Errorf("the bound rises by %.2f", gain)
	}
}

// A PLDS is recovered from counts of its own: path, eigenvalues, and the likelihood of other
// counts, up to a linear map of the latents.
func TestPLDSIsRecovered(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 1))
	truth := system(2, 25, random)
	path := truth.Simulate(1500, random)
	m, q, _, err := Fit(Options{Dimensions: 2, States: 1, Iterations: 50, Sigma: 5, Bins: 25}, path.Counts)
	if err != nil {
		t.Fatal(err)
	}
	for j := range 2 {
		want := make([]float64, len(path.X))
		for i := range want {
			want[i] = path.X[i][j]
		}
		if r := Aligned(q.Mean, want, len(want)/2); r < 0.9 {
			t.Errorf("dimension %d is followed with a correlation of %.3f", j, r)
		}
	}
	var e mat.Eigen
	e.Factorize(m.Dynamics[0].F, mat.EigenNone)
	for _, v := range e.Values(nil) { // 0.96 ± 0.1i
		if math.Abs(real(v)-0.96) > 0.03 || math.Abs(math.Abs(imag(v))-0.1) > 0.04 {
			t.Errorf("eigenvalue %.3f, want 0.96 ± 0.1i", v)
		}
	}
	Usual(m, q)
	other := truth.Simulate(600, random).Counts
	ours, best := m.LogLikelihood(other, 2000, random), truth.LogLikelihood(other, 2000, random)
	if ours < best-40 {
		t.Errorf("other counts have ln p = %.1f, under the truth %.1f", ours, best)
	}
}

// switching is a system that stays at one of two places.
func switching(random *rand.Rand) *lds.Model {
	m := system(2, 20, random)
	slow := mat.DenseCopyOf(diagonal(2, 0.9))
	m.Dynamics = []lds.Dynamics{
		{F: slow, B: []float64{0.15, 0}, Q: diagonal(2, 0.03)},
		{F: mat.DenseCopyOf(slow), B: []float64{-0.15, 0.1}, Q: diagonal(2, 0.03)},
	}
	m.Transition, m.Start = [][]float64{{0.99, 0.01}, {0.01, 0.99}}, []float64{0.5, 0.5}
	return m
}

// States of a switching system are recovered, and two explain other counts better than one.
func TestSwitchingSystemIsRecovered(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 1))
	truth := switching(random)
	path := truth.Simulate(1500, random)
	other := truth.Simulate(800, random).Counts
	var like [2]float64
	for i, states := range []int{1, 2} {
		m, q, _, err := Fit(Options{Dimensions: 2, States: states, Iterations: 30, Sigma: 10, Bins: 25}, path.Counts)
		if err != nil {
			t.Fatal(err)
		}
		if states == 2 {
			right := 0.0
			for t, s := range path.States {
				right += q.States[t][s] / float64(len(path.States))
			}
			if right = max(right, 1-right); right < 0.85 {
				t.Errorf("states are right in %.3f of the bins", right)
			}
		}
		Usual(m, q)
		like[i] = m.LogLikelihood(other, 1000, random)
	}
	best := truth.LogLikelihood(other, 1000, random)
	if like[1] <= like[0] || like[1] < best-40 {
		t.Errorf("other counts have ln p = %.1f with one state, %.1f with two, %.1f under the truth", like[0], like[1], best)
	}
}

// A silent neuron has a finite offset, and a fit of nothing is an error.
func TestCountsThatAreHardToFit(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 1))
	counts := system(1, 3, random).Simulate(200, random).Counts
	for t := range counts {
		counts[t][1] = 0
	}
	m, q, _, err := Fit(Options{Dimensions: 1, States: 2, Iterations: 10, Sigma: 5, Bins: 25}, counts)
	if err != nil {
		t.Fatal(err)
	}
	if d := m.Offset[1]; math.IsNaN(d) || math.IsInf(d, 0) || d > -5 {
		t.Errorf("the silent neuron's offset is %v", d)
	}
	if r := stat.Mean(column(q.Rates(m), 1), nil); r > 0.01 {
		t.Errorf("the silent neuron has %v spikes a bin", r)
	}
	for _, o := range []Options{{Dimensions: 4, States: 1}, {Dimensions: 0, States: 1}, {Dimensions: 1}} {
		if _, _, _, err := Fit(o, counts); err == nil {
			t.Errorf("%+v, and no error", o)
		}
	}
	if _, _, _, err := Fit(Options{Dimensions: 1, States: 1}, counts[:1]); err == nil {
		t.Error("one bin, and no error")
	}
}

func column(x [][]float64, i int) (c []float64) {
	for _, row := range x {
		c = append(c, row[i])
	}
	return c
}
