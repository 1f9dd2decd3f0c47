package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/experiment/run"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// Observer is told how a training goes on.
type Observer interface {
	// Step follows each training step; done counts those taken so far.
	Step(done int, metrics map[string]float64)
	// Evaluated follows each evaluation.
	Evaluated(done int, split string, metrics map[string]float64)
	// Warn passes on something the user should know.
	Warn(message string)
}

// ErrStopped is the error of a training that its context ended: in good order,
// with a checkpoint.
var ErrStopped = errors.New("stopped")

// Loop trains an experiment into a run directory that this process has locked.
type Loop struct {
	Experiment *Experiment
	Config     *config.Experiment
	Dir        *run.Dir
	Info       run.Info // written to run.json, with status, step and times filled in
	Observer   Observer

	metrics  *run.Metrics
	best     float64       // best value of the objective so far
	bestStep int           // and the step that reached it
	met      bool          // train.stop is: there are no more steps
	interval interval      // training metrics since the last record
	speed    time.Duration // spent in training steps
	steps    int           // taken by this process
}

// interval sums the training metrics between two records of them.
type interval struct {
	Count int                `json:"count"`
	Sums  map[string]float64 `json:"sums,omitempty"`
}

// Result is what a finished training has to show.
type Result struct {
	Summary run.Summary
	Dir     *run.Dir
}

// Run trains from the newest valid checkpoint of the directory, or from the
// start if it has none, to the last iteration; then it evaluates the test
// split and draws the pictures. If ctx ends, the current step is finished, a
// checkpoint is written, the curves are drawn as far as they go, and the error
// is ErrStopped.
func (l *Loop) Run(ctx context.Context) (result *Result, err error) {
	if err := l.Dir.MakeFolders(); err != nil {
		return nil, err
	}
	start, err := l.resume()
	if err != nil {
		return nil, err
	}
	l.Info.Data = l.Experiment.Checksums
	l.Info.Steps = l.Config.Train.Iterations
	if err := l.note(run.Running, start, nil); err != nil {
		return nil, err
	}
	if l.metrics, err = l.Dir.OpenMetrics(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.metrics.Close()) }()
	if err := l.metrics.TruncateAfter(start); err != nil {
		return nil, err
	}

	step, err := l.train(ctx, start)
	if err == nil {
		result, err = l.finish(ctx, step)
	}
	switch {
	case err == nil:
		return result, l.note(run.Done, step, nil)
	case errors.Is(err, ErrStopped):
		if err := errors.Join(l.drawCurves(), l.note(run.Interrupted, step, nil)); err != nil {
			l.Observer.Warn(err.Error()) // the checkpoint stands
		}
		return nil, ErrStopped
	default:
		_ = l.note(run.Failed, step, err) // the first error says more than this one would
		return nil, err
	}
}

// resume loads the newest valid checkpoint and returns the number of steps
// that it has seen.
func (l *Loop) resume() (step int, err error) {
	l.best = l.Experiment.Objective.Worst()
	all, err := l.Dir.Checkpoints()
	if err != nil || len(all) == 0 {
		return 0, err
	}
	f, step, warnings, err := l.Dir.NewestValid()
	for _, w := range warnings {
		l.Observer.Warn(w)
	}
	if err != nil {
		return 0, err
	}
	if err := l.Experiment.RestoreModel(f); err != nil {
		return 0, err
	}
	if err := l.Experiment.RestoreTraining(f); err != nil {
		return 0, err
	}
	if best, err := strconv.ParseFloat(f.Metadata["best"], 64); err == nil {
		l.best = best
	}
	l.bestStep, _ = strconv.Atoi(f.Metadata["best_step"])
	l.met = f.Metadata[criterionMetric] != ""
	if err := json.Unmarshal([]byte(f.Metadata["interval"]), &l.interval); err != nil {
		return 0, fault.Inputf("the metadata key \"interval\" of %s is damaged: %w", f.Name(), err)
	}
	if l.bestStep == step { // it may have been killed just before this
		return step, l.Dir.MarkBest(step)
	}
	return step, nil
}

// train takes the steps from start on, and returns how many have been taken.
func (l *Loop) train(ctx context.Context, start int) (step int, err error) {
	t := l.Config.Train
	saved := start
	for step = start; step < t.Iterations && !l.met; {
		if ctx.Err() != nil {
			if step > saved {
				if err := l.save(step); err != nil {
					return step, err
				}
			}
			return step, ErrStopped
		}
		began := time.Now()
		metrics, err := l.Experiment.Step(step)
		if err != nil {
			return step, l.explain(err)
		}
		l.speed += time.Since(began)
		l.steps++
		step++
		l.interval.add(metrics)
		l.Observer.Step(step, metrics)
		if l.met, err = l.criterion(metrics); err != nil {
			return step, err
		}
		if done := l.Experiment.done; done != nil && done() {
			l.met = true
		}
		last := step == t.Iterations || l.met
		if step%t.LogEvery == 0 || last {
			if err := l.record(step, "train", l.interval.mean()); err != nil {
				return step, err
			}
			l.interval = interval{}
		}
		improved := false
		if step%t.EvalEvery == 0 || last || l.Experiment.promising != nil && l.Experiment.promising() {
			if improved, err = l.validate(step); err != nil {
				return step, err
			}
		}
		if step%t.CheckpointEvery == 0 || last || improved {
			if err := l.save(step); err != nil {
				return step, err
			}
			saved = step
		}
		if improved {
			if err := l.Dir.MarkBest(step); err != nil {
				return step, err
			}
		}
	}
	return step, nil
}

// explain says of a training that went astray what is left of it.
func (l *Loop) explain(err error) error {
	left := "there is no checkpoint yet"
	if all, listErr := l.Dir.Checkpoints(); listErr == nil && len(all) > 0 {
		left = "the last good checkpoint is " + all[len(all)-1].Path
	}
	return astray(err, left)
}

// astray tells a training whose numbers are not finite from other errors: that
// is for the user to mend.
func astray(err error, left string) error {
	var cause *plasticity.NotFinite
	if !errors.As(err, &cause) {
		return err
	}
	return fault.Inputf("%w; %s; a smaller rule.optimizer.learning_rate or a rule.clip_norm may help", err, left)
}

// validate evaluates the validation split, and says if the objective is at its best so far.
func (l *Loop) validate(step int) (improved bool, err error) {
	metrics, err := l.Experiment.Evaluate("validation", l.Config.Train.EvalTrials)
	if err != nil {
		return false, err
	}
	if err := l.record(step, "validation", metrics); err != nil {
		return false, err
	}
	l.Observer.Evaluated(step, "validation", metrics)
	o := l.Experiment.Objective
	improved = o.Better(metrics[o.Metric], l.best)
	if improved {
		l.best, l.bestStep = metrics[o.Metric], step
	}
	return improved, nil
}

func (l *Loop) record(step int, split string, metrics map[string]float64) error {
	size := l.Config.Train.BatchSize
	epoch := 0.0
	if n := l.Experiment.trainingTrials; n > 0 {
		epoch = float64(step) * float64(size) / float64(n)
	}
	return l.metrics.Append(step, epoch, split, metrics)
}

// recordTest records the test metrics, unless a run that was killed right after
// has done so.
func (l *Loop) recordTest(step int, metrics map[string]float64) error {
	records, err := l.Dir.ReadMetrics()
	if err != nil {
		return err
	}
	if n := len(records); n > 0 && records[n-1].Split == "test" {
		return nil
	}
	return l.record(step, "test", metrics)
}

// save writes a checkpoint of everything. It holds no time and no place, so
// that equal trainings have equal checkpoints.
func (l *Loop) save(step int) error {
	resolved, err := config.Marshal(l.Config)
	if err != nil {
		return err
	}
	partial, err := json.Marshal(l.interval)
	if err != nil {
		return fmt.Errorf("writing the metrics since the last record: %w", err)
	}
	f := &checkpoint.File{
		Metadata: map[string]string{"config": string(resolved), "step": strconv.Itoa(step),
			"best": strconv.FormatFloat(l.best, 'g', -1, 64), "best_step": strconv.Itoa(l.bestStep), "interval": string(partial)},
		Tensors: append(l.Experiment.Model(), l.Experiment.Training()...),
	}
	if l.met {
		f.Metadata[criterionMetric] = strconv.Itoa(step)
	}
	if err := l.metrics.Sync(); err != nil {
		return err
	}
	if err := l.Dir.SaveCheckpoint(step, f, l.Config.Train.KeepCheckpoints); err != nil {
		return err
	}
	return l.note(run.Running, step, nil)
}

// finish evaluates the model after all its steps, or where the experiment asks for it
// the best one, and writes summary and pictures.
func (l *Loop) finish(ctx context.Context, step int) (*Result, error) {
	result := step // the step after which the model is the result
	if l.Experiment.finishWithBest {
		best, err := checkpoint.Read(l.Dir.BestPath())
		if err != nil {
			return nil, err
		}
		if err := l.Experiment.RestoreModel(best); err != nil {
			return nil, err
		}
		result = l.bestStep
	}
	values := run.Values{}
	for _, split := range []string{"validation", "test"} {
		if ctx.Err() != nil { // the last checkpoint is there: a resumed run goes on here
			return nil, ErrStopped
		}
		metrics, err := l.Experiment.Evaluate(split, 0)
		if err != nil {
			return nil, err
		}
		if split == "test" {
			if err := l.recordTest(step, metrics); err != nil {
				return nil, err
			}
			l.Observer.Evaluated(step, split, metrics)
		}
		maps.Copy(values, l.Experiment.FinalMetrics(split, metrics))
	}
	if l.steps > 0 {
		values["seconds_per_step"] = l.speed.Seconds() / float64(l.steps)
	}
	if l.met && l.Config.Train.Stop != nil {
		values[criterionMetric] = float64(step)
	}
	s := run.Summary{Step: result, Metrics: values}
	if r := l.Config.Reference; r != nil {
		s.Reference = &run.Reference{Metric: r.Metric, Value: r.Value, Source: r.Source}
	}
	if err := l.metrics.Sync(); err != nil {
		return nil, err
	}
	if err := l.Dir.WriteSummary(s); err != nil {
		return nil, err
	}
	for _, err := range []error{l.drawCurves(), l.drawModel()} {
		if err != nil {
			l.Observer.Warn(err.Error()) // the result stands without its pictures
		}
	}
	return &Result{s, l.Dir}, nil
}

// FinalMetrics names the metrics of a split as they stand in a summary, with
// the paper's name where it has its own.
func (x *Experiment) FinalMetrics(split string, metrics map[string]float64) run.Values {
	values := run.Values{}
	for name, v := range metrics {
		full := split + "_" + name
		if own, ok := x.metricNames[full]; ok {
			full = own
		}
		values[full] = v
	}
	return values
}

// note writes run.json.
func (l *Loop) note(status run.Status, step int, cause error) error {
	l.Info.Status, l.Info.Step, l.Info.Error, l.Info.End = status, step, "", time.Time{}
	if status != run.Running {
		l.Info.End = time.Now()
	}
	if cause != nil {
		l.Info.Error = cause.Error()
	}
	return l.Dir.WriteInfo(l.Info)
}

func (i *interval) add(metrics map[string]float64) {
	if i.Sums == nil {
		i.Sums = map[string]float64{}
	}
	i.Count++
	for name, v := range metrics {
		i.Sums[name] += v
	}
}

func (i *interval) mean() map[string]float64 {
	mean := map[string]float64{}
	for name, v := range i.Sums {
		mean[name] = v / float64(i.Count)
	}
	return mean
}
