package lsnn

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Recording is what every neuron of one trial did, [T][n] each.
type Recording[F tensor.Float] struct {
	V, A, B  *tensor.Dense[F] // v, A and b after each step
	Filtered *tensor.Dense[F] // z̄
	Spikes   [][]bool         // z
}

// Record simulates one group of trials and keeps everything of one lane.
func (net *Network[F]) Record(w Weights[F], input *tensor.Input, start *State[F], lane int, step uint64) *Recording[F] {
	net.load(w)
	n, s, steps := net.Neurons(), net.stride(), input.Steps()
	g := &group[F]{input: input, start: start}
	g.grow(net, steps)
	g.begin(net)
	wk := net.newWorker()
	if start != nil {
		copy(wk.filtered, start.Filtered)
	}
	rec := &Recording[F]{tensor.New[F](steps, n), tensor.New[F](steps, n), tensor.New[F](steps, n), tensor.New[F](steps, n), make([][]bool, steps)}
	for t0 := 0; t0 < steps; t0 += segmentSteps {
		t1 := min(t0+segmentSteps, steps)
		net.simulate(wk, g, t0, t1, step, func(t int) {
			words := g.words(net, t)
			kernel.FilterSpikes(wk.filtered, words, net.kappa)
			row := (t - t0 + 1) * s
			rec.Spikes[t] = make([]bool, n)
			for j := range n {
				at := j*tensor.Lanes + lane
				rec.V.Row(t)[j], rec.A.Row(t)[j], rec.B.Row(t)[j] = wk.v[row+at], wk.a[row+at], wk.b[at]
				rec.Filtered.Row(t)[j] = wk.filtered[at]
				rec.Spikes[t][j] = words[j]>>lane&1 != 0
			}
		})
		if t1 < steps {
			copy(g.v[t1/segmentSteps], wk.v[(t1-t0)*s:(t1-t0+1)*s])
			copy(g.b[t1/segmentSteps], wk.b)
		}
	}
	return rec
}
