package experiment

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/snnctl/snnctl/pkg/config"
)

// tinyCopy moves on in its curriculum all the time, so that a resumed training
// has to know where it was.
const tinyCopy = `
name: tiny-copy
data: {type: copy-repeat, bits: 2, solved_below: 0.99, evaluation_trials: 16}
model: {type: lstm, cells: 5}
rule: {type: eprop-3, window: 2, optimizer: {type: adam, learning_rate: 0.02}}
train: {iterations: 13, batch_size: 20, eval_every: 4, eval_trials: 16, checkpoint_every: 5, log_every: 3}
`

var copyVariants = map[string][]string{
	"e-prop 3":  nil,
	"online":    {"rule.compute=online"},
	"traces":    {"rule.synthetic_gradients=false"},
	"truncated": {"rule.type=truncated-bptt"},
	"BPTT":      {"rule.type=truncated-bptt", "rule.window=0", "precision=float64"},
	"e-prop 1":  {"rule.type=eprop", "rule.rate.strength=0", "rule.feedback=random"},
	"adaptive":  {"rule.type=eprop", "rule.rate.strength=0", "rule.feedback=adaptive", "rule.compute=online"},
	"spiking": {"model.type=lsnn", "model.form=unit-gain", "model.lif_neurons=4", "model.alif_neurons=4", "model.threshold=0.6",
		"model.refractory_steps=1", "model.tau_readout_ms=5", "data.symbol_ms=3"},
}

func loadCopy(t *testing.T, sets []string) *config.Experiment {
	t.Helper()
	e := tinyCopy
	for _, set := range sets { // another variant has other keys
		switch set {
		case "model.type=lsnn":
			e = replaceLine(e, "model:", "model: {type: lsnn, form: unit-gain, lif_neurons: 4, alif_neurons: 4}")
		case "rule.type=eprop":
			e = replaceLine(e, "rule:", "rule: {type: eprop}")
		case "rule.type=truncated-bptt":
			e = replaceLine(e, "rule:", "rule: {type: truncated-bptt, window: 2}")
		}
	}
	r, err := config.Load([]byte(e), "tiny.yaml", sets)
	if err != nil {
		t.Fatal(err)
	}
	return &r.Experiment
}

// replaceLine puts another line in the place of the one that begins with key.
func replaceLine(text, key, line string) string {
	var out []byte
	for l := range bytes.Lines([]byte(text)) {
		if bytes.HasPrefix(l, []byte(key)) {
			l = []byte(line + "\n")
		}
		out = append(out, l...)
	}
	return string(out)
}

// A training of each rule and network has the same outcome whatever the number
// of threads and wherever it was interrupted.
func TestCopyRepeatResumes(t *testing.T) {
	for name, sets := range copyVariants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := loadCopy(t, sets)
			whole := uninterrupted(t, e, 1)
			uninterrupted(t, e, 3).sameAs(t, whole, "3 threads")
			path := filepath.Join(t.TempDir(), "run")
			for _, stop := range []int{2, 7, 11} {
				ctx, cancel := context.WithCancel(t.Context())
				err := trainInto(ctx, t, e, path, 1, func(done int) {
					if done == stop {
						cancel()
					}
				})
				if cancel(); !errors.Is(err, ErrStopped) {
					t.Fatalf("stopped after step %d: %v", stop, err)
				}
			}
			if err := trainInto(t.Context(), t, e, path, 1, nil); err != nil {
				t.Fatal(err)
			}
			outcomeOf(t, e, path).sameAs(t, whole, "interrupted")
		})
	}
}

// The gradients of each rule agree in both precisions.
func TestCopyRepeatChecks(t *testing.T) {
	for name, sets := range copyVariants {
		x, err := Build(loadCopy(t, sets), Settings{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		checks, err := x.Check()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range checks {
			if !c.Passed() {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
}
