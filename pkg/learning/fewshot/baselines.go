package fewshot

import (
	"math"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
)

// Baseline is a way of learning with its settings.
type Baseline struct {
	Name     string
	Settings map[string]float64 // chosen by Choose, by name
	New      func(function int) Learner
}

// Baselines are the running mean, linear regression, and back-propagation with and without
// a memory of all examples. Settings are chosen by an open search: of the grids below, those
// with the least mean squared error over all examples of the training functions. What the
// baselines predict before the first example is the mean target of these.
func Baselines(training []Examples, seed uint64, threads int) []Baseline {
	inputs, prior := len(training[0].X[0]), meanTarget(training)
	var linear, backprop, online []Baseline
	for _, intercept := range []float64{1e-4, 1e-3, 1e-2, 1e-1, 1} {
		for _, slope := range []float64{1e-4, 1e-3, 1e-2, 1e-1, 1, 10} {
			linear = append(linear, Baseline{
				Name: "linear", Settings: map[string]float64{"intercept_penalty": intercept, "slope_penalty": slope},
				New: func(int) Learner { return &Ridge{Prior: prior, Intercept: intercept, Slope: slope} },
			})
		}
	}
	network := func(name string, hidden int, rate float64, updates int, online bool) Baseline {
		return Baseline{
			Name:     name,
			Settings: map[string]float64{"hidden_units": float64(hidden), "learning_rate": rate, "updates_per_example": float64(updates)},
			New: func(function int) Learner {
				b := NewBackprop(rng.Stream(seed, "baseline backprop", 0, uint64(function)), inputs, hidden, prior, rate, updates)
				b.Online = online
				return b
			},
		}
	}
	for _, hidden := range []int{10, 30} {
		for _, rate := range []float64{0.003, 0.01, 0.03, 0.1} {
			for _, updates := range []int{1, 5} {
				backprop = append(backprop, network("backprop", hidden, rate, updates, false))
			}
			online = append(online, network("online_backprop", hidden, rate, 1, true))
		}
	}
	mean := Baseline{Name: "mean", New: func(int) Learner { return &RunningMean{Prior: prior} }}
	chosen := []Baseline{mean}
	for _, candidates := range [][]Baseline{linear, backprop, online} {
		chosen = append(chosen, best(candidates, training, threads))
	}
	return chosen
}

func meanTarget(functions []Examples) float64 {
	var sum, count float64
	for _, f := range functions {
		for _, y := range f.Y {
			sum += y
			count++
		}
	}
	return sum / count
}

// best is the candidate with the least error, the first of several.
func best(candidates []Baseline, training []Examples, threads int) Baseline {
	least, chosen := math.Inf(1), candidates[0]
	for _, c := range candidates {
		total := 0.0
		for _, errors := range c.SquaredErrors(training, threads) {
			for _, e := range errors {
				total += e
			}
		}
		if total < least {
			least, chosen = total, c
		}
	}
	return chosen
}

// SquaredErrors learns each function anew and returns the errors, [functions][examples].
func (b Baseline) SquaredErrors(functions []Examples, threads int) [][]float64 {
	errors := make([][]float64, len(functions))
	parallel.For(threads, len(functions), func(_, i int) { errors[i] = functions[i].SquaredErrors(b.New(i)) })
	return errors
}
