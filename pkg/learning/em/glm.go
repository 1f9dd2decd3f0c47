package em

import (
	"math"

	"github.com/snnctl/snnctl/internal/parallel"
)

// GLM is a baseline that knows no hidden neurons (section 7 of the method, B1): each recorded
// neuron fires with the probability
//
//	1 - exp(-exp(b + Σ_j Σ_k w_jk (φ_k ∗ y_j)(t)))
//
// of all recorded spikes y_j before, its own among them. φ_k are raised cosines in the
// logarithm of time up to 100 ms.
type GLM struct {
	weights [][]float64 // [neurons][1 + neurons · glmBases]
	filters [][]float64 // [glmBases][bins]
}

// Constants of section 7 of the method.
const (
	glmBases      = 8
	glmReach      = 0.1  // s
	glmPenalty    = 1e-3 // of squared weights, beside the mean log-likelihood of a bin
	glmIterations = 100
)

// FitGLM fits it to trains, [neurons][bins], by L-BFGS.
func FitGLM(trains [][]bool, dt float64, threads int) *GLM {
	g := &GLM{weights: make([][]float64, len(trains)), filters: raisedCosines(int(math.Round(glmReach / dt)))}
	features := g.features(trains)
	parallel.For(threads, len(trains), func(_, i int) {
		rate := max(float64(count(trains[i]))/float64(len(trains[i])), 1e-6)
		w := make([]float64, 1+len(features))
		w[0] = math.Log(rate)
		minimise(w, glmIterations, func(w, grad []float64) float64 {
			return g.loss(w, grad, features, trains[i])
		})
		g.weights[i] = w
	})
	return g
}

// raisedCosines are glmBases bumps of the same width in ln(1 + lag), from lag 1 on; each sums
// to 1.
func raisedCosines(bins int) [][]float64 {
	last := math.Log(1 + float64(bins))
	first := math.Log(2)
	gap := (last - first) / (glmBases - 1)
	filters := make([][]float64, glmBases)
	for k := range filters {
		filters[k] = make([]float64, bins)
		sum := 0.0
		for i := range filters[k] {
			x := (math.Log(2+float64(i)) - first - float64(k)*gap) / gap
			if math.Abs(x) < 2 {
				filters[k][i] = (1 + math.Cos(math.Pi*x/2)) / 2
			}
			sum += filters[k][i]
		}
		for i := range filters[k] {
			filters[k][i] /= sum
		}
	}
	return filters
}

// features are the filtered trains, [neurons · glmBases][bins].
func (g *GLM) features(trains [][]bool) [][]float64 {
	var all [][]float64
	for _, train := range trains {
		for _, filter := range g.filters {
			x := make([]float64, len(train))
			for t, spiked := range train {
				if !spiked {
					continue
				}
				for i, f := range filter {
					if t+1+i < len(x) {
						x[t+1+i] += f
					}
				}
			}
			all = append(all, x)
		}
	}
	return all
}

// loss is minus the mean log-likelihood of a bin, with the penalty.
func (g *GLM) loss(w, grad []float64, features [][]float64, train []bool) float64 {
	clear(grad)
	n := float64(len(train))
	u, du := make([]float64, len(train)), make([]float64, len(train))
	for t := range u {
		u[t] = w[0]
	}
	for k, x := range features {
		for t, v := range x {
			u[t] += w[1+k] * v
		}
	}
	loss := 0.0
	for t, spiked := range train {
		q := math.Exp(min(u[t], 50))
		if spiked {
			p := -math.Expm1(-q)
			loss -= math.Log(p) / n
			if q < 700 {
				du[t] = -q * math.Exp(-q) / p / n
			}
		} else {
			loss += q / n
			du[t] = q / n
		}
		grad[0] += du[t]
	}
	for k, x := range features {
		for t, v := range x {
			grad[1+k] += du[t] * v
		}
		loss += glmPenalty * w[1+k] * w[1+k] / 2
		grad[1+k] += glmPenalty * w[1+k]
	}
	return loss
}

// LogLikelihood is that of trains from bin first on, given those before.
func (g *GLM) LogLikelihood(trains [][]bool, first int) (sum float64) {
	features := g.features(trains)
	for i, train := range trains {
		for t := first; t < len(train); t++ {
			u := g.weights[i][0]
			for k, x := range features {
				u += g.weights[i][1+k] * x[t]
			}
			q := math.Exp(min(u, 50))
			if train[t] {
				sum += math.Log(-math.Expm1(-q))
			} else {
				sum -= q
			}
		}
	}
	return sum
}
