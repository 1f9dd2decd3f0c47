package em

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// minimise goes down from x by L-BFGS, at most the given number of iterations, and leaves the
// best point in x. f returns its value and writes its gradient. A start that is not finite
// is left as it is.
func minimise(x []float64, iterations int, f func(x, grad []float64) float64) (value float64, taken int) {
	best, value := slices.Clone(x), math.Inf(1)
	at, grad := make([]float64, len(x)), make([]float64, len(x))
	known, last := math.NaN(), false
	evaluate := func(y []float64) float64 {
		if last && slices.Equal(y, at) {
			return known
		}
		copy(at, y)
		known, last = f(at, grad), true
		if !finite(known) || !finite(grad...) {
			known = math.Inf(1)
			clear(grad)
		}
		if known < value {
			value = known
			copy(best, y)
		}
		return known
	}
	if start := evaluate(x); math.IsInf(start, 1) {
		return start, 0
	}
	fruitless := 0
	problem := optimize.Problem{Func: evaluate, Grad: func(to, y []float64) {
		evaluate(y)
		copy(to, grad)
	}}
	// A line search that finds nothing better ends a descent: at corners of the function, where a
	// fraction comes to its floor, the memory of slopes misleads. Another begins without it.
	for taken < iterations {
		from, before := slices.Clone(best), value
		result, err := optimize.Minimize(problem, from, &optimize.Settings{MajorIterations: iterations - taken, FuncEvaluations: evaluationsEach*(iterations-taken) + evaluationsEach, GradientThreshold: 1e-7,
			Converger: &optimize.FunctionConverge{Relative: 1e-9, Iterations: 5}}, &optimize.LBFGS{Linesearcher: searches[min(fruitless, len(searches)-1)](), Store: 12})
		if result != nil {
			taken += max(result.Stats.MajorIterations, 1)
		}
		if err == nil {
			break
		}
		if before-value <= 1e-6*math.Abs(value) {
			if fruitless++; fruitless == len(searches) {
				break
			}
		}
	}
	copy(x, best)
	return value, taken
}

// evaluationsEach bounds how often an iteration looks at the function, on the mean: where it has a
// corner, a line search may go on for ever.
const evaluationsEach = 10

// searches are the line searches that a descent tries, one when another is at its end.
var searches = [...]func() optimize.Linesearcher{
	func() optimize.Linesearcher { return &optimize.MoreThuente{} },
	func() optimize.Linesearcher { return &optimize.Backtracking{} },
}
