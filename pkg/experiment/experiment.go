// Package experiment goes from an experiment file to a finished run: it builds
// data, model and rule, trains, evaluates, keeps checkpoints, resumes, and
// records what happened.
package experiment

import (
	"math"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
	"github.com/snnctl/snnctl/pkg/experiment/run"
)

// Trainee is all that the training loop knows of a paper.
//
// What a step does depends on the trainee's state and the step's number alone,
// so that a run resumed from a checkpoint goes on as if never interrupted.
type Trainee interface {
	// Step takes training step number step, counted from 0, and reports on it.
	Step(step int) (map[string]float64, error)

	// Evaluate runs trials of a split without learning; 0 means all of them.
	Evaluate(split string, trials int) (map[string]float64, error)

	// Model gives the tensors that make the trained model, Training those
	// that only further training needs. They may share the trainee's memory.
	Model() []checkpoint.Tensor
	Training() []checkpoint.Tensor

	// RestoreModel and RestoreTraining load what Model and Training gave. An
	// error leaves everything as it was.
	RestoreModel(*checkpoint.File) error
	RestoreTraining(*checkpoint.File) error
}

// Experiment is one experiment, built and ready.
type Experiment struct {
	Trainee
	Objective Objective
	Plan      Plan
	Checksums map[string]string // SHA-256 of each data file read, by name

	trainingTrials int // in an epoch; 0 where there is no end to them

	// metricNames renames the metrics of the final evaluation, such as
	// test_error to recall_error where the paper speaks of that.
	metricNames map[string]string

	// draw writes pictures of the trained model into a directory; nil for none.
	draw func(dir string) error

	// drawLearning writes pictures of the model as it was after the checkpoints that
	// are kept, oldest first; nil for none.
	drawLearning func(checkpoints []run.Checkpoint, dir string) error

	// promising reports, after a step, whether the validation split is to be evaluated
	// besides the times that the experiment file says; nil for never.
	promising func() bool

	// finishWithBest makes the result of a training the best checkpoint, not the last.
	finishWithBest bool

	// done reports whether the training is over before its last iteration; nil for never.
	// It follows from the trainee's state.
	done func() bool

	// simulate gives what a network that was fitted to recordings does on its own, in as
	// many trials as a split has or fewer (0 means all), and the width of its bins in s; nil
	// for other networks.
	simulate func(split string, trials int) (*spiketrain.Recording, float64, error)

	// reseed makes evaluation draw its noise from another seed, as a fresh build
	// with that seed would; nil where only building anew does that.
	reseed func(seed uint64)

	// check compares the gradients of the first batch with those of float64.
	check func() ([]GradientCheck, error)
}

// Objective is the metric of the validation split by which the best checkpoint is
// chosen: as large as can be, or as small.
type Objective struct {
	Metric   string
	Minimise bool
}

// accuracy is the objective of classification.
var accuracy = Objective{Metric: "accuracy"}

// Worst is worse than any value.
func (o Objective) Worst() float64 {
	if o.Minimise {
		return math.Inf(1)
	}
	return math.Inf(-1)
}

// Better reports whether x is better than y; NaN is not.
func (o Objective) Better(x, y float64) bool {
	if o.Minimise {
		return x < y
	}
	return x > y
}

// Plan says what a training will take.
type Plan struct {
	Data       []string `json:"data,omitempty"` // what was found, and what it lacks: a sentence each
	Parameters int      `json:"parameters"`     // that exist at a time: with rewiring, the budget of synapses
	Buffers    []Buffer `json:"buffers"`        // memory, largest first
	StepTime   float64  `json:"seconds_per_step,omitempty"`
	TotalTime  float64  `json:"seconds,omitempty"`
}

// Buffer is one large piece of memory.
type Buffer struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// Bytes is the memory of all buffers.
func (p *Plan) Bytes() int64 {
	var total int64
	for _, b := range p.Buffers {
		total += b.Bytes
	}
	return total
}

// Export writes what a network that was fitted to recordings does on its own to a file, in
// the form that the file's ending names (see spiketrain.Forms).
func (x *Experiment) Export(split string, trials int, path string) error {
	if x.simulate == nil {
		return fault.Inputf("this network was not fitted to recordings: it has no spike trains to export")
	}
	r, bin, err := x.simulate(split, trials)
	if err != nil {
		return err
	}
	return r.Write(path, "spikes of a network fitted to recordings, running on its own", bin)
}
