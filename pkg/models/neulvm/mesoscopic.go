package neulvm

import (
	"math"
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/rng"
)

// Noise is the law of a bin's spikes in a simulation of the mesoscopic model.
type Noise int

const (
	// Gaussian has Z = max(0, Zbar + ξ √(Zbar/N)), as the published code.
	Gaussian Noise = iota
	// Binomial has N Z from N trials with chance Zbar, the law that the Gaussian stands for.
	Binomial
)

const purposeMesoscopic rng.Purpose = "neulvm-populations"

// Draws are the random numbers of one simulation.
type Draws struct {
	random *rand.Rand
	noise  Noise
	n      []int
}

// NewDraws are the numbers of one trial.
func NewDraws(net *Network, noise Noise, seed, trial uint64) *Draws {
	return &Draws{random: rng.Stream(seed, purposeMesoscopic, trial, 0), noise: noise, n: net.Neurons}
}

// Draw is the fraction of population p that spikes where zbar is expected.
func (d *Draws) Draw(p int, zbar float64) float64 {
	n := float64(d.n[p])
	if d.noise == Binomial {
		return float64(binomial(d.random, d.n[p], zbar)) / n
	}
	return max(0, zbar+math.Sqrt(zbar/n)*d.random.NormFloat64())
}

// binomial draws the number of successes in n trials by the gaps between them.
func binomial(random *rand.Rand, n int, p float64) int {
	switch {
	case p <= 0:
		return 0
	case p >= 1:
		return n
	case p > 0.5:
		return n - binomial(random, n, 1-p)
	}
	rate := -math.Log1p(-p)
	successes := 0
	for i := math.Floor(random.ExpFloat64() / rate); i < float64(n); i += 1 + math.Floor(random.ExpFloat64()/rate) {
		successes++
	}
	return successes
}
