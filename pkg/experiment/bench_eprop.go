package experiment

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/poisson"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
)

// EPropBench is the size of the job "eprop": a training step of the experiment
// eprop-evidence, on made-up input of about its density.
type EPropBench struct {
	Compute      string // online, filtered, adjoint or bptt
	Steps, Batch int
	Repeats      int
}

// EPropBenchResult is what the job took.
type EPropBenchResult struct {
	BenchResult
	Compute string `json:"compute"`
}

// evidenceHz is the mean rate of an input line of evidence accumulation, and
// evidenceReadout the length of its decision.
const (
	evidenceHz      = 10
	evidenceReadout = 150
)

// BenchEProp times training steps. With compute online, input is made and shown step
// by step, and nothing that grows with the number of steps is kept.
func BenchEProp(b EPropBench, threads int) (*EPropBenchResult, error) {
	for _, v := range []struct {
		name  string
		value int
	}{{"--steps", b.Steps}, {"--batch", b.Batch}, {"--repeats", b.Repeats}} {
		if v.value < 1 {
			return nil, fault.Inputf("%s is %d, expected at least 1", v.name, v.value)
		}
	}
	resolved, err := config.Open("eprop-evidence", nil)
	if err != nil {
		return nil, err
	}
	e := &resolved.Experiment
	e.Train.BatchSize = b.Batch
	source := newPoissonSource(b.Steps, b.Batch)
	o := epropOptions[float32](e)
	o.Schedule = func(int) float64 { return 1e-9 } // does the work of an update, and leaves the firing rate alone
	switch b.Compute {
	case "online", "filtered", "adjoint":
		o.Method = epropMethods[b.Compute]
	case "bptt":
		o.Method = eprop.BPTT
	default:
		return nil, fault.Inputf("--compute is %q, expected adjoint, online, filtered or bptt", b.Compute)
	}
	params := epropParams(e.Model.(config.LSNN), source.Shape())
	var step func(i int) (map[string]float64, error)
	if o.Method == eprop.OnlineTraces {
		step = stream(params, o, source, threads)
	} else {
		source.store()
		step = eprop.New(eprop.NewNetwork[float32](params, threads), source, o).Step
	}
	res := &EPropBenchResult{Compute: b.Compute, BenchResult: BenchResult{Job: "eprop", Threads: threads, Neurons: params.Neurons(),
		Inputs: params.Inputs, Steps: b.Steps, Batch: b.Batch, Connectivity: 1}}
	return res, res.time(step, b.Repeats)
}

// time takes the steps, of which the first fills the buffers and does not count.
func (r *EPropBenchResult) time(step func(i int) (map[string]float64, error), repeats int) error {
	var seconds, cpus []float64
	var before, after runtime.MemStats
	for i := range repeats + 1 {
		runtime.ReadMemStats(&before)
		began, used := time.Now(), cpuSeconds()
		metrics, err := step(i)
		took, cpu := time.Since(began).Seconds(), cpuSeconds()-used
		runtime.ReadMemStats(&after)
		if err != nil {
			return err
		}
		if i > 0 {
			seconds, cpus = append(seconds, took), append(cpus, cpu)
			r.RateHz += metrics["rate_hz"] / float64(repeats)
			r.Allocations = after.Mallocs - before.Mallocs
		}
	}
	r.Median, r.Min, r.CPU = median(seconds), slices.Min(seconds), slices.Min(cpus)
	r.SpikesPerSecond = r.RateHz / 1000 * float64(r.Neurons*r.Steps*r.Batch) / r.Median
	r.Peak = peakMemory()
	return nil
}

// stream learns from groups of trials as their input is made.
func stream(params eprop.Params, o eprop.Options[float32], source *poissonSource, threads int) func(int) (map[string]float64, error) {
	// The trainer draws the weights.
	trainer := eprop.New(eprop.NewNetwork[float32](params, 1), source, o)
	groups := tensor.Groups(source.trials)
	nets := make([]*eprop.Network[float32], groups)
	for i := range nets {
		nets[i] = eprop.NewNetwork[float32](params, 1)
	}
	return func(int) (map[string]float64, error) {
		parts := make([]eprop.Gradients, groups)
		rates := make([]float64, groups)
		parallel.For(threads, groups, func(_, i int) {
			trials := source.size(i)
			online := eprop.NewOnline(nets[i], trainer.Weights(), trials, o.Penalty.Strength != 0)
			var target eprop.Classification[float32]
			target.Reset(source.decisions(i), 1, params.Outputs)
			delta := make([]float32, params.Outputs*tensor.Lanes)
			input := source.input(i)
			for t := range source.steps {
				y := online.Step(input())
				clear(delta)
				target.Error(delta, y, 0, trials, t)
				online.Learn(delta)
			}
			online.Gradients(&parts[i], o.Penalty)
			rates[i] = online.Rate() * float64(trials)
		})
		var rate float64
		for _, r := range rates {
			rate += 1000 * r / float64(source.trials)
		}
		return map[string]float64{"rate_hz": rate}, nil
	}
}

// poissonSource yields one batch of random spikes, again and again.
type poissonSource struct {
	steps, trials int
	lines         int
	groups        []tensor.Input
}

func newPoissonSource(steps, trials int) *poissonSource {
	return &poissonSource{steps: steps, trials: trials, lines: 40}
}

// size is the number of trials of a group.
func (s *poissonSource) size(group int) int {
	return min(tensor.Lanes, s.trials-group*tensor.Lanes)
}

// input makes the words of a group step by step.
func (s *poissonSource) input(group int) func() []uint16 {
	r := rng.Stream(1, "bench-input", 0, uint64(group))
	one := tensor.NewSpikes(1, s.lines)
	return func() []uint16 {
		s.fire(r, one, group)
		return one.Words
	}
}

func (s *poissonSource) fire(r *rand.Rand, one *tensor.Spikes, group int) {
	clear(one.Words)
	lines := poisson.AtRate(evidenceHz)
	for lane := range s.size(group) {
		lines.Fire(r, one, lane, poisson.Block{Steps: 1, Lines: s.lines})
	}
}

// store makes the whole input.
func (s *poissonSource) store() {
	for g := range tensor.Groups(s.trials) {
		in := tensor.Input{Trials: s.size(g), Spikes: tensor.NewSpikes(s.steps, s.lines)}
		next := s.input(g)
		for t := range s.steps {
			copy(in.Spikes.Step(t), next())
		}
		s.groups = append(s.groups, in)
	}
}

// decisions are those of a group alone.
func (s *poissonSource) decisions(group int) []datasets.Decision {
	var all []datasets.Decision
	for trial := range s.size(group) {
		all = append(all, datasets.Decision{Trial: trial, Start: max(0, s.steps-evidenceReadout), End: s.steps, Class: trial % 2})
	}
	return all
}

func (s *poissonSource) Shape() datasets.Shape {
	return datasets.Shape{Steps: s.steps, Lines: s.lines, Classes: 2}
}
func (s *poissonSource) Populations() []datasets.Population {
	return []datasets.Population{{Name: "noise", Lines: s.lines}}
}
func (s *poissonSource) Size(string) int              { return s.trials }
func (s *poissonSource) Checksums() map[string]string { return nil }

func (s *poissonSource) Train(dst *datasets.Batch, _, _ int) error {
	dst.Trials, dst.Groups, dst.Decisions = s.trials, s.groups, dst.Decisions[:0]
	for g := range s.groups {
		for _, d := range s.decisions(g) {
			d.Trial += g * tensor.Lanes
			dst.Decisions = append(dst.Decisions, d)
		}
	}
	return nil
}

func (s *poissonSource) Evaluate(dst *datasets.Batch, _ string, _, trials int) error {
	return s.Train(dst, 0, trials)
}
