package continual

import (
	"math/rand/v2"
	"testing"
)

// teach shows a task of so many batches whose loss is level in the context that learned it, and
// high elsewhere; a new context learns at once. It returns the contexts that were active.
func teach(f *Inference, steps int, level, elsewhere float64, of int) []int {
	r := rand.New(rand.NewPCG(9, 9))
	var contexts []int
	in := func(context int) float64 {
		if context == of {
			return level + 0.001*(2*r.Float64()-1)
		}
		return elsewhere
	}
	for range steps {
		before := f.active
		if got := f.Observe(in(before), in, func() {}); got != before {
			f.Revise(in(got))
		}
		contexts = append(contexts, f.active)
	}
	return contexts
}

func TestContextIsFoundByItsLoss(t *testing.T) {
	for name, o := range map[string]InferenceOptions{
		"ratio":      {Ratio: 1.01, Confidence: 0.9, Increment: 0.005},
		"deviations": {Deviations: 4, Confidence: 0.9, Increment: 0.005},
	} {
		t.Run(name, func(t *testing.T) {
			f := NewInference(4, 3, o)
			for step, c := range teach(f, 500, 1.5, 2.3, 0) {
				if c != 0 {
					t.Fatalf("context %d at step %d of the first task", c, step)
				}
			}
			for step, c := range teach(f, 500, 1.5, 2.3, 1) {
				if c != 1 {
					t.Fatalf("context %d at step %d of the second task, expected the switch at the first", c, step)
				}
			}
			for step, c := range teach(f, 50, 1.5, 2.3, 0) {
				if c != 0 {
					t.Fatalf("context %d at step %d back in the first task", c, step)
				}
			}
			if f.Known() != 2 {
				t.Errorf("%d contexts, expected 2", f.Known())
			}
		})
	}
}

// 460 steps make a context confident enough to be left, as the method says.
func TestAContextCannotBeLeftBeforeItIsConfident(t *testing.T) {
	f := NewInference(4, 2, InferenceOptions{Ratio: 1.01, Confidence: 0.9, Increment: 0.005})
	teach(f, 459, 1.5, 2.3, 0)
	if contexts := teach(f, 1, 1.5, 2.3, 1); contexts[0] != 0 {
		t.Error("the context was left after 459 steps")
	}
	teach(f, 1, 1.5, 2.3, 0)
	if contexts := teach(f, 1, 1.5, 9, 1); contexts[0] != 1 {
		t.Error("the context was not left after 461 steps")
	}
}

func TestNoContextIsLeftWhereThereAreNoMoreGates(t *testing.T) {
	f := NewInference(1, 2, InferenceOptions{Ratio: 1.01, Confidence: 0.5, Increment: 0.05})
	teach(f, 100, 1.5, 2.3, 0)
	if got := f.Observe(2.3, func(int) float64 { return 2.3 }, func() {}); got != 1 || f.active != 0 || f.Known() != 1 {
		t.Errorf("Observe gives %d, active is %d of %d contexts; expected 1, and context 0 of 1 to stay", got, f.active, f.Known())
	}
}
