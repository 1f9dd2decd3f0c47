package fir

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Drive is the part of equation (1) that does not depend on spikes, [T][n]: x Win
// + b, of inputs x [T][I] that all trials share.
func (net *Network[F]) Drive(w *Weights[F], x []F, steps int) []F {
	n := net.Neurons()
	drive := make([]F, steps*n)
	for t := range steps {
		copy(drive[t*n:], w.Bias)
	}
	if net.Inputs > 0 {
		kernel.Gemm(net.Threads, false, false, steps, n, net.Inputs, 1, x, net.Inputs, w.Input, n, 1, drive, n)
	}
	return drive
}

// Free runs trials freely, from an empty history, for as many steps as drive has.
func (net *Network[F]) Free(r *Run[F], w *Weights[F], drive []F, trials int, draws Draws) {
	net.run(r, w, drive, trials, nil, draws)
}

// Clamped runs one trial for each of data, recorded spikes of the visible neurons
// in D + T steps, of which the first D are history only. The visible neurons'
// own spikes are drawn, but nobody sees them; without hidden neurons draws may be
// nil, and no spike is drawn.
func (net *Network[F]) Clamped(r *Run[F], w *Weights[F], drive []F, data []tensor.Raster, draws Draws) {
	net.run(r, w, drive, len(data), data, draws)
}

func (net *Network[F]) run(r *Run[F], w *Weights[F], drive []F, trials int, data []tensor.Raster, draws Draws) {
	n := net.Neurons()
	steps := len(drive) / n
	r.Trials, r.Steps, r.Clamped = trials, steps, data != nil
	r.U, r.P = grown(r.U, trials*steps*n), grown(r.P, trials*steps*n)
	r.Spikes, r.history = grown(r.Spikes, trials), grown(r.history, trials)
	net.prepare(steps + net.Delays)
	parallel.For(net.Threads, trials, func(worker, k int) {
		var recorded *tensor.Raster
		if data != nil {
			recorded = &data[k]
		}
		var draw func([]float64)
		if draws != nil {
			draw = draws(k)
		}
		net.trial(&net.scratch[worker], r, k, w, drive, recorded, draw)
	})
}

// trial runs trial k: recorded are the visible neurons' spikes, nil where the
// network runs freely.
func (net *Network[F]) trial(s *scratch[F], r *Run[F], k int, w *Weights[F], drive []F, recorded *tensor.Raster, draw func([]float64)) {
	n, depth := net.Neurons(), net.Delays
	v := s.potential[:len(drive)+depth*n]
	copy(v, drive)
	clear(v[len(drive):])
	spikes, history := &r.Spikes[k], &r.history[k]
	spikes.Reset()
	history.Reset()
	// A spike at step t moves the rows t+1 … t+D; before the first step, those of
	// them that exist.
	fire := func(i int, t int) {
		row := w.Recurrent[i*depth*n : (i+1)*depth*n]
		first := t + 1
		if first < 0 {
			row, first = row[-first*n:], 0
		}
		kernel.AddRow(v[first*n:first*n+len(row)], row)
		history.Fire(i)
	}
	for t := -depth; t < 0; t++ {
		if recorded != nil {
			for _, i := range recorded.At(t + depth) {
				fire(int(i), t)
			}
		}
		history.EndStep()
	}
	u, p := r.UAt(k), r.PAt(k)
	for t := range r.Steps {
		ut, pt := u[t*n:(t+1)*n], p[t*n:(t+1)*n]
		for j, vj := range v[t*n : (t+1)*n] {
			ut[j] = (vj - net.Threshold) / net.Threshold
			pt[j] = net.Steepness * ut[j]
		}
		kernel.Sigmoid(pt, pt)
		if recorded != nil {
			for _, i := range recorded.At(t + depth) {
				fire(int(i), t)
			}
		}
		if draw != nil {
			draw(s.uniform)
		} else {
			spikes.EndStep()
			history.EndStep()
			continue
		}
		for j, pj := range pt {
			if float64(pj) > s.uniform[j] {
				spikes.Fire(j)
				if recorded == nil || j >= net.Visible {
					fire(j, t)
				}
			}
		}
		spikes.EndStep()
		history.EndStep()
	}
}
