package autodiff

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
)

func values(xs ...float64) *Var[float64] {
	return NewVar(&tensor.Dense[float64]{Shape: []int{len(xs)}, Data: xs})
}

var shapes = [][]int{{1}, {7}, {2, 3}, {3, 1, 2, 2}, {1, 1}}

// unary are the operations of one value of any shape.
var unary = map[string]func(tape *Tape[float64], threads int, x *Var[float64]) *Var[float64]{
	"ReLU": ReLU[float64], "ELU": ELU[float64], "Tanh": Tanh[float64], "Sigmoid": Sigmoid[float64],
	"Softmax": Softmax[float64], "LogSoftmax": LogSoftmax[float64],
	"LeakyReLU": func(tape *Tape[float64], threads int, x *Var[float64]) *Var[float64] {
		return LeakyReLU(tape, threads, x, 0.25)
	},
	"Dropout": func(tape *Tape[float64], threads int, x *Var[float64]) *Var[float64] {
		return Dropout(tape, threads, x, 0.4, 7, "dropout-test", 3)
	},
	"Reshape": func(_ *Tape[float64], _ int, x *Var[float64]) *Var[float64] {
		return Reshape(x, 1, len(x.Value.Data), 1)
	},
	"MeanSquaredError": func(tape *Tape[float64], _ int, x *Var[float64]) *Var[float64] {
		return MeanSquaredError(tape, x, random(9, x.Value.Shape...).Value)
	},
}

func TestUnaryGradients(t *testing.T) {
	for name, f := range unary {
		if name == "Reshape" {
			// It shares its gradient with x, which cannot be withheld from it.
			continue
		}
		t.Run(name, func(t *testing.T) {
			for _, shape := range shapes {
				x := random(1, shape...)
				checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] { return f(tape, threads, x) }), inputs{"x": x})
			}
		})
	}
}

// Elements beyond one block of work are computed too, and by the right rule.
func TestManyElements(t *testing.T) {
	const n = 50_001
	for name, f := range unary {
		x := random(1, n/3, 3)
		op := one(func(tape *Tape[float64], threads int) *Var[float64] { return f(tape, threads, x) })
		if name == "Reshape" || name == "MeanSquaredError" {
			continue
		}
		all := gradients(op, inputs{"x": x}, 2)
		last := NewVar(&tensor.Dense[float64]{Shape: []int{1, 3}, Data: x.Value.Data[n-3:]})
		if name == "Dropout" {
			continue // its mask depends on the place; TestDropout looks at all of it
		}
		near(t, name, all["output 0"][n-3:], f(new(Tape[float64]), 1, last).Value.Data)
		sameBits(t, gradients(op, inputs{"x": x}, 1), all)
	}
}

func TestKnownValues(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		name     string
		in, want []float64
	}{
		{"ReLU", []float64{-inf, -1, 0, 2, inf}, []float64{0, 0, 0, 2, inf}},
		{"LeakyReLU", []float64{-inf, -1, 0, 2, inf}, []float64{-inf, -0.25, 0, 2, inf}},
		{"ELU", []float64{-inf, -math.Log(2), 0, 2, inf}, []float64{-1, -0.5, 0, 2, inf}},
		{"Tanh", []float64{-inf, 0, math.Log(2), inf}, []float64{-1, 0, 0.6, 1}},
		{"Sigmoid", []float64{-inf, -1000, 0, math.Log(3), 1000}, []float64{0, 0, 0.5, 0.75, 1}},
		{"Softmax", []float64{1000, 1000 + math.Log(3)}, []float64{0.25, 0.75}},
		{"Softmax", []float64{-inf, 0, 0}, []float64{0, 0.5, 0.5}},
		{"LogSoftmax", []float64{-1000, -1000, -1000 + math.Log(2)}, []float64{-math.Log(4), -math.Log(4), -math.Log(2)}},
		{"LogSoftmax", []float64{0, -2000}, []float64{0, -2000}},
	} {
		near(t, c.name, unary[c.name](new(Tape[float64]), 1, values(c.in...)).Value.Data, c.want)
	}
}

func TestNaNIsNotHidden(t *testing.T) {
	for name, f := range unary {
		if name == "Dropout" {
			continue
		}
		if got := f(new(Tape[float64]), 1, values(math.NaN())).Value.Data[0]; !math.IsNaN(got) {
			t.Errorf("%s of NaN = %g", name, got)
		}
	}
}

// In float32 the gradient is masked by bits; it passes where x is positive,
// however small, and nowhere else.
func TestReLUInFloat32(t *testing.T) {
	x := NewVar(&tensor.Dense[float32]{Shape: []int{8}, Data: []float32{
		1, -1, 0, float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, float32(math.Inf(1)), float32(math.Inf(-1))}})
	var tape Tape[float32]
	y := ReLU(&tape, 1, x)
	loss := NewVar(tensor.New[float32](1))
	tape.Record(func() {
		for i := range y.Grad.Data {
			y.Grad.Data[i] = float32(-3 - i)
		}
	})
	tape.Backward(loss)
	for i, want := range []float32{-3, 0, 0, 0, -7, 0, -9, 0} {
		if got := x.Grad.Data[i]; got != want {
			t.Errorf("gradient at %g = %g, want %g", x.Value.Data[i], got, want)
		}
	}
}

func TestDropout(t *testing.T) {
	const p, rows, n = 0.3, 40, 500
	x := NewVar(tensor.New[float64](rows, n))
	for i := range x.Value.Data {
		x.Value.Data[i] = 1
	}
	drop := func(x *Var[float64], step uint64) *Var[float64] {
		return Dropout(new(Tape[float64]), 3, x, p, 1, "dropout-test", step)
	}
	y := drop(x, 5)
	dropped := 0
	for _, v := range y.Value.Data {
		switch v {
		case 0:
			dropped++
		case 1 / (1 - p):
		default:
			t.Fatalf("dropout of 1 = %g, want 0 or 1/(1-p)", v)
		}
	}
	// Five standard deviations of a binomial draw.
	if mean := float64(dropped) / (rows * n); math.Abs(mean-p) > 5*math.Sqrt(p*(1-p)/(rows*n)) {
		t.Errorf("a share of %g was dropped, want %g", mean, p)
	}
	near(t, "the same step again", drop(x, 5).Value.Data, y.Value.Data)
	part := &Var[float64]{Value: &tensor.Dense[float64]{Shape: []int{3, n}, Data: x.Value.Data[:3*n]}}
	near(t, "the first trials alone", drop(part, 5).Value.Data, y.Value.Data[:3*n])
	if dot(drop(x, 6).Value.Data, y.Value.Data) == dot(y.Value.Data, y.Value.Data) {
		t.Error("steps 5 and 6 drop the same elements")
	}
	near(t, "p = 0", Dropout(new(Tape[float64]), 1, x, 0, 1, "dropout-test", 1).Value.Data, x.Value.Data)
}

func TestReshapeSharesValueAndGradient(t *testing.T) {
	x := random(1, 2, 3, 4)
	y := Flatten(x)
	y.Value.Data[5], y.Grad.Data[7] = 42, 43
	if len(y.Value.Shape) != 2 || y.Value.Shape[0] != 2 || y.Value.Shape[1] != 12 || x.Value.Data[5] != 42 || x.Grad.Data[7] != 43 {
		t.Errorf("Flatten of [2][3][4] has shape %v, or memory of its own", y.Value.Shape)
	}
	if z := Reshape(Constant(x.Value), 24); z.Grad != nil {
		t.Error("a constant has a gradient once reshaped")
	}
}

func TestPlusAndTimesGradients(t *testing.T) {
	for name, f := range map[string]func(*Tape[float64], int, *Var[float64], *Var[float64]) *Var[float64]{"Plus": Plus[float64], "Times": Times[float64]} {
		for _, shape := range shapes {
			t.Run(name, func(t *testing.T) {
				a, b := random(1, shape...), random(2, shape...)
				checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] { return f(tape, threads, a, b) }), inputs{"a": a, "b": b})
			})
		}
		var tape Tape[float64]
		y := f(&tape, 1, values(3), values(5))
		if want := map[string]float64{"Plus": 8, "Times": 15}[name]; y.Value.Data[0] != want {
			t.Errorf("%s of 3 and 5 = %g, want %g", name, y.Value.Data[0], want)
		}
	}
}

// The derivative of x · x is 2x: both uses of x add to one gradient.
func TestAValueUsedTwice(t *testing.T) {
	x := values(3)
	var tape Tape[float64]
	tape.Backward(Plus(&tape, 1, Times(&tape, 1, x, x), x))
	near(t, "gradient", x.Grad.Data, []float64{7})
}

func TestConcat(t *testing.T) {
	a, b := values(1, 2, 3, 4), values(5, 6)
	got := Concat(new(Tape[float64]), 1, Reshape(a, 2, 2), Reshape(b, 2, 1)).Value
	near(t, "joined columns", got.Data, []float64{1, 2, 5, 3, 4, 6})
	got = Concat(new(Tape[float64]), 0, Reshape(a, 2, 2), Reshape(b, 1, 2)).Value
	near(t, "joined rows", got.Data, []float64{1, 2, 3, 4, 5, 6})
	if got.Shape[0] != 3 || got.Shape[1] != 2 {
		t.Errorf("shape %v, want [3 2]", got.Shape)
	}
	for axis, s := range [][2][]int{{{1, 2, 3}, {4, 2, 3}}, {{2, 1, 3}, {2, 2, 3}}, {{2, 2, 1}, {2, 2, 5}}} {
		a, b := random(1, s[0]...), random(2, s[1]...)
		checkGradients(t, one(func(tape *Tape[float64], _ int) *Var[float64] { return Concat(tape, axis, a, b) }), inputs{"a": a, "b": b})
	}
}

func TestMeanSquaredErrorIsTheMean(t *testing.T) {
	target := values(1, 2, 3).Value
	if got := MeanSquaredError(new(Tape[float64]), values(1, 4, 6), target).Value.Data[0]; got != 13./3 {
		t.Errorf("mean of 0, 4 and 9 = %g", got)
	}
}

func TestElementwiseOperationsRefuseWrongShapes(t *testing.T) {
	tape := new(Tape[float64])
	a, b := random(1, 2, 3), random(2, 3, 2)
	panics(t, badElements, func() { Plus(tape, 1, a, b) })
	panics(t, badElements, func() { Times(tape, 1, a, random(1, 1)) })
	panics(t, badReshape, func() { Reshape(a, 5) })
	panics(t, badConcat, func() { Concat(tape, 0, a, b) })
	panics(t, badTarget, func() { MeanSquaredError(tape, a, b.Value) })
	panics(t, badSoftmax, func() { Softmax(tape, 1, random(1, 2, 0)) })
	panics(t, badDropout, func() { Dropout(tape, 1, a, 1, 1, "dropout-test", 0) })
	panics(t, badDropout, func() { Dropout(tape, 1, a, math.NaN(), 1, "dropout-test", 0) })
}
