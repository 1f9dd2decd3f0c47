package experiment

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/learning/bptt"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// LSNNBench is the size of the job "lsnn": a training step of the experiment
// lsnn-smnist, on made-up input of the same density.
type LSNNBench struct {
	Neurons, Steps, Batch int
	RateHz                float64 // wanted firing rate; thresholds are scaled to reach it
	Connectivity          float64 // of DEEP R; 1 for dense matrices without rewiring
	Memory                string  // "checkpointed" or "full"
	Repeats               int
}

// BenchResult is what a job took.
type BenchResult struct {
	Job     string  `json:"job"`
	Median  float64 `json:"seconds_median"`
	Min     float64 `json:"seconds_min"`
	CPU     float64 `json:"cpu_seconds_min"` // of all threads: what other processes' load hardly changes; 0 where the system does not tell
	Peak    int64   `json:"peak_bytes"`      // resident memory of the process, 0 where the system does not tell
	Threads int     `json:"threads"`
	RateHz  float64 `json:"rate_hz"`
	Neurons int     `json:"neurons"`
	Inputs  int     `json:"inputs"`
	Steps   int     `json:"steps"`
	Batch   int     `json:"batch"`

	Connectivity float64 `json:"connectivity"`
	Memory       string  `json:"memory"`

	SpikesPerSecond float64 `json:"spikes_per_second"` // spikes of the network simulated and learned from, per second of computing
	Allocations     uint64  `json:"allocations"`       // on the heap, in one training step
}

// benchInputs and benchDensity are those of sequential MNIST at 1 ms a pixel:
// 80 lines, about 2.4 spikes a step.
const (
	benchInputs  = 80
	benchDensity = 0.03
)

// BenchLSNN times training steps: forward, backward, update and rewiring.
func BenchLSNN(b LSNNBench, threads int) (*BenchResult, error) {
	for _, v := range []struct {
		name  string
		value int
	}{{"--neurons", b.Neurons}, {"--steps", b.Steps}, {"--batch", b.Batch}, {"--repeats", b.Repeats}} {
		if v.value < 1 {
			return nil, fault.Inputf("%s is %d, expected at least 1", v.name, v.value)
		}
	}
	if b.Memory != "checkpointed" && b.Memory != "full" {
		return nil, fault.Inputf("--memory is %q, expected checkpointed or full", b.Memory)
	}
	resolved, err := config.Open("lsnn-smnist", nil)
	if err != nil {
		return nil, err
	}
	e := &resolved.Experiment
	e.Train.BatchSize = b.Batch
	m, r := e.Model.(config.LSNN), e.Rule.(config.BPTT)
	if !(b.Connectivity > 0 && b.Connectivity <= 1) {
		return nil, fault.Inputf("--connectivity is %v, expected more than 0 and at most 1", b.Connectivity)
	}
	if b.Connectivity == 1 {
		r.Rewiring = config.NoRewiring{}
	} else {
		rewiring := r.Rewiring.(config.DeepR)
		rewiring.Connectivity = b.Connectivity
		r.Rewiring = rewiring
	}
	adam := r.Optimizer.(config.Adam)
	adam.LearningRate = 1e-9 // does the work of an update, and leaves the firing rate alone
	r.Optimizer = adam
	m.ALIFNeurons = b.Neurons * m.ALIFNeurons / (m.LIFNeurons + m.ALIFNeurons)
	m.LIFNeurons = b.Neurons - m.ALIFNeurons
	source := newNoiseSource(b.Steps, b.Batch)

	build := func(threshold float64, source datasets.Source) *bptt.Trainer[float32] {
		m.Threshold = threshold
		params := lsnnParams(m, benchInputs)
		params.KeepPotentials = b.Memory == "full"
		return bptt.New(lsnn.NewNetwork[float32](params, 1, threads), source, bpttOptions[float32](e, m, r))
	}
	threshold, err := thresholdFor(b.RateHz, func(threshold float64) (float64, error) {
		metrics, err := build(threshold, newNoiseSource(b.Steps, tensor.Lanes)).Evaluate("train", tensor.Lanes)
		return metrics["rate_hz"], err
	})
	if err != nil {
		return nil, err
	}
	trainer := build(threshold, source)
	res := &BenchResult{Job: "lsnn", Threads: threads, Neurons: b.Neurons, Inputs: benchInputs, Steps: b.Steps, Batch: b.Batch, Connectivity: b.Connectivity, Memory: b.Memory}
	var seconds, cpus []float64
	var before, after runtime.MemStats
	for i := range b.Repeats + 1 { // the first fills the buffers
		runtime.ReadMemStats(&before)
		began, used := time.Now(), cpuSeconds()
		metrics, err := trainer.Step(i)
		took, cpu := time.Since(began).Seconds(), cpuSeconds()-used
		runtime.ReadMemStats(&after)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			seconds, cpus = append(seconds, took), append(cpus, cpu)
			res.RateHz += metrics["rate_hz"] / float64(b.Repeats)
			res.Allocations = after.Mallocs - before.Mallocs
		}
	}
	res.Median, res.CPU = median(seconds), slices.Min(cpus)
	res.Min = seconds[0]
	res.SpikesPerSecond = res.RateHz / 1000 * float64(b.Neurons*b.Steps*b.Batch) / res.Median
	res.Peak = peakMemory()
	return res, nil
}

// thresholdFor finds the threshold at which the network fires at the wanted
// rate, by bisection of its logarithm.
func thresholdFor(rateHz float64, rate func(threshold float64) (float64, error)) (float64, error) {
	if !(rateHz > 0 && rateHz < 150) {
		return 0, fault.Inputf("--rate-hz is %v, expected more than 0 and less than 150 (a neuron rests 5 ms after a spike)", rateHz)
	}
	low, high := 1e-4, 10.0
	for range 12 {
		mid := math.Sqrt(low * high)
		r, err := rate(mid)
		if err != nil {
			return 0, err
		}
		if r > rateHz {
			low = mid
		} else {
			high = mid
		}
	}
	return math.Sqrt(low * high), nil
}

// noiseSource yields one batch of independent random spikes, again and again.
type noiseSource struct {
	groups []tensor.Input
	trials int
	steps  int
}

func newNoiseSource(steps, trials int) *noiseSource {
	s := &noiseSource{trials: trials, steps: steps}
	for g := range tensor.Groups(trials) {
		r := rng.Stream(1, "bench-input", 0, uint64(g))
		in := tensor.Input{Trials: min(tensor.Lanes, trials-g*tensor.Lanes), Spikes: tensor.NewSpikes(steps, benchInputs)}
		for i := range in.Spikes.Words {
			for l := range in.Trials {
				if r.Float64() < benchDensity {
					in.Spikes.Words[i] |= 1 << l
				}
			}
		}
		s.groups = append(s.groups, in)
	}
	return s
}

func (s *noiseSource) Shape() datasets.Shape {
	return datasets.Shape{Steps: s.steps, Lines: benchInputs, Classes: 10}
}

func (s *noiseSource) Populations() []datasets.Population {
	return []datasets.Population{{Name: "noise", Lines: benchInputs}}
}

func (s *noiseSource) Train(dst *datasets.Batch, _, _ int) error {
	dst.Trials, dst.Groups, dst.Decisions = s.trials, s.groups, dst.Decisions[:0]
	for trial := range s.trials {
		dst.Decisions = append(dst.Decisions, datasets.Decision{Trial: trial, Start: max(0, s.steps-28), End: s.steps, Class: trial % 10})
	}
	return nil
}

func (s *noiseSource) Evaluate(dst *datasets.Batch, _ string, _, trials int) error {
	if trials != s.trials {
		return fmt.Errorf("the noise source has batches of %d trials only, not of %d", s.trials, trials)
	}
	return s.Train(dst, 0, trials)
}

func (s *noiseSource) Size(string) int              { return s.trials }
func (s *noiseSource) Checksums() map[string]string { return nil }
