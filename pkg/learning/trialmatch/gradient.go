package trialmatch

import "github.com/snnctl/snnctl/internal/tensor"

// spikeGradient is ∂L/∂z of losses that see a neuron's spikes through the mean over
// trials and through the mean of its population:
//
//	∂L/∂z_n(k,t) = average_n(t) + population_p(n)(k,t)
//
// It takes far less memory than trials × steps × neurons.
type spikeGradient[F tensor.Float] struct {
	steps, neurons int
	group          []int32 // population p of each neuron; -1 for none
	sizes          []int   // neurons of each population
	average        []F     // [T][N]
	population     []F     // [trials][T][populations]
}

// reset makes the gradient zero for a number of trials.
func (g *spikeGradient[F]) reset(trials int) {
	size := trials * g.steps * len(g.sizes)
	if cap(g.population) < size {
		g.population = make([]F, size)
	}
	g.population = g.population[:size]
	clear(g.population)
	clear(g.average)
}

// write writes the gradient of one step of a trial, [N].
func (g *spikeGradient[F]) write(trial, step int, to []F) {
	population := g.at(trial, step)
	copy(to, g.average[step*g.neurons:(step+1)*g.neurons])
	for i, p := range g.group {
		if p >= 0 {
			to[i] += population[p]
		}
	}
}

// at is the populations' part of a step of a trial.
func (g *spikeGradient[F]) at(trial, step int) []F {
	n := len(g.sizes)
	return g.population[(trial*g.steps+step)*n:][:n]
}

// split lets a splitter combine the two parts as the gradients of two losses.
func (g *spikeGradient[F]) split(s *Splitter) {
	groups := len(g.sizes)
	trials := len(g.population) / max(1, g.steps*groups)
	products := make([][][]float64, g.steps)
	byGroup, sum := make([]float64, groups), make([]float64, groups)
	for t := range products {
		var aa, ab, bb float64
		clear(byGroup)
		clear(sum)
		for i, x := range g.average[t*g.neurons : (t+1)*g.neurons] {
			aa += float64(x) * float64(x)
			if p := g.group[i]; p >= 0 {
				byGroup[p] += float64(x)
			}
		}
		for k := range trials {
			for p, x := range g.at(k, t) {
				sum[p] += float64(x)
				bb += float64(g.sizes[p]) * float64(x) * float64(x)
			}
		}
		for p, x := range byGroup {
			ab += x * sum[p]
		}
		products[t] = [][]float64{{float64(trials) * aa, ab}, {ab, bb}}
	}
	for t, factors := range s.Combine(products) {
		average := g.average[t*g.neurons : (t+1)*g.neurons]
		for i := range average {
			average[i] *= F(factors[0])
		}
		for k := range trials {
			population := g.at(k, t)
			for p := range population {
				population[p] *= F(factors[1])
			}
		}
	}
}
