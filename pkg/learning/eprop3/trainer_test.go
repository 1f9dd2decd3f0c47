package eprop3

import (
	"math"
	"reflect"
	"testing"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/copyrepeat"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/lstm"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

func adam[F tensor.Float](rate float64) plasticity.Options[F] {
	return plasticity.Options[F]{Optimizer: &optim.Adam[F]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Schedule: optim.Constant(rate)}
}

// trainer makes a small LSTM that copies vectors of 2 bits by e-prop 3.
func trainer[F tensor.Float](window int, change func(*Options[F])) *Trainer[F] {
	task := copyrepeat.Options{Bits: 2, SymbolSteps: 1, SolvedBelow: 0.3, Longest: 200, EvaluationTrials: 40, Seed: 1}
	cells := lstm.Cells[F](12)
	net := recurrent.NewNetwork(recurrent.Params[F]{Cell: cells, Inputs: task.Lines(), Outputs: task.Outputs(), Biased: true, ReadoutBiased: true, Gain: 1}, 1)
	cells.Initialise(net.In, net.Rec, net.Bias, 1)
	synthetic := adam[F](0.01)
	o := Options[F]{Rule: Rule[F]{Window: window, Traces: true}, BatchSize: 20, Network: adam[F](0.01), Synthetic: &synthetic}
	if change != nil {
		change(&o)
	}
	return New(net, task, o)
}

func train[F tensor.Float](t *testing.T, tr *Trainer[F], from, to int) (last map[string]float64) {
	t.Helper()
	for step := from; step < to; step++ {
		m, err := tr.Step(step)
		if err != nil {
			t.Fatal(err)
		}
		last = m
	}
	return last
}

// The rule as it stands, window by window, trains as looking back does: weights,
// synthetic gradients and curriculum.
func TestOnlineTrainingEqualsLookingBack(t *testing.T) {
	for name, change := range map[string]func(*Options[float64]){
		"e-prop 3": func(*Options[float64]) {},
		"traces":   func(o *Options[float64]) { o.Synthetic = nil },
		"e-prop 1": func(o *Options[float64]) {
			o.Synthetic, o.Rule.Window, o.Feedback, o.FeedbackScale = nil, 1, eprop.Random, 1
		},
	} {
		back := trainer(2, change)
		online := trainer(2, func(o *Options[float64]) { change(o); o.Online = true })
		want, got := train(t, back, 0, 30), train(t, online, 0, 30)
		for metric, w := range want {
			if math.Abs(got[metric]-w) > 1e-9*max(1, math.Abs(w)) {
				t.Errorf("%s: %s = %g online, %g looking back", name, metric, got[metric], w)
			}
		}
		near(t, name+": Wrec", online.Net.Rec, back.Net.Rec, 1e-9)
	}
}

// A training restored from what it gave goes on with the same bits, in the same
// place of the curriculum.
func TestRestoredTrainingGoesOn(t *testing.T) {
	for name, change := range map[string]func(*Options[float32]){
		"symmetric": nil,
		"random": func(o *Options[float32]) {
			o.Synthetic, o.Rule.Window, o.Feedback, o.FeedbackScale = nil, 1, eprop.Random, 1
		},
		"adaptive": func(o *Options[float32]) {
			o.Synthetic, o.Rule.Window, o.Feedback, o.FeedbackScale, o.FeedbackDecay = nil, 1, eprop.Adaptive, 1, 0.01
		},
	} {
		whole := trainer(2, change)
		train(t, whole, 0, 150)
		if whole.Curriculum.Level == 0 {
			t.Fatalf("%s: nothing was learned", name)
		}
		f := &checkpoint.File{Tensors: append(whole.Model(), whole.Training()...)}
		rest := trainer(2, change)
		if err := rest.RestoreModel(f); err != nil {
			t.Fatal(err)
		}
		if err := rest.RestoreTraining(f); err != nil {
			t.Fatal(err)
		}
		if rest.Curriculum != whole.Curriculum {
			t.Errorf("%s: restored at level %d, want %d", name, rest.Curriculum.Level, whole.Curriculum.Level)
		}
		// The file shares the first trainer's memory, so the rest goes first.
		got := train(t, rest, 150, 160)
		if want := train(t, whole, 150, 160); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: restored training reports %v, want %v", name, got, want)
		}
	}
}

// Every rule of the package learns to copy the shortest sequences, and an
// evaluation of what has been learned agrees.
func TestTrainingSolvesShortSequences(t *testing.T) {
	for name, change := range map[string]func(*Options[float32]){
		"e-prop 3":  nil,
		"truncated": func(o *Options[float32]) { o.Synthetic, o.Rule.Traces = nil, false },
		"BPTT":      func(o *Options[float32]) { o.Synthetic, o.Rule.Window, o.Rule.Traces = nil, 0, false },
	} {
		tr := trainer(4, change)
		m := train(t, tr, 0, 600)
		if m["solved_length"] < 6 {
			t.Errorf("%s: sequences of %g symbols are solved after 600 iterations, want 6", name, m["solved_length"])
		}
		e, err := tr.Evaluate("test", 0)
		if err != nil {
			t.Fatal(err)
		}
		if e["loss"] > 0.8 || e["trials"] != 40 {
			t.Errorf("%s: evaluation gives %v", name, e)
		}
		example, err := tr.Example()
		if err != nil || len(example.Outputs) != tr.Net.Outputs || len(example.Inputs[0]) != len(example.Scored) {
			t.Errorf("%s: the example is %v, %v", name, example, err)
		}
	}
	if _, err := trainer[float32](4, nil).Evaluate("weekly", 0); err == nil {
		t.Error("a split of any name is taken")
	}
}

// The gradient of a batch does not depend on the precision.
func TestFirstGradients(t *testing.T) {
	exact, ours := trainer[float64](2, nil).FirstGradients(), trainer[float32](2, nil).FirstGradients()
	for name, want := range exact {
		got := make([]float64, len(want))
		for i, x := range ours[name] {
			got[i] = float64(x)
		}
		near(t, name, got, want, 1e-5)
	}
}
