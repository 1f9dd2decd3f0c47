package experiment

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/experiment/run"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
	"github.com/snnctl/snnctl/pkg/models/ttfs/modelfile"
)

// tinyTTFS is an experiment of milliseconds on random images of 8×8 pixels, with the
// rhythms of tiny.
const tinyTTFS = `
name: tiny-ttfs
data: {type: images, dataset: DIR, validation_images: 16}
model:
  type: ttfs
  layers:
    - {type: conv, filters: 3, size: 3}
    - {type: relu}
    - {type: max-pool, size: 2}
    - {type: flatten}
    - {type: dense, units: 12}
    - {type: relu}
    - {type: dense, units: 10, name: readout}
rule: {type: ttfs-backprop, optimizer: {type: adam, learning_rate: 0.01}}
train: {iterations: 13, batch_size: 20, eval_every: 4, eval_trials: 16, checkpoint_every: 5, log_every: 3}
`

func loadTTFS(t testing.TB, dir string, sets ...string) *config.Experiment {
	t.Helper()
	r, err := config.Load([]byte(strings.ReplaceAll(tinyTTFS, "DIR", dir)), "tiny.yaml", sets)
	if err != nil {
		t.Fatal(err)
	}
	return &r.Experiment
}

// A training in spikes has the same outcome whatever the number of threads, and
// however often it is stopped: windows that have grown, or were measured at the start,
// are in its checkpoints, and noise has an address.
func TestTTFSTrainingsAreReproducible(t *testing.T) {
	dir := noiseImages(t)
	plain := uninterrupted(t, loadTTFS(t, dir), 1)
	for name, sets := range map[string][]string{
		"adaptive": nil,
		"growing":  {"precision=float64", "model.initial_window=0.1", "rule.optimizer.type=sgd", "rule.optimizer.momentum=0.9", "rule.optimizer.learning_rate=0.1"},
		"alpha":    {"model.form=alpha", "rule.l2=0.01", "rule.l1_activity=0.01"},
		"scaled":   {"rule.windows=scaled", "rule.zeta=-0.5", "rule.defects.time_bits=4", "rule.defects.quantise_readout=true"},
		"quantile": {"rule.windows=quantile", "rule.quantile=0.9", "rule.defects.weight_bits=4", "rule.defects.weight_range=layer", "rule.calibration_images=30"},
		"noise":    {"rule.defects.jitter=0.1", "rule.defects.slope_noise=0.05", "rule.defects.silent=false"},
	} {
		t.Run(name, func(t *testing.T) {
			reference := reproducible(t, loadTTFS(t, dir, sets...))
			if sets != nil && string(reference.metrics) == string(plain.metrics) {
				t.Error("the settings change nothing")
			}
		})
	}
}

// trainedRun trains into a new directory.
func trainedRun(t *testing.T, e *config.Experiment) *run.Dir {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run")
	if err := trainInto(t.Context(), t, e, path, 2, nil); err != nil {
		t.Fatal(err)
	}
	dir, err := run.Open("", path)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// The experiment of form b1 follows the one of the ReLU network with the same layers,
// seed, data and optimiser, its convolution included; form alpha starts as it does and
// goes its own way.
func TestTrajectoriesOfReLUAndSpikes(t *testing.T) {
	dir := noiseImages(t)
	all := []string{"precision=float64", "train.keep_checkpoints=20", "train.checkpoint_every=1"}
	rectified := trainedRun(t, loadTTFS(t, dir, append(all, "model.type=relu", "rule.type=backprop")...))
	for form, bound := range map[string][2]float64{"b1": {0, 1e-9}, "alpha": {1e-4, 10}} {
		spiking := trainedRun(t, loadTTFS(t, dir, append(all, "model.form="+form)...))
		distances, err := CompareWeights(rectified, spiking)
		if err != nil {
			t.Fatal(err)
		}
		if len(distances) != 13 {
			t.Fatalf("%s: compared at %d steps, want 13", form, len(distances))
		}
		last := distances[12]
		if last.Step != 13 || last.Greatest < bound[0] || last.Greatest > bound[1] || math.Abs(last.Cosine-1) > max(1e-12, bound[0]*1e4) {
			t.Errorf("%s: %+v", form, last)
		}
		if err := DrawTrajectories([]*run.Dir{rectified, spiking}, filepath.Join(t.TempDir(), "both.svg")); err != nil {
			t.Error(err)
		}
	}
}

// A training that goes on from a run starts with what that run said, whether it was of a
// ReLU network or of spikes, in either precision.
func TestGoingOnStartsFromTheRun(t *testing.T) {
	dir := noiseImages(t)
	for _, precision := range []string{"float32", "float64"} {
		for _, sets := range [][]string{{"model.type=relu", "rule.type=backprop"}, {"model.form=b1"}, {"model.form=alpha"}} {
			e := loadTTFS(t, dir, append(sets, "precision="+precision)...)
			before := trainedRun(t, e)
			f, _, _, err := before.NewestValid()
			if err != nil {
				t.Fatal(err)
			}
			source, err := Restore(f, nil, Settings{Threads: 1})
			if err != nil {
				t.Fatal(err)
			}
			want, err := source.Evaluate("test", 0)
			if err != nil {
				t.Fatal(err)
			}
			form := "b1"
			if sets[0] == "model.form=alpha" {
				form = "alpha"
			}
			on := loadTTFS(t, dir, "precision=float64", "rule.windows=scaled", "rule.zeta=0.5", "model.form="+form)
			model := on.Model.(config.TTFS)
			model.From, model.Layers = before.Path(), nil
			on.Model = model
			x, err := Build(on, Settings{Threads: 1})
			if err != nil {
				t.Fatal(err)
			}
			got, err := x.Evaluate("test", 0)
			if err != nil {
				t.Fatal(err)
			}
			if got["accuracy"] != want["accuracy"] || math.Abs(got["loss"]-want["loss"]) > 1e-5 {
				t.Errorf("%s %v: accuracy %v and loss %v, the run had %v and %v", precision, sets, got["accuracy"], got["loss"], want["accuracy"], want["loss"])
			}
		}
	}
}

// A converted network is evaluated as it is, or with defects.
func TestConvertedNetworksAreEvaluated(t *testing.T) {
	dir := noiseImages(t)
	e := loadTTFS(t, dir, "precision=float64", "model.type=relu", "rule.type=backprop")
	f, _, _, err := trainedRun(t, e).NewestValid()
	if err != nil {
		t.Fatal(err)
	}
	x, err := Restore(f, nil, Settings{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	want, err := x.Evaluate("test", 0)
	if err != nil {
		t.Fatal(err)
	}
	trained, err := LoadReLU(f, Settings{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []ttfs.Form{ttfs.B1, ttfs.Alpha} {
		c, err := ttfs.Convert(trained.Network, ttfs.Options{Form: form, High: 1, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "model.safetensors")
		if err := modelfile.Write(path, c.Network, nil); err != nil {
			t.Fatal(err)
		}
		model, _, err := OpenCheckpoint("", path, false)
		if err != nil {
			t.Fatal(err)
		}
		evaluate := func(sets ...string) map[string]float64 {
			x, err := Restore(model, append(sets, "precision=float64", "data.dataset="+dir, "data.validation_images=16", "train.eval_trials=16"), Settings{Threads: 1})
			if err != nil {
				t.Fatal(err)
			}
			m, err := x.Evaluate("test", 0)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		if got := evaluate(); math.Abs(got["loss"]-want["loss"]) > 1e-9 || got["accuracy"] != want["accuracy"] {
			t.Errorf("%s: loss %v, the ReLU network has %v", form, got["loss"], want["loss"])
		}
		if got := evaluate("rule.defects.time_bits=2"); math.Abs(got["loss"]-want["loss"]) < 1e-6 {
			t.Errorf("%s: four time steps change nothing", form)
		}
	}
}

// Alpha neurons whose thresholds are always tested answer as the closed form says while
// windows are long, and otherwise where windows cut what they carry.
func TestEarlyFiring(t *testing.T) {
	dir := noiseImages(t)
	f, _, _, err := trainedRun(t, loadTTFS(t, dir, "precision=float64", "model.form=alpha")).NewestValid()
	if err != nil {
		t.Fatal(err)
	}
	loss := func(sets ...string) float64 {
		x, err := Restore(f, sets, Settings{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		m, err := x.Evaluate("test", 0)
		if err != nil {
			t.Fatal(err)
		}
		return m["loss"]
	}
	const early = "rule.defects.early_firing=true"
	if long, exact := loss(early), loss(); math.Abs(long-exact) > 1e-9 {
		t.Errorf("with long windows the loss is %v, by the closed form %v", long, exact)
	}
	short := []string{"rule.windows=scaled", "rule.zeta=-0.7"}
	if cut, fired := loss(short...), loss(append(short, early)...); math.Abs(cut-fired) < 1e-6 {
		t.Errorf("with short windows the loss is %v, as if thresholds were tested in them only", cut)
	}
}

// A sweep of noise has the trials of as many seeds; one of a setting that draws
// nothing has equal ones.
func TestSweep(t *testing.T) {
	dir := noiseImages(t)
	f, _, _, err := trainedRun(t, loadTTFS(t, dir)).NewestValid()
	if err != nil {
		t.Fatal(err)
	}
	sweep := Sweep{Name: "jitter", Values: []string{"0", "0.5"}, Trials: 3, Split: "test"}
	points, err := sweep.Run(f, Settings{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	if e := points[0].Metrics["loss"].StandardError; e != 0 {
		t.Errorf("without jitter the standard error is %v", e)
	}
	got := points[1].Metrics["loss"]
	var losses []float64
	for seed := range 3 {
		x, err := Restore(f, []string{"rule.defects.jitter=0.5", "seed=" + string(rune('1'+seed))}, Settings{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		m, err := x.Evaluate("test", 0)
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, m["loss"])
	}
	mean := (losses[0] + losses[1] + losses[2]) / 3
	var squares float64
	for _, l := range losses {
		squares += (l - mean) * (l - mean)
	}
	if want := math.Sqrt(squares / 2 / 3); math.Abs(got.Mean-mean) > 1e-12 || math.Abs(got.StandardError-want) > 1e-12 || want == 0 {
		t.Errorf("%+v, want %v ± %v", got, mean, want)
	}
}
