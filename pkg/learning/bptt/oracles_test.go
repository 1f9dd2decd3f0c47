package bptt

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/images"
	"github.com/snnctl/snnctl/pkg/datasets/sequence"
	"github.com/snnctl/snnctl/pkg/datasets/storerecall"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// recallTask is a short store-recall task.
func recallTask(t *testing.T) datasets.Source {
	t.Helper()
	s, err := storerecall.New(storerecall.Options{LinesPerSymbol: 4, RateHz: 50, SymbolMS: 20, Symbols: 6,
		CommandProbability: 0.25, EvaluationTrials: 64, Seed: 3, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// recallNetwork is a small network for it.
func recallNetwork[F tensor.Float](lines int) *lsnn.Network[F] {
	return lsnn.NewNetwork[F](lsnn.Params{Inputs: lines, LIF: 5, ALIF: 5, TauMembrane: 20, TauAdaptation: []float64{300},
		TauReadout: 20, Threshold: 0.01, Beta: 1.7, Refractory: 3, DelaySlots: 2, Dampening: 0.3}, 5, 1)
}

// gradientsOf copies the gradients of the first batch.
func gradientsOf(t *testing.T, trainer *Trainer[float64]) (loss float64, gradients map[string][]float64) {
	t.Helper()
	loss, _, all, err := trainer.Gradients()
	if err != nil {
		t.Fatal(err)
	}
	gradients = map[string][]float64{}
	for name, g := range all {
		gradients[name] = append([]float64(nil), g...)
	}
	return loss, gradients
}

// Oracle 11: for Wout and bout, which no spike depends on, finite differences
// hold as they are: ∂E/∂w = (E(w+h) - E(w-h)) / 2h.
func TestOracle11ReadoutFiniteDifferences(t *testing.T) {
	source := recallTask(t)
	trainer := New(recallNetwork[float64](source.Shape().Lines), source, Options[float64]{
		BatchSize: 20, RateStrength: 0.1, TargetRate: 0.01, ReadoutBias: true})
	for k := range trainer.bias.Value.Data {
		trainer.bias.Value.Data[k] = 0.3 * float64(k+1)
	}
	_, gradients := gradientsOf(t, trainer)
	const h = 1e-5
	for name, weights := range map[string][]float64{"w_out": trainer.out.Value.Data, "b_out": trainer.bias.Value.Data} {
		for i, w := range weights {
			weights[i] = w + h
			up, _ := gradientsOf(t, trainer)
			weights[i] = w - h
			down, _ := gradientsOf(t, trainer)
			weights[i] = w
			got, want := gradients[name][i], (up-down)/(2*h)
			if want == 0 || !(math.Abs(got-want) <= 1e-8*(1+math.Abs(want))) {
				t.Errorf("∂E/∂%s[%d] = %.12g, finite difference %.12g", name, i, got, want)
			}
		}
	}
}

// Gradients are of the first batch alone, however often they are asked for.
func TestGradientsDoNotAddUp(t *testing.T) {
	source := recallTask(t)
	trainer := New(recallNetwork[float64](source.Shape().Lines), source, Options[float64]{BatchSize: 20, RateStrength: 0.1, ReadoutBias: true})
	loss, first := gradientsOf(t, trainer)
	again, second := gradientsOf(t, trainer)
	if loss != again {
		t.Errorf("the loss is %v, then %v", loss, again)
	}
	for name, g := range first {
		for i := range g {
			if g[i] != second[name][i] {
				t.Errorf("∂E/∂%s[%d] is %v, asked again %v", name, i, g[i], second[name][i])
				break
			}
		}
	}
}

// Oracle 16: the gradient of the rate penalty, c Σ_j (r_j - f0)², is linear in
// c, and is what is left of the whole gradient when the task's is taken away.
func TestOracle16RatePenaltyIsLinear(t *testing.T) {
	source := recallTask(t)
	gradient := func(strength float64) (float64, map[string][]float64) {
		trainer := New(recallNetwork[float64](source.Shape().Lines), source, Options[float64]{BatchSize: 20, RateStrength: strength, TargetRate: 0.01})
		return gradientsOf(t, trainer)
	}
	taskLoss, task := gradient(0)
	oneLoss, one := gradient(1)
	threeLoss, three := gradient(3)
	if !(oneLoss > taskLoss) || math.Abs((threeLoss-taskLoss)-3*(oneLoss-taskLoss)) > 1e-12 {
		t.Errorf("losses %v, %v, %v with c = 0, 1, 3", taskLoss, oneLoss, threeLoss)
	}
	for _, name := range []string{"w_in", "w_rec"} {
		largest := 0.0
		for _, g := range one[name] {
			largest = max(largest, math.Abs(g))
		}
		differs := false
		for i := range task[name] {
			penalty := one[name][i] - task[name][i]
			if got := three[name][i] - task[name][i]; !(math.Abs(got-3*penalty) <= 1e-11*largest) {
				t.Errorf("∂E/∂%s[%d]: penalty %v with c = 1, %v with c = 3", name, i, penalty, got)
			}
			differs = differs || math.Abs(penalty) > 1e-6*largest
		}
		if !differs {
			t.Errorf("the penalty does not change ∂E/∂%s", name)
		}
	}
	for i, g := range task["w_out"] {
		if one["w_out"][i] != g {
			t.Errorf("the penalty changes ∂E/∂w_out[%d]", i)
		}
	}
}

// Oracle 17: an untrained network knows nothing: on store-recall its loss is
// about ln 2 and its error about 1/2, in the paper's setting.
func TestOracle17ChanceOnStoreRecall(t *testing.T) {
	source, err := storerecall.New(storerecall.Options{LinesPerSymbol: 25, RateHz: 50, SymbolMS: 200, Symbols: 12,
		CommandProbability: 1.0 / 7, EvaluationTrials: 256, Seed: 1, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	net := lsnn.NewNetwork[float32](lsnn.Params{Inputs: source.Shape().Lines, LIF: 10, ALIF: 10, TauMembrane: 20,
		TauAdaptation: []float64{1200}, TauReadout: 20, Threshold: 0.01, Beta: 1.7, Refractory: 3, DelaySlots: 10, Dampening: 0.3}, 1, 1)
	got, err := New(net, source, Options[float32]{}).Evaluate("test", 0)
	if err != nil {
		t.Fatal(err)
	}
	checkChance(t, got, 2, 0.1, 0.08)
}

// And on sequential MNIST about ln 10, and 9/10.
func TestOracle17ChanceOnSequentialMNIST(t *testing.T) {
	dir := golden.Data(t, "mnist")
	mnist, err := images.Load(filepath.Dir(dir), "mnist")
	if err != nil {
		t.Fatal(err)
	}
	source, err := sequence.New(mnist, sequence.Options{Encoding: sequence.ThresholdCrossing, InputLines: 80, Pool: 1, StepMS: 1,
		CueSteps: 56, ReadoutSteps: 28, ValidationImages: 5000, Seed: 1, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	net := lsnn.NewNetwork[float32](lsnn.Params{Inputs: 80, LIF: 120, ALIF: 100, TauMembrane: 20,
		TauAdaptation: []float64{700}, TauReadout: 20, Threshold: 0.01, Beta: 1.8, Refractory: 5, DelaySlots: 10, Dampening: 0.3}, 1, 1)
	got, err := New(net, source, Options[float32]{ReadoutBias: true}).Evaluate("test", 96)
	if err != nil {
		t.Fatal(err)
	}
	checkChance(t, got, 10, 0.15, 0.12)
}

func checkChance(t *testing.T, got map[string]float64, classes int, lossMargin, errorMargin float64) {
	t.Helper()
	if got["rate_hz"] < 1 {
		t.Errorf("the network is silent: %g Hz", got["rate_hz"])
	}
	if want := math.Log(float64(classes)); !(math.Abs(got["loss"]-want) <= lossMargin) {
		t.Errorf("loss %g, want about ln %d = %.3f", got["loss"], classes, want)
	}
	if want := 1 - 1/float64(classes); !(math.Abs(got["error"]-want) <= errorMargin) {
		t.Errorf("error %g, want about %g", got["error"], want)
	}
	t.Log(fmt.Sprint(got))
}
