package samplemeasure

import (
	"math"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
	"github.com/snnctl/snnctl/pkg/metrics"
)

// Evaluate compares trials of a split, up to so many of them (0 means all), with as many
// that the network makes freely, and gives their likelihood in a clamped run (section 6
// of the method):
//
//	loss, nll, …                       the loss and its parts; nll in nats a bin and neuron
//	nll_constant_rate, nll_psth        of what knows the neurons' rates, or their PSTHs, alone
//	bits_per_spike, …_over_psth        how much likelier the spikes are than under these,
//	…_error                            and the standard error of that over trials
//	psth_correlation                   of the neurons' PSTHs, data against free run
//	noise_correlation_r2, …_pearson    of the pairs' noise correlations, data against free run
//
// and where the true weights are known what it has found of them, of which Recovery
// tells.
func (t *Trainer[F]) Evaluate(split string, trials int) (map[string]float64, error) {
	data, err := t.Trials.Split(split)
	if err != nil {
		return nil, err
	}
	if trials > 0 {
		data = data[:min(trials, len(data))]
	}
	m := map[string]float64{}
	p := t.losses(data, split)
	p.report(m, t.Loss, t.Net.Hidden)
	m["nll"] = p.likelihood
	t.compare(m, data, p.likelihood)
	history, n := t.Net.Delays, t.Net.Visible
	_, m["psth_correlation"] = metrics.PSTHCorrelation(metrics.TrialAverage(data, history, n), metrics.TrialAverage(t.free.Spikes, 0, n), n)
	want, got := metrics.NoiseCorrelations(data, history, n), metrics.NoiseCorrelations(t.free.Spikes, 0, n)
	m["noise_correlation_r2"], m["noise_correlation_pearson"] = metrics.Determination(want, got), metrics.Pearson(want, got)
	seconds := float64(len(data)*t.Trials.Steps*n) * t.Trials.Bin
	m["rate_hz"] = float64(metrics.Spikes(t.free.Spikes, 0, n)) / seconds
	m["data_rate_hz"] = float64(metrics.Spikes(data, history, n)) / seconds
	t.Recovery(m)
	for name, x := range m {
		if math.IsNaN(x) || math.IsInf(x, 0) { // nothing varies: there is no correlation
			delete(m, name)
		}
	}
	return m, nil
}

// Simulate gives the spikes of the free run that Evaluate looks at, and the width of a bin
// in s. Trials begin with the bins of their history, in which there are none.
func (t *Trainer[F]) Simulate(split string, trials int) (*spiketrain.Recording, float64, error) {
	data, err := t.Trials.Split(split)
	if err != nil {
		return nil, 0, err
	}
	if trials > 0 {
		data = data[:min(trials, len(data))]
	}
	t.run(t.x(), len(data), split)
	first, bins := t.Trials.History, t.Trials.History+t.Trials.Steps
	return spiketrain.Session("simulated", t.Trials.Neurons, t.Trials.Areas, t.Trials.Bin, first, bins, t.free.Spikes), t.Trials.Bin, nil
}

// run runs the network freely on inputs [T][I].
func (t *Trainer[F]) run(inputs []F, trials int, split string) {
	drive := t.Net.Drive(&t.value, inputs, t.Trials.Steps)
	t.Net.Free(&t.free, &t.value, drive, trials, t.draws(rng.Purpose("free "+split), 0))
}

// losses runs the network on all data at once, clamped and freely, and leaves the runs
// in t.clamped and t.free.
func (t *Trainer[F]) losses(data []tensor.Raster, split string) parts {
	loss := t.Loss
	inputs := t.x()
	drive := t.Net.Drive(&t.value, inputs, t.Trials.Steps)
	var p parts
	t.begin(len(data) * len(drive))
	t.Net.Clamped(&t.clamped, &t.value, drive, data, t.hiddenDraws(rng.Purpose("clamped "+split), 0))
	p.likelihood = Likelihood(t.Net, &t.clamped, data, 1, t.gu)
	t.run(inputs, len(data), split)
	t.measure(&p, loss, data)
	if !loss.free() && loss.HiddenRate > 0 {
		p.rate = HiddenRate(t.Net, &t.clamped, loss.HiddenTarget, 1, t.rate)
	}
	p.total = loss.Likelihood*p.likelihood + loss.PSTH*p.psth + loss.NoiseCorrelation*p.noise + loss.HiddenRate*p.rate
	return p
}

// compare puts a likelihood beside those of simpler models.
func (t *Trainer[F]) compare(m map[string]float64, data []tensor.Raster, nll float64) {
	history, n := t.Net.Delays, t.Net.Visible
	if t.constant == nil {
		t.constant = metrics.ConstantRate(t.Trials.Train, history, n)
		t.psth = metrics.PSTHModel(t.Trials.Train, t.Trials.Validation, history, n)
	}
	m["nll_constant_rate"] = metrics.NegativeLogLikelihood(t.constant, data, history, n)
	m["nll_psth"] = metrics.NegativeLogLikelihood(t.psth, data, history, n)
	spikes := float64(metrics.Spikes(data, history, n))
	bitsPerNat := float64(len(data)*t.Trials.Steps*n) / (spikes * math.Ln2)
	m["bits_per_spike"] = (m["nll_constant_rate"] - nll) * bitsPerNat
	m["bits_per_spike_over_psth"] = (m["nll_psth"] - nll) * bitsPerNat
	if len(data) > 1 {
		m["bits_per_spike_error"] = t.standardError(t.constant, data) / (spikes * math.Ln2)
		m["bits_per_spike_over_psth_error"] = t.standardError(t.psth, data) / (spikes * math.Ln2)
	}
}

// standardError is that of the sum over trials of the log likelihood in nats, less that
// under independent bins with the probabilities p [T][Nv]; the trials are those of
// t.clamped.
func (t *Trainer[F]) standardError(p []float64, data []tensor.Raster) float64 {
	history, n, visible := t.Net.Delays, t.Net.Neurons(), t.Net.Visible
	var silence float64 // of all bins under p
	for _, q := range p {
		silence += math.Log(1 - q)
	}
	gain := make([]float64, len(data))
	var mean float64
	for k := range data {
		u := t.clamped.UAt(k)
		sum := -silence
		for step := range t.clamped.Steps {
			for _, x := range u[step*n : step*n+visible] {
				v := float64(t.Net.Steepness * x)
				sum -= max(v, 0) + math.Log1p(math.Exp(-math.Abs(v)))
			}
			for _, i := range data[k].At(step + history) {
				q := p[step*visible+int(i)]
				sum += float64(t.Net.Steepness*u[step*n+int(i)]) - math.Log(q/(1-q))
			}
		}
		gain[k] = sum
		mean += sum / float64(len(data))
	}
	var squares float64
	for _, g := range gain {
		squares += (g - mean) * (g - mean)
	}
	trials := float64(len(data))
	return math.Sqrt(squares / (trials - 1) * trials)
}

// Recovery compares the weights between recorded neurons with the true ones, where these
// are known: coupling_… those summed over delays, all pairs and the diagonal; weight_…
// each weight, where the delays are as many; of the motif, coupling_ab_… the synapses
// from A to B, whose truth is 0.
func (t *Trainer[F]) Recovery(m map[string]float64) {
	truth := t.Trials.Truth
	if truth == nil {
		return
	}
	n := t.Net.Visible
	want, got := truth.Coupling(), t.Coupling()
	m["coupling_r2"], m["coupling_pearson"] = metrics.Determination(want, got), metrics.Pearson(want, got)
	m["coupling_rmse"], _ = rootMeanSquare(want, got)
	var sum, squares, count float64
	for post, to := range t.Trials.Areas {
		for pre, from := range t.Trials.Areas {
			if to == "B" && from == "A" {
				sum += got[post*n+pre]
				squares += got[post*n+pre] * got[post*n+pre]
				count++
			}
		}
	}
	if count > 0 {
		m["coupling_ab_mean"], m["coupling_ab_rms"] = sum/count, math.Sqrt(squares/count)
	}
	if truth.Delays != t.Net.Delays {
		return
	}
	want, got = visibleWeights(truth.Recurrent, truth.Visible+truth.Hidden, n), visibleWeights(t.value.Recurrent, t.Net.Neurons(), n)
	m["weight_r2"], m["weight_pearson"] = metrics.Determination(want, got), metrics.Pearson(want, got)
	m["weight_rmse"], m["weight_relative_error"] = rootMeanSquare(want, got)
}

// Coupling is the weights between recorded neurons, summed over delays, [post][pre].
func (t *Trainer[F]) Coupling() []float64 {
	return spiketrain.Coupling(t.value.Recurrent, t.Net.Neurons(), t.Net.Delays, t.Net.Visible)
}

// visibleWeights are the weights [pre][D][post] between the first visible of n neurons.
func visibleWeights[F tensor.Float](w []F, n, visible int) []float64 {
	depth := len(w) / (n * n)
	var out []float64
	for pre := range visible {
		for d := range depth {
			for _, x := range w[(pre*depth+d)*n:][:visible] {
				out = append(out, float64(x))
			}
		}
	}
	return out
}

// rootMeanSquare is that of the differences, and as a part of that of want.
func rootMeanSquare(want, got []float64) (rmse, relative float64) {
	var residual, norm float64
	for i, w := range want {
		residual += (got[i] - w) * (got[i] - w)
		norm += w * w
	}
	return math.Sqrt(residual / float64(len(want))), math.Sqrt(residual / norm)
}
