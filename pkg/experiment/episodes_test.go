package experiment

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/pkg/config"
)

// teachers opens the small experiment with its settings changed.
func teachers(t *testing.T, sets ...string) *Experiment {
	t.Helper()
	r, err := config.Open("lsnn-l2l-teacher-quick", sets)
	if err != nil {
		t.Fatal(err)
	}
	return build(t, &r.Experiment)
}

// Over windows that are the whole episode the first, the last and all trials have the same
// error. What the baselines make of the examples does not depend on the network.
func TestErrorsWithinEpisodes(t *testing.T) {
	windows := []string{"data.first_trials=40", "data.last_trials=40"}
	whole := teachers(t, windows...)
	m, err := whole.Evaluate("validation", 8)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []string{"", "mean_", "linear_", "backprop_", "online_backprop_"} {
		if a, b, c := m[of+"mse"], m[of+"mse_first"], m[of+"mse_last"]; math.Abs(a-b) > 1e-6*a || b != c {
			t.Errorf("%smse is %g, %g in the first and %g in the last trials, want the same of all", of, a, b, c)
		}
	}
	if _, err := whole.Step(0); err != nil {
		t.Fatal(err)
	}
	after, err := whole.Evaluate("validation", 8)
	if err != nil {
		t.Fatal(err)
	}
	other, err := teachers(t, append(windows, "model.lif_neurons=20")...).Evaluate("validation", 8)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []string{"mean_mse", "linear_mse", "backprop_mse", "online_backprop_mse", "backprop_learning_rate"} {
		if m[of] != after[of] || m[of] != other[of] {
			t.Errorf("%s is %g, after a step of training %g, of another network %g", of, m[of], after[of], other[of])
		}
	}
	if m["mse"] == after["mse"] {
		t.Error("a step of training changes nothing")
	}
}

// Teachers of one common map differ mostly in their mean value. A short training suffices
// for a network to take it from the examples: the error of its later trials is less than
// half of that of the first ones, on teachers it has never seen.
func TestLearningWithinAnEpisode(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a network")
	}
	x := teachers(t, "data.attainable=of-family", "train.iterations=80")
	for step := range 80 {
		if _, err := x.Step(step); err != nil {
			t.Fatal(err)
		}
	}
	m, err := x.Evaluate("test", 128)
	if err != nil {
		t.Fatal(err)
	}
	if first, last := m["mse_first"], m["mse_last"]; !(last < first/2) {
		t.Errorf("mean squared error %g in the first trials, %g in the last", first, last)
	}
}
