package experiment

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/movingimages"
	"github.com/snnctl/snnctl/pkg/datasets/patches"
	"github.com/snnctl/snnctl/pkg/datasets/speechwaves"
	"github.com/snnctl/snnctl/pkg/learning/clapp"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// buildCLAPP trains the layers of an encoder by local losses, or by the references to them.
func buildCLAPP[F tensor.Float](e *config.Experiment, s Settings) (*Experiment, error) {
	stream, err := buildStream[F](e, s)
	if err != nil {
		return nil, err
	}
	trainer, err := newCLAPP(e, s, stream)
	if err != nil {
		return nil, err
	}
	buffers, err := clappBuffers(trainer)
	if err != nil {
		return nil, err
	}
	return &Experiment{
		Trainee: trainer, Objective: Objective{Metric: "loss", Minimise: true}, Checksums: stream.Checksums(), trainingTrials: stream.Size("train"),
		Plan: Plan{Data: stream.Found(), Parameters: trainer.Parameters(), Buffers: buffers},
		draw: func(dir string) error { return drawCLAPP(trainer, dir) },
	}, nil
}

// newCLAPP builds the encoder for a stream, and its training.
func newCLAPP[F tensor.Float](e *config.Experiment, s Settings, stream clapp.Stream[F]) (*clapp.Trainer[F], error) {
	network, err := ReLUNetwork[F](e.Model.(config.ReLU), stream.Shape(), e.Seed)
	if err != nil {
		return nil, err
	}
	options := clappOptions[F](e, s)
	if _, still := stream.(*clapp.Patches[F]); still {
		options.Skip = clapp.PatchSkip
	}
	return clapp.New(network, stream, options)
}

// buildStream opens the data of an experiment as the inputs of an encoder.
func buildStream[F tensor.Float](e *config.Experiment, s Settings) (clapp.Stream[F], error) {
	switch d := e.Data.(type) {
	case config.SpeechWaves:
		corpus, err := speechwaves.Open(speechwaves.Options{DataDir: s.DataDir, Dataset: d.Dataset, Rate: d.RateHz, Classes: d.Classes, Test: d.TestFraction,
			MostBytes: int64(d.MaxMemoryMB) << 20, Threads: s.Threads})
		if err != nil {
			return nil, err
		}
		source, err := speechwaves.New[F](corpus, d.WindowSamples, e.Seed, s.Threads)
		return &clapp.Sound[F]{Source: source}, err
	case config.SyntheticSpeech:
		corpus := speechwaves.Draw(speechwaves.Synthetic{Rate: d.RateHz, Utterances: d.Utterances, Seconds: d.Seconds, Seed: e.Seed, Threads: s.Threads})
		source, err := speechwaves.New[F](corpus, d.WindowSamples, e.Seed, s.Threads)
		return &clapp.Sound[F]{Source: source}, err
	}
	images, err := buildPixels[F](e, s)
	if err != nil {
		return nil, err
	}
	switch d := e.Data.(type) {
	case config.Images:
		stride := d.PatchStridePixels
		if stride == 0 {
			stride = max(1, d.PatchPixels/2)
		}
		source, err := patches.New(images, d.PatchPixels, stride)
		if err != nil {
			return nil, err
		}
		source.Standardise = d.PatchStandardise
		return &clapp.Patches[F]{Source: source}, nil
	case config.MovingImages:
		source, err := movingimages.New(images, movingimages.Options{Canvas: d.CanvasPixels, Frames: d.Frames, Speed: d.Speed})
		return &clapp.Clips[F]{Source: source}, err
	}
	return nil, fault.Inputf("data.type is %s, which rule clapp cannot learn from", config.TypeName(e.Data))
}

// stillImages says how the images that move are read.
func stillImages(d config.MovingImages) config.Images {
	return config.Images{Dataset: d.Dataset, Format: "auto", Layout: "auto", Only: "all", ValidationImages: d.ValidationImages, TrainImages: d.TrainImages,
		Normalisation: "given", Mean: d.Mean, StandardDeviation: d.StandardDeviation, ChannelOrder: "rgb"}
}

var (
	contrasts = map[string]clapp.Contrast{"hinge": clapp.Hinge, "info-nce": clapp.InfoNCE, "constant": clapp.Constant}
	pairs     = map[string]clapp.Pairs{"either": clapp.Either, "both": clapp.Both}
	negatives = map[string]clapp.Negatives{"same-everywhere": clapp.SameEverywhere, "local": clapp.Local, "all": clapp.AllPlaces}
	contexts  = map[string]clapp.Context{"same": clapp.Same, "above": clapp.Above, "below": clapp.Below, "same-and-below": clapp.SameAndBelow}
)

func clappOptions[F tensor.Float](e *config.Experiment, s Settings) clapp.Options[F] {
	r := e.Rule.(config.CLAPP)
	o := clapp.Options[F]{BatchSize: e.Train.BatchSize, Options: plasticity.Options[F]{L2: r.L2},
		Drawing:  clapp.Drawing{Pairs: pairs[r.Update], Negatives: negatives[r.Negatives], N: r.NegativeCount, Steps: r.Steps},
		Classify: r.Objective == "classes", EndToEnd: r.Gradient == "network", Contrast: contrasts[r.Objective], Asymmetric: r.Asymmetric,
		Context: contexts[r.Context], HoldContext: r.HoldContext, Unpredicted: r.NoPrediction, FrozenPredictions: r.FixedPredictions,
		FeedbackGate: r.FeedbackGating, Regions: r.Regions, LongestRows: r.LongestRows,
		Probe: clapp.Probe{Trials: r.Probe.Trials, Epochs: r.Probe.Epochs, BatchSize: r.Probe.BatchSize, LearningRate: r.Probe.LearningRate,
			Standardise: r.Probe.Standardise, Augmented: r.Probe.Augmented, Seed: e.Seed},
		Seed: e.Seed, Threads: s.Threads}
	var rate float64
	o.Optimizer, rate = buildOptimizer[F](r.Optimizer)
	o.Schedule = buildSchedule(r.Schedule, rate, e.Train.Iterations)
	return o
}

// clappBuffers is the memory of a training: of one layer, where each is trained by itself.
func clappBuffers[F tensor.Float](t *clapp.Trainer[F]) ([]Buffer, error) {
	var zero F
	width := int64(unsafe.Sizeof(zero))
	rows, columns := t.Stream.Grid()
	inputs := int64(t.BatchSize) * int64(rows*columns)
	var largest, sum int64
	for _, l := range t.Layers {
		shapes, err := l.Block.Shapes()
		if err != nil {
			return nil, err
		}
		var values int64
		for _, shape := range shapes[1:] {
			values += int64(shape.Size())
		}
		largest, sum = max(largest, values), sum+values
	}
	if t.EndToEnd || t.Context != clapp.Same || t.FeedbackGate {
		largest = sum
	}
	const moments, passes = 4, 2 // value, gradient and two moments; forward and back
	return planBuffers(map[string]int64{
		parametersBuffer:                     moments * width * int64(t.Parameters()),
		"values and gradients of the layers": passes * width * largest * inputs,
		"inputs of a batch":                  width * int64(t.Stream.Shape().Size()) * inputs,
	})
}
