package experiment

import (
	"runtime"
	"slices"
	"time"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
)

// BenchTrialMatching times training steps of the experiment trial-matching-hard: input,
// run-in, trials, losses, assignment, the way back and the update.
func BenchTrialMatching(batch, repeats, threads int) (*BenchResult, error) {
	for _, v := range []struct {
		name  string
		value int
	}{{"--batch", batch}, {"--repeats", repeats}} {
		if v.value < 1 {
			return nil, fault.Inputf("%s is %d, expected at least 1", v.name, v.value)
		}
	}
	resolved, err := config.Open("trial-matching-hard", []string{"rule.optimizer.learning_rate=1e-9", "rule.l1=0"}) // the firing rate stays
	if err != nil {
		return nil, err
	}
	e := &resolved.Experiment
	e.Train.BatchSize = batch
	x, err := buildTrialMatching[float32](e, Settings{Threads: threads})
	if err != nil {
		return nil, err
	}
	m := e.Model.(config.MultiAreaRSNN)
	d := e.Data.(config.TwoAreaSpikes)
	res := &BenchResult{Job: "trial-matching", Threads: threads, Neurons: m.Neurons, Inputs: m.Inputs, Steps: int((d.WindowEndMS - d.WindowStartMS) / m.StepMS),
		Batch: batch, Connectivity: 1}
	var seconds, cpus []float64
	var before, after runtime.MemStats
	for i := range repeats + 1 { // the first fills the buffers
		runtime.ReadMemStats(&before)
		began, used := time.Now(), cpuSeconds()
		metrics, err := x.Step(i)
		took, cpu := time.Since(began).Seconds(), cpuSeconds()-used
		runtime.ReadMemStats(&after)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			seconds, cpus = append(seconds, took), append(cpus, cpu)
			res.RateHz += metrics["rate_hz"] / float64(repeats)
			res.Allocations = after.Mallocs - before.Mallocs
		}
	}
	res.Median, res.Min, res.CPU = median(seconds), slices.Min(seconds), slices.Min(cpus)
	res.SpikesPerSecond = res.RateHz / 1000 * m.StepMS * float64(m.Neurons*res.Steps*batch) / res.Median
	res.Peak = peakMemory()
	return res, nil
}
