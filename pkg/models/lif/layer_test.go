package lif

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/internal/underrace"
)

var variants = []Params{
	{Beta: 0.9, Threshold: 0.8, Dampening: 0.3},
	{Beta: 0.9, Threshold: 0.8, Dampening: 0.3, DetachReset: true},
	{Beta: 0.8, Threshold: 1.2, Dampening: 1, Surrogate: FastSigmoid, Sharpness: 3},
	{Beta: 0.8, Threshold: 1.2, Dampening: 1, Surrogate: FastSigmoid, Sharpness: 3, DetachReset: true},
}

func normal(name uint64, n int, scale float64) []float64 {
	r := rng.Stream(1, "lif-test", 0, name)
	x := make([]float64, n)
	for i := range x {
		x[i] = scale * r.NormFloat64()
	}
	return x
}

func rows(x []float64, columns int) [][]float64 { return slices.Collect(slices.Chunk(x, columns)) }

// With spikes replaced by the surrogate's integral, the reference's adjoint is
// the derivative: every ∂E/∂I = (E(I+h) - E(I-h)) / 2h, E = Σ g z.
func TestFiniteDifferences(t *testing.T) {
	for k, p := range variants {
		const n, steps, h = 3, 20, 1e-6
		current, g := rows(normal(uint64(k), n*steps, 0.8), n), rows(normal(uint64(10+k), n*steps, 1), n)
		r := &reference{Params: p, smooth: true}
		v, _, resets := r.run(current)
		if p.DetachReset {
			r.resets = resets
		}
		energy := func() (e float64) {
			_, z, _ := r.run(current)
			for i := range z {
				for j := range z[i] {
					e += g[i][j] * z[i][j]
				}
			}
			return e
		}
		moving := 0
		for i, row := range r.backward(v, g) {
			for j, got := range row {
				at := current[i][j]
				current[i][j] = at + h
				up := energy()
				current[i][j] = at - h
				down := energy()
				current[i][j] = at
				if want := (up - down) / (2 * h); math.Abs(got-want) > 1e-5*max(1, math.Abs(want)) {
					t.Errorf("%+v: ∂E/∂I[%d,%d] = %g, finite difference %g", p, i, j, got, want)
				}
				if math.Abs(got) > 1e-3 {
					moving++
				}
			}
		}
		if moving < n*steps/2 {
			t.Errorf("%+v: only %d gradients are not near zero", p, moving)
		}
	}
}

// The layer is the reference, trial by trial, for sizes around those of words,
// tiles and segments, however ∂E/∂z is given.
func TestLayerIsTheReference(t *testing.T) {
	for _, s := range []struct{ steps, batch, n int }{{0, 1, 1}, {1, 1, 1}, {63, 1, 9}, {64, 2, 64}, {65, 3, 5}, {150, 2, 65}, {5, 2, 513}} {
		for k, p := range variants {
			size := s.steps * s.batch * s.n
			current, g, each := normal(uint64(k), size, 0.7), normal(uint64(10+k), size, 1), normal(uint64(20+k), s.n, 1)
			l := Layer[float64]{Params: p, Threads: 2}
			spikes := l.Forward(current, s.steps, s.batch, s.n)
			both, outside, alone := make([]float64, size), make([]float64, size), make([]float64, size)
			l.Backward(both, false, current, g, each)
			l.Backward(outside, false, current, g, nil)
			l.Backward(alone, false, current, nil, each)

			ref, fired := reference{Params: p}, 0
			for b := range s.batch {
				in, gz := zeros(s.steps, s.n), zeros(s.steps, s.n)
				at := func(t, j int) int { return (t*s.batch+b)*s.n + j }
				for t := range s.steps {
					for j := range s.n {
						in[t][j] = current[at(t, j)]
					}
				}
				v, z, _ := ref.run(in)
				for _, c := range []struct {
					name    string
					got     []float64
					g, each float64
				}{{"both", both, 1, 1}, {"spikes", outside, 1, 0}, {"each", alone, 0, 1}} {
					for t := range gz {
						for j := range gz[t] {
							gz[t][j] = c.g*g[at(t, j)] + c.each*each[j]
						}
					}
					if s.steps == 0 {
						continue
					}
					for i, row := range ref.backward(v, gz) {
						for j, want := range row {
							if got := c.got[at(i, j)]; !(math.Abs(got-want) <= 1e-12*max(1, math.Abs(want))) {
								t.Fatalf("%+v %+v, %s: ∂E/∂I of step %d, trial %d, neuron %d = %g, want %g", s, p, c.name, i, b, j, got, want)
							}
						}
					}
				}
				for i := range z {
					for j := range z[i] {
						if got := spikes.At(i*s.batch+b, j); got != (z[i][j] == 1) {
							t.Fatalf("%+v %+v: spike of step %d, trial %d, neuron %d: %v", s, p, i, b, j, got)
						}
						fired += int(z[i][j])
					}
				}
			}
			if fired != spikes.Count() || (size > 500 && (fired < size/20 || fired > size/2)) {
				t.Errorf("%+v %+v: %d spikes, %d bits of %d", s, p, fired, spikes.Count(), size)
			}
		}
	}
}

// Spikes and gradients have the same bits on any number of threads, and where
// the gradient replaces the currents.
func TestSameBitsOnAnyThreadsAndInPlace(t *testing.T) {
	const steps, batch, n = 130, 3, 600
	for k, p := range variants {
		current, each := single(normal(uint64(k), steps*batch*n, 0.7)), single(normal(99, n, 1))
		run := func(threads int, inPlace bool) ([]uint64, []float32) {
			in := slices.Clone(current)
			grad := in
			if !inPlace {
				grad = make([]float32, len(in))
			}
			l := Layer[float32]{Params: p, Threads: threads}
			words := l.Forward(in, steps, batch, n).Words
			l.Backward(grad, false, in, nil, each)
			return words, grad
		}
		words, grad := run(1, false)
		for _, threads := range []int{1, 2, 7} {
			w, g := run(threads, true)
			if !slices.Equal(w, words) || !slices.Equal(g, grad) {
				t.Errorf("%+v: %d threads, in place, give other bits", p, threads)
			}
		}
	}
}

func single(x []float64) []float32 {
	y := make([]float32, len(x))
	for i := range x {
		y[i] = float32(x[i])
	}
	return y
}

// The operations add to the gradient what Backward gives, and Counts is Σ Apply.
func TestOperations(t *testing.T) {
	const steps, batch, n = 70, 2, 10
	for k, p := range variants {
		currents := autodiff.NewVar(&tensor.Dense[float64]{Shape: []int{steps, batch, n}, Data: normal(uint64(k), steps*batch*n, 0.7)})
		g := normal(50, n, 1)
		var tape autodiff.Tape[float64]
		gradient := func(counts bool) []float64 {
			clear(currents.Grad.Data)
			for range 2 {
				l := Layer[float64]{Params: p, Threads: 1}
				var sum [n]float64
				var y *autodiff.Var[float64]
				if counts {
					y = l.Counts(&tape, currents)
					copy(sum[:], y.Value.Data)
				} else {
					y = l.Apply(&tape, currents)
					for i, z := range y.Value.Data {
						sum[i%n] += z
					}
				}
				loss := tape.Result(1)
				tape.Record(func() {
					for i := range y.Grad.Data {
						y.Grad.Data[i] += loss.Grad.Data[0] * g[i%n]
					}
				})
				if total := fmt.Sprint(sum); counts && total != fmt.Sprint(spikesOf(p, currents.Value.Data, steps, batch, n)) {
					t.Errorf("%+v: counts are %s", p, total)
				}
				tape.Backward(loss)
				tape.Reset()
			}
			return slices.Clone(currents.Grad.Data)
		}
		want := make([]float64, steps*batch*n)
		l := Layer[float64]{Params: p, Threads: 1}
		l.Forward(currents.Value.Data, steps, batch, n)
		l.Backward(want, false, currents.Value.Data, nil, g)
		for i := range want {
			want[i] *= 2
		}
		if !slices.Equal(gradient(true), want) || !slices.Equal(gradient(false), want) {
			t.Errorf("%+v: two passes of Counts or Apply do not add up to twice Backward", p)
		}
	}
}

func spikesOf(p Params, currents []float64, steps, batch, n int) (sum [10]float64) {
	l := Layer[float64]{Params: p, Threads: 1}
	spikes := l.Forward(currents, steps, batch, n)
	for r := range spikes.Rows {
		for j := range n {
			if spikes.At(r, j) {
				sum[j]++
			}
		}
	}
	return sum
}

func TestAllocatesNothingPerStep(t *testing.T) {
	underrace.SkipAllocations(t)
	const steps, batch, n = 100, 2, 64
	l := Layer[float32]{Params: variants[0], Threads: 1}
	current, grad := single(normal(1, steps*batch*n, 1)), make([]float32, steps*batch*n)
	each := single(normal(2, n, 1))
	allocations := testing.AllocsPerRun(3, func() {
		l.Forward(current, steps, batch, n)
		l.Backward(grad, false, current, nil, each)
	})
	if allocations > 8 { // closures of the sequence
		t.Errorf("%v allocations in a sequence of %d steps", allocations, steps)
	}
}
