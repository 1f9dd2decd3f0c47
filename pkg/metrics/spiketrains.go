package metrics

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

// TrialAverage is the PSTH [T][N], the part of the trials in which each neuron fired in
// each bin, after history bins of history.
func TrialAverage(trials []tensor.Raster, history, neurons int) []float64 {
	mean := make([]float64, (trials[0].Steps()-history)*neurons)
	for k := range trials {
		for t := range trials[k].Steps() - history {
			for _, i := range trials[k].At(t + history) {
				if int(i) < neurons {
					mean[t*neurons+int(i)]++
				}
			}
		}
	}
	for i := range mean {
		mean[i] /= float64(len(trials))
	}
	return mean
}

// PSTHCorrelation is the Pearson correlation over bins of two PSTHs [T][N] for each
// neuron; NaN where one of them is flat. The mean is over the others.
func PSTHCorrelation(a, b []float64, neurons int) (each []float64, mean float64) {
	each = make([]float64, neurons)
	steps, count := len(a)/neurons, 0
	x, y := make([]float64, steps), make([]float64, steps)
	for j := range each {
		for t := range steps {
			x[t], y[t] = a[t*neurons+j], b[t*neurons+j]
		}
		if each[j] = Pearson(x, y); !math.IsNaN(each[j]) {
			mean += each[j]
			count++
		}
	}
	return each, mean / float64(count)
}

// NoiseCorrelations are those of each pair i > j of neurons at zero lag (arXiv:2106.10064,
// section 6 of the method),
//
//	NC_ij = Cn_ij / √(Ct_ii Ct_jj),   Cn_ij = mean_{k,t} c_i c_j,   Ct_ii = mean_{k,t} z_i²
//
// with c = n - PSTH and z = n - the mean over time of the PSTH; NaN with a neuron that
// never changes.
func NoiseCorrelations(trials []tensor.Raster, history, neurons int) []float64 {
	psth := TrialAverage(trials, history, neurons)
	steps := len(psth) / neurons
	// With n = 0 or 1: Σ_k c_i c_j = Σ_k n_i n_j - K m_i m_j, and Σ_k z_i² = K (m_i - 2 m_i a_i + a_i²).
	both := make([]float64, neurons*neurons)
	for k := range trials {
		for t := range steps {
			active := trials[k].At(t + history)
			for a, i := range active {
				if int(i) >= neurons {
					continue
				}
				for _, j := range active[:a] {
					both[int(max(i, j))*neurons+int(min(i, j))]++
				}
			}
		}
	}
	average, signal := make([]float64, neurons), make([]float64, neurons)
	for t := range steps {
		for i, m := range psth[t*neurons : (t+1)*neurons] {
			average[i] += m / float64(steps)
			for j, other := range psth[t*neurons : t*neurons+i] {
				both[i*neurons+j] -= float64(len(trials)) * m * other
			}
		}
	}
	for i, a := range average {
		signal[i] = a - a*a // mean over t of m - 2 m a + a²
	}
	count := float64(len(trials) * steps)
	out := make([]float64, 0, neurons*(neurons-1)/2)
	for i := range neurons {
		for j := range i {
			nc := math.NaN()
			if signal[i] > 0 && signal[j] > 0 {
				nc = both[i*neurons+j] / count / math.Sqrt(signal[i]*signal[j])
			}
			out = append(out, nc)
		}
	}
	return out
}

// Determination is R² = 1 - Σ(d-m)²/Σ(d - mean d)² of a model m of data d, over the
// pairs that are numbers. It may be far below 0; NaN for data that do not vary.
func Determination(data, model []float64) float64 {
	var sum, count float64
	for i, d := range data {
		if !math.IsNaN(d + model[i]) {
			sum += d
			count++
		}
	}
	var residual, total float64
	for i, d := range data {
		if !math.IsNaN(d + model[i]) {
			residual += (d - model[i]) * (d - model[i])
			total += (d - sum/count) * (d - sum/count)
		}
	}
	if total == 0 {
		return math.NaN()
	}
	return 1 - residual/total
}

// Pearson is the correlation of the pairs that are numbers; NaN where one side does not
// vary.
func Pearson(x, y []float64) float64 {
	var n, mx, my float64
	for i := range x {
		if !math.IsNaN(x[i] + y[i]) {
			n++
			mx += x[i]
			my += y[i]
		}
	}
	mx, my = mx/n, my/n
	var xx, yy, xy float64
	for i := range x {
		if !math.IsNaN(x[i] + y[i]) {
			xx += (x[i] - mx) * (x[i] - mx)
			yy += (y[i] - my) * (y[i] - my)
			xy += (x[i] - mx) * (y[i] - my)
		}
	}
	if xx == 0 || yy == 0 {
		return math.NaN()
	}
	return xy / math.Sqrt(xx*yy)
}
