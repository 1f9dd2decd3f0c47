package samplemeasure

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/pkg/datasets/artificialspikes"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/rsnn/fir"
)

func fullObs(train int, seed uint64) *spiketrain.Trials {
	network := artificialspikes.FullObs{Neurons: 10, Delays: 3, Recurrent: 0.25, Bias: 0.1, Stimulus: artificialspikes.Stimulus{Inputs: 3, Scale: 0.2}}
	return network.Trials(artificialspikes.Sizes{History: 3, Bins: 200, Bin: 0.04, Train: train, Validation: 10, Test: 10}, seed)
}

func motif(history int, filter []float64, seed uint64) *spiketrain.Trials {
	network := artificialspikes.Motif{Population: 5, Filter: filter, Coupling: 0.3, Spread: 0.2, Self: -0.25, Bias: -0.62,
		Stimulus: artificialspikes.Stimulus{Inputs: 5, Scale: 0.35, Correlation: 0.7}}
	return network.Trials(artificialspikes.Sizes{History: history, Bins: 100, Bin: 0.04, Train: 300, Validation: 2, Test: 100}, seed)
}

func networkFor[F float32 | float64](trials *spiketrain.Trials, hidden, delays int) *fir.Network[F] {
	return &fir.Network[F]{Visible: len(trials.Neurons), Hidden: hidden, Delays: delays, Inputs: trials.Inputs,
		Threshold: 0.4, Steepness: 1, Dampening: 0.3, Threads: 2}
}

// truth is a network with the true weights.
func truth(trials *spiketrain.Trials) (*fir.Network[float64], fir.Weights[float64]) {
	w := trials.Truth
	net := networkFor[float64](trials, w.Hidden, w.Delays)
	return net, fir.Weights[float64]{Recurrent: append([]float64(nil), w.Recurrent...), Input: append([]float64(nil), w.Input...), Bias: append([]float64(nil), w.Bias...)}
}

// Oracle 9: the error of the weights falls like 1/√(trials), to what the method says.
func TestRecovery(t *testing.T) {
	errors := map[int]float64{}
	for _, trials := range []int{20, 80} {
		data := fullObs(trials, 1)
		net := networkFor[float64](data, 0, 3)
		tr := New(net, net.NewWeights(), nil, data, Options[float64]{Loss: Loss{Likelihood: 1}, LBFGS: 32})
		if _, err := tr.Step(0); err != nil {
			t.Fatal(err)
		}
		m := map[string]float64{}
		tr.Recovery(m)
		errors[trials] = m["weight_rmse"]
		if trials == 80 && !(m["weight_rmse"] < 0.03 && m["weight_r2"] > 0.98) {
			t.Errorf("80 trials: RMSE %v, R² %v, want below 0.03 and above 0.98", m["weight_rmse"], m["weight_r2"])
		}
		trueNet, w := truth(data)
		atTruth := New(trueNet, w, nil, data, Options[float64]{Loss: Loss{Likelihood: 1}})
		if fitted, want := tr.gradients(tr.Loss, data.Train, 0).likelihood, atTruth.gradients(tr.Loss, data.Train, 0).likelihood; fitted >= want {
			t.Errorf("%d trials: the fitted loss is %v, that of the true weights %v", trials, fitted, want)
		}
	}
	if ratio := errors[20] / errors[80]; ratio < 1.5 || ratio > 2.6 {
		t.Errorf("from 20 to 80 trials the error falls by %v, want 2", ratio)
	}
}

// The likelihood of a fully observed network is convex: any start ends at one optimum.
func TestEveryStartEndsAtTheSameOptimum(t *testing.T) {
	data := fullObs(5, 2)
	var first []float64
	for seed := range uint64(3) {
		net := networkFor[float64](data, 0, 3)
		tr := New(net, fir.InitialWeights(net, fir.Start{Input: 3, Recurrent: 3}, seed), nil, data, Options[float64]{Loss: Loss{Likelihood: 1}, LBFGS: 120})
		if _, err := tr.Step(0); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = append(first, tr.value.Recurrent...)
			continue
		}
		for i, w := range tr.value.Recurrent {
			if math.Abs(w-first[i]) > 1e-4 {
				t.Fatalf("start %d: weight %d is %v, want %v", seed, i, w, first[i])
			}
		}
	}
}

// Consistency: with the true weights no term of the loss pulls away from them by more
// than the data are uncertain. A step against the gradient gains nothing on new data.
func TestTrueWeightsAreLeftAlone(t *testing.T) {
	data := fullObs(160, 3)
	net, w := truth(data)
	start := append([]float64(nil), w.Recurrent...)
	tr := New(net, w, nil, data, Options[float64]{Loss: Loss{Likelihood: 0.4, PSTH: 0.1, NoiseCorrelation: 50, Consistent: true}, BatchSize: 80,
		Options: plasticity.Options[float64]{Optimizer: &optim.Adam[float64]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Schedule: optim.Constant(0.002)}})
	for step := range 30 {
		if _, err := tr.Step(step); err != nil {
			t.Fatal(err)
		}
	}
	var moved float64
	for i, v := range tr.value.Recurrent {
		moved += (v - start[i]) * (v - start[i])
	}
	if rmse := math.Sqrt(moved / float64(len(start))); rmse > 0.025 { // 0.011 is the error of the estimate itself
		t.Errorf("30 steps from the true weights move them by %v", rmse)
	}
}

// The pass criteria of the method for the motif (section 7), with half the batch and 200
// steps, which take a third of the time.
func TestMotif(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds of training")
	}
	fit := func(delays, hidden, steps int, rate float64, loss Loss) map[string]float64 {
		filter := []float64{0.3, 0.6, 1}
		if delays == 1 {
			filter = []float64{1.9}
		}
		data := motif(delays, filter, 1)
		net := networkFor[float32](data, hidden, delays)
		tr := New(net, fir.InitialWeights(net, fir.Start{Input: 0.1, Recurrent: 0.3}, 1), nil, data, Options[float32]{Loss: loss, BatchSize: 30, Seed: 1,
			Options: plasticity.Options[float32]{Optimizer: &optim.Adam[float32]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Schedule: optim.Constant(rate)}})
		for step := range steps {
			if _, err := tr.Step(step); err != nil {
				t.Fatal(err)
			}
		}
		m, err := tr.Evaluate("test", 0)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	mle := Loss{Likelihood: 1, HiddenRate: 0.001, HiddenTarget: 0.17}
	sm := Loss{Likelihood: 0.4, PSTH: 0.1, NoiseCorrelation: 50, HiddenRate: 0.001, HiddenTarget: 0.17}
	plain, measured := fit(3, 0, 200, 0.02, mle), fit(3, 0, 200, 0.02, sm)
	if a, b := measured["noise_correlation_r2"], plain["noise_correlation_r2"]; !(a > 0.9 && a > b+0.2) {
		t.Errorf("R² of noise correlations: %v with sample-and-measure, %v without", a, b)
	}
	if plain["coupling_ab_mean"] < 0.2 {
		t.Errorf("likelihood alone sees a coupling of %v from A to B, want the indirect one above 0.2", plain["coupling_ab_mean"])
	}
	without, with := fit(1, 0, 200, 0.02, mle), fit(1, 5, 200, 0.02, mle)
	if a, b := with["coupling_ab_rms"], without["coupling_ab_rms"]; !(a < 0.6*b) {
		t.Errorf("one bin of history: coupling from A to B %v with hidden neurons, %v without", a, b)
	}
	if a, b := with["nll"], without["nll"]; !(a < b-0.03) {
		t.Errorf("one bin of history: negative log likelihood %v with hidden neurons, %v without", a, b)
	}
}

func TestSelectorWaitsForANewLeastMean(t *testing.T) {
	var s selector
	s.reset()
	var promising []int
	for i, loss := range []float64{4, 4, 4, 4, 3, 5, 4, 4, 1, 9} {
		if s.add(loss); s.least {
			promising = append(promising, i)
		}
	}
	// The means of four are 4, 3.75, 4, 4, 4, 3.25 and 4.5 from the fourth loss on.
	if len(promising) != 3 || promising[0] != 3 || promising[1] != 4 || promising[2] != 8 {
		t.Errorf("new least means after losses %v, want 3, 4, 8", promising)
	}
}

// The standard error of the gain over a simple model is that of the gains of single trials.
func TestStandardErrorOfTheGain(t *testing.T) {
	data := fullObs(12, 6)
	net, w := truth(data)
	tr := New(net, w, nil, data, Options[float64]{Loss: Loss{Likelihood: 1}})
	m, err := tr.Evaluate("test", 0)
	if err != nil {
		t.Fatal(err)
	}
	var gains []float64
	for k := range data.Test {
		one := data.Test[k : k+1]
		p := tr.losses(one, "test")
		gains = append(gains, (metrics.NegativeLogLikelihood(tr.constant, one, 3, 10)-p.likelihood)*float64(data.Steps*10))
	}
	var mean, squares float64
	for _, g := range gains {
		mean += g / float64(len(gains))
	}
	for _, g := range gains {
		squares += (g - mean) * (g - mean)
	}
	k := float64(len(gains))
	perSpike := 1 / (float64(metrics.Spikes(data.Test, 3, 10)) * math.Ln2)
	if got, want := m["bits_per_spike_error"], math.Sqrt(squares/(k-1)*k)*perSpike; math.Abs(got-want) > 1e-12 {
		t.Errorf("standard error %v, want %v", got, want)
	}
	if got, want := m["bits_per_spike"], mean*k*perSpike; math.Abs(got-want) > 1e-12 {
		t.Errorf("gain %v, want %v", got, want)
	}
}
