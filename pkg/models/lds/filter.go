package lds

import (
	"math"
	"math/rand/v2"
)

// LogLikelihood is ln p(counts), [T][N], by a bootstrap particle filter of n particles: each
// goes its own way by the dynamics, is weighted by what the counts are worth to it, and where
// few carry most of the weight all are drawn anew. Its exponential has the right mean,
// whatever n is.
func (m *Model) LogLikelihood(counts [][]float64, n int, random *rand.Rand) (total float64) {
	w := m.walker()
	x, other := make([]float64, n*m.D), make([]float64, n*m.D)
	s, otherS := make([]int, n), make([]int, n)
	weight := make([]float64, n) // ln
	for i := range weight {
		weight[i] = -math.Log(float64(n))
	}
	constants := make([]float64, len(counts))
	for t, y := range counts {
		for _, k := range y {
			g, _ := math.Lgamma(k + 1)
			constants[t] -= g
		}
	}
	for t, y := range counts {
		top := math.Inf(-1)
		for i := range n {
			at := x[i*m.D : (i+1)*m.D]
			if t == 0 {
				s[i] = w.start(at, random)
			} else {
				s[i] = w.next(at, s[i], random)
			}
			for j, k := range y {
				u := m.LogRate(j, at)
				weight[i] += k*u - math.Exp(u)
			}
			if math.IsNaN(weight[i]) { // it ran away
				weight[i] = math.Inf(-1)
			}
			top = max(top, weight[i])
		}
		if math.IsInf(top, -1) {
			return top
		}
		sum, squares := 0.0, 0.0
		for i := range weight {
			e := math.Exp(weight[i] - top)
			sum += e
			squares += e * e
		}
		step := top + math.Log(sum)
		total += step + constants[t]
		for i := range weight {
			weight[i] -= step
		}
		if sum*sum > squares*float64(n)/2 {
			continue // more than half of the particles count
		}
		at, reached, to := random.Float64()/float64(n), 0.0, 0
		for i := range n {
			reached += math.Exp(weight[i])
			for ; to < n && (at < reached || i == n-1); to++ {
				copy(other[to*m.D:(to+1)*m.D], x[i*m.D:(i+1)*m.D])
				otherS[to] = s[i]
				at += 1 / float64(n)
			}
		}
		x, other, s, otherS = other, x, otherS, s
		for i := range weight {
			weight[i] = -math.Log(float64(n))
		}
	}
	return total
}
