// Package clapp trains the layers of an encoder by their own contrastive, predictive losses,
// without back-propagation across layers (2010.08262).
package clapp

import "github.com/snnctl/snnctl/internal/tensor"

// Rule is CLAPP in one fully connected layer of rectified units, step by step (2010.08262,
// section 5 of the method): a layer-wide third factor γ, the dendritic prediction of another
// moment's activity, the slope of the unit and its input.
type Rule[F tensor.Float] struct {
	Inputs, Units int

	W               []F // [unit][input]
	B               []F // [unit]
	Predict, Retro  []F // W_pred and W_retro, [unit][unit]
	context, target []F // c and z
	previous, now   []F // slopes ρ' of c and z
}

// Update is what a step of the Rule adds to the parameters, times the learning rate.
type Update[F tensor.Float] struct {
	W, B, Predict, Retro []F

	DendritePredict, DendriteRetro []F // W_pred c and W_retro z
	ScorePredict, ScoreRetro       F   // u_p = zᵀ W_pred c and u_r = cᵀ W_retro z
	GammaPredict, GammaRetro       F   // γ = y [y u < 1]
}

// Step computes the update from two inputs that follow each other; y is 1 if the second
// shows the same object (fixation) and -1 if not (saccade):
//
//	c = ρ(W x₀ + b), z = ρ(W x₁ + b)
//	ΔW      = γ_p ((W_pred c) ∘ ρ'(a₁)) x₁ᵀ + γ_r ((W_retro z) ∘ ρ'(a₀)) x₀ᵀ
//	ΔW_pred = γ_p z cᵀ, ΔW_retro = γ_r c zᵀ
func (r *Rule[F]) Step(u *Update[F], before, now []F, y F) {
	n := r.Units
	r.context, r.previous = r.activity(r.context, r.previous, before)
	r.target, r.now = r.activity(r.target, r.now, now)
	for _, of := range []struct {
		to   *[]F
		size int
	}{{&u.W, n * r.Inputs}, {&u.B, n}, {&u.Predict, n * n}, {&u.Retro, n * n}, {&u.DendritePredict, n}, {&u.DendriteRetro, n}} {
		if len(*of.to) != of.size {
			*of.to = make([]F, of.size)
		}
		clear(*of.to)
	}
	u.ScorePredict, u.GammaPredict = r.direction(u, u.DendritePredict, u.Predict, r.Predict, r.context, r.target, r.now, now, y)
	u.ScoreRetro, u.GammaRetro = r.direction(u, u.DendriteRetro, u.Retro, r.Retro, r.target, r.context, r.previous, before, y)
}

// direction predicts activity z at input x, whose slopes are given, from activity c at the
// other moment by the matrix m, and adds the update of that.
func (r *Rule[F]) direction(u *Update[F], dendrite, dm, m, c, z, slopes, x []F, y F) (score, gamma F) {
	n := r.Units
	for j := range n {
		for i, v := range c {
			dendrite[j] += m[j*n+i] * v
		}
		score += z[j] * dendrite[j]
	}
	if y*score < 1 {
		gamma = y
	}
	for j := range n {
		d := gamma * dendrite[j] * slopes[j]
		u.B[j] += d
		for i, v := range x {
			u.W[j*r.Inputs+i] += d * v
		}
		for i, v := range c {
			dm[j*n+i] = gamma * z[j] * v
		}
	}
	return score, gamma
}

// activity is ρ(W x + b) and its slopes.
func (r *Rule[F]) activity(z, slopes, x []F) ([]F, []F) {
	if z == nil {
		z, slopes = make([]F, r.Units), make([]F, r.Units)
	}
	for j := range z {
		a := r.B[j]
		for i, v := range x {
			a += r.W[j*r.Inputs+i] * v
		}
		z[j], slopes[j] = 0, 0
		if a > 0 {
			z[j], slopes[j] = a, 1
		}
	}
	return z, slopes
}
