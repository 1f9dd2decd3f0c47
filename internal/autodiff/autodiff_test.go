package autodiff

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

func random(seed uint64, shape ...int) *Var[float64] {
	v := NewVar(tensor.New[float64](shape...))
	r := rng.Stream(seed, "test", 0, 0)
	for i := range v.Value.Data {
		v.Value.Data[i] = r.NormFloat64()
	}
	return v
}

// TestGradientsEqualFiniteDifferences checks each operation, in one chain,
// against central differences.
func TestGradientsEqualFiniteDifferences(t *testing.T) {
	x, w, b := random(1, 5, 4), random(2, 4, 3), random(3, 3)
	classes := []int{0, 2, 1, 1, 2}
	loss := func(tape *Tape[float64]) *Var[float64] {
		logits := Linear(tape, x, w, b)
		return Add(tape, SoftmaxCrossEntropy(tape, logits, classes), SquaredDistance(tape, w, 0.3, 0.7))
	}
	var tape Tape[float64]
	tape.Backward(loss(&tape))

	const h = 1e-5
	for name, v := range map[string]*Var[float64]{"x": x, "w": w, "b": b} {
		for i := range v.Value.Data {
			at := v.Value.Data[i]
			v.Value.Data[i] = at + h
			up := loss(new(Tape[float64])).Value.Data[0]
			v.Value.Data[i] = at - h
			down := loss(new(Tape[float64])).Value.Data[0]
			v.Value.Data[i] = at
			if want := (up - down) / (2 * h); math.Abs(v.Grad.Data[i]-want) > 1e-8 {
				t.Errorf("d loss/d %s[%d] = %g, finite difference %g", name, i, v.Grad.Data[i], want)
			}
		}
	}
}

func TestCrossEntropyOfEqualLogitsIsLogClasses(t *testing.T) {
	logits := NewVar(tensor.New[float64](2, 10))
	for i := range logits.Value.Data {
		logits.Value.Data[i] = 1e4 // large ones must not overflow
	}
	if got := SoftmaxCrossEntropy(new(Tape[float64]), logits, []int{3, 9}).Value.Data[0]; math.Abs(got-math.Log(10)) > 1e-12 {
		t.Errorf("loss = %g, want ln 10", got)
	}
}

// TestResetUsesMemoryAgain: the second batch of a size allocates no arrays, and
// starts from zeros.
func TestResetUsesMemoryAgain(t *testing.T) {
	x, w := random(1, 5, 4), random(2, 4, 3)
	var tape Tape[float64]
	var first *Var[float64]
	for batch := range 3 {
		tape.Reset()
		y := Linear(&tape, x, w, nil)
		loss := SquaredDistance(&tape, y, 0, 1)
		if batch == 0 {
			first = y
		} else if y != first {
			t.Error("the result of a batch lies elsewhere than that of the batch before")
		}
		for _, g := range y.Grad.Data {
			if g != 0 {
				t.Fatalf("batch %d starts with the gradient %g", batch, g)
			}
		}
		tape.Backward(loss)
	}
}
