// Package fir has the recurrent network of stochastic binary neurons that are
// coupled by finite impulse responses (arXiv:2106.10064, section 2 of the method):
//
//	(1) v_j[t] = Σ_i Σ_{d=1..D} W_ij[d] z_i[t-d] + Σ_m Win_mj x_m[t] + b_j
//	(2) u_j[t] = (v_j[t] - θ) / θ
//	(3) p_j[t] = σ(β u_j[t])
//	(4) z_j[t] = 1 if p_j[t] > U_j[t], else 0,   U uniform in [0,1)
//
// There is no leak and no reset: refractoriness is the learned W_jj. The first
// Visible neurons are recorded ones; the others are hidden.
//
// # Two ways to run
//
// Free, a trial starts with an empty history and lives on its own spikes.
// Clamped, the history of the visible neurons is the recorded one, that of the
// hidden neurons their own; this is what a likelihood is made of.
//
// # The way back through a spike
//
// dz/du := γ max(0, 1-|u|). Where a loss depends on p itself it has the exact
// derivative of the sigmoid, and the surrogate is met only between a spike and
// the potentials that it moves later. Nothing flows to U.
//
// # Cost
//
// A spike of neuron i adds one run of D·n numbers to the potentials of the D
// steps to come, and its weight gradient is one such run of ∂L/∂v: silence costs
// nothing.
package fir

import "github.com/snnctl/snnctl/internal/tensor"

// Network are the sizes and constants of a network.
type Network[F tensor.Float] struct {
	Visible, Hidden int // neurons; n = Visible + Hidden
	Delays          int // D, bins of history
	Inputs          int // I

	Threshold   F // θ; 0.4 in the paper
	Steepness   F // β; 1 in the paper
	Dampening   F // γ; 0.3 in the paper
	Threads     int
	scratch     []scratch[F] // one for each thread
	trialBlocks []Weights[F] // sums of weight gradients over runs of trials
}

// Neurons is n.
func (net *Network[F]) Neurons() int { return net.Visible + net.Hidden }

// Weights are the parameters of a network, or the gradient with respect to them.
type Weights[F tensor.Float] struct {
	Recurrent []F // W, [n pre][D][n post], shortest delay first
	Input     []F // Win, [I][n]
	Bias      []F // b, [n]
}

// NewWeights returns zeros.
func (net *Network[F]) NewWeights() Weights[F] {
	n := net.Neurons()
	return Weights[F]{make([]F, n*net.Delays*n), make([]F, net.Inputs*n), make([]F, n)}
}

// Draws gives, for each trial, the function that writes U of one step after the
// other, for all n neurons.
type Draws func(trial int) func(u []float64)

// Run is what a network did in a number of trials of T steps. Its memory is used
// again from run to run.
type Run[F tensor.Float] struct {
	Trials, Steps int
	Clamped       bool
	U, P          []F             // [trials][T][n], equations (2) and (3)
	Spikes        []tensor.Raster // equation (4), of all n neurons; one for each trial

	history []tensor.Raster // what the potentials saw: D steps before the first, then T
}

// UAt is U of one trial, [T][n].
func (r *Run[F]) UAt(trial int) []F { return part(r.U, trial, r.Trials) }

// PAt is P of one trial, [T][n].
func (r *Run[F]) PAt(trial int) []F { return part(r.P, trial, r.Trials) }

// part is the i-th of n equal parts of x.
func part[F tensor.Float](x []F, i, n int) []F {
	size := len(x) / n
	return x[i*size : (i+1)*size : (i+1)*size]
}

// grown returns x with length n, in its own memory if that suffices.
func grown[T any](x []T, n int) []T {
	if cap(x) < n {
		return append(x[:cap(x)], make([]T, n-cap(x))...)
	}
	return x[:n]
}

// scratch is the memory of one thread.
type scratch[F tensor.Float] struct {
	potential []F // v, or ∂L/∂v: [T+D][n]
	uniform   []float64
	incoming  []F     // ∂L/∂z of one step
	near      []int32 // neurons whose surrogate derivative is not 0
}

// prepare makes room for the threads; steps is T + D.
func (net *Network[F]) prepare(steps int) {
	n := net.Neurons()
	net.scratch = grown(net.scratch, max(1, net.Threads))
	for i := range net.scratch {
		s := &net.scratch[i]
		s.potential = grown(s.potential, steps*n)
		s.uniform = grown(s.uniform, n)
		s.incoming = grown(s.incoming, n)
	}
}
