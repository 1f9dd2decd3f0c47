package experiment

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/learning/ppo"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// NavigationBench is the size of the job "navigation": a training step of the
// experiment lsnn-navigation, playing and learning.
type NavigationBench struct {
	Steps, Batch int // of an episode; episodes
	Repeats      int
}

// NavigationResult is what the job took on one thread and on several.
type NavigationResult struct {
	Job     string             `json:"job"`
	Neurons int                `json:"neurons"`
	Steps   int                `json:"steps"`
	Batch   int                `json:"batch"`
	RateHz  float64            `json:"rate_hz"`
	Timings []NavigationTiming `json:"timings"`
	Speedup float64            `json:"speedup"` // the last's episodes per second over the first's: median of the rounds' ratios
	Peak    int64              `json:"peak_bytes"`
}

// NavigationTiming is one number of threads.
type NavigationTiming struct {
	Threads  int     `json:"threads"`
	Median   float64 `json:"seconds_median"` // of a training step
	Min      float64 `json:"seconds_min"`
	Episodes float64 `json:"episodes_per_second"` // played and learned from, at the median
}

// BenchNavigation times training steps on one thread and on threads in turn. It is an
// error if they come to different results.
func BenchNavigation(b NavigationBench, threads int) (*NavigationResult, error) {
	for _, v := range []struct {
		name         string
		value, least int
	}{{"--steps", b.Steps, 2}, {"--batch", b.Batch, 1}, {"--repeats", b.Repeats, 1}} {
		if v.value < v.least {
			return nil, fault.Inputf("%s is %d, expected at least %d", v.name, v.value, v.least)
		}
	}
	resolved, err := config.Open("lsnn-navigation", nil)
	if err != nil {
		return nil, err
	}
	e := &resolved.Experiment
	data := e.Data.(config.Navigation)
	data.EpisodeMS = b.Steps
	e.Data, e.Train.BatchSize = data, b.Batch
	res := &NavigationResult{Job: "navigation", Steps: b.Steps, Batch: b.Batch}
	var trainers []*ppo.Trainer[float32]
	for _, threads := range slices.Compact([]int{1, threads}) {
		arena, err := navigationArena(e)
		if err != nil {
			return nil, err
		}
		params := navigationParams(e, arena)
		trainers = append(trainers, ppo.New(lsnn.NewNetwork[float32](params, e.Seed, threads), arena, ppoOptions[float32](e)))
		res.Timings = append(res.Timings, NavigationTiming{Threads: threads})
		res.Neurons = params.Neurons()
	}
	seconds := make([][]float64, len(trainers))
	var ratios []float64
	for i := range b.Repeats + 1 { // the first fills the buffers
		var first map[string]float64
		for k, trainer := range trainers {
			began := time.Now()
			metrics, err := trainer.Step(i)
			took := time.Since(began).Seconds()
			if err != nil {
				return nil, err
			}
			if k == 0 {
				first = metrics
			} else if !maps.Equal(first, metrics) {
				return nil, fmt.Errorf("step %d has other results with %d threads than with one", i+1, res.Timings[k].Threads)
			}
			if i > 0 {
				seconds[k] = append(seconds[k], took)
			}
			res.RateHz = metrics["rate_hz"]
		}
		if i > 0 {
			last := len(trainers) - 1
			ratios = append(ratios, seconds[0][i-1]/seconds[last][i-1])
		}
	}
	for k := range res.Timings {
		t := &res.Timings[k]
		t.Median, t.Min = median(seconds[k]), slices.Min(seconds[k])
		t.Episodes = float64(b.Batch) / t.Median
	}
	res.Speedup, res.Peak = median(ratios), peakMemory()
	return res, nil
}
