package lsnn

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/tensor"
)

// part is the steps [from, to) of p's input.
func (p *problem) part(from, to int) []tensor.Input {
	var parts []tensor.Input
	for _, in := range p.inputs {
		cut := tensor.Input{Trials: in.Trials}
		if in.Spikes != nil {
			cut.Spikes = &tensor.Spikes{T: to - from, N: in.Spikes.N, Words: in.Spikes.Words[from*in.Spikes.N : to*in.Spikes.N]}
		} else {
			width := in.Currents.N * tensor.Lanes
			cut.Currents = &tensor.Currents{T: to - from, N: in.Currents.N, Values: in.Currents.Values[from*width : to*width]}
		}
		parts = append(parts, cut)
	}
	return parts
}

// checkCarry runs p whole, and as a part of the first steps and one of the
// rest that starts where that ended: bit for bit the same. Then it compares
// the rest with the reference started from that state.
func checkCarry(t *rapid.T, p *problem, first int) {
	bits := func(name string, a, b []float64) {
		t.Helper()
		within(t, name, a, b, 0)
	}
	net, w, states := network[float64](p, 1)
	whole, head, tail := Trace[float64]{Carry: true}, Trace[float64]{Carry: true}, Trace[float64]{Carry: true}
	p.windows = nil
	for i := range p.trials {
		p.windows = append(p.windows, Window{i, p.steps - 1, p.steps}, Window{i, first, p.steps})
	}
	n := p.Neurons()
	p.gFeatures = make([]float64, len(p.windows)*n)
	for i := range p.gFeatures {
		p.gFeatures[i] = float64(i%7) - 3
	}
	net.Forward(&whole, w, p.inputs, p.windows, states, 0)

	rest := *p
	rest.inputs, rest.steps = p.part(first, p.steps), p.steps-first
	rest.windows = nil
	for _, window := range p.windows {
		rest.windows = append(rest.windows, Window{window.Trial, window.Start - first, window.End - first})
	}
	net.Forward(&head, w, p.part(0, first), nil, states, 0)
	var grads Gradients[float64]
	got := solve(&rest, net, &tail, &grads, w, head.Final)

	if whole.Spikes != head.Spikes+tail.Spikes {
		t.Fatalf("%d spikes in the whole, %d + %d in its parts", whole.Spikes, head.Spikes, tail.Spikes)
	}
	bits("features", tail.Features.Data, whole.Features.Data)
	for i := range whole.Final {
		a, b := tail.Final[i], whole.Final[i]
		bits("final v", a.V, b.V)
		bits("final b", a.B, b.B)
		bits("final z̄", a.Filtered, b.Filtered)
		for k, word := range b.Spikes.Words {
			if a.Spikes.Words[k] != word {
				t.Fatalf("history of spikes differs at word %d", k)
			}
		}
		if (a.Input == nil) != (b.Input == nil) || (a.Currents == nil) != (b.Currents == nil) {
			t.Fatal("the history of the input is not of one kind")
		}
		if b.Input != nil && !slices.Equal(a.Input.Words, b.Input.Words) {
			t.Fatal("the history of the input's spikes differs")
		}
		if b.Currents != nil && !slices.Equal(a.Currents.Values, b.Currents.Values) {
			t.Fatal("the history of the input's currents differs")
		}
	}
	rest.states = head.Final
	want, _ := rest.solveReference()
	agree(t, got, want, 1e-9)
}

// A trial that starts in the state in which another ended goes on as if the
// two were one, with the pulses that are on their way at its end; its gradients
// are those of a trial from that state, which is a constant.
func TestCarriedStateGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		p.Noise = 0 // its numbers are by step of the trial
		if p.steps == 1 {
			t.Skip("nothing to part")
		}
		checkCarry(t, p, rapid.IntRange(1, p.steps-1).Draw(t, "first part"))
	})
}
