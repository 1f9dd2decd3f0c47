package clapp

import "github.com/snnctl/snnctl/internal/tensor"

// Prediction is the matrices by which the vectors of one layer, the context, predict those of the
// same or of another, the target, with as many places; and their losses.
type Prediction[F tensor.Float] struct {
	Context, Target int // layers, from 0

	Predict [][]F // M_k, [context][target]
	Retro   [][]F // of the second loss, which trains the context; nil where one matrix does both

	Hold   bool       // the context is taken for constant
	Losses [2]Loss[F] // that of Predict and that of Retro, with their options

	GradPredict, GradRetro [][]F // ∂L/∂M_k
}

// Contrast computes the losses of vectors that lie in a grid, and adds their dendritic signals to those of both
// layers: one loss for both sides of each pair, or with Retro one that trains the targets and another, with
// draws of its own, that trains the contexts (2010.08262, section 4.1 of the method). It returns the sum of
// the losses.
func (p *Prediction[F]) Contrast(threads int, g Grid, context, target *Layer[F], draws, retro *Draws) float64 {
	p.GradPredict = likeMatrices(p.GradPredict, p.Predict)
	p.Losses[0].Compute(threads, g, context.Side(p.Hold || p.Retro != nil), target.Side(false), p.Predict, draws, p.GradPredict)
	if p.Retro == nil {
		return p.Losses[0].Value
	}
	p.GradRetro = likeMatrices(p.GradRetro, p.Retro)
	p.Losses[1].Compute(threads, g, context.Side(p.Hold), target.Side(true), p.Retro, retro, p.GradRetro)
	return p.Losses[0].Value + p.Losses[1].Value
}

func likeMatrices[F tensor.Float](to, like [][]F) [][]F {
	to = fit(to, len(like))
	for k, m := range like {
		to[k] = fit(to[k], len(m))
	}
	return to
}
