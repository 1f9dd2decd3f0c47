package ttfsgrad

import (
	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/ttfs/defects"
)

// The defects of package defects as operations of the tape: forward they do what the
// hardware does, backward the gradient goes straight through (2306.08744, spec
// sections 6 and 7.5).

// roundTimes is defects.RoundTimes; gradients pass inside the window.
func roundTimes[F tensor.Float](t *autodiff.Tape[F], threads int, x *autodiff.Var[F], window float64, bits int) *autodiff.Var[F] {
	y := t.Unset(threads, x.Value.Shape...)
	trials := x.Value.Shape[0]
	parallel.For(threads, trials, func(_, n int) {
		defects.RoundTimes(part(y.Value.Data, trials, n), part(x.Value.Data, trials, n), window, bits)
	})
	passThrough(t, threads, x, y, func(v F) bool { return defects.InWindow(v, window) })
	return y
}

// roundWeights is defects.RoundWeights; gradients pass between the ends of the grid.
func roundWeights[F tensor.Float](t *autodiff.Tape[F], threads int, w *autodiff.Var[F], d *defects.Defects) *autodiff.Var[F] {
	y := t.Unset(threads, w.Value.Shape...)
	grid := defects.RoundWeights(d, y.Value.Data, w.Value.Data)
	passThrough(t, threads, w, y, func(v F) bool { return grid.Holds(float64(v)) })
	return y
}

// passThrough gives the gradient of y to x where x passes.
func passThrough[F tensor.Float](t *autodiff.Tape[F], threads int, x, y *autodiff.Var[F], passes func(F) bool) {
	t.Record(func() {
		if x.Grad == nil {
			return
		}
		rows := x.Value.Shape[0]
		parallel.For(threads, rows, func(_, n int) {
			gx, gy := part(x.Grad.Data, rows, n), part(y.Grad.Data, rows, n)
			for i, v := range part(x.Value.Data, rows, n) {
				if passes(v) {
					gx[i] += gy[i]
				}
			}
		})
	})
}

// noise addresses the jitter of a batch: that of trial i is drawn from the stream
// (seed, the layer's name, step, first + i).
type noise struct {
	seed, step, first uint64
}

const inputNoise rng.Purpose = "ttfs-jitter/input"

// hiddenNoise names the jitter of a layer.
func hiddenNoise(layer string) rng.Purpose { return rng.Purpose("ttfs-jitter/layer/" + layer) }

// jitter is defects.JitterSpikes of each trial. The noise is added: gradients pass.
func jitter[F tensor.Float](t *autodiff.Tape[F], threads int, x *autodiff.Var[F], d *defects.Defects, purpose rng.Purpose, at noise) *autodiff.Var[F] {
	y := t.Unset(threads, x.Value.Shape...)
	trials := x.Value.Shape[0]
	add := defects.JitterSpikes[F]
	if purpose == inputNoise {
		add = defects.JitterInputs[F]
	}
	parallel.For(threads, trials, func(_, n int) {
		add(part(y.Value.Data, trials, n), part(x.Value.Data, trials, n), d.Jitter, d.QuietSilent, rng.Stream(at.seed, purpose, at.step, at.first+uint64(n)))
	})
	passThrough(t, threads, x, y, func(F) bool { return true })
	return y
}
