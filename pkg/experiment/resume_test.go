package experiment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/experiment/run"
)

// tiny is an experiment of milliseconds in which every rhythm has its own
// period: a record each 3 steps, an evaluation each 4, a checkpoint each 5.
const tiny = `
name: tiny
data: {type: store-recall, lines_per_symbol: 4, rate_hz: 100, symbol_ms: 10, symbols: 4, command_probability: 0.5, evaluation_trials: 16}
model: {type: lsnn, lif_neurons: 3, alif_neurons: 2, delay_steps: 3, threshold: 0.05}
rule: {type: bptt}
train: {iterations: 13, batch_size: 20, eval_every: 4, eval_trials: 16, checkpoint_every: 5, log_every: 3}
`

// variants are the settings that put something of their own into a checkpoint,
// or draw random numbers of their own.
var variants = map[string][]string{
	"adam":        nil,
	"deep-r":      {"rule.rewiring.type=deep-r", "rule.rewiring.connectivity=0.3", "rule.rewiring.temperature=0.01", "rule.rewiring.l1=3"},
	"unsigned":    {"rule.rewiring.type=deep-r", "rule.rewiring.connectivity=0.5", "rule.rewiring.signed=false", "rule.rewiring.l1=3"},
	"carry-state": {"model.carry_state=true", "model.refractory_steps=3"},
	"momentum":    {"rule.optimizer.type=sgd", "rule.optimizer.learning_rate=0.5", "rule.optimizer.momentum=0.9", "rule.schedule.type=linear"},
	"adamw":       {"rule.optimizer.type=adamw", "rule.schedule.type=step", "rule.schedule.every=4"},
	"float64":     {"precision=float64", "rule.clip_norm=0.05"},
	"noise":       {"model.injected_noise=0.02"},
	"eprop":       {"rule.type=eprop", "model.delay_steps=1", "rule.rewiring.type=deep-r", "rule.rewiring.connectivity=0.5"},
	"traces":      {"rule.type=eprop", "model.form=unit-gain", "rule.compute=online", "rule.feedback=random"},
	"adaptive":    {"rule.type=eprop", "model.form=light", "rule.compute=filtered", "rule.feedback=adaptive", "rule.l2=0.01"},
	"bptt-unit":   {"model.form=unit-gain", "model.readout_gain=unit", "model.readout_start=normal"},
	"curves":      {"rule.type=eprop", "model.form=light", "data.type=pattern-generation", "data.input_lines=5", "rule.optimizer.type=sgd"},
	"navigation": {"data.type=navigation", "data.episode_ms=30", "data.goal_radius=0.8", "data.max_speed=0.3", "data.code_neurons=5", "data.evaluation_episodes=16",
		"rule.type=ppo", "rule.learn_std=true", "rule.epochs=2", "rule.rewiring.type=deep-r", "rule.rewiring.connectivity=0.4"},
	"episodes": {"data.type=function-episodes", "data.trials=4", "data.trial_ms=6", "data.lines_per_number=5", "data.first_trials=1", "data.last_trials=2",
		"data.evaluation_episodes=16", "rule.memory=full"},
	"rsnn": {"data.type=motif-spikes", "data.bins=12", "data.train_trials=30", "data.validation_trials=3", "data.test_trials=3", "model.type=rsnn",
		"model.hidden_neurons=2", "model.history_bins=2", "rule.type=sample-and-measure", "rule.likelihood_first=4", "rule.selection=running-mean"},
	"lbfgs": {"data.type=full-obs-spikes", "data.bins=12", "data.train_trials=6", "data.validation_trials=3", "data.test_trials=3", "model.type=rsnn",
		"model.history_bins=2", "rule.type=mle", "rule.method=lbfgs", "rule.lbfgs_iterations=2", "rule.selection=last"},
	"n-gateon": tasks("gateon", "rule.eta=0.1"),
	"p-gateon": tasks("gateon", "rule.variant=p", "rule.eta=0.1", "rule.epsilon=0.2", "rule.availability_on=update"),
	"inferred": tasks("gateon", "rule.context=inferred", "rule.least_confidence=0", "rule.confidence_step=0.5", "rule.snapshot=best-validation", "rule.snapshot_examples=10"),
	"ewc":      tasks("ewc", "model.norm=none", "model.gate=none"),
	"si":       tasks("si", "model.norm=none", "model.gate=binary", "rule.lambda=10"),
	"hat":      tasks("hat", "model.norm=none", "model.gate=sigmoid", "model.heads=per-task"),
	"joint":    tasks("joint", "precision=float64"),
	"separate": tasks("separate"),
	"a-gem":    tasks("a-gem", "rule.memory=10", "rule.memory_batch=5"),
	"everything": {"precision=float64", "rule.rewiring.type=deep-r", "rule.rewiring.connectivity=0.4", "rule.rewiring.temperature=0.1",
		"model.carry_state=true", "model.injected_noise=0.01", "rule.optimizer.type=adamw"},
}

// tasks are the settings of four tasks, the last of which is cut short, that a rule learns in turn.
func tasks(rule string, sets ...string) []string {
	return append([]string{"data.type=synthetic-features", "data.tasks=4", "data.steps_per_task=4", "data.classes=3", "data.features=6", "data.rank=2", "data.test_examples=16",
		"data.train_examples=40", "model.type=gated", "model.hidden=[7,6]", "model.contexts=20", "rule.type=" + rule}, sets...)
}

func load(t testing.TB, sets ...string) *config.Experiment {
	t.Helper()
	r, err := config.Load([]byte(tiny), "tiny.yaml", sets)
	if err != nil {
		t.Fatal(err)
	}
	return &r.Experiment
}

// observer calls a function after each step.
type observer struct {
	t    testing.TB
	step func(done int)
}

func (o observer) Step(done int, _ map[string]float64) {
	if o.step != nil {
		o.step(done)
	}
}
func (o observer) Evaluated(int, string, map[string]float64) {}
func (o observer) Warn(message string)                       { o.t.Log(message) }

// trainInto trains, or goes on, in a directory that this process locks.
func trainInto(ctx context.Context, t testing.TB, e *config.Experiment, path string, threads int, step func(done int)) error {
	t.Helper()
	x, err := Build(e, Settings{Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := run.Open("", path)
	if err != nil {
		if dir, err = run.CreateAt(path); err == nil {
			err = dir.WriteConfig([]byte(tiny))
		}
	}
	if err == nil {
		err = dir.Lock()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Unlock()
	loop := Loop{Experiment: x, Config: e, Dir: dir, Observer: observer{t, step}}
	_, err = loop.Run(ctx)
	return err
}

// outcome is what a training arrives at: the last checkpoint, the best one, and
// all metrics. The time a step took aside, it is all that must not depend on
// how the training came there.
type outcome struct{ last, best, metrics []byte }

func outcomeOf(t testing.TB, e *config.Experiment, path string) outcome {
	t.Helper()
	read := func(elements ...string) []byte {
		content, err := os.ReadFile(filepath.Join(append([]string{path}, elements...)...))
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	last := fmt.Sprintf("step-%08d.safetensors", e.Train.Iterations)
	return outcome{read("checkpoints", last), read("checkpoints", "best.safetensors"), read("metrics.jsonl")}
}

// sameAs fails the test where two outcomes differ.
func (o outcome) sameAs(t testing.TB, reference outcome, how string) {
	t.Helper()
	if !bytes.Equal(o.last, reference.last) {
		t.Errorf("%s: the last checkpoint differs", how)
	}
	if !bytes.Equal(o.best, reference.best) {
		t.Errorf("%s: the best checkpoint differs", how)
	}
	if !bytes.Equal(o.metrics, reference.metrics) {
		t.Errorf("%s: the metrics are\n%s\nwant\n%s", how, o.metrics, reference.metrics)
	}
}

// uninterrupted trains once through, and shows that the training did something.
func uninterrupted(t testing.TB, e *config.Experiment, threads int) outcome {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run")
	if err := trainInto(t.Context(), t, e, path, threads, nil); err != nil {
		t.Fatal(err)
	}
	o := outcomeOf(t, e, path)
	count := func(split string) int { return bytes.Count(o.metrics, []byte(`"split":"`+split+`"`)) }
	if count("train") != 5 || count("validation") < 4 || count("test") != 1 { // more validations where losses ask for them
		t.Fatalf("want 5 records of training, 4 of validation, 1 of the test:\n%s", o.metrics)
	}
	return o
}

func eachVariant(t *testing.T, test func(t *testing.T, e *config.Experiment)) {
	for name, sets := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, load(t, sets...))
		})
	}
}

// A training has the same outcome whatever the number of threads.
func TestThreadsDoNotMatter(t *testing.T) {
	eachVariant(t, func(t *testing.T, e *config.Experiment) {
		reference := uninterrupted(t, e, 1)
		for _, threads := range []int{2, 3, 16} {
			uninterrupted(t, e, threads).sameAs(t, reference, fmt.Sprint(threads, " threads"))
		}
	})
}

// Each variant and another seed have another outcome than the plain experiment:
// the tests here compare something.
func TestVariantsMatter(t *testing.T) {
	plain := uninterrupted(t, load(t), 1)
	differs := func(name string, e *config.Experiment) {
		if o := uninterrupted(t, e, 1); bytes.Equal(o.metrics, plain.metrics) {
			t.Errorf("%s: the metrics are those of the plain experiment", name)
		}
	}
	differs("seed 2", load(t, "seed=2"))
	for name, sets := range variants {
		if sets != nil {
			differs(name, load(t, sets...))
		}
	}
}

// The variants with DEEP R rewire between the first checkpoint and the last, so
// that a resumed training has to get it right.
func TestVariantsRewire(t *testing.T) {
	for _, name := range []string{"deep-r", "unsigned", "everything"} {
		path := filepath.Join(t.TempDir(), "run")
		if err := trainInto(t.Context(), t, load(t, variants[name]...), path, 1, nil); err != nil {
			t.Fatal(err)
		}
		all := checkpoints(t, path)
		before, after := synapses(t, all[0]), synapses(t, all[len(all)-1])
		if slices.Equal(before, after) {
			t.Errorf("%s: the synapses of %s are those of %s", name, all[0], all[len(all)-1])
		}
	}
}

// synapses says which input synapses exist.
func synapses(t *testing.T, path string) []bool {
	t.Helper()
	f, err := checkpoint.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	var exist []bool
	switch theta := f.Tensor("theta_in").Data.(type) {
	case []float32:
		for _, x := range theta {
			exist = append(exist, x > 0)
		}
	case []float64:
		for _, x := range theta {
			exist = append(exist, x > 0)
		}
	}
	return exist
}

// A training that is stopped after every single step, and each time resumed
// with another number of threads, has the outcome of one never stopped.
func TestStoppedAfterEachStep(t *testing.T) {
	eachVariant(t, func(t *testing.T, e *config.Experiment) {
		reference := uninterrupted(t, e, 1)
		path := filepath.Join(t.TempDir(), "run")
		for stops := 0; ; stops++ {
			ctx, cancel := context.WithCancel(t.Context())
			err := trainInto(ctx, t, e, path, 1+stops%3, func(int) { cancel() })
			cancel()
			if err == nil {
				break
			}
			if !errors.Is(err, ErrStopped) {
				t.Fatal(err)
			}
			if stops > e.Train.Iterations {
				t.Fatal("the training does not come to its end")
			}
		}
		outcomeOf(t, e, path).sameAs(t, reference, "stopped after each step")
	})
}

// A training that is killed has what lies on the disk. For each step that is
// what lay there right after it, and also what lies there while files are
// written: a torn line of metrics, half a checkpoint, a checkpoint that is not
// yet marked as the best. Resumed from there, it has the outcome of one never
// killed. The harms take turns: over the variants, each meets each step.
func TestKilledAfterEachStep(t *testing.T) {
	harms := []func(t *testing.T, path string){
		func(*testing.T, string) {},
		func(t *testing.T, path string) {
			appendTo(t, filepath.Join(path, "metrics.jsonl"), `{"step":99,"epoch":0,"spl`)
		},
		func(t *testing.T, path string) {
			for _, c := range checkpoints(t, path) {
				content, err := os.ReadFile(c)
				if err != nil {
					t.Fatal(err)
				}
				appendTo(t, filepath.Join(filepath.Dir(c), ".step-00000013.safetensors.tmp-0123456789abcdef"), string(content[:len(content)/2]))
			}
		},
		func(t *testing.T, path string) {
			if all := checkpoints(t, path); len(all) > 1 {
				if err := os.Truncate(all[len(all)-1], 1000); err != nil {
					t.Fatal(err)
				}
			}
		},
	}
	var turn atomic.Int64
	eachVariant(t, func(t *testing.T, e *config.Experiment) {
		first := int(turn.Add(1))
		scratch := t.TempDir()
		path := filepath.Join(scratch, "run")
		var images []string
		keep := func(name string) {
			image := filepath.Join(scratch, name)
			if err := os.CopyFS(image, os.DirFS(path)); err != nil {
				t.Fatal(err)
			}
			images = append(images, image)
		}
		err := trainInto(t.Context(), t, e, path, 2, func(done int) { keep(fmt.Sprint("step-", done)) })
		if err != nil {
			t.Fatal(err)
		}
		reference := outcomeOf(t, e, path)
		if len(images) != e.Train.Iterations {
			t.Fatalf("%d images of the run, want one a step", len(images))
		}
		keep("done")
		for i, image := range images {
			harm := (first + i) % len(harms)
			harms[harm](t, image)
			if err := trainInto(t.Context(), t, e, image, 1, nil); err != nil {
				t.Fatal(err)
			}
			outcomeOf(t, e, image).sameAs(t, reference, fmt.Sprintf("%s, harm %d", filepath.Base(image), harm))
		}
	})
}

// A kill between a checkpoint and its mark as the best leaves an older best, or
// none.
func TestKilledBeforeTheBestIsMarked(t *testing.T) {
	e := load(t)
	reference := uninterrupted(t, e, 1)
	marked := 0
	for stop := 1; stop <= e.Train.Iterations; stop++ {
		path := filepath.Join(t.TempDir(), "run")
		ctx, cancel := context.WithCancel(t.Context())
		_ = trainInto(ctx, t, e, path, 1, func(done int) {
			if done == stop {
				cancel()
			}
		})
		cancel()
		best := filepath.Join(path, "checkpoints", "best.safetensors")
		all := checkpoints(t, path)
		if !sameFile(t, best, all[len(all)-1]) {
			continue
		}
		marked++
		if err := os.Remove(best); err != nil {
			t.Fatal(err)
		}
		if err := trainInto(t.Context(), t, e, path, 1, nil); err != nil {
			t.Fatal(err)
		}
		outcomeOf(t, e, path).sameAs(t, reference, fmt.Sprint("best lost after step ", stop))
	}
	if marked == 0 {
		t.Error("no checkpoint was the best")
	}
}

// checkpoints are the paths of a run's checkpoints by step, the best one aside.
func checkpoints(t *testing.T, path string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(path, "checkpoints", "step-*.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// sameFile reports whether there are two files of the same content.
func sameFile(t *testing.T, a, b string) bool {
	t.Helper()
	contentA, err := os.ReadFile(a)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	contentB, errB := os.ReadFile(b)
	if err := errors.Join(err, errB); err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(contentA, contentB)
}
