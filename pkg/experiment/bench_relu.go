package experiment

import (
	"runtime"
	"slices"
	"time"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// StepsResult is what a job of training steps took (batch, forward, backward, Adam), of
// networks on random images in memory.
type StepsResult struct {
	Job     string      `json:"job"`
	Threads int         `json:"threads"`
	Peak    int64       `json:"peak_bytes"` // resident memory of the process, 0 where the system does not tell
	Cases   []StepsCase `json:"cases"`
}

// StepsCase is one network.
type StepsCase struct {
	Network     string  `json:"network"`
	Batch       int     `json:"batch"`
	Median      float64 `json:"seconds_median"` // of a step
	Min         float64 `json:"seconds_min"`
	CPU         float64 `json:"cpu_seconds_min"`          // of all threads: what other processes' load hardly changes; 0 where the system does not tell
	Allocations uint64  `json:"allocations"`              // on the heap, in one step
	Activity    int64   `json:"activity_bytes,omitempty"` // of the layers' values and gradients, where it is measured
}

// reluCases are the networks of the job: experiments of arXiv:2212.12522, and a narrow
// VGG network on images of 32×32.
var reluCases = []struct {
	name, experiment string
	sets             []string
	shape            pixels.Shape
}{
	{"mlp", "relu-mnist-mlp", nil, pixels.Shape{Channels: 1, Height: 28, Width: 28}},
	{"lenet5", "relu-mnist-lenet5", nil, pixels.Shape{Channels: 1, Height: 28, Width: 28}},
	{"vgg-cifar, width/8", "relu-mnist-mlp", []string{"model.preset=vgg-cifar", "model.width=8"}, pixels.Shape{Channels: 3, Height: 32, Width: 32}},
}

const reluImages = 1024 // in memory

// BenchReLU times each network so many times.
func BenchReLU(repeats, threads int) (*StepsResult, error) {
	if repeats < 1 {
		return nil, fault.Inputf("--repeats is %d, expected at least 1", repeats)
	}
	res := &StepsResult{Job: "relu", Threads: threads}
	for _, c := range reluCases {
		resolved, err := config.Open(c.experiment, c.sets)
		if err != nil {
			return nil, err
		}
		e := &resolved.Experiment
		set := pixels.Set{Train: randomImages(c.shape), Test: randomImages(c.shape)}
		source, err := pixels.NewSource[float32](set, pixels.Options{Normalisation: pixels.Unit(), ValidationImages: 1, Seed: 1, Threads: threads})
		if err != nil {
			return nil, err
		}
		trainer, err := newBackprop(e, Settings{Threads: threads}, source)
		if err != nil {
			return nil, err
		}
		timed := StepsCase{Network: c.name, Batch: e.Train.BatchSize}
		if err := timed.time(repeats, trainer.Step); err != nil {
			return nil, err
		}
		res.Cases = append(res.Cases, timed)
	}
	res.Peak = peakMemory()
	return res, nil
}

// time takes the median of so many timings, each of some steps, after one that is not
// counted.
func (c *StepsCase) time(repeats int, step func(int) (map[string]float64, error)) error {
	const steps = 5
	var seconds, cpus []float64
	var before, after runtime.MemStats
	for i := range repeats + 1 {
		runtime.ReadMemStats(&before)
		began, used := time.Now(), cpuSeconds()
		for k := range steps {
			if _, err := step(i*steps + k); err != nil {
				return err
			}
		}
		took, cpu := time.Since(began).Seconds()/steps, (cpuSeconds()-used)/steps
		runtime.ReadMemStats(&after)
		if i > 0 {
			seconds, cpus = append(seconds, took), append(cpus, cpu)
			c.Allocations = (after.Mallocs - before.Mallocs) / steps
		}
	}
	c.Median, c.Min, c.CPU = median(seconds), slices.Min(seconds), slices.Min(cpus)
	return nil
}

func randomImages(s pixels.Shape) *pixels.Bytes {
	b := &pixels.Bytes{Of: s, Pixels: make([]uint8, reluImages*s.Size()), Labels: make([]int32, reluImages), Names: 10}
	r := rng.Stream(1, "bench-relu", 0, 0)
	for i := range b.Pixels {
		b.Pixels[i] = uint8(r.Uint32())
	}
	for i := range b.Labels {
		b.Labels[i] = int32(i % b.Names)
	}
	return b
}
