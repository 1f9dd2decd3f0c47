package clapp

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Grid is how the vectors of a layer lie: [image][row][column][channel]. Rows are the steps of time: patches
// of an image from top to bottom, frames of a clip, positions of a sound.
type Grid struct{ Images, Rows, Columns, Channels int }

// at is where the vector of a patch begins.
func (g Grid) at(image, row, column int) int {
	return ((image*g.Rows+row)*g.Columns + column) * g.Channels
}

// Place is a patch. Rows of negatives count within the target rows of their step.
type Place struct{ Row, Column, Image int }

// Draws is what a loss contrasts.
type Draws struct {
	// Positive and Negative say which images are in S⁺ and in S⁻: both hold all of them in
	// CLAPP-s, in CLAPP each image is in one.
	Positive, Negative []bool

	// Negatives has, for step k = 1, 2, …, the patches that stand for what does not follow
	// the context at (row, column) of an image: [k-1][((row·columns + column)·images + image)·N + j].
	Negatives [][]Place
	N         int // of each context
}

// Contrast is how the scores of what follows a context, u⁺, and of what does not, u⁻, make a loss.
type Contrast int

const (
	// Hinge is max(0, 1 - u⁺) and max(0, 1 + u⁻): the third factor γ is y where y u < 1, else 0.
	Hinge Contrast = iota
	// InfoNCE is -ln(e^{u⁺} / (e^{u⁺} + Σ_j e^{u⁻_j})), that of CPC and of Greedy InfoMax.
	InfoNCE
	// Constant is 1 - u for both, a control without a third factor.
	Constant
)

// PatchSkip is that of patches, which overlap their neighbours by a half.
const PatchSkip = 1

// Side is one side of a loss, the contexts or the targets: the vectors of a layer, and the dendritic signal
// that they get, ∂L/∂m, which is added to. Without a signal they are taken for constant.
type Side[F tensor.Float] struct {
	Vectors, Signal []F
	Channels        int
}

// Loss is the contrastive loss of a layer (2010.08262, section 4 of the method):
//
//	u⁺ = m[s,y,x]ᵀ M_k m[s,y+k+1,x],  u⁻ = m[s,y,x]ᵀ M_k m[negative]
//	L  = 1/K Σ_k ( mean_{s∈S⁺} mean max(0, 1 - u⁺) + mean_{s∈S⁻} mean max(0, 1 + u⁻) )
//
// and its gradients.
type Loss[F tensor.Float] struct {
	Contrast Contrast
	Skip     int

	// Unpredicted leaves out the dendritic prediction, a control: u = Σ c + Σ z.
	Unpredicted bool

	// Share weighs all gradients, and Gate those of each image besides; 0 and nil are for 1.
	Share float64
	Gate  []float64

	Value         float64
	PerImage      []float64 // what of the loss each image has, on the mean 1 of its sets
	ScorePositive [][]F     // [k-1][image][row][column] u⁺
	ScoreNegative [][]F     // [k-1][image][row][column][N] u⁻

	context, predicted []F // [term][channel] c, and Mᵀ c
	weighted, back     []F // Σ g z over the terms of a context, and M of it
	unpredicted        []F // [term] Σ g, of Unpredicted
	slopes             []F // [N] of one term
}

// Compute computes the loss of a grid of contexts and targets with the matrices M_k, [context][target],
// and writes its gradient by the matrices to dM. The channels of the grid are not read.
func (l *Loss[F]) Compute(threads int, g Grid, context, target Side[F], matrices [][]F, draws *Draws, dM [][]F) {
	steps := len(matrices)
	l.Value = 0
	l.PerImage = fit(l.PerImage, g.Images)
	clear(l.PerImage)
	l.ScorePositive, l.ScoreNegative = fit(l.ScorePositive, steps), fit(l.ScoreNegative, steps)
	from, to := g, g
	from.Channels, to.Channels = context.Channels, target.Channels
	for k := 1; k <= steps; k++ {
		l.step(threads, k, steps, from, to, context, target, matrices[k-1], draws, dM[k-1])
	}
}

// step is the part of prediction step k.
func (l *Loss[F]) step(threads, k, steps int, from, to Grid, context, target Side[F], matrix []F, draws *Draws, dM []F) {
	rows, ci, cz := from.Rows-k-l.Skip, from.Channels, to.Channels
	terms := from.Images * rows * from.Columns
	l.context, l.predicted = fit(l.context, terms*ci), fit(l.predicted, terms*cz)
	l.weighted, l.back = fit(l.weighted, terms*cz), fit(l.back, terms*ci)
	l.unpredicted = fit(l.unpredicted, terms)
	clear(l.weighted)
	clear(l.unpredicted)
	block := rows * from.Columns * ci // of the contexts of an image, which lie together
	for image := range from.Images {
		copy(l.context[image*block:(image+1)*block], context.Vectors[from.at(image, 0, 0):])
	}
	if l.Unpredicted {
		for i := range l.predicted {
			l.predicted[i] = 1
		}
	} else {
		kernel.Gemm(threads, false, false, terms, cz, ci, 1, l.context, ci, matrix, cz, 0, l.predicted, cz)
	}
	l.scores(k, steps, rows, from, to, target, draws)
	if l.Unpredicted {
		clear(dM)
		for term, sum := range l.unpredicted {
			for i := range ci {
				l.back[term*ci+i] = sum
			}
		}
	} else {
		kernel.Gemm(threads, true, false, ci, cz, terms, 1, l.context, ci, l.weighted, cz, 0, dM, cz)
		kernel.Gemm(threads, false, true, terms, ci, cz, 1, l.weighted, cz, matrix, cz, 0, l.back, ci)
	}
	if context.Signal == nil {
		return
	}
	for image := range from.Images {
		signal := context.Signal[from.at(image, 0, 0):]
		for i, v := range l.back[image*block : (image+1)*block] {
			signal[i] += v
		}
	}
}

// scores computes all scores of a step and what they give to the loss, to the targets and to l.weighted.
func (l *Loss[F]) scores(k, steps, rows int, from, to Grid, target Side[F], draws *Draws) {
	terms, cz := from.Images*rows*from.Columns, to.Channels
	up, un := fit(l.ScorePositive[k-1], terms), fit(l.ScoreNegative[k-1], terms*draws.N)
	l.ScorePositive[k-1], l.ScoreNegative[k-1] = up, un
	l.slopes = fit(l.slopes, draws.N)
	places := float64(steps * rows * from.Columns)
	positive, negative := 1/(places*float64(count(draws.Positive))), 1/(places*float64(count(draws.Negative)*draws.N))
	all := 1 / (places * float64(from.Images)) // of InfoNCE
	m, term := target.Vectors, 0
	for image := range from.Images {
		gate := 1.0
		if l.Share != 0 {
			gate = l.Share
		}
		if l.Gate != nil {
			gate *= l.Gate[image]
		}
		before := l.Value
		for row := range rows {
			for column := range from.Columns {
				predicted, weighted := l.predicted[term*cz:(term+1)*cz], l.weighted[term*cz:(term+1)*cz]
				var offset F
				if l.Unpredicted {
					for _, v := range l.context[term*from.Channels : (term+1)*from.Channels] {
						offset += v
					}
				}
				follows := to.at(image, row+k+l.Skip, column)
				up[term] = offset + dot(predicted, m[follows:follows+cz])
				others := draws.Negatives[k-1][((row*from.Columns+column)*from.Images+image)*draws.N:][:draws.N]
				scores := un[term*draws.N : (term+1)*draws.N]
				for j, p := range others {
					at := to.at(p.Image, p.Row+k+l.Skip, p.Column)
					scores[j] = offset + dot(predicted, m[at:at+cz])
				}
				var slope F
				if l.Contrast == InfoNCE {
					slope = l.normalised(all, up[term], scores)
				} else {
					slope = l.separate(draws.Positive[image], draws.Negative[image], positive, negative, up[term], scores)
				}
				if slope != 0 {
					l.learn(F(gate)*slope, term, m, target.Signal, follows, predicted, weighted)
				}
				for j, p := range others {
					if slope := l.slopes[j]; slope != 0 {
						l.learn(F(gate)*slope, term, m, target.Signal, to.at(p.Image, p.Row+k+l.Skip, p.Column), predicted, weighted)
					}
				}
				term++
			}
		}
		l.PerImage[image] += (l.Value - before) * float64(from.Images)
	}
}

// separate adds what a positive and its negatives give to the loss where each score counts by itself,
// and returns the slope of that by the positive's; those of the negatives are in l.slopes.
func (l *Loss[F]) separate(inPositive, inNegative bool, positive, negative float64, up F, un []F) (slope F) {
	sign := 1.0 // of a negative's score
	if l.Contrast == Constant {
		sign = -1
	}
	if u := float64(up); inPositive && (l.Contrast == Constant || u < 1) {
		l.Value += positive * (1 - u)
		slope = F(-positive)
	}
	for j, score := range un {
		l.slopes[j] = 0
		if u := float64(score); inNegative && (l.Contrast == Constant || u > -1) {
			l.Value += negative * (1 + sign*u)
			l.slopes[j] = F(sign * negative)
		}
	}
	return slope
}

// normalised is the same for InfoNCE, where a positive and its negatives share one normalisation.
func (l *Loss[F]) normalised(weight float64, up F, un []F) (slope F) {
	most := up
	for _, u := range un {
		most = max(most, u)
	}
	positive := math.Exp(float64(up - most))
	sum := positive
	for _, u := range un {
		sum += math.Exp(float64(u - most))
	}
	l.Value += weight * (math.Log(sum) - float64(up-most))
	for j, u := range un {
		l.slopes[j] = F(weight * math.Exp(float64(u-most)) / sum)
	}
	return F(weight * (positive/sum - 1))
}

// learn adds what one score, of slope g, gives the vector at and the sum over the terms of its context.
func (l *Loss[F]) learn(g F, term int, m, signal []F, at int, predicted, weighted []F) {
	l.unpredicted[term] += g
	for i, v := range m[at : at+len(weighted)] {
		weighted[i] += g * v
	}
	if signal == nil {
		return
	}
	to := signal[at : at+len(predicted)]
	for i, p := range predicted {
		to[i] += g * p
	}
}

// Separation is the mean of |u⁺ - u⁻| over all terms of the last Compute: near 0 the layer tells nothing.
func (l *Loss[F]) Separation() float64 {
	var sum float64
	n := 0
	for k, positive := range l.ScorePositive {
		others := len(l.ScoreNegative[k]) / max(1, len(positive))
		for term, up := range positive {
			for _, un := range l.ScoreNegative[k][term*others : (term+1)*others] {
				sum += math.Abs(float64(up - un))
				n++
			}
		}
	}
	return sum / float64(max(1, n))
}

func dot[F tensor.Float](a, b []F) F {
	var s0, s1, s2, s3 F
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + (s2 + s3)
}

func count(in []bool) (n int) {
	for _, v := range in {
		if v {
			n++
		}
	}
	return n
}

func fit[T any](x []T, n int) []T {
	if cap(x) < n {
		return append(make([]T, 0, n), x...)[:n]
	}
	return x[:n]
}
