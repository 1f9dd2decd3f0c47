package metrics

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

// NegativeLogLikelihood is that of trials under independent bins with the probabilities
// p [T][N], in nats, a mean over trials, bins and neurons.
func NegativeLogLikelihood(p []float64, trials []tensor.Raster, history, neurons int) float64 {
	psth := TrialAverage(trials, history, neurons)
	var sum float64
	for i, m := range psth {
		sum -= m*math.Log(p[i]) + (1-m)*math.Log(1-p[i])
	}
	return sum / float64(len(p))
}

// Spikes counts the spikes of the first neurons after the history of trials.
func Spikes(trials []tensor.Raster, history, neurons int) int {
	count := 0
	for k := range trials {
		for _, i := range trials[k].Active[trials[k].Start[history]:] {
			if int(i) < neurons {
				count++
			}
		}
	}
	return count
}

// ConstantRate is the model in which each neuron fires in every bin with one
// probability, p [T][N], from the counts of some trials with half a spike and half a
// silent bin more.
func ConstantRate(trials []tensor.Raster, history, neurons int) []float64 {
	psth := TrialAverage(trials, history, neurons)
	steps := len(psth) / neurons
	p := make([]float64, len(psth))
	bins := float64(steps * len(trials))
	for j := range neurons {
		var count float64
		for t := range steps {
			count += psth[t*neurons+j] * float64(len(trials))
		}
		for t := range steps {
			p[t*neurons+j] = (count + 0.5) / (bins + 1)
		}
	}
	return p
}

// psthWidths are the standard deviations of the Gaussians that PSTHModel chooses among,
// in bins.
var psthWidths = []float64{0, 0.5, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64}

// PSTHModel is the model in which a neuron's probability depends on the bin alone, p
// [T][N]: the PSTH of some trials, one trial at the constant rate added, smoothed by the
// Gaussian under which other trials are likeliest.
func PSTHModel(trials, others []tensor.Raster, history, neurons int) []float64 {
	psth, constant := TrialAverage(trials, history, neurons), ConstantRate(trials, history, neurons)
	count := float64(len(trials))
	for i, m := range psth {
		psth[i] = (m*count + constant[i]) / (count + 1)
	}
	var best []float64
	least := math.Inf(1)
	for _, width := range psthWidths {
		p := Smoothed(psth, neurons, width)
		if loss := NegativeLogLikelihood(p, others, history, neurons); loss < least {
			best, least = p, loss
		}
	}
	return best
}

// Smoothed is x [T][N] smoothed over time by a Gaussian of that many bins, whose weight
// beyond the ends goes to the bins there are.
func Smoothed(x []float64, neurons int, width float64) []float64 {
	steps, reach := len(x)/neurons, int(math.Ceil(4*width))
	out := make([]float64, len(x))
	for t := range steps {
		row := out[t*neurons : (t+1)*neurons]
		var total float64
		for s := max(0, t-reach); s <= min(steps-1, t+reach); s++ {
			w := 1.0
			if width > 0 {
				w = math.Exp(-0.5 * float64((s-t)*(s-t)) / (width * width))
			}
			total += w
			for j, v := range x[s*neurons : (s+1)*neurons] {
				row[j] += w * v
			}
		}
		for j := range row {
			row[j] /= total
		}
	}
	return out
}
