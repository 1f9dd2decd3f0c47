package experiment

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/learning/em"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/neulvm"
)

// buildNeuLVM fits a mesoscopic model to the spikes of a few neurons. Its numbers are float64
// whatever the precision: a likelihood is the difference of large sums.
func buildNeuLVM(e *config.Experiment, s Settings) (*Experiment, error) {
	hidden, err := buildHidden(e, s)
	if err != nil {
		return nil, err
	}
	r := e.Rule.(config.BaumViterbi)
	parameters, err := neulvmParameters(hidden.model, r)
	if err != nil {
		return nil, err
	}
	data, err := hidden.window("train")
	if err != nil {
		return nil, err
	}
	if err := data.Check(); err != nil {
		return nil, err
	}
	if len(r.PulseAmplitudes) > 0 && len(data.Spikes) < 2 {
		return nil, fault.Inputf("rule.pulse_amplitudes asks for a pulse to a second population, but the model has one")
	}
	for _, silent := range data.Silent() {
		hidden.notes = append(hidden.notes, fmt.Sprintf("%s has no spike in the window", hidden.neuron(silent[0], silent[1])))
	}
	for _, system := range []struct {
		key        string
		dimensions int
	}{{"plds_dimensions", r.PLDS}, {"switching_dimensions", r.SwitchingLDS}} {
		if n := len(data.Trains()); system.dimensions > n {
			return nil, fault.Inputf("rule.%s is %d, expected at most %d, as many as there are recorded neurons", system.key, system.dimensions, n)
		}
	}
	if r.Average && r.PriorDeviation == 0 {
		return nil, fault.Inputf("rule.average draws from the prior, but rule.prior_deviation is 0; give it a deviation such as 1")
	}
	dt := data.Dt
	options := em.Options{Grid: hidden.grid, Parameters: parameters, Unscored: int(math.Round(r.UnscoredMS / 1000 / dt)),
		SilentYoungest: r.SilentYoungest, Sigma: r.InitialSigmaMS / 1000 / dt}
	problem := data.Problem(hidden.grid, 0)
	buffers, err := planBuffers(map[string]int64{"likelihoods of the restarts": int64(r.Restarts) * problem.Bytes(len(data.Spikes))})
	if err != nil {
		return nil, err
	}
	trainer, err := em.NewTrainer(neulvmSchedule(e, s, dt), options, data)
	if err != nil {
		return nil, err
	}
	x := &neulvmTrainee{Trainer: trainer, hidden: hidden, rule: r, seed: e.Seed, threads: s.Threads}
	return &Experiment{
		Trainee: x, Objective: Objective{Metric: "bits_per_spike"}, Checksums: hidden.checksums,
		Plan: Plan{Data: hidden.notes, Parameters: parameters.Len(), Buffers: buffers}, trainingTrials: 1,
		draw:   x.draw,
		reseed: func(seed uint64) { x.seed = seed },
	}, nil
}

func neulvmSchedule(e *config.Experiment, s Settings, dt float64) em.Schedule {
	r := e.Rule.(config.BaumViterbi)
	methods := map[string]em.Method{"adam": em.Adam, "map": em.MAP, "variational": em.Variational, "particles": em.Filter}
	return em.Schedule{Method: methods[r.Trajectory], Restarts: r.Restarts, FirstRatio: r.FirstRatio, InitialSlack: r.InitialSlack,
		ParameterIterations: r.ParameterIterations, TrajectoryIterations: r.TrajectoryIterations, Average: r.Average,
		Published: em.Published{StepSize: r.StepSize, Steps: r.TrajectoryIterations, Patience: r.Patience, TotalLowest: r.Keep == "total-lowest"},
		Samples:   r.Samples, Particles: r.Particles, Lag: int(math.Round(r.LagMS / 1000 / dt)), Seed: e.Seed, Threads: s.Threads}
}

func neulvmParameters(reference *neulvm.Network, r config.BaumViterbi) (*em.Parameters, error) {
	weights := map[string]em.Weights{"none": em.FixedWeights, "by-source": em.BySource, "each": em.EachWeight}
	return em.NewParameters(em.Parameters{Reference: reference, Lower: r.Lower, Upper: r.Upper, Prior: r.PriorDeviation, PriorShared: r.PriorShared,
		Leak: r.FitLeak, Rest: r.FitRest, Threshold: r.FitThreshold, Weights: weights[r.FitWeights]})
}

// hidden is what is known of the populations: spikes of a few neurons, and, if they are
// simulated, the rest.
type hidden struct {
	model     *neulvm.Network // the reference of the fitted one
	grid      neulvm.Grid
	dt        float64
	spikes    [][][]bool // [M][R][bins]
	names     [][]string // [M][R] of a recording's neurons
	history   int        // bins
	windows   map[string]int
	length    int         // of each window, bins
	fractions [][]float64 // [M][bins]; nil if they are not known

	made  *neulvm.Network // that made the spikes; nil if it is not known
	micro neulvm.Grid
	rest  [][]float64

	notes     []string
	checksums map[string]string
}

func buildHidden(e *config.Experiment, s Settings) (*hidden, error) {
	h := &hidden{model: neulvmReference(e.Model.(config.NeuLVM))}
	r := e.Rule.(config.BaumViterbi)
	var err error
	switch d := e.Data.(type) {
	case config.HiddenPopulations:
		if err = h.simulate(d, e.Seed); err == nil && r.Labels == "inferred" {
			err = h.relabel(e.Seed)
		}
	case config.SpikeTrains:
		err = h.read(d, r, e.Seed, s)
	}
	if err != nil {
		return nil, err
	}
	m := e.Model.(config.NeuLVM)
	h.grid = neulvm.Grid{Dt: h.dt, Ages: int(math.Round(m.CohortMS / 1000 / h.dt)), Published: m.Hazard == "published"}
	if h.grid.Integrator, err = neulvm.ParseIntegrator(m.Integrator); err != nil {
		return nil, err
	}
	return h, h.model.CheckGrid(h.grid)
}

// neulvmReference is the network that a model's numbers describe.
func neulvmReference(m config.NeuLVM) *neulvm.Network {
	n := &neulvm.Network{Neurons: m.Neurons, J: m.Weights, Refractory: m.RefractoryMS / 1000, Delay: m.DelayMS / 1000, Gain: 1}
	each := func(list []float64, of func(float64) float64) []float64 {
		values := make([]float64, len(m.Neurons))
		for p := range values {
			values[p] = of(list[min(p, len(list)-1)])
		}
		return values
	}
	same := func(x float64) float64 { return x }
	rate := func(ms float64) float64 { return 1000 / ms }
	n.Leak, n.Synapse = each(m.TauMembrane, rate), each(m.TauSynapse, rate)
	n.Rest, n.Threshold = each(m.Rest, same), each(m.Threshold, same)
	return n.Clone()
}

// simulate makes the recording.
func (h *hidden) simulate(d config.HiddenPopulations, seed uint64) error {
	switch d.Network {
	case "winner-take-all":
		h.made = neulvm.WinnerTakeAll()
	case "oscillation":
		h.made = neulvm.Inhibited(-20, 14.4)
	case "weak-oscillation":
		h.made = neulvm.Inhibited(-8, 10)
	default:
		h.made = neulvm.Inhibited(0, 8)
	}
	integrator, err := neulvm.ParseIntegrator(d.Integrator)
	if err != nil {
		return err
	}
	h.micro = neulvm.Grid{Dt: d.StepMS / 1000, Integrator: integrator, Ages: 1 << 20}
	if err := h.made.CheckGrid(h.micro); err != nil {
		return err
	}
	if d.Heterogeneity > 0 {
		h.rest = neulvm.Heterogeneous(h.made, d.Heterogeneity, seed)
	}
	h.dt = d.BinMS / 1000
	per := int(math.Round(d.BinMS / d.StepMS))
	inBins := func(seconds float64) int { return int(math.Round(seconds / h.dt)) }
	h.history, h.length = inBins(d.HistoryS), inBins(d.WindowS)
	h.windows = map[string]int{"train": 0, "validation": h.length, "test": 2 * h.length}
	neurons := neulvm.NewMicroscopic(h.made, h.micro, h.rest, seed, 0)
	r := neulvm.Record(neurons, per, inBins(d.BurnInS), h.history+3*h.length, d.Observed)
	h.spikes, h.fractions = r.Spikes, r.Fractions
	h.notes = append(h.notes, fmt.Sprintf("%d of %d neurons are observed, in %d bins of %g ms after %d of history", d.Observed*len(h.spikes), total(h.made.Neurons), h.length, d.BinMS, h.history))
	return nil
}

// neuron says which one number i of population p is.
func (h *hidden) neuron(p, i int) string {
	if h.names != nil {
		return fmt.Sprintf("neuron %s of population %d", h.names[p][i], p)
	}
	return fmt.Sprintf("neuron %d of population %d", i, p)
}

func total(counts []int) (sum int) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// window are the observations of a split, with the history before them.
func (h *hidden) window(split string) (*em.Observations, error) {
	from, ok := h.windows[split]
	if !ok {
		return nil, datasets.CheckSplit(split)
	}
	o := &em.Observations{Dt: h.dt, History: h.history}
	for _, trains := range h.spikes {
		var part [][]bool
		for _, train := range trains {
			part = append(part, train[from:from+h.history+h.length])
		}
		o.Spikes = append(o.Spikes, part)
	}
	return o, nil
}

// truth is the fractions of a split, [M][T]; nil if they are not known.
func (h *hidden) truth(split string) [][]float64 {
	if h.fractions == nil {
		return nil
	}
	from := h.windows[split] + h.history
	z := make([][]float64, len(h.fractions))
	for p, f := range h.fractions {
		z[p] = f[from : from+h.length]
	}
	return z
}

// neulvmTrainee evaluates the best fit.
type neulvmTrainee struct {
	*em.Trainer
	hidden  *hidden
	rule    config.BaumViterbi
	seed    uint64
	threads int

	// What was evaluated, for pictures.
	known   map[string]*inferred // by split
	answers *answers             // to pulses
}

// smoothings are the widths of smoothed spikes to compare with, ms (section 7 of the method, B0).
var smoothings = []float64{5, 20, 50, 100, 200, 400}

// comparisonSigma is the smoothing of both of two activities that are correlated, s.
const comparisonSigma = 0.05

// Evaluate infers the trajectory of a split with the fitted network and reports
//
//	log_likelihood       ln p(spikes), the trajectory summed over by particles
//	bits_per_spike       how much likelier the spikes are than at the neurons' mean rates in training
//	correlation_P        of inferred and true activity of population P, bin by bin
//	correlation_50ms_P   the same, both smoothed by 50 ms
//	smoothing_P, smoothing_50ms_P    those of smoothed spikes, at the widths that do best on this split
//	smoothing_first_50ms_P           that of smoothed spikes at the width of the first trajectory
//
// and of the test split also what the network does on its own, its parameters, and the
// answers to pulses, and what other models make of the same spikes.
func (x *neulvmTrainee) Evaluate(split string, _ int) (map[string]float64, error) {
	inferred, err := x.infer(split)
	if err != nil {
		return nil, err
	}
	m := map[string]float64{"log_likelihood": inferred.LogLikelihood, "bits_per_spike": inferred.bits}
	if truth := x.hidden.truth(split); truth != nil {
		x.correlate(m, inferred, truth)
	}
	if split == "test" {
		if err := x.report(m, inferred); err != nil {
			return nil, err
		}
	}
	for name, v := range m {
		if math.IsNaN(v) || math.IsInf(v, 0) { // nothing varies, or there is none
			delete(m, name)
		}
	}
	return m, nil
}

// inferred is what the spikes of a split say.
type inferred struct {
	em.Inferred
	weights  []float64 // of the networks that count, given these spikes and those of training
	data     *em.Observations
	bits     float64
	spikes   float64
	constant float64 // ln p(spikes) at the mean rates

	ratios []float64 // of the networks that it was inferred with
	seed   uint64
}

func (x *neulvmTrainee) infer(split string) (*inferred, error) {
	ratios := x.counting()
	if r := x.known[split]; r != nil && r.seed == x.seed && slices.Equal(r.ratios, ratios) {
		return r, nil
	}
	r, err := x.inferAnew(split)
	if err != nil {
		return nil, err
	}
	r.ratios, r.seed = ratios, x.seed
	if x.known == nil {
		x.known = map[string]*inferred{}
	}
	x.known[split] = r
	return r, nil
}

// weights are how likely each of the networks that count is, given the spikes of training.
func (x *neulvmTrainee) weights() ([]float64, error) {
	if len(x.Networks()) == 1 {
		return []float64{1}, nil
	}
	r, err := x.infer("train")
	if err != nil {
		return nil, err
	}
	return r.weights, nil
}

// counting are the parameters of the networks that count, as ratios, one after the other.
func (x *neulvmTrainee) counting() (ratios []float64) {
	for _, net := range x.Networks() {
		ratios = append(ratios, x.Options.Parameters.Ratios(net)...)
	}
	return ratios
}

func (x *neulvmTrainee) inferAnew(split string) (*inferred, error) {
	data, err := x.hidden.window(split)
	if err != nil {
		return nil, err
	}
	var prior []float64
	if split != "train" {
		if prior, err = x.weights(); err != nil {
			return nil, err
		}
	}
	each := make([]em.Inferred, len(x.Networks()))
	for k, net := range x.Networks() {
		fit, err := em.NewFit(x.Options, data, x.Options.Parameters.Ratios(net))
		if err != nil {
			return nil, err
		}
		if each[k], err = fit.Particles(em.Inference{Particles: x.Particles, Lag: x.Lag, Seed: x.seed, Threads: x.threads,
			Guide: x.rule.GuideIterations, Patience: int(math.Round(x.rule.PatienceMS / 1000 / data.Dt))}); err != nil {
			return nil, err
		}
	}
	r := &inferred{data: data}
	r.Inferred, r.weights = em.Mix(each, prior)
	for p, trains := range data.Spikes {
		for i, train := range trains {
			chance := meanChance(x.Data.Spikes[p][i][x.Data.History:])
			for _, spiked := range train[data.History:] {
				if spiked {
					r.spikes++
					r.constant += math.Log(chance)
				} else {
					r.constant += math.Log1p(-chance)
				}
			}
		}
	}
	r.bits = x.bits(r.LogLikelihood, r)
	return r, nil
}

// meanChance is the part of bins with a spike, kept away from 0 and 1 by half a bin.
func meanChance(train []bool) float64 {
	n := 0.0
	for _, spiked := range train {
		if spiked {
			n++
		}
	}
	total := float64(len(train))
	return min(max(n, 0.5), total-0.5) / total
}

func (x *neulvmTrainee) correlate(m map[string]float64, r *inferred, truth [][]float64) {
	sigma := comparisonSigma / x.hidden.dt
	smooth := func(z []float64) []float64 { return metrics.SmoothGaussian(z, sigma) }
	for p, z := range r.Mean {
		m[fmt.Sprintf("correlation_%d", p)] = stat.Correlation(z, truth[p], nil)
		m[fmt.Sprintf("correlation_50ms_%d", p)] = stat.Correlation(smooth(z), smooth(truth[p]), nil)
		best, best50 := math.Inf(-1), math.Inf(-1)
		for _, ms := range smoothings {
			s := r.data.Smoothed(ms / 1000 / x.hidden.dt)[p][r.data.History:]
			best = max(best, stat.Correlation(s, truth[p], nil))
			best50 = max(best50, stat.Correlation(smooth(s), smooth(truth[p]), nil))
		}
		m[fmt.Sprintf("smoothing_%d", p)], m[fmt.Sprintf("smoothing_50ms_%d", p)] = best, best50
		first := r.data.Smoothed(x.Options.Sigma)[p][r.data.History:]
		m[fmt.Sprintf("smoothing_first_50ms_%d", p)] = stat.Correlation(smooth(first), smooth(truth[p]), nil)
	}
}

// report adds what the fitted network is and does; of several networks that count the mean, each
// by its weight, and of their parameters also the standard deviation.
func (x *neulvmTrainee) report(m map[string]float64, r *inferred) error {
	h := x.hidden
	weights, err := x.weights()
	if err != nil {
		return err
	}
	var are, do []map[string]float64
	for k, net := range x.Networks() {
		is, does := map[string]float64{}, map[string]float64{}
		for i, name := range x.Options.Parameters.Names() {
			is["ratio_"+name] = x.Options.Parameters.Ratios(net)[i]
		}
		if h.made != nil {
			x.invariants(is, net)
		}
		if x.rule.FreeRunS > 0 {
			a, err := neulvm.FreeRun(net, h.grid, x.Data.Rates(), freeRunSkip, x.rule.FreeRunS, x.seed, uint64(k))
			if err != nil {
				return err
			}
			x.describe(does, "free_", a)
		}
		are, do = append(are, is), append(do, does)
	}
	meansOver(m, do, weights, "")
	meansOver(m, are, weights, "_deviation")
	if len(are) > 1 {
		m["networks"] = float64(len(are))
		m["networks_effective"] = 1 / floats.Dot(weights, weights)
	}
	if h.made != nil {
		for state, rates := range x.states() {
			for p := range h.spikes {
				m[fmt.Sprintf("invariant_%s_%d_true", state, p)] = h.made.Drive(p, rates) - h.made.Threshold[p]
			}
		}
	}
	if h.fractions != nil {
		a := make([][]float64, len(h.fractions))
		for p, z := range h.truth("test") {
			for _, v := range z {
				a[p] = append(a[p], v/h.dt)
			}
		}
		x.describe(m, "data_", a)
	}
	fitted, made, err := x.pulses()
	if err != nil {
		return err
	}
	for i, amplitude := range x.rule.PulseAmplitudes {
		m[fmt.Sprintf("takeover_%g", amplitude)] = fitted[i]
		if made != nil {
			m[fmt.Sprintf("takeover_%g_true", amplitude)] = made[i]
		}
	}
	if x.rule.GLM {
		x.glm(m, r)
	}
	return x.linearSystems(m, r)
}

// meansOver adds the weighted means of what was measured of several networks, each over those that have
// it, and under the name with the suffix, where there is one, the standard deviation.
func meansOver(m map[string]float64, of []map[string]float64, weights []float64, suffix string) {
	values, counts := map[string][]float64{}, map[string][]float64{}
	for k, one := range of {
		for name, v := range one {
			if !math.IsNaN(v) {
				values[name], counts[name] = append(values[name], v), append(counts[name], weights[k])
			}
		}
	}
	for name, v := range values {
		m[name] = stat.Mean(v, counts[name])
		if suffix != "" && len(v) > 1 {
			m[name+suffix] = stat.PopStdDev(v, counts[name])
		}
	}
}

// pulses are how often the second population takes over after each pulse, in the fitted networks, on
// the mean, and in the one that made the spikes, if it is known.
func (x *neulvmTrainee) pulses() (fitted, made []float64, err error) {
	h, ratios := x.hidden, x.counting()
	if a := x.answers; a != nil && a.seed == x.seed && slices.Equal(a.ratios, ratios) {
		return a.fitted, a.made, nil
	}
	weights, err := x.weights()
	if err != nil {
		return nil, nil, err
	}
	for _, amplitude := range x.rule.PulseAmplitudes {
		pulse := neulvm.Pulse{Amplitude: amplitude}
		mean, sum := 0.0, 0.0
		for k, net := range x.Networks() {
			if weights[k] < leastWeight {
				continue
			}
			part, err := pulse.PopulationResponse(net, h.grid, x.Data.Rates(), x.rule.PulseTrials, x.seed, x.threads)
			if err != nil {
				return nil, nil, err
			}
			mean += weights[k] * part
			sum += weights[k]
		}
		fitted = append(fitted, mean/sum)
		if h.made != nil {
			made = append(made, pulse.NeuronResponse(h.made, h.micro, h.rest, x.rule.PulseTrials, x.seed, x.threads))
		}
	}
	x.answers = &answers{fitted: fitted, made: made, ratios: ratios, seed: x.seed}
	return fitted, made, nil
}

// leastWeight is that of a network worth asking.
const leastWeight = 1e-3

type answers struct {
	fitted, made []float64
	ratios       []float64 // of the network that was asked
	seed         uint64
}

// freeRunSkip is how much of a free run is left out at its start, s.
const freeRunSkip = 2

// describe adds rates, and how populations take turns or oscillate.
func (x *neulvmTrainee) describe(m map[string]float64, prefix string, a [][]float64) {
	for p := range a {
		m[fmt.Sprintf("%srate_hz_%d", prefix, p)] = stat.Mean(a[p], nil)
	}
	if len(a) == 3 {
		turns := metrics.TakingTurns(a[0], a[1], a[2], x.hidden.dt)
		m[prefix+"winner_hz"], m[prefix+"loser_hz"], m[prefix+"other_hz"] = turns.Winner, turns.Loser, turns.Other
		m[prefix+"switches_per_100s"] = float64(turns.Switches) * 100 / (float64(len(a[0])) * x.hidden.dt)
		m[prefix+"dwell_s"] = stat.Mean(turns.Dwells, nil)
	} else {
		m[prefix+"peak_hz"], m[prefix+"peak_height"] = metrics.SpectralPeak(metrics.PowerSpectrum(a[0], spectrumSegment, x.hidden.dt))
	}
}

// spectrumSegment is the length of the segments of a spectrum, bins.
const spectrumSegment = 512

// invariants adds h - θ of each population, which the spikes determine better than any one
// parameter (section 5.5 of the method), at the rates of the true network in its
// two states, with the first population winning or the second, or at its mean rates.
func (x *neulvmTrainee) invariants(m map[string]float64, net *neulvm.Network) {
	for state, rates := range x.states() {
		for p := range x.hidden.spikes {
			m[fmt.Sprintf("invariant_%s_%d", state, p)] = net.Drive(p, rates) - net.Threshold[p]
		}
	}
}

// states are rates, Hz, at which to compare networks.
func (x *neulvmTrainee) states() map[string][]float64 {
	if len(x.hidden.spikes) == 3 {
		return map[string][]float64{"first": {18.98, 5.85, 24.5}, "second": {5.85, 18.98, 24.5}}
	}
	var mean []float64
	for _, z := range x.hidden.truth("train") {
		mean = append(mean, stat.Mean(z, nil)/x.hidden.dt)
	}
	return map[string][]float64{"mean": mean}
}

// glm adds what a generalised linear model of the recorded neurons makes of the split.
func (x *neulvmTrainee) glm(m map[string]float64, r *inferred) {
	g := em.FitGLM(x.Data.Trains(), x.hidden.dt, x.threads)
	ll := g.LogLikelihood(r.data.Trains(), r.data.History)
	m["glm_bits_per_spike"] = x.bits(ll, r)
}

// bits are how much more likely spikes are than at constant rates, for each spike.
func (x *neulvmTrainee) bits(logLikelihood float64, r *inferred) float64 {
	return (logLikelihood - r.constant) / (r.spikes * math.Ln2)
}
