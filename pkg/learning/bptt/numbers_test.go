package bptt

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/functionepisodes"
)

// sinusoidTask are short episodes of sinusoids.
func sinusoidTask(t *testing.T) *functionepisodes.Source {
	t.Helper()
	s, err := functionepisodes.New(functionepisodes.Options{
		Family:        functionepisodes.Sinusoids{LeastAmplitude: 0.1, MostAmplitude: 0.5, Cycles: 1, PhaseCycles: 1},
		EpisodeTrials: 5, TrialMS: 12, Lines: 8, PeakHz: 400, EvaluationEpisodes: 40, Seed: 2, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Of decisions that ask for numbers the loss is the mean of squared errors, and the gradient
// of the readout, which no spike depends on, is that of finite differences.
func TestNumbersLossAndReadoutGradient(t *testing.T) {
	source := sinusoidTask(t)
	trainer := New(recallNetwork[float64](source.Shape().Lines), source, Options[float64]{
		BatchSize: 20, RateStrength: 0.1, TargetRate: 0.02, ReadoutBias: true})
	trainer.bias.Value.Data[0] = 0.3
	_, gradients := gradientsOf(t, trainer)
	var batch datasets.Batch
	if err := source.Train(&batch, 0, 20); err != nil {
		t.Fatal(err)
	}
	answers := trainer.Answer(&batch)
	var mse float64
	for i, y := range batch.Targets {
		mse += (answers[i] - float64(y)) * (answers[i] - float64(y)) / float64(len(batch.Targets))
	}
	loss, _ := gradientsOf(t, trainer)
	var penalty float64
	for _, r := range trainer.Layer.Trace.Rates {
		penalty += 0.1 * (r - 0.02) * (r - 0.02)
	}
	if len(batch.Targets) != 100 || math.Abs(loss-mse-penalty) > 1e-12 {
		t.Errorf("loss %.15g of %d targets, want %.15g of 100", loss, len(batch.Targets), mse+penalty)
	}
	const h = 1e-6
	for name, v := range map[string][]float64{"w_out": trainer.out.Value.Data, "b_out": trainer.bias.Value.Data} {
		for i, g := range gradients[name] {
			at := v[i]
			v[i] = at + h
			more, _ := gradientsOf(t, trainer)
			v[i] = at - h
			less, _ := gradientsOf(t, trainer)
			v[i] = at
			if d := (more - less) / (2 * h); math.Abs(d-g) > 1e-8 {
				t.Errorf("%s %d: gradient %.10g, finite difference %.10g", name, i, g, d)
			}
		}
	}
}

// The answer in trial k cannot depend on the target of trial k, nor on later ones: the same
// episode, broken off, gets the same answers as far as it goes.
func TestAnswersDependOnThePastAlone(t *testing.T) {
	source := sinusoidTask(t)
	trainer := New(recallNetwork[float64](source.Shape().Lines), source, Options[float64]{BatchSize: 20, ReadoutBias: true})
	var whole []float64
	if _, err := trainer.EvaluateEach("test", 1, func(_ *datasets.Batch, outputs []float64) { whole = append(whole, outputs...) }); err != nil {
		t.Fatal(err)
	}
	episode, err := source.Episode("test", 0)
	if err != nil {
		t.Fatal(err)
	}
	var probe datasets.Batch
	for k, x := range episode.X {
		if err := source.Probe(&probe, "test", 0, k, [][]float64{x}); err != nil {
			t.Fatal(err)
		}
		if got := trainer.Answer(&probe)[0]; got != whole[k] {
			t.Errorf("trial %d: %.15g in the episode, %.15g at its end", k, whole[k], got)
		}
	}
}

// Evaluation reports the mean squared error over all trials of all episodes, in batches or
// not.
func TestNumbersEvaluation(t *testing.T) {
	source := sinusoidTask(t)
	trainer := New(recallNetwork[float64](source.Shape().Lines), source, Options[float64]{BatchSize: 20, ReadoutBias: true})
	var sum, count float64
	m, err := trainer.EvaluateEach("validation", 0, func(batch *datasets.Batch, outputs []float64) {
		for i, y := range batch.Targets {
			sum += (outputs[i] - float64(y)) * (outputs[i] - float64(y))
			count++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, classes := m["accuracy"]; classes || count != 200 || math.Abs(m["mse"]-sum/count) > 1e-14 || m["trials"] != 40 {
		t.Errorf("metrics %v, want a mean squared error of %.15g over %g answers", m, sum/count, count)
	}
}

func TestEvaluationBatchesAreWholeGroups(t *testing.T) {
	for steps, want := range map[int]int{1: 256, 840: 256, 4096: 256, 8000: 128, 100_000: 16, 1 << 30: 16} {
		if got := evaluationBatch(steps); got != want {
			t.Errorf("%d trials of %d steps at once, want %d", got, steps, want)
		}
	}
}
