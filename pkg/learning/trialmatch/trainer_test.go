package trialmatch

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/trialset"
	"github.com/snnctl/snnctl/pkg/datasets/twoarea"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/rsnn/multiarea"
)

// smallSet is a session of 12 + 4 neurons in two areas.
func smallSet(t *testing.T) *trialset.Set {
	t.Helper()
	recordings := twoarea.Generate(twoarea.Options{Sessions: 1, BothAreas: true, Excitatory: 12, Inhibitory: 4, Trials: 24, HitFraction: 0.5,
		Area2OnsetMS: 8, Seed: 1, Threads: 1})
	net := trialset.Network{Neurons: 16, Excitatory: []int{6, 6}, Inhibitory: []int{2, 2}, FirstExcitatory: []int{0, 6}, FirstInhibitory: []int{12, 14}}
	set, err := trialset.New(recordings, net, trialset.Options{Areas: twoarea.Areas, Types: twoarea.Types, BinS: 0.002, FromS: -0.05, ToS: 0.15,
		EventColumn: twoarea.Onset, StimColumn: twoarea.Stimulus, TrainFraction: 0.75, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func smallTrainer[F tensor.Float](t *testing.T, threads int, change func(*Options[F])) *Trainer[F] {
	t.Helper()
	p := multiarea.Params{Neurons: 16, Excitatory: 12, Inputs: 10, ExcitatoryInputs: 8, Delays: []int{2}, Area: multiarea.Sizes{Neurons: 16, Areas: 2, ExcitatoryFraction: 0.75}.AreaOf(),
		StepMS: 2, Threshold: 0.1, Noise: 0.1, Steepness: 15, Dampening: 0.3, RefractorySteps: 2, TrialNoise: 3}
	for i := range p.Neurons {
		p.TauMS = append(p.TauMS, []float64{30, 10}[min(1, i/12)])
	}
	o := Options[F]{BatchSize: 12, Matching: "hard", NeuronWeight: 10, TrialWeight: 100, TaskSplitter: true, Second: 4, LeastNeurons: 4, Subset: "random", L1: 0.01,
		Stimuli:    multiarea.Stimuli{Inputs: 10, Share: 0.5, Onsets: []float64{0}, RateHz: 5, Gain: 11.5, DelayMS: 4, LengthMS: 10, StepMS: 2, StartS: -0.05},
		RunInSteps: 10, EvaluationTrials: 20, Threshold: &Threshold{Area: 1, Type: 1}, DiscriminatorRate: 1e-3, DiscriminatorDecay: 1, DiscriminatorEvery: 2,
		Options: plasticity.Options[F]{Optimizer: &optim.Adam[F]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Schedule: optim.Constant(2e-3)}}
	if change != nil {
		change(&o)
	}
	return New(multiarea.New[F](p, threads), smallSet(t), 1, o)
}

func steps[F tensor.Float](t *testing.T, x *Trainer[F], from, to int) {
	t.Helper()
	for step := from; step < to; step++ {
		if _, err := x.Step(step); err != nil {
			t.Fatal(err)
		}
	}
}

func same(t *testing.T, what string, a, b []checkpoint.Tensor) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%s: %d tensors and %d", what, len(a), len(b))
	}
	for i := range a {
		switch x := a[i].Data.(type) {
		case []float32:
			if !slices.Equal(x, b[i].Data.([]float32)) {
				t.Errorf("%s: %s has other bits", what, a[i].Name)
			}
		case []float64:
			if !slices.Equal(x, b[i].Data.([]float64)) {
				t.Errorf("%s: %s has other bits", what, a[i].Name)
			}
		}
	}
}

var matchings = []string{"hard", "soft", "none", "gan", "mle"}

// A training that was saved and restored goes on with the same bits, and those do not
// depend on the number of threads.
func TestTrainingsAreReproducible(t *testing.T) {
	for _, matching := range matchings {
		t.Run(matching, func(t *testing.T) {
			change := func(o *Options[float32]) {
				o.Matching, o.TaskSplitter = matching, matching == "hard" || matching == "soft"
				o.Window, o.Patience = 2, 100
			}
			whole, first, second := smallTrainer(t, 1, change), smallTrainer(t, 3, change), smallTrainer(t, 2, change)
			steps(t, whole, 0, 5)
			steps(t, first, 0, 3)
			file := filepath.Join(t.TempDir(), "x.safetensors")
			if err := checkpoint.Write(file, &checkpoint.File{Tensors: append(first.Model(), first.Training()...)}); err != nil {
				t.Fatal(err)
			}
			f, err := checkpoint.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := second.RestoreModel(f); err != nil {
				t.Fatal(err)
			}
			if err := second.RestoreTraining(f); err != nil {
				t.Fatal(err)
			}
			steps(t, second, 3, 5)
			same(t, "model", second.Model(), whole.Model())
			same(t, "training", second.Training(), whole.Training())
			a, err := whole.Evaluate("test", 0)
			if err != nil {
				t.Fatal(err)
			}
			b, err := second.Evaluate("test", 0)
			if err != nil {
				t.Fatal(err)
			}
			for name, x := range a {
				if b[name] != x {
					t.Errorf("test %s is %v, and %v with other threads", name, x, b[name])
				}
			}
		})
	}
}

func TestDalesLawHoldsAfterTraining(t *testing.T) {
	x := smallTrainer[float32](t, 1, func(o *Options[float32]) { o.L1 = 0 })
	steps(t, x, 0, 10)
	p, grown := &x.Net.Params, 0
	for pre := range p.Neurons {
		for post := range p.Neurons {
			w := x.w.Recurrent[pre*p.Neurons+post]
			if w < 0 || !p.Allowed(pre, post) && w != 0 {
				t.Errorf("weight from %d to %d is %v", pre, post, w)
			}
			if p.Area[pre] != p.Area[post] && w > 0 {
				grown++
			}
		}
	}
	if grown == 0 {
		t.Error("no synapse between the areas has grown")
	}
	if slices.Min(x.w.Input) < 0 {
		t.Error("an input weight is negative")
	}
}

// Recorded trials in the place of simulated ones fit as well as can be.
func TestCopiesOfTheDataFitPerfectly(t *testing.T) {
	x := smallTrainer[float64](t, 1, nil)
	target := newTarget(x, nil, func(s *trialset.Session) []int { return s.Train })
	var b batch[float64]
	b.run.Spikes, b.run.Trials, b.run.Steps = target.sessions[0].recorded.Trials, len(target.sessions[0].recorded.Trials), x.Set.Steps
	metrics := map[string]float64{}
	x.matched(metrics, target, &b)
	if math.Abs(metrics["r_trial"]-1) > 1e-12 || math.Abs(metrics["r_trial_variant"]-1) > 1e-12 || metrics["matching_loss"] > 1e-20 {
		t.Errorf("R_trial %v and %v, matching loss %v, want 1, 1, 0", metrics["r_trial"], metrics["r_trial_variant"], metrics["matching_loss"])
	}
	if loss, _ := target.neurons.Loss(b.run.Spikes); loss > 1e-20 {
		t.Errorf("neuron loss %v, want 0", loss)
	}
}

func TestPatienceEndsATraining(t *testing.T) {
	var p patience
	for i, loss := range []float64{5, 5, 4, 4, 4, 4, 6, 2.5} { // windows of 2: 5, 4, 4, 4.25
		p.see(loss, 2)
		if want := []int{1, 0, 1, 0, 1, 2, 3, 4}[i]; p.waited() != want {
			t.Errorf("after %d losses it has waited %d steps, want %d", i+1, p.waited(), want)
		}
	}
}
