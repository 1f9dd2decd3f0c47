package experiment

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// tinyReLU is an experiment of milliseconds on random images of 8×8 pixels, with the
// rhythms of tiny.
const tinyReLU = `
name: tiny-relu
data: {type: images, dataset: DIR, validation_images: 16}
model:
  type: relu
  layers:
    - {type: conv, filters: 3, size: 3}
    - {type: batch-norm}
    - {type: relu}
    - {type: max-pool, size: 2}
    - {type: dropout, rate: 0.1}
    - {type: flatten}
    - {type: dense, units: 10, name: readout}
rule: {type: backprop, optimizer: {type: adam, learning_rate: 0.01}}
train: {iterations: 13, batch_size: 20, eval_every: 4, eval_trials: 16, checkpoint_every: 5, log_every: 3}
`

// noiseImages writes 80 training and 30 test images of noise, of all ten classes.
func noiseImages(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	r := rng.Stream(1, "noise images", 0, 0)
	write := func(name string, values func(i int) uint8, sizes ...uint32) {
		b := binary.BigEndian.AppendUint32(nil, 0x800+uint32(len(sizes)))
		n := 1
		for _, size := range sizes {
			b = binary.BigEndian.AppendUint32(b, size)
			n *= int(size)
		}
		for i := range n {
			b = append(b, values(i))
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, of := range []struct { // in an order, as both draw from one stream
		prefix string
		n      uint32
	}{{"train", 80}, {"t10k", 30}} {
		prefix, n := of.prefix, of.n
		write(prefix+"-images-idx3-ubyte", func(int) uint8 { return uint8(r.Uint32()) }, n, 8, 8)
		write(prefix+"-labels-idx1-ubyte", func(i int) uint8 { return uint8(i % 10) }, n)
	}
	return dir
}

func loadReLU(t testing.TB, dir string, sets ...string) *config.Experiment {
	t.Helper()
	r, err := config.Load([]byte(strings.ReplaceAll(tinyReLU, "DIR", dir)), "tiny.yaml", sets)
	if err != nil {
		t.Fatal(err)
	}
	return &r.Experiment
}

// reproducible trains e on one thread, on three, and stopped three times on two; it
// demands one outcome, and returns it.
func reproducible(t *testing.T, e *config.Experiment) outcome {
	t.Helper()
	reference := uninterrupted(t, e, 1)
	uninterrupted(t, e, 3).sameAs(t, reference, "3 threads")
	path := filepath.Join(t.TempDir(), "run")
	for _, stop := range []int{3, 7, 12, 0} {
		ctx, cancel := context.WithCancel(t.Context())
		err := trainInto(ctx, t, e, path, 2, func(done int) {
			if done == stop {
				cancel()
			}
		})
		cancel()
		if err != nil && !errors.Is(err, ErrStopped) {
			t.Fatal(err)
		}
	}
	outcomeOf(t, e, path).sameAs(t, reference, "stopped three times")
	return reference
}

// A training of a ReLU network has the same outcome whatever the number of threads,
// and however often it is stopped.
func TestReLUTrainingsAreReproducible(t *testing.T) {
	dir := noiseImages(t)
	plain := uninterrupted(t, loadReLU(t, dir), 1)
	for name, sets := range map[string][]string{
		"adam":     nil,
		"nesterov": {"rule.optimizer.type=sgd", "rule.optimizer.momentum=0.9", "rule.optimizer.nesterov=true", "rule.l2=0.01", "rule.schedule.type=exponential", "rule.schedule.every=3"},
		"activity": {"precision=float64", "rule.l1_activity=0.01", "rule.clip_norm=0.5"},
	} {
		t.Run(name, func(t *testing.T) {
			reference := reproducible(t, loadReLU(t, dir, sets...))
			if sets != nil && string(reference.metrics) == string(plain.metrics) {
				t.Error("the settings change nothing")
			}
		})
	}
}

// A run opened as a network says what the trainer said, and its pictures are there.
func TestOpenReLUGivesTheTrainedNetwork(t *testing.T) {
	dir := noiseImages(t)
	for _, precision := range []string{"float32", "float64"} {
		e := loadReLU(t, dir, "precision="+precision)
		path := filepath.Join(t.TempDir(), "run")
		if err := trainInto(t.Context(), t, e, path, 2, nil); err != nil {
			t.Fatal(err)
		}
		for _, picture := range []string{"learning-curves.svg", "confusion.svg", "first-layer.png"} {
			if _, err := os.Stat(filepath.Join(path, "plots", picture)); err != nil {
				t.Error(err)
			}
		}
		x, err := Build(e, Settings{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		f, _, err := OpenCheckpoint("", path, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.RestoreModel(f); err != nil {
			t.Fatal(err)
		}
		want, err := x.Evaluate("test", 0)
		if err != nil {
			t.Fatal(err)
		}

		trained, warnings, err := OpenReLU("", path, false, Settings{Threads: 1})
		if err != nil || warnings != nil {
			t.Fatal(err, warnings)
		}
		source, err := trained.Source()
		if err != nil {
			t.Fatal(err)
		}
		var batch pixels.Batch[float64]
		if err := source.Evaluate(&batch, "test", 0, 100); err != nil {
			t.Fatal(err)
		}
		logits := (&relu.Evaluator[float64]{Network: trained.Network, Threads: 1}).Logits(batch.Values, batch.Trials)
		if got := metrics.CrossEntropy(logits, batch.Classes) / float64(batch.Trials); math.Abs(got-want["loss"]) > 1e-6 {
			t.Errorf("%s: loss %v, want %v", precision, got, want["loss"])
		}
	}
}

// The counts of 2212.12522 and 2306.08744 (section 8 of the method) at full width, and those of
// LeNet-5 and the VGG networks by hand, the latter at an eighth.
func TestPresetsHaveThePublishedParameters(t *testing.T) {
	mnist, cifar := relu.Shape{Channels: 1, Height: 28, Width: 28}, relu.Shape{Channels: 3, Height: 32, Width: 32}
	const lenet5 = 156 + 2416 + 48120 + 10164 + 850
	const norms = 2 * (6 + 16 + 120 + 84)
	vgg := func(channels int, filters ...int) (n int) {
		for _, out := range filters {
			n += out*channels*9 + out
			channels = out
		}
		return n
	}
	dense := func(in, out int) int { return in*out + out }
	convs16 := vgg(3, 8, 8, 16, 16, 32, 32, 32, 64, 64, 64, 64, 64, 64)
	for _, c := range []struct {
		model config.ReLU
		input relu.Shape
		want  int
	}{
		{config.ReLU{Preset: "mlp", Width: 1}, mnist, 477_010},
		{config.ReLU{Preset: "none", Layers: []config.ReLULayer{config.FlattenLayer{}, config.DenseLayer{Units: 340}, config.ReLUActivation{}, config.DenseLayer{Units: 10}}}, mnist, 270_310},
		{config.ReLU{Preset: "lenet5", Width: 1}, mnist, lenet5 + norms},
		{config.ReLU{Preset: "lenet5", Width: 1, BatchNorm: "none"}, mnist, lenet5},
		{config.ReLU{Preset: "vgg-mnist", Width: 8}, mnist, vgg(1, 8, 8, 16, 16, 32, 32, 32, 64, 64, 64, 64, 64, 64) + 2*dense(64, 64) + dense(64, 10)},
		{config.ReLU{Preset: "vgg-cifar", Width: 8, BatchNorm: "none"}, cifar, convs16 + dense(64, 64) + dense(64, 10)},
		{config.ReLU{Preset: "vgg-cifar", Width: 8}, cifar, convs16 + dense(64, 64) + dense(64, 10) + 2*(2*8+2*16+3*32+6*64+64)},
		{config.ReLU{Preset: "vgg16", Width: 8}, cifar, convs16 + dense(64, 512) + dense(512, 512) + dense(512, 10)},
	} {
		m := c.model
		m.Classes, m.Initialiser = 10, "he-uniform"
		if m.BatchNorm == "" {
			m.BatchNorm = "published"
		}
		n, err := ReLUNetwork[float32](m, c.input, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := n.ParameterCount(); got != c.want {
			t.Errorf("%s: %d parameters, want %d", m.Preset, got, c.want)
		}
	}
}

func TestReLUNetworksThatDoNotFitAreRefused(t *testing.T) {
	dir := noiseImages(t)
	for set, want := range map[string]string{
		"model.layers.6.units=9":                                 "the network's last layer gives 9, expected 10 features, one for each class of the data",
		"model.layers.5.type=relu":                               "layer readout (dense) gets an image of 3x4x4, expected features",
		"model.layers.0.padding=valid":                           "",
		"model.layers.3.size=9":                                  "layer 3 (max-pool) has a window of 9x9, which does not fit",
		"model.layers.0.name=readout":                            "two layers of the network are called readout",
		"model.layers.0.filters=1000000 model.layers.0.size=999": "there is no memory",
		"data.validation_images=80":                              "validation_images is 80, expected 1 to 79",
	} {
		e := loadReLU(t, dir, strings.Fields(set)...)
		_, err := Build(e, Settings{Threads: 1})
		if want == "" && err != nil || want != "" && (!fault.IsInput(err) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", set, err, want)
		}
	}
}

// Gradients in float32 are those in float64 up to rounding: all of it is smooth.
func TestReLUGradientsAreChecked(t *testing.T) {
	x, err := Build(loadReLU(t, noiseImages(t)), Settings{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	checks, err := x.Check()
	if err != nil || len(checks) != 6 {
		t.Fatal(fmt.Sprint(len(checks), " checks"), err)
	}
	for _, c := range checks {
		if c.Name == "0.bias" { // which batch normalisation cancels
			continue
		}
		if c.Cosine < 0.99999 || math.Abs(c.NormRatio-1) > 1e-4 {
			t.Errorf("%s: cosine %v, ratio of norms %v", c.Name, c.Cosine, c.NormRatio)
		}
	}
}
