package fewshot

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// planes are noisy examples of linear functions.
func planes(functions, examples int, noise float64) []Examples {
	r := rand.New(rand.NewPCG(1, 2))
	all := make([]Examples, functions)
	for i := range all {
		a, b, c := r.Float64(), r.Float64(), r.Float64()
		for range examples {
			x := []float64{2*r.Float64() - 1, 2*r.Float64() - 1}
			all[i].X = append(all[i].X, x)
			all[i].Y = append(all[i].Y, a+b*x[0]+c*x[1]+noise*r.NormFloat64())
		}
	}
	return all
}

// After each example, equation (1) solved at once gives the same weights:
// (Σφφᵀ + D) w = Σ φ (y - prior).
func TestRidgeIsTheClosedForm(t *testing.T) {
	e := planes(1, 30, 0.1)[0]
	r := &Ridge{Prior: 0.4, Intercept: 0.03, Slope: 0.7}
	if got := r.Predict(e.X[0]); got != 0.4 {
		t.Errorf("before the first example %g, want the prior", got)
	}
	normal := mat.NewDense(3, 3, []float64{0.03, 0, 0, 0, 0.7, 0, 0, 0, 0.7})
	right := mat.NewVecDense(3, nil)
	for k, x := range e.X {
		r.Learn(x, e.Y[k])
		phi := mat.NewVecDense(3, []float64{1, x[0], x[1]})
		normal.RankOne(normal, 1, phi, phi)
		right.AddScaledVec(right, e.Y[k]-0.4, phi)
		var w mat.VecDense
		if err := w.SolveVec(normal, right); err != nil {
			t.Fatal(err)
		}
		for i, got := range r.w {
			if math.Abs(got-w.AtVec(i)) > 1e-10 {
				t.Fatalf("after %d examples w_%d = %.12g, want %.12g", k+1, i, got, w.AtVec(i))
			}
		}
	}
}

func TestRunningMean(t *testing.T) {
	e := Examples{X: [][]float64{{0}, {1}, {-1}}, Y: []float64{0.5, 0.3, 0.1}}
	for k, want := range []float64{0.04, 0.04, 0.09} { // of predictions 0.7, 0.5, 0.4
		if got := e.SquaredErrors(&RunningMean{Prior: 0.7})[k]; math.Abs(got-want) > 1e-15 {
			t.Errorf("squared error %d = %g, want %g", k, got, want)
		}
	}
}

// ∂E/∂w = (E(w+h) - E(w-h)) / 2h for every parameter.
func TestBackpropGradientFiniteDifferences(t *testing.T) {
	e := planes(1, 7, 0.3)[0]
	b := NewBackprop(rand.New(rand.NewPCG(3, 4)), 2, 5, 0.5, 0.01, 3)
	for k, x := range e.X {
		b.Learn(x, e.Y[k])
	}
	for k, p := range b.params {
		b.gradient()
		exact := append([]float64(nil), p.Grad...)
		for i, g := range exact {
			const h = 1e-5
			at := p.Value[i]
			p.Value[i] = at + h
			more := b.gradient()
			p.Value[i] = at - h
			less := b.gradient()
			p.Value[i] = at
			if d := (more - less) / (2 * h); math.Abs(d-g) > 1e-8 {
				t.Errorf("parameter %d of array %d: gradient %.10g, finite difference %.10g", i, k, g, d)
			}
		}
	}
}

// Online, a network remembers only by its weights: the gradient is that of the newest
// example, whatever came before.
func TestOnlineBackpropKeepsNoExample(t *testing.T) {
	e := planes(1, 5, 0.3)[0]
	fresh := func() *Backprop {
		b := NewBackprop(rand.New(rand.NewPCG(3, 4)), 2, 5, 0.5, 0, 1) // at rate 0 weights stay
		b.Online = true
		return b
	}
	b, last := fresh(), fresh()
	for k, x := range e.X {
		b.Learn(x, e.Y[k])
	}
	last.Learn(e.X[4], e.Y[4])
	if got, want := b.gradient(), last.gradient(); got != want {
		t.Errorf("error %g after five examples, %g after the last alone", got, want)
	}
}

// Each baseline does what it can: from the examples of a plane all learn, and linear
// regression learns most. Threads do not matter.
func TestBaselinesLearnPlanes(t *testing.T) {
	training, fresh := planes(6, 40, 0.01), planes(12, 40, 0.01)[6:]
	baselines := Baselines(training, 1, 2)
	late := map[string]float64{}
	for _, b := range baselines {
		errors := b.SquaredErrors(fresh, 2)
		if !reflect.DeepEqual(errors, b.SquaredErrors(fresh, 1)) {
			t.Errorf("%s depends on the threads", b.Name)
		}
		var first, last float64
		for _, e := range errors {
			first += e[0]
			last += e[39]
		}
		late[b.Name] = last
		if last >= first {
			t.Errorf("%s: squared error %g at first, %g at last", b.Name, first, last)
		}
	}
	if !(late["linear"] < late["backprop"] && late["backprop"] < late["online_backprop"] && late["online_backprop"] < late["mean"]) {
		t.Errorf("squared errors at last: %v, want linear below backprop below online below mean", late)
	}
	again := Baselines(training, 1, 1)
	for i, b := range baselines {
		if !reflect.DeepEqual(b.Settings, again[i].Settings) {
			t.Errorf("%s: settings %v, with one thread %v", b.Name, b.Settings, again[i].Settings)
		}
	}
}
