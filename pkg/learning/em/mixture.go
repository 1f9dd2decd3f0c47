package em

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// Inferred is what a network says of the trajectory behind some spikes.
type Inferred struct {
	LogLikelihood   float64     // ln p(spikes)
	Mean, Deviation [][]float64 // [M][T]
}

// Mix joins what K networks say, which are as likely as prior before the spikes are seen (it sums
// to 1; nil: all alike):
//
//	p(y) = Σ_k π_k p_k(y),  E[z|y] = Σ_k w_k E_k[z|y],  w_k = π_k p_k(y) / p(y)
//
// and with the law of total variance the deviation. It returns w too.
func Mix(of []Inferred, prior []float64) (mixed Inferred, weights []float64) {
	weights = make([]float64, len(of))
	for k := range of {
		weights[k] = of[k].LogLikelihood - math.Log(float64(len(of)))
		if prior != nil {
			weights[k] = of[k].LogLikelihood + math.Log(prior[k])
		}
	}
	total := floats.LogSumExp(weights)
	for k, l := range weights {
		weights[k] = math.Exp(l - total)
	}
	floats.Scale(1/floats.Sum(weights), weights)
	m, bins := len(of[0].Mean), len(of[0].Mean[0])
	mixed = Inferred{LogLikelihood: total, Mean: rows(m, bins), Deviation: rows(m, bins)}
	for p := range m {
		for t := range bins {
			mean, variance := 0.0, 0.0
			for k := range of {
				mean += weights[k] * of[k].Mean[p][t]
			}
			for k := range of {
				z, d := of[k].Mean[p][t]-mean, of[k].Deviation[p][t]
				variance += weights[k] * (z*z + d*d)
			}
			mixed.Mean[p][t], mixed.Deviation[p][t] = mean, math.Sqrt(variance)
		}
	}
	return mixed, weights
}
