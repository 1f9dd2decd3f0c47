package experiment

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/learning/ttfsgrad"
	"github.com/snnctl/snnctl/pkg/models/relu"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
	"github.com/snnctl/snnctl/pkg/models/ttfs/defects"
)

// buildTTFS trains a network of single spikes by the gradients of spike times.
func buildTTFS[F tensor.Float](e *config.Experiment, s Settings) (*Experiment, error) {
	set, o, err := openImages(e, s)
	if err != nil {
		return nil, err
	}
	source, err := pixels.NewSource[F](set, o)
	if err != nil {
		return nil, err
	}
	start, err := startingTTFS(e, s, set, o)
	if err != nil {
		return nil, err
	}
	trainer, err := newTTFSTrainer(e, s, source, start)
	if err != nil {
		return nil, err
	}
	buffers, err := ttfsBuffers(trainer)
	if err != nil {
		return nil, err
	}
	return &Experiment{
		Trainee: trainer, Objective: accuracy, Checksums: source.Checksums(), trainingTrials: source.Size("train"),
		Plan:   Plan{Parameters: trainer.Parameters(), Buffers: buffers},
		reseed: func(seed uint64) { trainer.Pass.Seed = seed },
		check: func() ([]GradientCheck, error) {
			exact, err := ttfsGradients[float64](e, s, set, o, start)
			if err != nil {
				return nil, err
			}
			ours, err := ttfsGradients[float32](e, s, set, o, start)
			return compareGradients(ours, exact), err
		},
	}, nil
}

// startingTTFS is the network before the first step, in float64.
func startingTTFS(e *config.Experiment, s Settings, set pixels.Set, o pixels.Options) (*ttfs.Network[float64], error) {
	m := e.Model.(config.TTFS)
	input := inputShape(set.Train.Shape())
	low, high := set.InputRange(o.Normalisation)
	convert := ttfs.Options{Form: ttfs.Form(m.Form), Low: low, High: high, Zeta: m.Margin, Threads: s.Threads}
	var n *ttfs.Network[float64]
	if m.From != "" {
		source, err := pixels.NewSource[float64](set, o)
		if err != nil {
			return nil, err
		}
		convert.Sample = trainingSample(source, e.Rule.(config.TTFSBackprop).CalibrationImages)
		if n, err = openTTFS(m.From, s, convert); err != nil {
			return nil, err
		}
		if n.Form != convert.Form {
			return nil, fault.Inputf("%s is of form %s, expected model.form %s", m.From, n.Form, m.Form)
		}
	} else {
		network, err := ReLUNetwork[float64](m.Network(), input, e.Seed)
		if err != nil {
			return nil, err
		}
		if n, err = initialTTFS(m, network, convert); err != nil {
			return nil, err
		}
	}
	shapes, err := n.Shapes()
	if err != nil {
		return nil, err
	}
	if n.Input != input {
		return nil, fault.Inputf("the network takes inputs of %v, but the images are %v", n.Input, input)
	}
	if out := shapes[len(shapes)-1].Size(); out != set.Train.Classes() {
		return nil, fault.Inputf("the network has %d outputs, expected one for each of the %d classes of the data", out, set.Train.Classes())
	}
	return n, nil
}

// initialTTFS gives a network with initial weights its spiking form.
func initialTTFS(m config.TTFS, network *relu.Network[float64], o ttfs.Options) (*ttfs.Network[float64], error) {
	plain := o.Form == ttfs.Alpha && m.AlphaStart == "plain"
	if plain {
		o.Form = ttfs.B1
	}
	n, err := converted(network, o)
	if err != nil {
		return nil, err
	}
	for _, stage := range n.Stages {
		if neurons, ok := stage.(*ttfs.Neurons[float64]); ok && !neurons.Clipped {
			neurons.Window = m.InitialWindow
		}
	}
	if plain {
		n.Form = ttfs.Alpha // with J = w
	}
	return n, nil
}

func converted(n *relu.Network[float64], o ttfs.Options) (*ttfs.Network[float64], error) {
	c, err := ttfs.Convert(n, o)
	if err != nil {
		return nil, err
	}
	return c.Network, nil
}

// trainingSample shows the first training images, as they are.
func trainingSample(source *pixels.Source[float64], images int) ttfs.Sample {
	const each = 256
	return func(f func(inputs []float64, trials int) error) error {
		var batch pixels.Batch[float64]
		images := min(images, source.Size("train"))
		for first := 0; first < images; first += each {
			if err := source.Evaluate(&batch, "train", first, min(each, images-first)); err != nil {
				return err
			}
			if err := f(batch.Values, batch.Trials); err != nil {
				return err
			}
		}
		return nil
	}
}

func newTTFSTrainer[F tensor.Float](e *config.Experiment, s Settings, source *pixels.Source[F], start *ttfs.Network[float64]) (*ttfsgrad.Trainer[F], error) {
	n, err := ttfsgrad.New(ttfs.Rounded[F](start), s.Threads)
	if err != nil {
		return nil, err
	}
	r := e.Rule.(config.TTFSBackprop)
	o := ttfsgrad.Options[F]{BatchSize: e.Train.BatchSize, Seed: e.Seed, Options: plasticity.Options[F]{ClipNorm: r.ClipNorm, L2: r.L2},
		Pass: ttfsgrad.Pass{Defects: ttfsDefects(r.Defects), L1: r.L1Activity}, Windows: ttfsWindows(r), EarlyFiring: r.Defects.EarlyFiring}
	var rate float64
	o.Optimizer, rate = buildOptimizer[F](r.Optimizer)
	o.Schedule = buildSchedule(r.Schedule, rate, e.Train.Iterations)
	return ttfsgrad.NewTrainer(n, source, o), nil
}

func ttfsWindows(r config.TTFSBackprop) ttfsgrad.Windows {
	w := ttfsgrad.Windows{Images: r.CalibrationImages}
	switch r.Windows {
	case "adaptive":
		w.Rule, w.Value = ttfsgrad.Adaptive, r.WindowFactor
	case "frozen":
		w.Rule = ttfsgrad.Frozen
	case "scaled":
		w.Rule, w.Value = ttfsgrad.Scaled, r.Zeta
	case "quantile":
		w.Rule, w.Value = ttfsgrad.Quantile, r.Quantile
	}
	return w
}

func ttfsDefects(d config.Defects) defects.Defects {
	return defects.Defects{
		Jitter: d.Jitter, QuietSilent: !d.Silent, TimeBits: d.TimeBits,
		WeightBits: d.WeightBits, WeightLow: d.WeightLow, WeightHigh: d.WeightHigh, RangePerLayer: d.WeightRange == "layer",
		Readout: d.QuantiseReadout, Slope: d.SlopeNoise,
	}
}

// ttfsGradients are those of the first batch, in precision F.
func ttfsGradients[F tensor.Float](e *config.Experiment, s Settings, set pixels.Set, o pixels.Options, start *ttfs.Network[float64]) (map[string][]float64, error) {
	source, err := pixels.NewSource[F](set, o)
	if err != nil {
		return nil, err
	}
	trainer, err := newTTFSTrainer(e, s, source, start)
	if err != nil {
		return nil, err
	}
	trainer.BatchSize = min(checkTrials, e.Train.BatchSize)
	gradients, err := trainer.Gradients()
	return widened(gradients), err
}

// ttfsBuffers is the memory of a training.
func ttfsBuffers[F tensor.Float](t *ttfsgrad.Trainer[F]) ([]Buffer, error) {
	shapes, err := t.Network.Spiking.Shapes()
	if err != nil {
		return nil, err
	}
	var values int64
	for _, shape := range shapes[1:] {
		values += int64(shape.Size())
	}
	var zero F
	width := int64(unsafe.Sizeof(zero))
	const moments, passes, results = 4, 2, 2 // value, gradient and two moments; forward and back; potentials and spikes
	return planBuffers(map[string]int64{
		parametersBuffer: moments * width * int64(t.Parameters()),
		"potentials and spike times of the layers": passes * results * width * values * int64(t.BatchSize),
		"images of a batch":                        2 * width * int64(shapes[0].Size()) * int64(t.BatchSize),
	})
}
