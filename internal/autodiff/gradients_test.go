package autodiff

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
)

// inputs are what an operation is differentiated by, by name.
type inputs map[string]*Var[float64]

// operation applies what is tested, and returns its outputs.
type operation func(tape *Tape[float64], threads int) []*Var[float64]

// one makes an operation of a function with one output.
func one(f func(tape *Tape[float64], threads int) *Var[float64]) operation {
	return func(tape *Tape[float64], threads int) []*Var[float64] { return []*Var[float64]{f(tape, threads)} }
}

// projections are random directions, one for each output.
func projections(ys []*Var[float64]) [][]float64 {
	var rs [][]float64
	for i, y := range ys {
		rs = append(rs, random(uint64(1000+i), y.Value.Shape...).Value.Data)
	}
	return rs
}

func dot(a, b []float64) float64 {
	var sum float64
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// project is the number Σ_i ⟨y_i, r_i⟩, an operation of its own.
func project(tape *Tape[float64], ys []*Var[float64], rs [][]float64) *Var[float64] {
	loss := NewVar(tensor.New[float64](1))
	for i, y := range ys {
		loss.Value.Data[0] += dot(y.Value.Data, rs[i])
	}
	tape.Record(func() {
		for i, y := range ys {
			for j, r := range rs[i] {
				y.Grad.Data[j] += loss.Grad.Data[0] * r
			}
		}
	})
	return loss
}

// gradients runs op forward and back from gradients of zero, and returns what
// it gave: outputs, then the gradients of all inputs that want one.
func gradients(op operation, in inputs, threads int) map[string][]float64 {
	for _, v := range in {
		if v.Grad != nil {
			clear(v.Grad.Data)
		}
	}
	var tape Tape[float64]
	ys := op(&tape, threads)
	tape.Backward(project(&tape, ys, projections(ys)))
	got := map[string][]float64{}
	for i, y := range ys {
		got["output "+string(rune('0'+i))] = y.Value.Data
	}
	for name, v := range in {
		if v.Grad != nil {
			got["gradient of "+name] = slices.Clone(v.Grad.Data)
		}
	}
	return got
}

// checkGradients states what holds of every operation:
//   - its gradients equal central differences,
//   - they are added to what is there already,
//   - outputs and gradients have the same bits for any number of threads,
//   - and if an input wants no gradient, the others keep theirs.
func checkGradients(t *testing.T, op operation, in inputs) {
	t.Helper()
	once := gradients(op, in, 1)

	ys := op(new(Tape[float64]), 1)
	rs := projections(ys)
	loss := func() float64 { return project(new(Tape[float64]), op(new(Tape[float64]), 1), rs).Value.Data[0] }
	const h = 1e-5
	for name, v := range in {
		for i, at := range v.Value.Data {
			v.Value.Data[i] = at + h
			up := loss()
			v.Value.Data[i] = at - h
			down := loss()
			v.Value.Data[i] = at
			got, want := once["gradient of "+name][i], (up-down)/(2*h)
			if !(math.Abs(got-want) <= 1e-6*max(math.Abs(want), 1e-2)) {
				t.Errorf("d loss/d %s[%d] = %g, finite difference %g", name, i, got, want)
			}
		}
	}

	var tape Tape[float64]
	tape.Backward(project(&tape, op(&tape, 1), rs))
	for name, v := range in {
		for i, g := range v.Grad.Data {
			if want := 2 * once["gradient of "+name][i]; math.Abs(g-want) > 1e-9*max(1, math.Abs(want)) {
				t.Errorf("gradient of %s[%d] after two passes = %g, want %g", name, i, g, want)
			}
		}
	}

	for _, threads := range []int{2, 5, 64} {
		sameBits(t, gradients(op, in, threads), once)
	}

	for name, v := range in {
		grad := v.Grad
		v.Grad = nil
		rest := maps.Clone(once)
		delete(rest, "gradient of "+name)
		sameBits(t, gradients(op, in, 2), rest)
		v.Grad = grad
	}
}

func sameBits(t *testing.T, got, want map[string][]float64) {
	t.Helper()
	if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))) {
		t.Errorf("got %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
	for name, w := range want {
		for i := range w {
			if math.Float64bits(got[name][i]) != math.Float64bits(w[i]) {
				t.Errorf("%s[%d] = %g, want the bits of %g", name, i, got[name][i], w[i])
				break
			}
		}
	}
}

// near fails unless got equals want up to rounding.
func near(t interface {
	Helper()
	Fatalf(string, ...any)
}, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d elements, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-11*max(1, math.Abs(want[i]))) && got[i] != want[i] {
			t.Fatalf("%s[%d] = %.17g, want %.17g", what, i, got[i], want[i])
		}
	}
}

// panics fails unless f panics with message.
func panics(t *testing.T, message string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := recover(); got != message {
			t.Errorf("panic(%v), want %q", got, message)
		}
	}()
	f()
}
