package experiment

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/learning/backprop"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// buildReLU trains a ReLU network by back-propagation.
func buildReLU[F tensor.Float](e *config.Experiment, s Settings) (*Experiment, error) {
	source, err := buildPixels[F](e, s)
	if err != nil {
		return nil, err
	}
	trainer, err := newBackprop(e, s, source)
	if err != nil {
		return nil, err
	}
	buffers, err := reluBuffers(trainer)
	if err != nil {
		return nil, err
	}
	return &Experiment{
		Trainee: trainer, Objective: accuracy, Checksums: source.Checksums(), trainingTrials: source.Size("train"),
		Plan: Plan{Data: describeImages(source), Parameters: trainer.Parameters(), Buffers: buffers},
		draw: func(dir string) error { return drawReLU(trainer, dir) },
		check: func() ([]GradientCheck, error) {
			exact, err := reluGradients[float64](e, s, source.Set, source.Options)
			if err != nil {
				return nil, err
			}
			ours, err := reluGradients[float32](e, s, source.Set, source.Options)
			return compareGradients(ours, exact), err
		},
	}, nil
}

// newBackprop builds the network for a source, and its training.
func newBackprop[F tensor.Float](e *config.Experiment, s Settings, source *pixels.Source[F]) (*backprop.Trainer[F], error) {
	n, err := ReLUNetwork[F](e.Model.(config.ReLU), inputShape(source.Shape()), e.Seed)
	if err != nil {
		return nil, err
	}
	shapes, err := n.Shapes()
	if err != nil {
		return nil, err
	}
	if last := shapes[len(shapes)-1]; last != relu.Vector(source.Classes()) {
		return nil, fault.Inputf("the network's last layer gives %v, expected %d features, one for each class of the data", last, source.Classes())
	}
	for i, layer := range n.Layers {
		if _, ok := layer.Layer.(*relu.BatchNorm[F]); ok && shapes[i].Places()*e.Train.BatchSize == 1 {
			return nil, fault.Inputf("layer %s (batch-norm) gets one value a channel with train.batch_size 1, expected a train.batch_size of at least 2", layer.Name)
		}
	}
	return backprop.New(n, source, backpropOptions[F](e, s)), nil
}

func backpropOptions[F tensor.Float](e *config.Experiment, s Settings) backprop.Options[F] {
	r := e.Rule.(config.Backprop)
	o := backprop.Options[F]{BatchSize: e.Train.BatchSize, L1Activity: r.L1Activity, Seed: e.Seed, Threads: s.Threads,
		Options: plasticity.Options[F]{ClipNorm: r.ClipNorm, L2: r.L2}}
	var rate float64
	o.Optimizer, rate = buildOptimizer[F](r.Optimizer)
	o.Schedule = buildSchedule(r.Schedule, rate, e.Train.Iterations)
	return o
}

// reluGradients are those of the first batch, in precision F.
func reluGradients[F tensor.Float](e *config.Experiment, s Settings, set pixels.Set, o pixels.Options) (map[string][]float64, error) {
	source, err := pixels.NewSource[F](set, o)
	if err != nil {
		return nil, err
	}
	trainer, err := newBackprop(e, s, source)
	if err != nil {
		return nil, err
	}
	trainer.BatchSize = max(2, min(checkTrials, e.Train.BatchSize))
	gradients, err := trainer.FirstGradients()
	return widened(gradients), err
}

// reluBuffers is the memory of a training.
func reluBuffers[F tensor.Float](t *backprop.Trainer[F]) ([]Buffer, error) {
	shapes, err := t.Network.Shapes()
	if err != nil {
		return nil, err
	}
	var values int64
	for i, shape := range shapes[1:] {
		if t.Network.Layers[i].Kind() != "flatten" { // which shares memory
			values += int64(shape.Size())
		}
	}
	var zero F
	width := int64(unsafe.Sizeof(zero))
	const moments, passes = 4, 2 // value, gradient and two moments; forward and back
	return planBuffers(map[string]int64{
		parametersBuffer:                     moments * width * int64(t.Network.ParameterCount()),
		"values and gradients of the layers": passes * width * values * int64(t.BatchSize),
		"images of a batch":                  width * int64(shapes[0].Size()) * int64(t.BatchSize),
	})
}
