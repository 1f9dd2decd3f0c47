package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
)

const demo = `name: demo
seed: 1
data:
  type: store-recall
  symbols: 12
model:
  type: lsnn
  lif_neurons: 10
  alif_neurons: 10
rule:
  type: bptt
  optimizer: {type: adam}
train:
  iterations: 200
  batch_size: 128
`

const smnist = `name: demo
data:
  type: sequential-mnist
  encoding: threshold-crossing
  pool: 2
model: {type: lsnn, lif_neurons: 10, alif_neurons: 10}
rule: {type: bptt, rewiring: {type: deep-r, signed: true}}
train: {iterations: 200, batch_size: 128}
`

// TestMistakes is a kit of bad files: an edit of a good one, and the sentences.
func TestMistakes(t *testing.T) {
	tests := []struct {
		name, base, old, new string
		want                 string
	}{
		{"unknown key", demo, "symbols: 12", "symbls: 12",
			`x.yaml:5:3: unknown key data.symbls; did you mean data.symbols?`},
		{"swapped letters", demo, "batch_size: 128", "batch_size: 128\n  eval_evrey: 3",
			`x.yaml:16:3: unknown key train.eval_evrey; did you mean train.eval_every?`},
		{"capitals", demo, "batch_size: 128", "batch_size: 128\n  evalEvery: 3",
			`x.yaml:16:3: unknown key train.evalEvery; did you mean train.eval_every?`},
		{"key of another variant", smnist, "pool: 2", "symbols: 2",
			`x.yaml:5:3: unknown key data.symbols for type sequential-mnist, it belongs to type store-recall`},
		{"key of another place", demo, "seed: 1", "learning_rate: 1",
			`x.yaml:2:1: unknown key learning_rate; did you mean rule.optimizer.learning_rate or rule.probe.learning_rate?`},
		{"key like no other", demo, "seed: 1", "zzzz: 1",
			`x.yaml:2:1: unknown key zzzz, expected one of name, paper, seed, precision, data, model, rule, train, reference`},
		{"key of a variant without keys", demo, "{type: adam}", "{type: adam}\n  schedule: {type: constant, zzzz: 2}",
			`x.yaml:13:30: unknown key rule.schedule.zzzz, type constant has no keys`},
		{"duplicate key", demo, "seed: 1", "seed: 1\nseed: 2",
			`x.yaml:3:1: seed is given twice, first on line 2`},
		{"duplicate type", demo, "type: lsnn", "type: lsnn\n  type: lsnn",
			`x.yaml:8:3: model.type is given twice, first on line 7`},
		{"key that would colour the terminal", demo, "seed: 1", `"\e[31m\n": 1`,
			`x.yaml:2:1: unknown key "\x1b[31m\n", expected one of name, paper, seed, precision, data, model, rule, train, reference`},
		{"key that is a list", demo, "seed: 1", "[a]: 1",
			`x.yaml:2:1: the key is a list, expected one of name, paper, seed, precision, data, model, rule, train, reference`},

		{"text for a whole number", demo, "symbols: 12", "symbols: many",
			`x.yaml:5:12: data.symbols is "many", expected a whole number from 2 to 10000`},
		{"fraction for a whole number", demo, "symbols: 12", "symbols: 12.5",
			`x.yaml:5:12: data.symbols is 12.5, expected a whole number from 2 to 10000`},
		{"quoted number", demo, "symbols: 12", "symbols: '12'",
			`x.yaml:5:12: data.symbols is "12" in quotes, expected a whole number from 2 to 10000 without quotes`},
		{"octal", demo, "symbols: 12", "symbols: 012",
			`x.yaml:5:12: data.symbols is 012, expected a whole number from 2 to 10000`},
		{"hexadecimal", demo, "symbols: 12", "symbols: 0x12",
			`x.yaml:5:12: data.symbols is 0x12, expected a whole number from 2 to 10000`},
		{"underscored", demo, "symbols: 12", "symbols: 1_2",
			`x.yaml:5:12: data.symbols is 1_2, expected a whole number from 2 to 10000`},
		{"too long a number", demo, "symbols: 12", "symbols: 99999999999999999999999",
			`x.yaml:5:12: data.symbols is 99999999999999999999999, expected a whole number from 2 to 10000`},
		{"out of range", demo, "symbols: 12", "symbols: 1",
			`x.yaml:5:12: data.symbols is 1, expected a whole number from 2 to 10000`},
		{"negative seed", demo, "seed: 1", "seed: -1",
			`x.yaml:2:7: seed is -1, expected a whole number from 0 to 18446744073709551615`},
		{"odd number", smnist, "pool: 2", "input_lines: 21",
			`x.yaml:5:16: data.input_lines is 21, expected an even number from 4 to 10000`},
		{"whole number of a few", smnist, "pool: 2", "pool: 3",
			`x.yaml:5:9: data.pool is 3, expected 1, 2, 4 or 7`},
		{"NaN", demo, "symbols: 12", "rate_hz: .nan",
			`x.yaml:5:12: data.rate_hz is .nan, expected a number above 0 and at most 1000`},
		{"infinity", demo, "{type: adam}", "{type: adam, beta1: .inf}",
			`x.yaml:12:34: rule.optimizer.beta1 is .inf, expected a number of at least 0 and below 1`},
		{"excluded end", demo, "{type: adam}", "{type: adam, beta1: 1}",
			`x.yaml:12:34: rule.optimizer.beta1 is 1, expected a number of at least 0 and below 1`},
		{"rounded to an excluded end", demo, "symbols: 12", "rate_hz: 1e-400",
			`x.yaml:5:12: data.rate_hz is 1e-400, expected a number above 0 and at most 1000`},
		{"whole number for a truth value", demo, "alif_neurons: 10", "alif_neurons: 10\n  detach_reset: 1",
			`x.yaml:10:17: model.detach_reset is 1, expected true or false`},
		{"truth value of YAML 1.1", demo, "alif_neurons: 10", "alif_neurons: 10\n  detach_reset: yes",
			`x.yaml:10:17: model.detach_reset is "yes", expected true or false`},
		{"truth value for a number", demo, "symbols: 12", "rate_hz: true",
			`x.yaml:5:12: data.rate_hz is true, expected a number above 0 and at most 1000`},
		{"list for a number", demo, "symbols: 12", "symbols: [12]",
			`x.yaml:5:12: data.symbols is a list, expected a whole number from 2 to 10000`},
		{"own tag", demo, "symbols: 12", "symbols: !n 12",
			`x.yaml:5:12: data.symbols is 12, expected a whole number from 2 to 10000`},
		{"nothing", demo, "symbols: 12", "symbols:",
			`x.yaml:5:11: data.symbols is empty, expected a whole number from 2 to 10000`},
		{"number for text", demo, "seed: 1", "paper: 1803.09570",
			`x.yaml:2:8: paper is the number 1803.09570, expected text in quotes, "1803.09570": YAML drops the final zeros of a number`},
		{"truth value for text", demo, "name: demo", "name: true",
			`x.yaml:1:7: name is true, expected text in quotes, "true"`},
		{"date for text", demo, "name: demo", "name: 2026-11-23",
			`x.yaml:1:7: name is 2026-11-23, expected text in quotes, "2026-11-23"`},
		{"name that is no file name", demo, "name: demo", "name: ../demo",
			`x.yaml:1:7: name is "../demo", expected up to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit`},
		{"several lines of text", demo, "seed: 1", `paper: "a\nb"`,
			`x.yaml:2:8: paper is "a\nb", expected text of at most 200 characters`},
		{"very long text", demo, "name: demo", "name: " + strings.Repeat("d", 101),
			`x.yaml:1:7: name is "` + strings.Repeat("d", 60) + `…", expected up to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit`},
		{"misspelt word of a few", smnist, "threshold-crossing", "threshold_crossing",
			`x.yaml:4:13: data.encoding is "threshold_crossing", expected threshold-crossing, grey or rows; did you mean threshold-crossing?`},
		{"number for a word of a few", demo, "seed: 1", "precision: 32",
			`x.yaml:2:12: precision is 32, expected float32 or float64`},

		{"misspelt type", demo, "type: store-recall", "type: store_recal",
			`x.yaml:4:9: data.type is "store_recal", expected ` + either(names(datas)) + `; did you mean store-recall?`},
		{"unknown type", demo, "type: bptt", "type: hebb",
			`x.yaml:11:9: rule.type is "hebb", expected ` + either(names(rules))},
		{"type that is a list", demo, "type: bptt", "type: [bptt]",
			`x.yaml:11:9: rule.type is a list, expected ` + either(names(rules))},
		{"no type", demo, "  type: bptt\n", "",
			`x.yaml:10:1: rule.type is missing, expected ` + either(names(rules))},
		{"no type where there is a default", demo, "{type: adam}", "{beta1: 0.5}",
			`x.yaml:12:3: rule.optimizer.type is missing, expected sgd, adam or adamw`},
		{"word for a union", demo, "{type: adam}", "adam",
			`x.yaml:12:14: rule.optimizer is "adam", expected a mapping with type: sgd, adam or adamw`},
		{"no required key", demo, "  lif_neurons: 10\n", "",
			`x.yaml:6:1: model.lif_neurons is missing, expected a whole number from 0 to 100000`},
		{"no required union", demo, "rule:\n  type: bptt\n  optimizer: {type: adam}\n", "",
			`x.yaml:1:1: rule is missing, expected a mapping with type: ` + either(names(rules))},
		{"no required mapping", demo, "train:\n  iterations: 200\n  batch_size: 128\n", "",
			`x.yaml:1:1: train is missing, expected a mapping with iterations, batch_size, eval_every, eval_trials, checkpoint_every, keep_checkpoints, log_every, stop`},
		{"reference without a source", demo, "seed: 1", "reference: {metric: test_accuracy, value: 0.9}",
			`x.yaml:2:1: reference.source is missing, expected text of 1 to 500 characters`},
		{"empty reference", demo, "seed: 1", "reference:",
			`x.yaml:2:11: reference is empty, expected a mapping with metric, value, source`},

		{"key without meaning", smnist, "encoding: threshold-crossing", "encoding: grey\n  input_lines: 80\n  readout_steps: 1",
			`x.yaml:5:3: data.input_lines applies only when data.encoding is threshold-crossing`},
		{"key without meaning in a deeper union", smnist, "signed: true", "signed: false, excitatory_fraction: 0.5",
			`x.yaml:7:60: rule.rewiring.excitatory_fraction applies only when rule.rewiring.signed is true`},
		{"readout longer than a trial", smnist, "pool: 2", "readout_steps: 841",
			`x.yaml:5:18: data.readout_steps is 841, expected at most the 840 steps of a trial`},
		{"default readout longer than a trial", smnist, "encoding: threshold-crossing\n  pool: 2", "encoding: rows\n  pool: 7",
			`x.yaml:3:3: data.readout_steps is 28, expected at most the 4 steps of a trial`},
		{"more evaluated than there is", smnist, "batch_size: 128", "batch_size: 128, eval_trials: 5001",
			`x.yaml:8:56: train.eval_trials is 5001, expected at most data.validation_images (5000)`},
		{"more generated than there is", demo, "batch_size: 128", "batch_size: 128\n  eval_trials: 513",
			`x.yaml:16:16: train.eval_trials is 513, expected at most data.evaluation_trials (512)`},
		{"delay as long as a trial", demo, "symbols: 12", "symbols: 12\n  delay_symbols: 12",
			`x.yaml:6:18: data.delay_symbols is 12, expected less than data.symbols (12)`},
		{"no neuron", demo, "lif_neurons: 10\n  alif_neurons: 10", "lif_neurons: 0\n  alif_neurons: 0",
			`x.yaml:8:16: model.lif_neurons and model.alif_neurons are both 0, expected at least one neuron`},
		{"time constants from high to low", demo, "alif_neurons: 10", "alif_neurons: 10\n  tau_adaptation_max_ms: 600",
			`x.yaml:10:26: model.tau_adaptation_max_ms is 600, expected 0 or at least model.tau_adaptation_ms (700)`},

		{"empty file", "", "", "", `x.yaml:1:1: the file is empty, expected an experiment with the keys name, data, model, rule, train`},
		{"comment alone", "# nothing\n", "", "", `x.yaml:1:1: the file is empty, expected an experiment with the keys name, data, model, rule, train`},
		{"null", "null\n", "", "", `x.yaml:1:1: the file is empty, expected an experiment with the keys name, data, model, rule, train`},
		{"list", "- a\n", "", "", `x.yaml:1:1: the file holds a list, expected a mapping with the keys name, data, model, rule, train`},
		{"two documents", demo, "batch_size: 128\n", "batch_size: 128\n---\nname: b\n",
			`x.yaml:16:1: a second document begins here, expected one experiment a file`},
		{"broken YAML", "a: [1\n", "", "", `x.yaml:2: this is not YAML: did not find expected ',' or ']'`},
		{"dedent to nowhere", demo, "  symbols: 12", " symbols: 12",
			`x.yaml:5: this is not YAML: did not find expected key`},
		{"second colon", demo, "symbols: 12", "symbols: 12: 3",
			`x.yaml:5: this is not YAML: mapping values are not allowed in this context`},
		{"tab", demo, "  symbols: 12", "  \tsymbols: 12",
			`x.yaml:5:3: a tab indents this line, expected spaces`},
		{"broken second document", demo, "batch_size: 128\n", "batch_size: 128\n---\na: [1\n",
			`x.yaml:17: this is not YAML: did not find expected ',' or ']'`},
		{"binary", "\x00\x01", "", "", `x.yaml: this is not YAML: control characters are not allowed`},
		{"huge", demo, "name: demo", "#" + strings.Repeat("x", maxBytes) + "\nname: demo",
			`x.yaml: is longer than 1 MiB, expected an experiment in YAML`},
		{"alias", demo, "lif_neurons: 10\n  alif_neurons: 10", "lif_neurons: &n 10\n  alif_neurons: *n",
			`x.yaml:9:17: model.alif_neurons is the alias *n, expected the value itself`},
		{"alias for a union", demo, "{type: adam}", "&o {type: adam}\n  schedule: *o",
			`x.yaml:13:13: rule.schedule is the alias *o, expected the value itself`},
		{"merge key", demo, "{type: adam}", "&o {type: adam}\n  <<: *o",
			`x.yaml:13:3: the merge key << is not supported, expected the keys themselves`},

		{"e-prop with state carried over", demo, "lif_neurons: 10\n  alif_neurons: 10\nrule:\n  type: bptt", "lif_neurons: 10\n  alif_neurons: 10\n  carry_state: true\nrule:\n  type: eprop",
			`x.yaml:10:16: model.carry_state is true, expected false with rule.type eprop`},
		{"e-prop through the reset", demo, "lif_neurons: 10\n  alif_neurons: 10\nrule:\n  type: bptt", "lif_neurons: 10\n  alif_neurons: 10\n  detach_reset: true\nrule:\n  type: eprop",
			`x.yaml:10:17: model.detach_reset is true, expected false, as there is no gradient through the reset, with rule.type eprop`},
		{"decay of feedback that does not learn", demo, "type: bptt", "type: eprop\n  feedback: random\n  feedback_decay: 0.1",
			`x.yaml:13:3: rule.feedback_decay applies only when rule.feedback is adaptive`},
		{"scale of feedback that is not drawn", demo, "type: bptt", "type: eprop\n  feedback_scale: 0.1",
			`x.yaml:12:3: rule.feedback_scale applies only when rule.feedback is random or adaptive`},

		{"several mistakes, by line", demo, "seed: 1\ndata:\n  type: store-recall\n  symbols: 12", "sed: 1\ndata:\n  type: store-recall\n  symbols: 1\n  rate_hz: 0",
			"x.yaml:2:1: unknown key sed; did you mean seed?\n" +
				"x.yaml:5:12: data.symbols is 1, expected a whole number from 2 to 10000\n" +
				"x.yaml:6:12: data.rate_hz is 0, expected a number above 0 and at most 1000"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(test.base, test.old) {
				t.Fatalf("the good file does not contain %q", test.old)
			}
			_, err := Load([]byte(strings.Replace(test.base, test.old, test.new, 1)), "x.yaml", nil)
			wantError(t, err, test.want)
		})
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	var all Errors
	if err == nil {
		t.Fatalf("no error, want\n%s", want)
	}
	if err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if !fault.IsInput(err) || !errors.As(err, &all) {
		t.Errorf("%T is not an Errors in a fault.Input", err)
	}
}

func TestGoodFilesTakeThePapersDefaults(t *testing.T) {
	r, err := Load([]byte(demo), "x.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	e := r.Experiment
	if d := e.Data.(StoreRecall); d.CommandProbability != 1.0/7 || d.LinesPerSymbol != 25 || d.Symbols != 12 {
		t.Errorf("data = %+v", d)
	}
	if m := e.Model.(LSNN); m.Beta != 1.8 || m.TauAdaptationMS != 700 || m.ResetThreshold != "updated" || !m.ReadoutBias {
		t.Errorf("model = %+v", m)
	}
	rule := e.Rule.(BPTT)
	if rule.Optimizer != defaultAdam() || rule.Schedule != (ConstantRate{}) || rule.Rewiring != (NoRewiring{}) {
		t.Errorf("rule = %+v", rule)
	}
	if e.Seed != 1 || e.Precision != "float32" || e.Reference != nil || e.Train.KeepCheckpoints != 3 {
		t.Errorf("experiment = %+v", e)
	}
}

func TestGreyLevelsHaveNeitherLinesNorCue(t *testing.T) {
	r, err := Load([]byte(strings.Replace(smnist, "threshold-crossing", "grey", 1)), "x.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	d := r.Experiment.Data.(SequentialMNIST)
	if d.InputLines != 0 || d.CueSteps != 0 || d.Steps() != 14*14 {
		t.Errorf("data = %+v with %d steps, want no lines, no cue and 196 steps", d, d.Steps())
	}
}

func TestIncompatible(t *testing.T) {
	tests := []struct{ model, rule, data, want string }{
		{"lsnn", "bptt", "store-recall", ""},
		{"neulvm", "bptt", "store-recall", "rule.type bptt cannot train model.type neulvm, expected model.type lsnn, bidirectional-lsnn or bidirectional-lstm"},
		{"neulvm", "baum-viterbi", "store-recall", "rule.type baum-viterbi cannot train model.type neulvm on data.type store-recall, expected data.type hidden-populations or spike-trains"},
	}
	for _, test := range tests {
		if got := incompatible(test.model, test.rule, test.data); got != test.want {
			t.Errorf("incompatible(%s, %s, %s) = %q, want %q", test.model, test.rule, test.data, got, test.want)
		}
	}
}

func TestTheCheckStopsAfterAHundredMistakes(t *testing.T) {
	var lines strings.Builder
	for i := range 50000 {
		fmt.Fprintf(&lines, "k%d: 1\n", i)
	}
	_, err := Load([]byte(lines.String()), "x.yaml", nil)
	got := strings.Split(err.Error(), "\n")
	if n, last := len(got), got[len(got)-1]; n > 110 || !strings.HasPrefix(last, "x.yaml: the check stopped after 10") {
		t.Errorf("%d lines, the last is %q", n, last)
	}
}
