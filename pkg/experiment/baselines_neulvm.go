package experiment

import (
	"fmt"

	"gonum.org/v1/gonum/stat"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/learning/laplaceem"
	"github.com/snnctl/snnctl/pkg/metrics"
)

const purposeLinearSystems rng.Purpose = "neulvm-linear-systems"

// inferenceRounds is how often path and states of a switching system take turns on new spikes.
const inferenceRounds = 10

// linearSystems adds what linear dynamical systems of the recorded neurons make of the split
// (section 7 of the method, B2 and B3): with plds_ or slds_ before
//
//	bits_per_spike         as of neuLVM, ln p(spikes) by as many particles
//	correlation_50ms_P     of the mean rate of the recorded neurons of population P with its true
//	                       activity, both smoothed by 50 ms
//	aligned_50ms_P         of the linear map of the latents that fits the true activity best in the
//	                       first half of the split, on the second half
//
// and second_half_50ms_P, smoothing_second_half_50ms_P: neuLVM and the best smoothed spikes, which
// need no map, on the second half alone.
func (x *neulvmTrainee) linearSystems(m map[string]float64, r *inferred) error {
	for _, system := range []struct {
		name               string
		dimensions, states int
	}{{"plds", x.rule.PLDS, 1}, {"slds", x.rule.SwitchingLDS, 2}} {
		if system.dimensions == 0 {
			continue
		}
		model, q, _, err := laplaceem.Fit(laplaceem.Options{Dimensions: system.dimensions, States: system.states, Iterations: x.rule.LDSIterations,
			Sigma: x.Options.Sigma, Bins: max(x.Options.Sigma, 2)}, counts(x.Data.Trains(), x.Data.History))
		if err != nil {
			return err
		}
		laplaceem.Usual(model, q)
		y := counts(r.data.Trains(), r.data.History)
		ll := model.LogLikelihood(y, x.Particles, rng.Stream(x.seed, purposeLinearSystems, 0, uint64(system.states)))
		m[system.name+"_bits_per_spike"] = x.bits(ll, r)
		if q, err = laplaceem.Infer(model, y, inferenceRounds); err != nil {
			return err
		}
		if truth := x.hidden.truth("test"); truth != nil {
			x.compareLatents(m, system.name, q.Mean, q.Rates(model), truth)
		}
	}
	if truth := x.hidden.truth("test"); truth != nil && (x.rule.PLDS > 0 || x.rule.SwitchingLDS > 0) {
		x.secondHalf(m, r, truth)
	}
	return nil
}

func (x *neulvmTrainee) compareLatents(m map[string]float64, name string, latents, rates, truth [][]float64) {
	sigma := comparisonSigma / x.hidden.dt
	first := 0
	for p, of := range x.hidden.spikes {
		mean := make([]float64, len(rates))
		for t, row := range rates {
			mean[t] = stat.Mean(row[first:first+len(of)], nil)
		}
		first += len(of)
		z := metrics.SmoothGaussian(truth[p], sigma)
		m[fmt.Sprintf("%s_correlation_50ms_%d", name, p)] = stat.Correlation(metrics.SmoothGaussian(mean, sigma), z, nil)
		m[fmt.Sprintf("%s_aligned_50ms_%d", name, p)] = laplaceem.Aligned(smoothedColumns(latents, sigma), z, len(z)/2)
	}
}

// smoothedColumns smooths each dimension of latents, [T][D].
func smoothedColumns(latents [][]float64, sigma float64) [][]float64 {
	smoothed := make([][]float64, len(latents))
	for d := range latents[0] {
		column := make([]float64, len(latents))
		for t := range latents {
			column[t] = latents[t][d]
		}
		for t, v := range metrics.SmoothGaussian(column, sigma) {
			smoothed[t] = append(smoothed[t], v)
		}
	}
	return smoothed
}

func (x *neulvmTrainee) secondHalf(m map[string]float64, r *inferred, truth [][]float64) {
	sigma := comparisonSigma / x.hidden.dt
	for p := range truth {
		half := len(truth[p]) / 2
		z := metrics.SmoothGaussian(truth[p], sigma)[half:]
		m[fmt.Sprintf("second_half_50ms_%d", p)] = stat.Correlation(metrics.SmoothGaussian(r.Mean[p], sigma)[half:], z, nil)
		best := -1.0
		for _, ms := range smoothings {
			s := r.data.Smoothed(ms / 1000 / x.hidden.dt)[p][r.data.History:]
			best = max(best, stat.Correlation(metrics.SmoothGaussian(s, sigma)[half:], z, nil))
		}
		m[fmt.Sprintf("smoothing_second_half_50ms_%d", p)] = best
	}
}

// counts are the spikes of trains from bin first on, [T][N].
func counts(trains [][]bool, first int) [][]float64 {
	y := make([][]float64, len(trains[0])-first)
	for t := range y {
		y[t] = make([]float64, len(trains))
		for n, train := range trains {
			if train[first+t] {
				y[t][n] = 1
			}
		}
	}
	return y
}
