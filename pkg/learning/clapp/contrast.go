package clapp

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Grid is how the patch vectors of a layer lie: [image][row][column][channel].
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

// Skip is how many rows a step skips: the target of step k lies k + Skip rows below its context.
const Skip = 1

// Loss is the contrastive loss of a layer (2010.08262, section 4 of the method):
//
//	u⁺ = m[s,y,x]ᵀ M_k m[s,y+k+1,x],  u⁻ = m[s,y,x]ᵀ M_k m[negative]
//	L  = 1/K Σ_k ( mean_{s∈S⁺} mean max(0, 1 - u⁺) + mean_{s∈S⁻} mean max(0, 1 + u⁻) )
//
// and its gradients. HoldContext takes the context for constant, HoldTarget the targets and
// negatives: the two halves of the rule without weight transport.
type Loss[F tensor.Float] struct {
	HoldContext, HoldTarget bool

	Value              float64
	ScorePositive      [][]F // [k-1][image][row][column] u⁺
	ScoreNegative      [][]F // [k-1][image][row][column][N] u⁻
	context, predicted []F   // [term][channel] c, and Mᵀ c
	weighted, back     []F   // Σ g z over the terms of a context, and M of it
}

// Compute computes the loss of patch vectors m with the matrices M_k, [context][target], adds
// its gradient by the vectors, the dendritic signal, to signal, and writes that by the matrices to dM.
func (l *Loss[F]) Compute(threads int, g Grid, m []F, matrices [][]F, draws *Draws, signal []F, dM [][]F) {
	steps := len(matrices)
	l.Value = 0
	l.ScorePositive, l.ScoreNegative = fit(l.ScorePositive, steps), fit(l.ScoreNegative, steps)
	positive, negative := count(draws.Positive), count(draws.Negative)
	for k := 1; k <= steps; k++ {
		rows := g.Rows - k - Skip
		terms, c := g.Images*rows*g.Columns, g.Channels
		l.context, l.predicted = fit(l.context, terms*c), fit(l.predicted, terms*c)
		l.weighted, l.back = fit(l.weighted, terms*c), fit(l.back, terms*c)
		clear(l.weighted)
		up, un := fit(l.ScorePositive[k-1], terms), fit(l.ScoreNegative[k-1], terms*draws.N)
		l.ScorePositive[k-1], l.ScoreNegative[k-1] = up, un
		for image := range g.Images {
			first := image * rows * g.Columns * c
			copy(l.context[first:first+rows*g.Columns*c], m[g.at(image, 0, 0):])
		}
		matrix := matrices[k-1]
		kernel.Gemm(threads, false, false, terms, c, c, 1, l.context, c, matrix, c, 0, l.predicted, c)
		share := float64(steps * rows * g.Columns)
		term := 0
		for image := range g.Images {
			for row := range rows {
				for column := range g.Columns {
					predicted, weighted := l.predicted[term*c:(term+1)*c], l.weighted[term*c:(term+1)*c]
					at := g.at(image, row+k+Skip, column)
					up[term] = dot(predicted, m[at:at+c])
					if u := float64(up[term]); draws.Positive[image] && u < 1 {
						weight := 1 / (share * float64(positive))
						l.Value += weight * (1 - u)
						l.learn(F(-weight), m, signal, at, predicted, weighted)
					}
					for j := range draws.N {
						p := draws.Negatives[k-1][((row*g.Columns+column)*g.Images+image)*draws.N+j]
						at := g.at(p.Image, p.Row+k+Skip, p.Column)
						score := dot(predicted, m[at:at+c])
						un[term*draws.N+j] = score
						if u := float64(score); draws.Negative[image] && u > -1 {
							weight := 1 / (share * float64(negative*draws.N))
							l.Value += weight * (1 + u)
							l.learn(F(weight), m, signal, at, predicted, weighted)
						}
					}
					term++
				}
			}
		}
		kernel.Gemm(threads, true, false, c, c, terms, 1, l.context, c, l.weighted, c, 0, dM[k-1], c)
		if l.HoldContext {
			continue
		}
		kernel.Gemm(threads, false, true, terms, c, c, 1, l.weighted, c, matrix, c, 0, l.back, c)
		for image := range g.Images {
			first := image * rows * g.Columns * c
			to := signal[g.at(image, 0, 0):]
			for i, v := range l.back[first : first+rows*g.Columns*c] {
				to[i] += v
			}
		}
	}
}

// learn adds what one term, of derivative g by its score, gives the target at and the sum over
// the terms of its context.
func (l *Loss[F]) learn(g F, m, signal []F, at int, predicted, weighted []F) {
	for i, p := range predicted {
		weighted[i] += g * m[at+i]
		if !l.HoldTarget {
			signal[at+i] += g * p
		}
	}
}

func dot[F tensor.Float](a, b []F) (sum F) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
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
