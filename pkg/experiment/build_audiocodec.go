package experiment

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/audio"
	"github.com/snnctl/snnctl/pkg/datasets/audio/synthpiano"
	"github.com/snnctl/snnctl/pkg/learning/autoencoder"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/metrics/selectivity"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

// buildAudioCodec trains an audio codec whose code is events.
func buildAudioCodec[F tensor.Float](e *config.Experiment, s Settings) (*Experiment, error) {
	spec, err := codecSpec(e)
	if err != nil {
		return nil, err
	}
	corpus, err := audioCorpus(e, s)
	if err != nil {
		return nil, err
	}
	buffers, err := planBuffers(codecMemory[F](e, &spec, corpus))
	if err != nil {
		return nil, err
	}
	trainer := autoencoder.New(audiocodec.New[F](spec, e.Seed), corpus, codecOptions[F](e, &spec, s.Threads))
	x := &audioCodec[F]{trainer, e.Rule.(config.Autoencoder).Shifts}
	return &Experiment{
		Trainee: x, Objective: Objective{Metric: "reconstruction", Minimise: true}, Checksums: corpus.Checksums,
		Plan: Plan{Parameters: trainer.Parameters(), Buffers: buffers, Data: corpus.Found()},
		draw: x.draw,
		check: func() ([]GradientCheck, error) {
			return compareGradients(codecGradients[float32](e, &spec, corpus, s.Threads), codecGradients[float64](e, &spec, corpus, s.Threads)), nil
		},
	}, nil
}

func codecGradients[F tensor.Float](e *config.Experiment, spec *audiocodec.Spec, corpus *audio.Corpus, threads int) map[string][]float64 {
	o := codecOptions[F](e, spec, threads)
	o.BatchSize = min(o.BatchSize, checkTrials)
	return widened(autoencoder.New(audiocodec.New[F](*spec, e.Seed), corpus, o).FirstGradients())
}

func codecSpec(e *config.Experiment) (audiocodec.Spec, error) {
	m := e.Model.(config.AudioCodec)
	rate := 0
	switch d := e.Data.(type) {
	case config.SyntheticPiano:
		rate = d.RateHz
	case config.AudioFiles:
		rate = d.RateHz
	}
	spec := audiocodec.Spec{
		Front: m.Front, Rate: rate, Units: m.Units, Quantiser: m.Quantiser, Nested: m.Nested, Stages: m.Stages, Entries: m.Entries, BetaInit: m.BetaInit, Momentum: m.BNMomentum,
		MDCT: audiocodec.MDCT{Hop: m.HopSamples, Channels: m.Channels, EncoderResiduals: m.EncoderResiduals, DecoderResiduals: m.DecoderResiduals, Noise: m.Noise},
		SEANet: audiocodec.SEANet{Ratios: m.Ratios, Widths: m.Widths, Dimension: m.Dimension, Residuals: m.Residuals, Kernel: m.Kernel,
			ResidualKernel: m.ResidualKernel, DilationBase: m.DilationBase, Compress: m.Compress, LSTMLayers: m.LSTMLayers, Causal: m.Causal,
			Padding: m.Padding, TrueSkip: m.TrueSkip, WeightNorm: m.WeightNorm},
	}
	return spec, spec.Check()
}

// audioCorpus makes or reads the sound of an experiment.
func audioCorpus(e *config.Experiment, s Settings) (*audio.Corpus, error) {
	switch d := e.Data.(type) {
	case config.SyntheticPiano:
		return audio.Synthetic(synthpiano.Options{Rate: d.RateHz, Seconds: d.PieceSeconds, Low: d.LowKey, High: d.HighKey, Seed: e.Seed}, d.TrainPieces, s.Threads), nil
	case config.AudioFiles:
		return audio.Open(audio.Options{DataDir: s.DataDir, Dataset: d.Dataset, Layout: d.Layout, Rate: d.RateHz,
			Validation: d.ValidationFraction, Test: d.TestFraction, MostBytes: int64(d.MaxMemoryMB) << 20, SpoolDir: d.SpoolDir, Seed: e.Seed, Threads: s.Threads})
	}
	return nil, fmt.Errorf("data of type %T hold no sound", e.Data)
}

func codecOptions[F tensor.Float](e *config.Experiment, spec *audiocodec.Spec, threads int) autoencoder.Options[F] {
	r := e.Rule.(config.Autoencoder)
	o := autoencoder.Options[F]{
		Options: plasticity.Options[F]{ClipNorm: r.ClipNorm},
		Weights: autoencoder.Weights{Wave: r.WaveWeight, Magnitude: r.MagnitudeWeight, Log: r.LogWeight, Mel: r.MelWeight, EnCodec: r.EnCodecWeight, Gain: r.GainWeight, Balance: r.Balance, Adversarial: r.AdversarialWeight, Features: r.FeatureWeight},
		Sparsity: autoencoder.Sparsity{Variant: r.Variant, Lambda: r.Lambda, Starts: r.Starts, Factors: r.Factors,
			Floor: r.Floor, Decorrelation: r.Decorrelation},
		BatchSize: e.Train.BatchSize, Segment: r.SegmentSamples, Steps: e.Train.Iterations, Commitment: r.Commitment,
		ChunkS: r.ChunkSeconds, Average: r.Average, Seed: e.Seed, Threads: threads,
	}
	if r.Variant == "mu" {
		o.Density = targetDensity(r, spec)
	}
	var rate float64
	o.Optimizer, rate = buildOptimizer[F](r.Optimizer)
	o.Adversary = autoencoder.Adversary{Windows: r.DiscriminatorWindows, Channels: r.DiscriminatorChannels}
	o.AdversaryOptions.Optimizer, _ = buildOptimizer[F](r.Optimizer)
	o.Schedule = optim.FinalDecay(buildSchedule(r.Schedule, rate, e.Train.Iterations), r.FinalDecay, 0.05, e.Train.Iterations)
	o.AdversaryOptions.Schedule = o.Schedule
	return o
}

// targetDensity is ρ* = (R - R_side)/(N f_z b_ev) of section 4.2, with the side information and the bits an event
// of a storage format in chunks of T frames (section 5).
func targetDensity(r config.Autoencoder, spec *audiocodec.Spec) float64 {
	bits := func(n float64) float64 { return math.Ceil(math.Log2(n)) }
	frameRate, units := spec.FrameRate(), float64(spec.Units)
	frames := math.Floor(r.ChunkSeconds * frameRate)
	var side, event float64 // bits a chunk, bits an event
	switch r.TargetFormat {
	case "coo":
		side, event = bits(units*frames+1), bits(units)+bits(frames)
	case "ccs":
		side, event = frames*bits(units+1), bits(units)
	case "crs":
		side, event = units*bits(frames+1), bits(frames)
	}
	return min(max((1000*r.TargetKbps-side*frameRate/frames)/(units*frameRate*event), 1e-4), 1)
}

func codecMemory[F tensor.Float](e *config.Experiment, spec *audiocodec.Spec, corpus *audio.Corpus) map[string]int64 {
	var number F
	width := int64(unsafe.Sizeof(number))
	r := e.Rule.(config.Autoencoder)
	buffers := map[string]int64{
		"layers and their gradients": 2 * width * int64(e.Train.BatchSize) * spec.Activations(r.SegmentSamples),
		// Of four windows that overlap by four: two magnitudes and a spectrum; a gradient of each, and of the samples.
		"spectra of the loss": width * (4*4*2 + 5) * int64(e.Train.BatchSize) * int64(r.SegmentSamples),
		"sound":               corpus.Memory(),
	}
	if r.AdversarialWeight > 0 || r.FeatureWeight > 0 {
		// Spectra that overlap by four, a layer at their bins, one at a half, a quarter and two at an eighth of them; before and after the leaky ReLU,
		// of x and of x̂.
		places := 4 * int64(r.SegmentSamples) * int64(len(r.DiscriminatorWindows)) / 2
		buffers["discriminator"] = 2 * width * 2 * int64(e.Train.BatchSize) * places * (2 + 4*int64(r.DiscriminatorChannels))
	}
	return buffers
}

// audioCodec is a codec in training, whose test also asks what its units stand for.
type audioCodec[F tensor.Float] struct {
	*autoencoder.Trainer[F]
	shifts int
}

// Evaluate codes pieces of a split. Where the notes of the test are known, there are also
// selective, the part of the active units that choose a piano key, selective_keys, and how
// much more often than by chance events come with strokes.
func (x *audioCodec[F]) Evaluate(split string, pieces int) (m map[string]float64, err error) {
	err = x.WithAverages(func() error {
		m, err = x.evaluate(split, pieces)
		return err
	})
	return m, err
}

func (x *audioCodec[F]) evaluate(split string, pieces int) (map[string]float64, error) {
	coded, err := x.Code(split, pieces)
	if err != nil {
		return nil, err
	}
	m, err := x.Measure(split, coded)
	if err != nil || split != "test" || x.shifts == 0 {
		return m, err
	}
	if rec := recording(coded, x.Net.Spec.FrameRate()); len(rec.Onsets) > 0 {
		res := selectivity.Test(rec, x.Net.Spec.FrameRate(), x.shifts, x.Seed, x.Threads)
		part, keys := res.Selective()
		m["selective"], m["selective_keys"] = part, float64(keys)
		m["synchrony"], m["synchrony_chance"], m["synchrony_z"], m["onset_roc"] = res.Synchrony, res.Chance, res.SynchronyZ, res.ROC
	}
	return m, nil
}

// recording joins pieces whose notes are known, one behind the other.
func recording(coded []autoencoder.Coded, frameRate float64) *selectivity.Recording {
	rec := &selectivity.Recording{}
	for _, c := range coded {
		rec.Units = c.Code.Units()
		if len(c.Piece.Notes) == 0 {
			continue
		}
		for cell := range c.Code.Events {
			rec.Events = append(rec.Events, selectivity.Event{Frame: rec.Frames + cell/rec.Units, Unit: cell % rec.Units})
		}
		for _, n := range c.Piece.Notes {
			if frame := int(n.Onset * frameRate); frame < c.Code.Frames() {
				rec.Onsets = append(rec.Onsets, selectivity.Onset{Frame: rec.Frames + frame, Key: n.Key})
			}
		}
		rec.Frames += c.Code.Frames()
	}
	return rec
}
