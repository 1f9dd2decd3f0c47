package trialmatch

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/rsnn/multiarea"
)

// batch is simulated trials.
type batch[F tensor.Float] struct {
	run, before multiarea.Run[F] // before: the run-in
	inputs      []tensor.Raster
	background  []tensor.Raster
	stimuli     []float64
	xi          []F
	features    []float64   // of one session, [trials][features]
	rows        [][]float64 // of them
}

// address names what the random numbers of a batch are drawn for.
type address struct {
	purpose string
	step    int
}

// simulate runs trials, each with a stimulus drawn from stimuli, after a run-in with
// background input alone and without gradient.
func (t *Trainer[F]) simulate(b *batch[F], at address, stimuli []float64, trials int, keep bool) {
	d := t.Net.TrialNoise
	b.inputs, b.background = grown(b.inputs, trials), grown(b.background, trials)
	b.stimuli, b.xi = grown(b.stimuli, trials), grown(b.xi, trials*d)
	parallel.For(t.Net.Threads, trials, func(_, k int) {
		r := rng.Stream(t.seed, rng.Purpose("trial-"+at.purpose), uint64(at.step), uint64(k))
		b.stimuli[k] = stimuli[r.IntN(len(stimuli))]
		for i := range d {
			b.xi[k*d+i] = F(r.Float64() - 0.5)
		}
		t.Stimuli.Draw(&b.background[k], r, t.RunInSteps, 0, false)
		t.Stimuli.Draw(&b.inputs[k], r, t.Set.Steps, b.stimuli[k], true)
	})
	key := rng.Key(t.seed, rng.Purpose("membrane-"+at.purpose))
	draws := func(from int) multiarea.Draws[F] {
		return func(trial, step int, normal, uniform []F) {
			kernel.MembraneNoise(normal, uniform, key, [3]uint32{uint32(from + step), uint32(trial), uint32(at.step)})
		}
	}
	var start []multiarea.State[F]
	if t.RunInSteps > 0 {
		t.Net.Simulate(&b.before, &t.w, b.background, b.xi, nil, draws(0), false)
		start = b.before.Final
	}
	t.Net.Simulate(&b.run, &t.w, b.inputs, b.xi, start, draws(t.RunInSteps), keep)
}

// jaw is the trace of trial k, [T]; nil without a jaw.
func (b *batch[F]) jaw(k int) []float64 {
	if len(b.run.Jaw) == 0 {
		return nil
	}
	trace := make([]float64, b.run.Steps)
	for t, x := range b.run.Jaw[k*b.run.Steps : (k+1)*b.run.Steps] {
		trace[t] = float64(x)
	}
	return trace
}

// rateHz is the mean firing rate.
func (b *batch[F]) rateHz(neurons int, stepMS float64) float64 {
	spikes := 0
	for k := range b.run.Spikes {
		spikes += len(b.run.Spikes[k].Active)
	}
	return float64(spikes) / float64(neurons*b.run.Trials*b.run.Steps) / stepMS * 1000
}

func grown[T any](x []T, n int) []T {
	if cap(x) < n {
		return append(x[:cap(x)], make([]T, n-cap(x))...)
	}
	return x[:n]
}
