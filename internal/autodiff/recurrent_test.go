package autodiff

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

type recurrentShape struct{ steps, batch, in, hidden int }

func (s recurrentShape) random(gates int) (x *Var[float64], w RecurrentWeights[float64], h0, c0 *Var[float64]) {
	return random(1, s.steps, s.batch, s.in), RecurrentWeights[float64]{
		Input: random(2, gates*s.hidden, s.in), Hidden: random(3, gates*s.hidden, s.hidden),
		InputBias: random(4, gates*s.hidden), HiddenBias: random(5, gates*s.hidden),
	}, random(6, s.batch, s.hidden), random(7, s.batch, s.hidden)
}

var recurrentShapes = []recurrentShape{{1, 1, 1, 1}, {1, 2, 3, 2}, {4, 1, 1, 3}, {3, 3, 2, 2}, {6, 2, 1, 1}}

func TestLSTMGradients(t *testing.T) {
	for _, s := range recurrentShapes {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			x, w, h0, c0 := s.random(4)
			checkGradients(t, func(tape *Tape[float64], threads int) []*Var[float64] {
				h, hLast, cLast := LSTM(tape, threads, x, w, h0, c0, 0.7)
				return []*Var[float64]{h, hLast, cLast}
			}, inputs{"x": x, "Input": w.Input, "Hidden": w.Hidden, "InputBias": w.InputBias, "HiddenBias": w.HiddenBias, "h0": h0, "c0": c0})
		})
	}
}

func TestGRUGradients(t *testing.T) {
	for _, s := range recurrentShapes {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			x, w, h0, _ := s.random(3)
			checkGradients(t, func(tape *Tape[float64], threads int) []*Var[float64] {
				h, hLast := GRU(tape, threads, x, w, h0)
				return []*Var[float64]{h, hLast}
			}, inputs{"x": x, "Input": w.Input, "Hidden": w.Hidden, "InputBias": w.InputBias, "HiddenBias": w.HiddenBias, "h0": h0})
		})
	}
}

// A step wide enough for several threads has the bits of one.
func TestRecurrentLayersOnThreads(t *testing.T) {
	s := recurrentShape{2, 70, 3, 64}
	x, w, h0, c0 := s.random(4)
	in := inputs{"x": x, "Input": w.Input, "Hidden": w.Hidden, "h0": h0, "c0": c0}
	op := func(tape *Tape[float64], threads int) []*Var[float64] {
		h, hLast, cLast := LSTM(tape, threads, x, w, h0, c0, 0)
		return []*Var[float64]{h, hLast, cLast}
	}
	sameBits(t, gradients(op, in, 3), gradients(op, in, 1))

	x, w, h0, _ = s.random(3)
	in = inputs{"x": x, "Input": w.Input, "Hidden": w.Hidden, "h0": h0}
	op = func(tape *Tape[float64], threads int) []*Var[float64] {
		h, hLast := GRU(tape, threads, x, w, h0)
		return []*Var[float64]{h, hLast}
	}
	sameBits(t, gradients(op, in, 3), gradients(op, in, 1))
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// naiveCell calls f for each cell of each trial and step, in order, with what
// drives a gate of it from the input and from the state before.
func naiveCells(s recurrentShape, x *Var[float64], w RecurrentWeights[float64], state []float64, f func(gate func(gate int) (input, hidden float64), cell int) float64) []float64 {
	var hs []float64
	for step := range s.steps {
		next := make([]float64, len(state))
		for b := range s.batch {
			for k := range s.hidden {
				next[b*s.hidden+k] = f(func(gate int) (input, hidden float64) {
					row := gate*s.hidden + k
					if w.InputBias != nil {
						input, hidden = w.InputBias.Value.Data[row], w.HiddenBias.Value.Data[row]
					}
					input += dot(w.Input.Value.Row(row), x.Value.Data[(step*s.batch+b)*s.in:][:s.in])
					hidden += dot(w.Hidden.Value.Row(row), state[b*s.hidden:][:s.hidden])
					return input, hidden
				}, b*s.hidden+k)
			}
		}
		state = next
		hs = append(hs, state...)
	}
	return hs
}

func TestLSTMEqualsItsEquation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, bare := drawRecurrent(t)
		x, w, h0, c0 := s.random(4)
		cells, start := append([]float64{}, c0.Value.Data...), h0.Value.Data
		if bare {
			w.InputBias, w.HiddenBias, h0, c0 = nil, nil, nil, nil
			clear(cells)
			start = make([]float64, len(start))
		}
		want := naiveCells(s, x, w, start, func(gate func(int) (float64, float64), cell int) float64 {
			sum := func(g int) float64 { a, b := gate(g); return a + b }
			cells[cell] = logistic(sum(1)+0.5)*cells[cell] + logistic(sum(0))*math.Tanh(sum(2))
			return logistic(sum(3)) * math.Tanh(cells[cell])
		})
		h, hLast, cLast := LSTM(new(Tape[float64]), 2, x, w, h0, c0, 0.5)
		near(t, "h", h.Value.Data, want)
		near(t, "last h", hLast.Value.Data, want[len(want)-s.batch*s.hidden:])
		near(t, "last c", cLast.Value.Data, cells)
	})
}

func TestGRUEqualsItsEquation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, bare := drawRecurrent(t)
		x, w, h0, _ := s.random(3)
		state := append([]float64{}, h0.Value.Data...)
		if bare {
			w.InputBias, w.HiddenBias, h0 = nil, nil, nil
			clear(state)
		}
		want := naiveCells(s, x, w, append([]float64{}, state...), func(gate func(int) (float64, float64), cell int) float64 {
			ar, ur := gate(0)
			az, uz := gate(1)
			an, un := gate(2)
			z := logistic(az + uz)
			state[cell] = (1-z)*math.Tanh(an+logistic(ar+ur)*un) + z*state[cell]
			return state[cell]
		})
		h, hLast := GRU(new(Tape[float64]), 2, x, w, h0)
		near(t, "h", h.Value.Data, want)
		near(t, "last h", hLast.Value.Data, want[len(want)-s.batch*s.hidden:])
	})
}

func drawRecurrent(t *rapid.T) (s recurrentShape, bare bool) {
	return recurrentShape{
		rapid.IntRange(1, 5).Draw(t, "steps"), rapid.IntRange(1, 4).Draw(t, "batch"),
		rapid.IntRange(1, 4).Draw(t, "in"), rapid.IntRange(1, 5).Draw(t, "hidden"),
	}, rapid.Bool().Draw(t, "bare")
}

// Without weights all gates are half open and nothing comes in, so a cell of
// the LSTM halves each step; a forget bias alone makes it keep more.
func TestLSTMWithoutWeightsDecays(t *testing.T) {
	s := recurrentShape{3, 2, 2, 2}
	x, w, _, c0 := s.random(4)
	for _, v := range []*Var[float64]{w.Input, w.Hidden, w.InputBias, w.HiddenBias} {
		clear(v.Value.Data)
	}
	for _, bias := range []float64{0, 1, 100} {
		_, hLast, cLast := LSTM(new(Tape[float64]), 1, x, w, nil, c0, bias)
		keep := math.Pow(logistic(bias), 3)
		for i, c := range c0.Value.Data {
			near(t, "c", cLast.Value.Data[i:i+1], []float64{keep * c})
			near(t, "h", hLast.Value.Data[i:i+1], []float64{0.5 * math.Tanh(keep*c)})
		}
	}
}

// A sequence in two halves, the second starting where the first ended, gives
// what the whole gives, and the same gradients.
func TestRecurrentLayersContinue(t *testing.T) {
	s := recurrentShape{5, 2, 3, 2}
	x, w, h0, c0 := s.random(4)
	whole := func(tape *Tape[float64], threads int) []*Var[float64] {
		_, h, c := LSTM(tape, threads, x, w, h0, c0, 0)
		return []*Var[float64]{h, c}
	}
	part := func(from, to int) *Var[float64] {
		n := s.batch * s.in
		shape := []int{to - from, s.batch, s.in}
		v := Reshape(random(9, size(shape)), shape...)
		v.Value.Data, v.Grad.Data = x.Value.Data[from*n:to*n], x.Grad.Data[from*n:to*n]
		return v
	}
	halves := func(tape *Tape[float64], threads int) []*Var[float64] {
		_, h, c := LSTM(tape, threads, part(0, 2), w, h0, c0, 0)
		_, h, c = LSTM(tape, threads, part(2, 5), w, h, c, 0)
		return []*Var[float64]{h, c}
	}
	in := inputs{"x": x, "Input": w.Input, "Hidden": w.Hidden, "InputBias": w.InputBias, "HiddenBias": w.HiddenBias, "h0": h0, "c0": c0}
	want := gradients(whole, in, 1)
	for name, got := range gradients(halves, in, 1) {
		near(t, name, got, want[name])
	}
}

func TestRecurrentLayersRefuseWrongShapes(t *testing.T) {
	tape := new(Tape[float64])
	s := recurrentShape{2, 3, 4, 5}
	x, w, h0, c0 := s.random(4)
	panics(t, badSequence, func() { LSTM(tape, 1, random(1, 2, 3), w, h0, c0, 0) })
	panics(t, badInitialState, func() { LSTM(tape, 1, x, w, h0, random(1, 5, 3), 0) })
	panics(t, badInitialState, func() { LSTM(tape, 1, x, w, random(1, 2, 5), c0, 0) })
	panics(t, badRecurrent, func() { GRU(tape, 1, x, w, h0) })
	w.HiddenBias = random(1, 5)
	panics(t, badRecurrent, func() { LSTM(tape, 1, x, w, h0, c0, 0) })
}
