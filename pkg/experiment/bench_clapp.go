package experiment

import (
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/patches"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/learning/clapp"
)

// clappCases are encoders that learn layer by layer and, for comparison, by back-propagation. Deep ones have six equal
// layers of 64 channels.
var clappCases = []struct {
	name string
	deep bool
	sets []string
}{
	{"clapp-s, 3 layers", false, nil},
	{"hinge-cpc, 3 layers", false, []string{"rule.gradient=network"}},
	{"clapp-s, 6 layers", true, nil},
	{"hinge-cpc, 6 layers", true, []string{"rule.gradient=network"}},
}

// BenchCLAPP times the steps of each case so many times, and says how much memory its layers' activity takes.
func BenchCLAPP(repeats, threads int) (*StepsResult, error) {
	if repeats < 1 {
		return nil, fault.Inputf("--repeats is %d, expected at least 1", repeats)
	}
	res := &StepsResult{Job: "clapp", Threads: threads}
	shape := pixels.Shape{Channels: 1, Height: 28, Width: 28}
	set := pixels.Set{Train: randomImages(shape), Validation: randomImages(shape), Test: randomImages(shape)}
	images, err := pixels.NewSource[float32](set, pixels.Options{Normalisation: pixels.Unit(), Seed: 1, Threads: threads})
	if err != nil {
		return nil, err
	}
	source, err := patches.New(images, 8, 4)
	if err != nil {
		return nil, err
	}
	for _, c := range clappCases {
		resolved, err := config.Open("clapp-mnist-quick", c.sets)
		if err != nil {
			return nil, err
		}
		e := &resolved.Experiment
		if m := e.Model.(config.ReLU); c.deep {
			m.Layers = nil
			for range 6 {
				m.Layers = append(m.Layers, config.ConvLayer{Filters: 64, Size: 3, Axes: 2, Stride: 1, Padding: "same", Dilation: 1, Groups: 1}, config.ReLUActivation{})
			}
			e.Model = m
		}
		trainer, err := newCLAPP[float32](e, Settings{Threads: threads}, &clapp.Patches[float32]{Source: source})
		if err != nil {
			return nil, err
		}
		timed := StepsCase{Network: c.name, Batch: e.Train.BatchSize}
		if err := timed.time(repeats, trainer.Step); err != nil {
			return nil, err
		}
		timed.Activity = trainer.ActivityBytes()
		res.Cases = append(res.Cases, timed)
	}
	res.Peak = peakMemory()
	return res, nil
}
