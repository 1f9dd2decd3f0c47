package config

import (
	"strings"
	"testing"
)

func TestSetReplacesOneValue(t *testing.T) {
	r, err := Load([]byte(demo), "x.yaml", []string{
		"data.symbols=4", "data.symbols=5", "paper=1803.09570", "model.detach_reset=true",
		"rule.optimizer.learning_rate=1e-3", "rule.rewiring.type=deep-r", "rule.rewiring.connectivity=.5",
		"reference.metric=recall_error", "reference.value=-0.5", "reference.source=a = b",
	})
	if err != nil {
		t.Fatal(err)
	}
	e := r.Experiment
	rewiring := defaultDeepR()
	rewiring.Connectivity = 0.5
	if d := e.Data.(StoreRecall); d.Symbols != 5 {
		t.Errorf("symbols = %d, want the last value set, 5", d.Symbols)
	}
	if !e.Model.(LSNN).DetachReset || e.Rule.(BPTT).Optimizer.(Adam).LearningRate != 1e-3 || e.Rule.(BPTT).Rewiring != rewiring {
		t.Errorf("experiment = %+v", e)
	}
	if e.Paper != "1803.09570" {
		t.Errorf("paper = %q, want the text as given, with its zero", e.Paper)
	}
	if want := (Reference{"recall_error", -0.5, "a = b"}); *e.Reference != want {
		t.Errorf("reference = %+v, want %+v", *e.Reference, want)
	}
	for path, want := range map[string]string{
		"data.symbols": "--set", "data.type": "x.yaml:4", "rule.optimizer.beta1": "default", "rule.optimizer.learning_rate": "--set",
		"reference.value": "--set", "seed": "x.yaml:2", "train.log_every": "default", "rule.rewiring.l1": "default",
	} {
		if got := r.Origins[path]; got.String() != want {
			t.Errorf("%s comes from %s, want %s", path, got, want)
		}
	}
}

func TestSetGivesLists(t *testing.T) {
	sets := []string{"data.type=synthetic-features", "model.type=gated", "model.hidden=[7, 6]", "rule.type=gateon"}
	r, err := Load([]byte(demo), "x.yaml", sets)
	if err != nil {
		t.Fatal(err)
	}
	if hidden := r.Experiment.Model.(Gated).Hidden; len(hidden) != 2 || hidden[0] != 7 || hidden[1] != 6 {
		t.Errorf("hidden = %v, want [7 6]", hidden)
	}
	sets[2] = "model.hidden=[7, x]"
	want := `--set model.hidden=[7, x]: model.hidden.1 is "x", expected a whole number`
	if _, err := Load([]byte(demo), "x.yaml", sets); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestSetOfATypeDropsTheKeysOfTheFormerOne(t *testing.T) {
	base := strings.Replace(smnist, "signed: true", "signed: true, connectivity: 0.3", 1)
	r, err := Load([]byte(base), "x.yaml", []string{"rule.rewiring.type=none", "data.type=store-recall", "data.symbols=6"})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Experiment.Rule.(BPTT).Rewiring; got != (NoRewiring{}) {
		t.Errorf("rewiring = %+v, want none", got)
	}
	if got := r.Experiment.Data.(StoreRecall); got.Symbols != 6 {
		t.Errorf("data = %+v, want 6 symbols", got)
	}
	if _, there := r.Origins["rule.rewiring.connectivity"]; there {
		t.Error("a key of the former type has an origin")
	}
}

func TestSetOfATypeKeepsTheKeysThatBothHave(t *testing.T) {
	base := strings.Replace(demo, "{type: adam}", "{type: adam, learning_rate: 0.5, beta1: 0.8}", 1)
	r, err := Load([]byte(base), "x.yaml", []string{"rule.optimizer.type=sgd", "rule.optimizer.momentum=0.25"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.Experiment.Rule.(BPTT).Optimizer, (SGD{LearningRate: 0.5, Momentum: 0.25}); got != want {
		t.Errorf("optimizer = %+v, want %+v", got, want)
	}
}

func TestSetThatTakesTheMeaningOfAKeyAwayDropsIt(t *testing.T) {
	base := strings.Replace(smnist, "pool: 2", "input_lines: 40", 1)
	r, err := Load([]byte(base), "x.yaml", []string{"data.encoding=grey"})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Experiment.Data.(SequentialMNIST).InputLines; got != 0 {
		t.Errorf("input_lines = %d, want 0", got)
	}
}

func TestMistakesInSet(t *testing.T) {
	tests := []struct {
		name, base string
		sets       []string
		want       string
	}{
		{"unknown key", demo, []string{"model.bta=3"},
			`--set model.bta=3: unknown key model.bta; did you mean model.beta?`},
		{"unknown mapping", demo, []string{"modle.beta=3"},
			`--set modle.beta=3: unknown key modle; did you mean model?`},
		{"wrong type", demo, []string{"data.symbols=many"},
			`--set data.symbols=many: data.symbols is "many", expected a whole number from 2 to 10000`},
		{"quoted number", demo, []string{`data.symbols="12"`},
			`--set data.symbols="12": data.symbols is "\"12\"", expected a whole number from 2 to 10000`},
		{"out of range", demo, []string{"data.symbols=1"},
			`--set data.symbols=1: data.symbols is 1, expected a whole number from 2 to 10000`},
		{"nothing", demo, []string{"data.symbols="},
			`--set data.symbols=: data.symbols is empty, expected a whole number from 2 to 10000`},
		{"not a setting", demo, []string{"data.symbols"},
			`--set data.symbols: expected path=value, such as train.iterations=100`},
		{"empty key", demo, []string{"data..symbols=3"},
			`--set data..symbols=3: expected path=value, such as train.iterations=100`},
		{"key below a number", demo, []string{"seed.x=1"},
			`--set seed.x=1: seed is a mapping, expected a whole number from 0 to 18446744073709551615`},
		{"word for a union", demo, []string{"rule.rewiring=deep-r"},
			`--set rule.rewiring=deep-r: rule.rewiring is "deep-r", expected a mapping with type: none or deep-r`},
		{"misspelt type", demo, []string{"rule.rewiring.type=deepr"},
			`--set rule.rewiring.type=deepr: rule.rewiring.type is "deepr", expected none or deep-r; did you mean deep-r?`},
		{"key of the former type", smnist, []string{"rule.rewiring.type=none", "rule.rewiring.l1=0"},
			`--set rule.rewiring.l1=0: unknown key rule.rewiring.l1 for type none, it belongs to type deep-r`},
		{"key without meaning", smnist, []string{"data.encoding=grey", "data.input_lines=4"},
			`--set data.input_lines=4: data.input_lines applies only when data.encoding is threshold-crossing`},
		{"half a reference", demo, []string{"reference.value=1", "reference.source=me"},
			`--set reference.value=1: reference.metric is missing, expected the name of a metric in lower case, such as test_accuracy`},
		{"nothing", demo, []string{""}, `--set "": expected path=value, such as train.iterations=100`},
		{"contradiction", demo, []string{"data.delay_symbols=12"},
			`--set data.delay_symbols=12: data.delay_symbols is 12, expected less than data.symbols (12)`},
		{"file and sets, all told", strings.Replace(demo, "seed: 1", "sed: 1", 1), []string{"a", "model.bta=1"},
			"x.yaml:2:1: unknown key sed; did you mean seed?\n" +
				"--set a: expected path=value, such as train.iterations=100\n" +
				"--set model.bta=1: unknown key model.bta; did you mean model.beta?"},
		{"typing error of the file is no key of the former type", strings.Replace(smnist, "signed:", "sined:", 1), []string{"rule.rewiring.type=none"},
			`x.yaml:7:45: unknown key rule.rewiring.sined, type none has no keys`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load([]byte(test.base), "x.yaml", test.sets)
			wantError(t, err, test.want)
		})
	}
}
