package trialmatch

import (
	"math"

	"github.com/snnctl/snnctl/internal/parallel"
)

// Matching is a distance between two sets of trials, given by their features: it
// returns the distance of model from data and its gradient with respect to model.
type Matching interface {
	Match(model, data [][]float64) (loss float64, gradient [][]float64)
}

// Hard pairs each model trial with a recorded one of its own, so that the mean squared
// difference is least; of the larger set only as many as the smaller has take part, the
// first ones.
//
//	L = mean_{i,features} (model_i - data_π(i))²,   π optimal
type Hard struct{ Threads int }

// Match implements Matching. The gradient goes through the final mean only.
func (h Hard) Match(model, data [][]float64) (float64, [][]float64) {
	trials := min(len(model), len(data))
	gradient := make([][]float64, len(model))
	for i := range gradient {
		gradient[i] = make([]float64, len(model[i]))
	}
	pair := Assign(squaredDifferences(h.Threads, model[:trials], data[:trials]))
	var loss float64
	count := float64(trials * len(model[0]))
	for i, j := range pair {
		for d, x := range model[i] {
			e := x - data[j][d]
			loss += e * e
			gradient[i][d] = 2 * e / count
		}
	}
	return loss / count, gradient
}

// squaredDifferences is C_ij = mean_d (x_i - y_j)².
func squaredDifferences(threads int, x, y [][]float64) [][]float64 {
	c := make([][]float64, len(x))
	parallel.For(threads, len(x), func(_, i int) {
		c[i] = make([]float64, len(y))
		for j := range y {
			c[i][j] = squaredDistance(x[i], y[j]) / float64(len(x[i]))
		}
	})
	return c
}

// Soft is the Sinkhorn divergence of all trials, divided by the root of the number of
// features.
type Soft struct{ Sinkhorn }

// Match implements Matching.
func (s Soft) Match(model, data [][]float64) (float64, [][]float64) {
	loss, gradient := s.Divergence(model, data)
	scale := 1 / math.Sqrt(float64(len(model[0])))
	for _, g := range gradient {
		for d := range g {
			g[d] *= scale
		}
	}
	return loss * scale, gradient
}

// Correlation is R_trial: model trials are paired with recorded ones as Hard does, and
// the Pearson correlations over the features of the pairs are averaged. centred by data
// takes the data vector's mean from both, as the authors' code does.
func Correlation(threads int, model, data [][]float64, centredByData bool) float64 {
	trials := min(len(model), len(data))
	var sum float64
	for i, j := range Assign(squaredDifferences(threads, model[:trials], data[:trials])) {
		sum += pearson(model[i], data[j], centredByData)
	}
	return sum / float64(trials)
}

// pearson is the correlation of x and y; 0 where one of them is constant.
func pearson(x, y []float64, centredByY bool) float64 {
	meanX, meanY := mean(x), mean(y)
	if centredByY {
		meanX = meanY
	}
	var xy, xx, yy float64
	for d := range x {
		a, b := x[d]-meanX, y[d]-meanY
		xy, xx, yy = xy+a*b, xx+a*a, yy+b*b
	}
	if xx > 0 && yy > 0 {
		return xy / math.Sqrt(xx*yy)
	}
	return 0
}

func mean(x []float64) (sum float64) {
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}
