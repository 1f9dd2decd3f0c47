package plasticity

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/pkg/learning/optim"
)

func array(name string, rows, columns int) Array[float64] {
	return Array[float64]{Name: name, Shape: []int{rows, columns}, Value: make([]float64, rows*columns), Grad: make([]float64, rows*columns), Doc: name}
}

func descent(rate float64) Options[float64] {
	return Options[float64]{Optimizer: &optim.SGD[float64]{}, Schedule: optim.Constant(rate)}
}

// An update is the clipped gradient times the rate.
func TestUpdateFollowsTheClippedGradient(t *testing.T) {
	o := descent(0.5)
	o.ClipNorm = 1
	w := Weights[float64]{Options: o}
	a := array("a", 1, 2)
	w.Add(a)
	a.Grad[0], a.Grad[1] = 3, -4
	m, err := w.Update(0)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(a.Value[0]+0.3) > 1e-15 || math.Abs(a.Value[1]-0.4) > 1e-15 || m["gradient_norm"] != 5 || m["learning_rate"] != 0.5 {
		t.Errorf("value %v, metrics %v", a.Value, m)
	}
}

// What is not a number is reported before or after the update, with its step.
func TestUpdateRefusesWhatIsNotFinite(t *testing.T) {
	for _, c := range []struct {
		grad, rate float64
		what       string
	}{{math.NaN(), 1, "gradient is NaN in step 8"}, {math.Inf(1), 1, "gradient is +Inf in step 8"}, {1e150, 1e200, "new value of a is -Inf in step 8"}} {
		w := Weights[float64]{Options: descent(c.rate)}
		a := array("a", 1, 1)
		w.Add(a)
		a.Grad[0] = c.grad
		_, err := w.Update(7)
		var cause *NotFinite
		if !errors.As(err, &cause) || !strings.Contains(err.Error(), c.what) {
			t.Errorf("gradient %g: error %v, want one that says %s", c.grad, err, c.what)
		}
	}
}

// Under DEEP R the weights that the network reads are sign·θ of the active synapses, whose
// number stays at the budget, and no sign ever changes.
func TestRewiredWeightsKeepBudgetAndSigns(t *testing.T) {
	o := descent(0.1)
	o.Rewiring = &Rewiring{Connectivity: 0.3, L1: 0.01, Signed: true, ExcitatoryFraction: 0.75}
	w := Weights[float64]{Options: o}
	in, rec, out := array("w_in", 10, 20), array("w_rec", 20, 20), array("w_out", 20, 3)
	w.Rewire(5, in, rec, out)
	const budget = (200 + 400 + 60) * 3 / 10
	for step := range 20 {
		for k, a := range []Array[float64]{in, rec, out} {
			for i := range a.Grad {
				a.Grad[i] = math.Sin(float64(7*i + 3*k + 11*step))
			}
		}
		m, err := w.Update(step)
		if err != nil {
			t.Fatal(err)
		}
		active := 0
		for k, a := range []Array[float64]{in, rec, out} {
			for i, x := range a.Value {
				if x != 0 {
					active++
				}
				if x*w.rewiring.Matrices[k].Sign[i] < 0 {
					t.Fatalf("step %d: %s[%d] = %g has changed its sign", step, a.Name, i, x)
				}
			}
		}
		if active != budget || m["synapses"] != budget {
			t.Fatalf("step %d: %d weights, %g synapses, want %d", step, active, m["synapses"], budget)
		}
	}
	if got := w.Parameters(); got != budget {
		t.Errorf("%d parameters, want %d", got, budget)
	}
}

// Nothing is loaded unless all fits.
func TestLoadIsAllOrNothing(t *testing.T) {
	w := Weights[float64]{Options: descent(1)}
	a, b := array("a", 1, 1), array("b", 1, 2)
	w.Add(a)
	w.Add(b)
	for want, second := range map[string][]float64{"NaN": {0, math.NaN()}, "b": {1}} {
		f := &checkpoint.File{Tensors: []checkpoint.Tensor{
			{Name: "a", Shape: []int{1, 1}, Data: []float64{7}}, {Name: "b", Shape: []int{1, len(second)}, Data: second}}}
		if err := Load(f, w.Model()); err == nil || !strings.Contains(err.Error(), want) || a.Value[0] != 0 {
			t.Errorf("error %v, a = %g; want an error with %s, and 0", err, a.Value[0], want)
		}
	}
}
