package gateon

import (
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// vanishing is the mean of raw relevances below which they are all taken for 0: there is
// nothing but rounding to normalise.
const vanishing = 1e-30

// normalise divides raw relevances by their mean, given their sum and number.
func normalise(r []float64, sum float64, n int) {
	mean := sum / float64(n)
	if mean < vanishing {
		clear(r)
		return
	}
	for i := range r {
		r[i] /= mean
	}
}

// full writes the raw relevance of neurons, R_j = Σ_s (∂L/∂h_{s,j} h_{s,j})²: the squared
// first-order change of the loss were the neuron silenced (2306.01690, section 4 of the
// method). h and d are [neuron][trial].
func full[F tensor.Float](threads int, r []float64, h, d []F) {
	trials := len(h) / max(1, len(r))
	parallel.For(threads, len(r), func(_, j int) {
		h, d := h[j*trials:(j+1)*trials], d[j*trials:(j+1)*trials]
		var sum float64
		for s, v := range h {
			x := float64(v * d[s])
			sum += x * x
		}
		r[j] = sum
	})
}

// activity writes the raw relevance R_j = Σ_s h_{s,j}, which needs no gradient.
func activity[F tensor.Float](threads int, r []float64, h []F) {
	trials := len(h) / max(1, len(r))
	parallel.For(threads, len(r), func(_, j int) {
		var sum float64
		for _, v := range h[j*trials : (j+1)*trials] {
			sum += float64(v)
		}
		r[j] = sum
	})
}

func total(x []float64) (sum float64) {
	for _, v := range x {
		sum += v
	}
	return sum
}

// squaredEffects returns Σ (∂L/∂w w)² of a row of parameters.
func squaredEffects[F tensor.Float](gradient, w []F) (sum float64) {
	for i, g := range gradient {
		x := float64(g * w[i])
		sum += x * x
	}
	return sum
}
