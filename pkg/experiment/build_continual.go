package experiment

import (
	"fmt"
	"unsafe"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/datasets/tasksequence"
	"github.com/snnctl/snnctl/pkg/learning/continual"
	"github.com/snnctl/snnctl/pkg/learning/gateon"
	"github.com/snnctl/snnctl/pkg/models/gated"
)

// buildContinual learns tasks in turn.
func buildContinual[F tensor.Float](e *config.Experiment, s Settings) (*Experiment, error) {
	source, o, err := openTasks(e, s)
	if err != nil {
		return nil, err
	}
	learner, err := newContinual[F](e, s, source, o)
	if err != nil {
		return nil, err
	}
	buffers, err := continualBuffers(learner.Network, e.Train.BatchSize, e.Rule)
	if err != nil {
		return nil, err
	}
	return &Experiment{
		Trainee: learner, Objective: accuracy, Checksums: source.Checksums(),
		Plan: Plan{Data: []string{fmt.Sprintf("%d tasks of %d inputs and %d classes, %d training examples in the first, %d steps each",
			source.Tasks(), source.Inputs(), source.Classes(), source.Size(0, "train"), o.StepsPerTask)},
			Parameters: learner.Network.Parameters(), Buffers: buffers},
		draw: func(dir string) error { return drawContinual(learner, dir) },
	}, nil
}

// newContinual makes the network for the tasks of a source, and the learner.
func newContinual[F tensor.Float](e *config.Experiment, s Settings, source tasksequence.Source, o continual.Options) (*continual.Learner[F], error) {
	if o.BatchSize > source.Size(0, "train") {
		return nil, fault.Inputf("train.batch_size is %d, expected at most %d, the training examples of the first task", o.BatchSize, source.Size(0, "train"))
	}
	m := e.Model.(config.Gated)
	if m.Norm == "batch-l2" && o.BatchSize < 2 {
		return nil, fault.Inputf("train.batch_size is 1 with model.norm batch-l2, expected at least 2")
	}
	inputs := source.Inputs()
	front, err := frontOf[F](e, source)
	if err != nil {
		return nil, err
	}
	if front != nil {
		inputs = front.Outputs()
	}
	o.HeadPerTask = m.Heads == "per-task"
	outputs := source.Classes()
	if o.HeadPerTask {
		outputs *= source.Tasks()
	}
	sizes := append(append([]int{inputs}, m.Hidden...), outputs)
	n := gated.New[F](sizes, m.Contexts, gated.Norm(m.Norm), gated.Gate(m.Gate))
	n.Front = front
	n.Initialise(e.Seed)
	if m.Gate == "binary" {
		n.Mask(e.Seed, m.Closed)
	}
	method, inference := continualMethod(n, e, source, &o)
	return continual.New(n, &tasksequence.Stream[F]{Source: source, Seed: e.Seed, Threads: s.Threads}, method, inference, o), nil
}

// frontOf makes the convolutions before the dense layers; nil for none.
func frontOf[F tensor.Float](e *config.Experiment, source tasksequence.Source) (*gated.Front[F], error) {
	m := e.Model.(config.Gated)
	if m.ConvChannels == nil {
		return nil, nil
	}
	images, ok := source.(interface{ Shape() pixels.Shape })
	if !ok {
		return nil, fault.Inputf("model.conv_channels is given with data.type %s, expected task-sequence", config.TypeName(e.Data))
	}
	of := images.Shape()
	front := gated.NewFront[F](of.Channels, of.Height, of.Width, [2]int(m.ConvChannels), m.Contexts, gated.Gate(m.Gate))
	if front.Outputs() == 0 {
		return nil, fault.Inputf("images of %d×%d are too small for model.conv_channels, expected at least 8×8", of.Width, of.Height)
	}
	return front, nil
}

func continualOptions(e *config.Experiment, threads int) continual.Options {
	o := continual.Options{BatchSize: e.Train.BatchSize, Seed: e.Seed, Threads: threads}
	switch d := e.Data.(type) {
	case config.TaskSequence:
		o.StepsPerTask, o.TestExamples, o.CurveSteps = d.StepsPerTask, d.TestImages, d.CurveSteps
	case config.FeatureSequence:
		o.StepsPerTask, o.TestExamples, o.CurveSteps = d.StepsPerTask, d.TestExamples, d.CurveSteps
	case config.SyntheticFeatures:
		o.StepsPerTask, o.TestExamples = d.StepsPerTask, d.TestExamples
	}
	return o
}

// openTasks opens the tasks of an experiment.
func openTasks(e *config.Experiment, s Settings) (tasksequence.Source, continual.Options, error) {
	o := continualOptions(e, s.Threads)
	switch d := e.Data.(type) {
	case config.TaskSequence:
		images := *e
		images.Data = config.Images{Dataset: d.Dataset, Format: "auto", Layout: "auto", CoarseLabels: d.CoarseLabels, Only: "all",
			ValidationImages: d.ValidationImages, Normalisation: "unit", ChannelOrder: "rgb"}
		set, p, err := openImages(&images, s)
		if err != nil {
			return nil, o, err
		}
		source, err := tasksequence.FromImages(set, p.Normalisation, tasksequence.Options{Kind: tasksequence.Kind(d.Kind), Tasks: d.Tasks, Seed: e.Seed,
			FirstUnchanged: d.FirstUnchanged, LabelsPerTask: d.LabelsPerTask, RelativeLabels: e.Model.(config.Gated).Heads == "per-task"})
		return source, o, err
	case config.FeatureSequence:
		source, err := tasksequence.OpenFeatures(d.Manifest)
		if err == nil && e.Train.Iterations > source.Tasks()*d.StepsPerTask {
			err = fault.Inputf("train.iterations is %d, expected at most data.steps_per_task times the %d tasks of %s (%d)", e.Train.Iterations, source.Tasks(), d.Manifest, source.Tasks()*d.StepsPerTask)
		}
		if m := e.Model.(config.Gated); err == nil && m.Contexts < source.Tasks() && m.Gate != "none" {
			err = fault.Inputf("model.contexts is %d, expected at least the %d tasks of %s", m.Contexts, source.Tasks(), d.Manifest)
		}
		return source, o, err
	case config.SyntheticFeatures:
		return tasksequence.Synthetic{Tasks: d.Tasks, Classes: d.Classes, Features: d.Features, Rank: d.Rank, Noise: d.Noise, Offset: d.Offset,
			ShuffledLabels: d.Shuffled, Seed: e.Seed, Examples: map[string]int{"train": d.Examples, "validation": d.TestExamples, "test": d.TestExamples}}.Source(), o, nil
	}
	return nil, o, fault.Inputf("data.type is %s, expected tasks", config.TypeName(e.Data))
}

// continualMethod makes the method of a rule, and what it wants of the learner.
func continualMethod[F tensor.Float](n *gated.Network[F], e *config.Experiment, source tasksequence.Source, o *continual.Options) (continual.Method[F], *continual.Inference) {
	use := func(loss string, optimizer config.Optimizer) {
		o.Loss = gated.Loss(loss)
		switch optimizer := optimizer.(type) {
		case config.Adam:
			o.Optimizer = continual.Optimizer{Rate: optimizer.LearningRate, Beta1: optimizer.Beta1, Beta2: optimizer.Beta2, Epsilon: optimizer.Epsilon}
		case config.SGD:
			o.Optimizer = continual.Optimizer{Plain: true, Rate: optimizer.LearningRate}
		}
	}
	switch r := e.Rule.(type) {
	case config.GateON:
		use(r.Loss, r.Optimizer)
		o.Optimizer.OnUpdate = r.AvailabilityOn == "update"
		if r.Snapshot == "best-validation" {
			o.BestSnapshot = r.SnapshotExamples
		}
		var inference *continual.Inference
		if r.Context == "inferred" {
			inference = continual.NewInference(n.Contexts, source.Tasks(), continual.InferenceOptions{Ratio: r.SurpriseRatio, Deviations: r.SurpriseDeviations,
				Confidence: r.LeastConfidence, Increment: r.ConfidenceStep, ReferenceActive: r.SurpriseReference == "active"})
		}
		options := gateon.Options{Eta: r.Eta, Epsilon: r.Epsilon, Activity: r.Relevance == "activity", EtaChannels: r.EtaChannels}
		if r.Variant == "p" {
			return gateon.NewWeights(n, options), inference
		}
		return gateon.NewNeurons(n, options), inference
	case config.Finetune:
		use(r.Loss, r.Optimizer)
	case config.Joint:
		use(r.Loss, r.Optimizer)
		o.Interleaved = true
	case config.Separate:
		use(r.Loss, r.Optimizer)
		return continual.NewSeparate(n, source.Tasks()), nil
	case config.EWC:
		use(r.Loss, r.Optimizer)
		return continual.NewEWC(n, r.Lambda, r.Examples, r.Labels == "sampled"), nil
	case config.SI:
		use(r.Loss, r.Optimizer)
		return continual.NewSI(n, r.Lambda, r.Xi), nil
	case config.HAT:
		use(r.Loss, r.Optimizer)
		return continual.NewHAT(n, r.SlopeMax, r.Strength, e.Seed), nil
	case config.AGEM:
		use(r.Loss, r.Optimizer)
		return &continual.AGEM[F]{Memory: r.Memory, Batch: r.MemoryBatch}, nil
	case config.Replay:
		use(r.Loss, r.Optimizer)
		return &continual.Replay[F]{Memory: r.Memory, Batch: r.MemoryBatch}, nil
	}
	return continual.Finetuning[F]{}, nil
}

// continualBuffers is the memory of a training.
func continualBuffers[F tensor.Float](n *gated.Network[F], batch int, rule config.Rule) ([]Buffer, error) {
	var zero F
	width := int64(unsafe.Sizeof(zero))
	values := 0
	for _, size := range n.Sizes {
		values += size
	}
	copies := int64(7) // value, that of the part, gradient, two moments, and what checkpoints need
	switch r := rule.(type) {
	case config.GateON:
		if r.Variant == "p" {
			copies += 4
		}
	case config.EWC, config.SI:
		copies += 5
	}
	return planBuffers(map[string]int64{
		parametersBuffer:                     copies * width * int64(n.Parameters()),
		"values and gradients of the layers": 3 * width * int64(values) * int64(batch),
	})
}
