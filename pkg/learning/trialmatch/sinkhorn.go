package trialmatch

import (
	"math"

	"github.com/snnctl/snnctl/internal/parallel"
)

// Sinkhorn is the debiased Sinkhorn divergence of two clouds of points with the
// Euclidean distance as cost, uniform weights, and a temperature ε that falls from the
// clouds' diameter to Blur by factors of Scaling (2306.03603, section 4 of the method).
// It makes one averaged step at each temperature, and is not iterated to convergence:
// the value belongs to the algorithm.
type Sinkhorn struct {
	Blur, Scaling float64 // 0.01 and 0.5 in the paper
	Threads       int
}

// leastSquare keeps the derivative of the distance finite.
const leastSquare = 1e-8

// distances is C_ij = √max(|x_i - y_j|², 1e-8).
func distances(threads int, x, y [][]float64) [][]float64 {
	c := make([][]float64, len(x))
	parallel.For(threads, len(x), func(_, i int) {
		c[i] = make([]float64, len(y))
		for j := range y {
			c[i][j] = math.Sqrt(max(squaredDistance(x[i], y[j]), leastSquare))
		}
	})
	return c
}

func squaredDistance(x, y []float64) (sum float64) {
	for d := range x {
		e := x[d] - y[d]
		sum += e * e
	}
	return sum
}

func transposed(c [][]float64) [][]float64 {
	t := make([][]float64, len(c[0]))
	for j := range t {
		t[j] = make([]float64, len(c))
		for i := range c {
			t[j][i] = c[i][j]
		}
	}
	return t
}

// temperatures is the list of ε; the first appears twice.
func (s Sinkhorn) temperatures(x, y [][]float64) []float64 {
	var square float64
	for d := range x[0] {
		low, high := math.Inf(1), math.Inf(-1)
		for _, cloud := range [][][]float64{x, y} {
			for _, point := range cloud {
				low, high = min(low, point[d]), max(high, point[d])
			}
		}
		square += (high - low) * (high - low)
	}
	diameter := math.Sqrt(square)
	eps := []float64{diameter}
	step := math.Log(s.Scaling)
	for i := 0; ; i++ {
		e := math.Log(diameter) + float64(i)*step
		if !(e > math.Log(s.Blur)) {
			break
		}
		eps = append(eps, math.Exp(e))
	}
	return append(eps, s.Blur)
}

// softmin is -ε log Σ_j exp(h_j - C_ij/ε) for each i.
func (s Sinkhorn) softmin(eps float64, c [][]float64, h []float64) []float64 {
	out := make([]float64, len(c))
	parallel.For(s.Threads, len(c), func(_, i int) {
		peak := math.Inf(-1)
		for j, cij := range c[i] {
			peak = max(peak, h[j]-cij/eps)
		}
		var sum float64
		for j, cij := range c[i] {
			sum += math.Exp(h[j] - cij/eps - peak)
		}
		out[i] = -eps * (peak + math.Log(sum))
	})
	return out
}

// plus is log weight + potential/ε, and weight alone for no potential yet.
func plus(logWeight float64, potential []float64, n int, eps float64) []float64 {
	h := make([]float64, n)
	for i := range h {
		h[i] = logWeight
		if potential != nil {
			h[i] += potential[i] / eps
		}
	}
	return h
}

// halfway moves potentials half the way to new ones.
func halfway(potential, next []float64) []float64 {
	for i := range next {
		next[i] = (potential[i] + next[i]) / 2
	}
	return next
}

// Divergence returns the divergence of x and y and its gradient with respect to x,
//
//	∂/∂x_i = 1/K_x [ Σ_j P^xy_ij (x_i-y_j)/C_ij - Σ_j P^xx_ij (x_i-x_j)/C_ij ],   P = softmax of the last step.
func (s Sinkhorn) Divergence(x, y [][]float64) (value float64, gradient [][]float64) {
	xy, xx, yy := distances(s.Threads, x, y), distances(s.Threads, x, x), distances(s.Threads, y, y)
	yx := transposed(xy)
	a, b := -math.Log(float64(len(x))), -math.Log(float64(len(y)))
	list := s.temperatures(x, y)
	eps := list[0]
	f, g := s.softmin(eps, xy, plus(b, nil, len(y), eps)), s.softmin(eps, yx, plus(a, nil, len(x), eps))
	fa, gb := s.softmin(eps, xx, plus(a, nil, len(x), eps)), s.softmin(eps, yy, plus(b, nil, len(y), eps))
	for _, eps = range list {
		nextF := s.softmin(eps, xy, plus(b, g, len(y), eps))
		nextG := s.softmin(eps, yx, plus(a, f, len(x), eps))
		f, g = halfway(f, nextF), halfway(g, nextG)
		fa = halfway(fa, s.softmin(eps, xx, plus(a, fa, len(x), eps)))
		gb = halfway(gb, s.softmin(eps, yy, plus(b, gb, len(y), eps)))
	}
	toY, toX := plus(b, g, len(y), eps), plus(a, f, len(x), eps)
	self, selfY := plus(a, fa, len(x), eps), plus(b, gb, len(y), eps)
	f, g = s.softmin(eps, xy, toY), s.softmin(eps, yx, toX)
	fa, gb = s.softmin(eps, xx, self), s.softmin(eps, yy, selfY)
	value = meanDifference(f, fa) + meanDifference(g, gb)
	gradient = make([][]float64, len(x))
	parallel.For(s.Threads, len(x), func(_, i int) {
		gradient[i] = make([]float64, len(x[i]))
		pull(gradient[i], x[i], y, xy[i], toY, f[i], eps, 1/float64(len(x)))
		pull(gradient[i], x[i], x, xx[i], self, fa[i], eps, -1/float64(len(x)))
	})
	return value, gradient
}

// pull adds scale Σ_j P_j (x-y_j)/C_j, where potential is the softmin that P is the
// softmax of; distances at their least have no derivative.
func pull(to, x []float64, y [][]float64, c, h []float64, potential, eps, scale float64) {
	for j, cj := range c {
		if cj*cj <= leastSquare {
			continue
		}
		p := scale * math.Exp(h[j]-cj/eps+potential/eps) / cj
		for d := range x {
			to[d] += p * (x[d] - y[j][d])
		}
	}
}

func meanDifference(x, y []float64) (mean float64) {
	for i := range x {
		mean += x[i] - y[i]
	}
	return mean / float64(len(x))
}
