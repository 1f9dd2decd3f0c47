// Package ppo trains a spiking network to act, by proximal policy optimisation
// (Schulman et al., 1707.06347) and back-propagation through whole episodes: the
// meta-reinforcement learning of 1803.09574 (section 6.6 of the method). What is
// trained over many episodes, each with a goal of its own, is to learn within one: the
// weights are fixed while an episode lasts.
//
// # Policy
//
// The network has three outputs in each step: two for the action, one for the value.
// The action is drawn around the mean μ, in units of the highest speed,
//
//	(1) u_d[t] ~ N(μ_d[t], σ_d²),   μ_d = tanh y_d,   d = 0, 1
//	(2) V[t] = y_2[t]
//
// with σ fixed, or learned as log σ, which does not depend on the state.
//
// # Advantages
//
// An episode is cut after T steps, it does not end: what would have followed is V[T-1].
// So its actions 0 … T-2 are learned from, with the generalised advantages (Schulman et
// al., 1506.02438)
//
//	(3) δ[t] = r[t] + γ V[t+1] - V[t]
//	(4) Â[t] = δ[t] + γλ Â[t+1],   Â[T-1] = 0
//	(5) R[t] = Â[t] + V[t]
//
// # Loss
//
// With the probability ratio ρ[t] = π(u[t])/π_old(u[t]) of the policy to the one that
// has acted, the mean over all these steps of
//
//	(6) -min(ρ Â, clip(ρ, 1-ε, 1+ε) Â) + c_V (V - R)² - c_H H,   H = Σ_d ½ ln(2πe σ_d²)
//
// and, once, the penalty c_reg Σ_j (r_j - f)² on firing rates. A batch of episodes is
// learned from several times (epochs). Before the first, ρ = 1 and the gradient is that
// of the policy gradient; each later one runs the network again on the record of what
// it has met, with its new weights.
package ppo

import (
	"math"
	"slices"
)

// Outputs is how many the network has: the action's two, and the value.
const Outputs = outputs

const (
	actions = 2
	value   = actions
	outputs = actions + 1
)

// Constants are those of the equations above.
type Constants struct {
	Discount  float64 // γ in [0, 1], for a step of 1 ms
	Lambda    float64 // λ in [0, 1]
	Clip      float64 // ε > 0
	Value     float64 // c_V ≥ 0
	Entropy   float64 // c_H ≥ 0
	Normalise bool    // subtract from Â its mean over the batch, and divide by its standard deviation
}

// Advantages writes equations (3) to (5) for one episode of len(rewards) steps; the
// last of advantages and returns stays as it is, as its action is not learned from.
func (c *Constants) Advantages(advantages, returns, rewards, values []float64) {
	sum := 0.0
	for t := len(rewards) - 2; t >= 0; t-- {
		delta := rewards[t] + c.Discount*values[t+1] - values[t]
		sum = delta + c.Discount*c.Lambda*sum
		advantages[t], returns[t] = sum, sum+values[t]
	}
}

// normalise shifts and scales x to mean 0 and standard deviation 1; numbers that are
// all the same become 0.
func normalise(x []float64) {
	var mean, square float64
	for _, a := range x {
		mean += a / float64(len(x))
	}
	for _, a := range x {
		square += (a - mean) * (a - mean) / float64(len(x))
	}
	deviation := math.Sqrt(square)
	for i := range x {
		x[i] -= mean
		if deviation > 0 {
			x[i] /= deviation
		}
	}
}

// logDensity is log π(u) of equation (1), for outputs y and log σ.
func logDensity(u, y, logStd [actions]float64) float64 {
	sum := 0.0
	for d := range u {
		x := (u[d] - math.Tanh(y[d])) / math.Exp(logStd[d])
		sum -= x*x/2 + logStd[d] + math.Log(2*math.Pi)/2
	}
	return sum
}

// entropy is H of equation (6).
func entropy(logStd [actions]float64) float64 {
	h := 0.0
	for _, s := range logStd {
		h += s + math.Log(2*math.Pi*math.E)/2
	}
	return h
}

// sample is what is known of one step of an episode when it is learned from.
type sample struct {
	action    [actions]float64 // u
	logOld    float64          // log π_old(u)
	advantage float64          // Â
	target    float64          // R
}

// surrogate is the part of equation (6) of one step, and its derivatives.
type surrogate struct {
	policy, value float64          // -min(…), c_V (V - R)²
	ratio         float64          // ρ
	clipped       bool             // no gradient comes from the policy's part
	outputs       [outputs]float64 // ∂/∂y
	logStd        [actions]float64 // ∂/∂log σ, of the policy's part
}

// surrogate computes equation (6) of a step without the entropy's part.
func (c *Constants) surrogate(s *sample, y [outputs]float64, logStd [actions]float64) surrogate {
	mean := [actions]float64(y[:actions])
	ratio := math.Exp(logDensity(s.action, mean, logStd) - s.logOld)
	limited := min(max(ratio, 1-c.Clip), 1+c.Clip)
	r := surrogate{ratio: ratio, policy: -min(ratio*s.advantage, limited*s.advantage)}
	r.clipped = limited*s.advantage < ratio*s.advantage
	if !r.clipped {
		for d := range mean {
			mu, std := math.Tanh(y[d]), math.Exp(logStd[d])
			x := (s.action[d] - mu) / std
			r.outputs[d] = -ratio * s.advantage * x / std * (1 - mu*mu)
			r.logStd[d] = -ratio * s.advantage * (x*x - 1)
		}
	}
	e := y[value] - s.target
	r.value, r.outputs[value] = c.Value*e*e, 2*c.Value*e
	return r
}

// resized is n numbers in the memory of x where that is enough.
func resized[T any](x []T, n int) []T { return slices.Grow(x[:0], n)[:n] }
