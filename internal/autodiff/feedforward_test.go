package autodiff

import (
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
)

func TestDenseGradients(t *testing.T) {
	for _, s := range [][3]int{{1, 1, 1}, {5, 4, 3}, {7, 20, 33}} {
		x, w, b := random(1, s[0], s[1]), random(2, s[1], s[2]), random(3, s[2])
		checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] { return Dense(tape, threads, x, w, b) }), inputs{"x": x, "w": w, "b": b})
		checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] { return Dense(tape, threads, x, w, nil) }), inputs{"x": x, "w": w})
		near(t, "Dense", Dense(new(Tape[float64]), 2, x, w, b).Value.Data, Linear(new(Tape[float64]), x, w, b).Value.Data)
	}
	panics(t, badDense, func() { Dense(new(Tape[float64]), 1, random(1, 5, 4), random(2, 3, 2), nil) })
}

func TestClippedReLU(t *testing.T) {
	x := random(1, 4, 5)
	checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] { return ClippedReLU(tape, threads, x, 0.8) }), inputs{"x": x})
	edges := &Var[float64]{Value: &tensor.Dense[float64]{Shape: []int{5}, Data: []float64{-1, 0, 0.3, 2, 3}}, Grad: tensor.New[float64](5)}
	var tape Tape[float64]
	y := ClippedReLU(&tape, 1, edges, 2)
	near(t, "ClippedReLU", y.Value.Data, []float64{0, 0, 0.3, 2, 2})
	tape.Backward(Sum(&tape, 1, y, 1))
	near(t, "its derivative", edges.Grad.Data, []float64{0, 0, 1, 0, 0})
	panics(t, badCeiling, func() { ClippedReLU(new(Tape[float64]), 1, x, 0) })
}

func TestPad2D(t *testing.T) {
	x := random(1, 2, 3, 2, 3)
	checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] { return Pad2D(tape, threads, x, 1, 0, 2, 3) }), inputs{"x": x})
	small := Constant(&tensor.Dense[float64]{Shape: []int{1, 1, 2, 1}, Data: []float64{1, 2}})
	y := Pad2D(new(Tape[float64]), 1, small, 1, 2, 0, 1)
	if want := []int{1, 1, 3, 4}; !slices.Equal(y.Value.Shape, want) {
		t.Errorf("shape %v, want %v", y.Value.Shape, want)
	}
	near(t, "Pad2D", y.Value.Data, []float64{0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0})
	panics(t, badPad, func() { Pad2D(new(Tape[float64]), 1, x, -1, 0, 0, 0) })
}

func TestSumGradients(t *testing.T) {
	x := random(1, 4, 5)
	checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] { return Sum(tape, threads, x, 0.3) }), inputs{"x": x})
}

// In inference results have no gradient, their memory can be used again at once, and
// values are the same.
func TestInferenceKeepsNothingForTheWayBack(t *testing.T) {
	x, w := random(1, 2, 3, 6, 6), random(2, 4, 3, 3, 3)
	run := func(tape *Tape[float64]) (first, last *Var[float64]) {
		first = Conv2D(tape, 1, x, w, nil, Axis{}, Axis{}, 1)
		y := ReLU(tape, 1, first)
		tape.Release(first)
		return first, MaxPool2D(tape, 1, y, Pool{Size: 2}, Pool{Size: 2})
	}
	_, want := run(new(Tape[float64]))
	tape := Tape[float64]{Inference: true}
	first, got := run(&tape)
	near(t, "inference", got.Value.Data, want.Value.Data)
	if got.Grad != nil || len(tape.adjoints) != 0 {
		t.Error("a result has a gradient, or an operation was recorded")
	}
	if again := tape.Result(2, 4, 4, 4); again != first {
		t.Error("released memory is not used again")
	}
}
