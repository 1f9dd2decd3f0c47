package samplemeasure

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/optimize"

	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// descend runs L-BFGS on the likelihood of all training trials, from the parameters as
// they are. It keeps nothing from step to step.
func (t *Trainer[F]) descend(step int) (map[string]float64, error) {
	loss := t.Loss
	arrays := [][]F{t.value.Recurrent, t.value.Input, t.value.Bias}
	gradients := [][]F{t.grad.Recurrent, t.grad.Input, t.grad.Bias}
	var x []float64
	for _, a := range arrays {
		for _, v := range a {
			x = append(x, float64(v))
		}
	}
	set := func(x []float64) {
		for _, a := range arrays {
			for i := range a {
				a[i] = F(x[i])
			}
			x = x[len(a):]
		}
	}
	// The loss and its gradient come out of one run: the last one is kept.
	at := make([]float64, len(x))
	for i := range at {
		at[i] = math.NaN()
	}
	var here parts
	evaluate := func(x []float64) {
		same := true
		for i, v := range x {
			same = same && at[i] == v
		}
		if !same {
			set(x)
			here = t.gradients(loss, t.Trials.Train, 0)
			copy(at, x)
		}
	}
	problem := optimize.Problem{
		Func: func(x []float64) float64 {
			evaluate(x)
			return here.total
		},
		Grad: func(to, x []float64) {
			evaluate(x)
			for _, g := range gradients {
				for i, v := range g {
					to[i] = float64(v)
				}
				to = to[len(g):]
			}
		},
	}
	result, err := optimize.Minimize(problem, x, &optimize.Settings{MajorIterations: t.LBFGS, GradientThreshold: 1e-12, Converger: optimize.NeverTerminate{}},
		&optimize.LBFGS{Store: 20})
	// At the optimum, to the last digit, no line leads further down: that is an end, too.
	if err != nil && !errors.Is(err, optimize.ErrLinesearcherFailure) && !errors.Is(err, optimize.ErrNoProgress) {
		return nil, fmt.Errorf("minimising the negative log likelihood: %w", err)
	}
	set(result.X)
	if err := plasticity.FiniteLoss(step, result.F); err != nil {
		return nil, err
	}
	p := t.gradients(loss, t.Trials.Train, 0)
	t.selector.add(p.total)
	var norm float64
	for _, g := range gradients {
		for _, v := range g {
			norm += float64(v) * float64(v)
		}
	}
	m := map[string]float64{"gradient_norm": math.Sqrt(norm), "iterations": float64(result.MajorIterations)}
	p.report(m, loss, 0)
	return m, nil
}
