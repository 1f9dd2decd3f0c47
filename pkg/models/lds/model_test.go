package lds

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// single is a system of one dimension and one state.
func single(f, b, q float64, loading, offset []float64) *Model {
	m := &Model{D: 1, Dynamics: []Dynamics{{F: mat.NewDense(1, 1, []float64{f}), B: []float64{b}, Q: mat.NewSymDense(1, []float64{q})}},
		Transition: [][]float64{{1}}, Start: []float64{1}, StartMean: []float64{0}, StartCovariance: mat.NewSymDense(1, []float64{1}), Offset: offset}
	for _, c := range loading {
		m.Loading = append(m.Loading, []float64{c})
	}
	return m
}

// Particles sum over paths as quadrature does.
func TestParticlesSumOverPaths(t *testing.T) {
	m := single(0.8, 0.1, 0.3, []float64{0.7, -0.4}, []float64{-1, -0.5})
	counts := [][]float64{{1, 0}, {2, 1}}
	total := 0.0
	const step = 0.02
	normal := func(x, mean, v float64) float64 {
		return math.Exp(-(x-mean)*(x-mean)/(2*v)) / math.Sqrt(2*math.Pi*v)
	}
	chance := func(x float64, y []float64) float64 {
		p := 1.0
		for n, k := range y {
			u := m.LogRate(n, []float64{x})
			g, _ := math.Lgamma(k + 1)
			p *= math.Exp(k*u - math.Exp(u) - g)
		}
		return p
	}
	for a := -7.0; a < 7; a += step {
		for b := -7.0; b < 7; b += step {
			total += step * step * normal(a, 0, 1) * normal(b, 0.8*a+0.1, 0.3) * chance(a, counts[0]) * chance(b, counts[1])
		}
	}
	want := math.Log(total)
	if got := m.LogLikelihood(counts, 200_000, rand.New(rand.NewPCG(1, 2))); math.Abs(got-want) > 0.01 {
		t.Errorf("ln p = %.4f by particles, %.4f by quadrature", got, want)
	}
}

// A long path has the moments of its stationary law, and states the rates of their chain.
func TestPathsHaveTheirMoments(t *testing.T) {
	m := single(0.9, 0.05, 0.19, []float64{0.3}, []float64{0})
	other := m.Dynamics[0]
	m.Dynamics = append(m.Dynamics, other) // the same again: only states differ
	m.Transition, m.Start = [][]float64{{0.98, 0.02}, {0.01, 0.99}}, []float64{1, 0}
	p := m.Simulate(100_000, rand.New(rand.NewPCG(5, 6)))
	var x, y []float64
	second := 0.0
	for t := range p.X {
		x, y = append(x, p.X[t][0]), append(y, p.Counts[t][0])
		second += float64(p.States[t]) / float64(len(p.X))
	}
	mean, v := stat.MeanVariance(x, nil) // of 0.5, and 0.19/(1 - 0.81) = 1
	if math.Abs(mean-0.5) > 0.08 || math.Abs(v-1) > 0.1 {
		t.Errorf("mean %.3f and variance %.3f of the path, want 0.5 and 1", mean, v)
	}
	if want := math.Exp(0.3*0.5 + 0.09/2); math.Abs(stat.Mean(y, nil)-want) > 0.05*want {
		t.Errorf("%.3f spikes a bin, want %.3f", stat.Mean(y, nil), want)
	}
	if math.Abs(second-2./3) > 0.05 {
		t.Errorf("the second state has %.3f of the time, want 2/3", second)
	}
}

// A path that runs away has no likelihood, and no panic.
func TestParticlesThatRunAway(t *testing.T) {
	m := single(1e6, 0, 1, []float64{1}, []float64{0})
	counts := make([][]float64, 200)
	for i := range counts {
		counts[i] = []float64{1}
	}
	if ll := m.LogLikelihood(counts, 10, rand.New(rand.NewPCG(1, 1))); !(ll < -1000) {
		t.Errorf("ln p = %v", ll)
	}
}
