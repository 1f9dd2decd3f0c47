package trialmatch

import (
	"math"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/trialset"
)

// Evaluate compares simulated trials with recorded ones: the test trials of each
// session, or for "train" and "validation" its training trials, for the method knows no
// third part. trials is the number to simulate; 0 for EvaluationTrials.
func (t *Trainer[F]) Evaluate(split string, trials int) (map[string]float64, error) {
	if trials == 0 {
		trials = t.EvaluationTrials
	}
	part := func(s *trialset.Session) []int { return s.Train }
	if split == "test" {
		part = func(s *trialset.Session) []int { return s.Test }
	}
	target := newTarget(t, nil, part)
	var b batch[F]
	t.simulate(&b, address{"evaluation-" + split, 0}, target.stimuli, trials, false)
	loss, _ := target.neurons.Loss(b.run.Spikes)
	metrics := map[string]float64{"neuron_loss": loss, "rate_hz": b.rateHz(t.Net.Neurons, t.Net.StepMS)}
	t.matched(metrics, target, &b)
	if split == "test" {
		t.ceiling(metrics, target)
	}
	t.correlations(metrics, target, &b)
	t.hits(metrics, target, &b)
	t.templates(metrics, target, &b)
	return metrics, t.lickTypes(metrics, target, &b)
}

// matched adds R_trial and the loss of hard matching. The larger set of trials is cut,
// in random order, into parts of the size of the smaller one, and the results of all
// pairs count alike.
func (t *Trainer[F]) matched(metrics map[string]float64, target *target, b *batch[F]) {
	var sum, centred, loss, count float64
	used := target.used()
	for _, s := range used {
		model := t.featuresOf(s.features, b)
		n := min(len(model), len(s.data))
		var own float64
		parts := t.parts(model, s.data, s.number)
		for _, p := range parts {
			sum += float64(n) * Correlation(t.Net.Threads, p[0], p[1], false)
			centred += float64(n) * Correlation(t.Net.Threads, p[0], p[1], true)
			count += float64(n)
			l, _ := Hard{Threads: t.Net.Threads}.Match(p[0], p[1])
			own += l / float64(len(parts))
		}
		loss += own / float64(len(used))
	}
	if count > 0 {
		metrics["r_trial"], metrics["r_trial_variant"], metrics["matching_loss"] = sum/count, centred/count, loss
	}
}

// parts cuts the larger of two sets.
func (t *Trainer[F]) parts(model, data [][]float64, session int) [][2][][]float64 {
	n := min(len(model), len(data))
	r := rng.Stream(t.seed, "evaluation-parts", 0, uint64(session))
	larger := model
	if len(data) > len(model) {
		larger = data
	}
	order := r.Perm(len(larger))
	var all [][2][][]float64
	for first := 0; n > 0 && first+n <= len(order); first += n {
		part := make([][]float64, n)
		for i, j := range order[first : first+n] {
			part[i] = larger[j]
		}
		if len(data) > len(model) {
			all = append(all, [2][][]float64{model, part})
		} else {
			all = append(all, [2][][]float64{part, data})
		}
	}
	return all
}

// ceiling adds R_trial of the recorded training trials, in the place of simulated ones.
func (t *Trainer[F]) ceiling(metrics map[string]float64, test *target) {
	train := newTarget(t, nil, func(s *trialset.Session) []int { return s.Train })
	var sum, count float64
	for i, s := range test.sessions {
		if !s.usable {
			continue
		}
		for _, p := range t.parts(train.sessions[i].data, s.data, s.number) {
			n := float64(len(p[1]))
			sum += n * Correlation(t.Net.Threads, p[0], p[1], false)
			count += n
		}
	}
	if count > 0 {
		metrics["r_trial_ceiling"] = sum / count
	}
}

// leastRateHz is the mean rate of a recorded neuron from which on its response is
// compared.
const leastRateHz = 1

// correlations adds the mean Pearson correlation, over neurons, of simulated and
// recorded responses after filter 1.
func (t *Trainer[F]) correlations(metrics map[string]float64, target *target, b *batch[F]) {
	model := meanResponse(b.run.Spikes, t.Net.Neurons)
	var sum, centred, count float64
	for i, s := range target.sessions {
		if len(s.recorded.Trials) == 0 {
			continue
		}
		data := meanResponse(s.recorded.Trials, t.Net.Neurons)
		for j, n := range t.Set.Sessions[i].Neurons {
			if t.Set.Sessions[i].RatesHz[j] <= leastRateHz {
				continue
			}
			x, y := t.first.Apply(model[n]), t.first.Apply(data[n])
			sum, centred, count = sum+pearson(x, y, false), centred+pearson(x, y, true), count+1
		}
	}
	if count > 0 {
		metrics["neuron_correlation"], metrics["neuron_correlation_variant"] = sum/count, centred/count
	}
}

// hits adds the fractions of trials, simulated and recorded, whose activity in an area
// has a peak above the threshold.
func (t *Trainer[F]) hits(metrics map[string]float64, target *target, b *batch[F]) {
	if t.Threshold == nil {
		return
	}
	threshold := t.Threshold.Hz
	if threshold == 0 {
		threshold = t.midway()
	}
	fraction := func(peaks []float64) float64 {
		hits := 0
		for _, p := range peaks {
			if p > threshold {
				hits++
			}
		}
		return float64(hits) / float64(len(peaks))
	}
	var all []int
	for i, a := range t.Net.Area {
		if a == t.Threshold.Area {
			all = append(all, i)
		}
	}
	var recorded []float64
	labelled, count := 0.0, 0.0
	for _, s := range target.sessions {
		recorded = append(recorded, t.peaks(s.recorded.Trials, t.inArea(s.recorded.Neurons))...)
		for _, kind := range s.types {
			if kind == t.Threshold.Type {
				labelled++
			}
			count++
		}
	}
	model := fraction(t.peaks(b.run.Spikes, all))
	metrics["hit_fraction"], metrics["hit_fraction_band"] = model, Band(model, b.run.Trials)
	metrics["hit_threshold_hz"] = threshold
	if count > 0 {
		metrics["hit_fraction_labels"] = labelled / count
	}
	if len(recorded) > 0 {
		metrics["hit_fraction_data"] = fraction(recorded)
	}
}

// Band is half the width of the 95 % confidence band of a fraction f of so many trials:
// 1.96 √(f(1-f)/K).
func Band(f float64, trials int) float64 { return 1.96 * math.Sqrt(f*(1-f)/float64(trials)) }

// inArea are those of neurons that lie in the area of the threshold.
func (t *Trainer[F]) inArea(neurons []int) []int {
	var in []int
	for _, i := range neurons {
		if t.Net.Area[i] == t.Threshold.Area {
			in = append(in, i)
		}
	}
	return in
}

// peaks are the greatest values of the mean rate of neurons, after filter 1, Hz, in each
// trial; none without neurons.
func (t *Trainer[F]) peaks(trials []tensor.Raster, neurons []int) []float64 {
	if len(neurons) == 0 {
		return nil
	}
	in := make([]bool, t.Net.Neurons)
	for _, i := range neurons {
		in[i] = true
	}
	peaks := make([]float64, len(trials))
	for k := range trials {
		rate := make([]float64, t.Set.Steps)
		for step := range rate {
			for _, i := range trials[k].At(step) {
				if in[i] {
					rate[step] += 1000 / t.Net.StepMS / float64(len(neurons))
				}
			}
		}
		for _, x := range t.first.Apply(rate) {
			peaks[k] = max(peaks[k], x)
		}
	}
	return peaks
}

// midway is the threshold between the mean peaks of recorded hits and other trials.
func (t *Trainer[F]) midway() float64 {
	var sums, counts [2]float64
	for i := range t.Set.Sessions {
		s := &t.Set.Sessions[i]
		trials := make([]tensor.Raster, len(s.Train))
		for j, k := range s.Train {
			trials[j] = s.Trials[k].Spikes
		}
		for j, p := range t.peaks(trials, t.inArea(s.Neurons)) {
			kind := 0
			if s.Trials[s.Train[j]].Type == t.Threshold.Type {
				kind = 1
			}
			sums[kind], counts[kind] = sums[kind]+p, counts[kind]+1
		}
	}
	if counts[0] == 0 || counts[1] == 0 {
		return math.Inf(1)
	}
	return (sums[0]/counts[0] + sums[1]/counts[1]) / 2
}
