package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const layered = `name: demo
data: {type: images}
model:
  type: relu
  preset: none
  layers:
    - {type: conv, filters: 6, size: 5}
    - {type: relu}
    - {type: flatten}
    - {type: dense, units: 10}
rule: {type: backprop}
train: {iterations: 200, batch_size: 64}
`

func TestLayersAreAListOfTheirTypes(t *testing.T) {
	conv := defaultConvLayer()
	conv.Filters, conv.Size = 6, 5
	want := []ReLULayer{conv, ReLUActivation{}, FlattenLayer{}, DenseLayer{Units: 10}}
	r := must(Load([]byte(layered), "x.yaml", nil))
	if diff := cmp.Diff(want, r.Experiment.Model.(ReLU).Layers); diff != "" {
		t.Error(diff)
	}
	if got := r.Origins["model.layers.3.units"].String(); got != "x.yaml:10" {
		t.Errorf("model.layers.3.units comes from %s", got)
	}

	r = must(Load([]byte(layered), "x.yaml", []string{"model.layers.0.filters=8", "model.layers.1.type=dropout", "model.layers.1.rate=0.5"}))
	conv.Filters = 8
	want[0], want[1] = conv, DropoutLayer{Rate: 0.5}
	if diff := cmp.Diff(want, r.Experiment.Model.(ReLU).Layers); diff != "" {
		t.Errorf("after --set: %s", diff)
	}
	if got := r.Origins["model.layers.0.filters"].String(); got != "--set" {
		t.Errorf("model.layers.0.filters comes from %s", got)
	}
}

func TestMistakesInLayersHaveTheirPlace(t *testing.T) {
	for _, c := range []struct{ old, new, set, want string }{
		{"{type: flatten}", "{type: flaten}", "", `x.yaml:9:14: model.layers.2.type is "flaten", expected conv, dense, batch-norm, relu, max-pool, average-pool, global-average-pool, pad, flatten or dropout; did you mean flatten?`},
		{"{type: flatten}", "{size: 2}", "", `x.yaml:9:7: model.layers.2.type is missing, expected conv, dense,`},
		{"{type: flatten}", "flatten", "", `x.yaml:9:7: model.layers.2 is "flatten", expected a mapping with type: conv, dense,`},
		{"units: 10", "units: 10, stride: 2", "", `x.yaml:10:32: unknown key model.layers.3.stride for type dense, it belongs to type conv, max-pool or average-pool`},
		{", units: 10", "", "", `x.yaml:10:7: model.layers.3.units is missing, expected a whole number from 1 to 1000000`},
		{"size: 5", "size: 4", "", `x.yaml:7:38: model.layers.0.size is 4, expected an odd number where padding is same`},
		{"size: 5", "size: 5, groups: 4", "", `x.yaml:7:49: model.layers.0.groups is 4, expected a divisor of the 6 filters`},
		{"size: 5", "size: 5, padding: half", "", `x.yaml:7:50: model.layers.0.padding is "half", expected same, valid or a number from 0 to 99 in quotes`},
		{"{type: relu}", "{type: max-pool, size: 2, padding: 2}", "", `x.yaml:8:42: model.layers.1.padding is 2, expected less than the size (2)`},
		{"  preset: none\n", "  preset: mlp\n", "", `x.yaml:6:3: model.layers applies only when model.preset is none`},
		{"  layers:\n", "  layers: []\n  # ", "", `model.layers has 0 entries, expected 1 to 1000`},
		{"", "", "model.layers.4.units=3", `--set model.layers.4.units=3: model.layers has no entry 4, expected 0 to 3`},
		{"", "", "model.layers.first.units=3", `--set model.layers.first.units=3: model.layers has no entry first, expected 0 to 3`},
		{"", "", "model.layers=3", `--set model.layers=3: model.layers is 3, expected a list, each entry a mapping with type: conv, dense,`},
	} {
		text := strings.Replace(layered, c.old, c.new, 1)
		if strings.HasSuffix(c.new, "# ") {
			text = strings.Replace(text, "    - {type", "    # {type", -1)
		}
		var sets []string
		if c.set != "" {
			sets = []string{c.set}
		}
		if _, err := Load([]byte(text), "x.yaml", sets); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: got %v, want %q", c.new, c.set, err, c.want)
		}
	}
	const missing = "name: demo\ndata: {type: images}\nmodel: {type: relu}\nrule: {type: backprop}\ntrain: {iterations: 1, batch_size: 1}\n"
	if _, err := Load([]byte(missing), "x.yaml", nil); err == nil || !strings.Contains(err.Error(), "x.yaml:3:8: model.layers is missing, expected a list of layers, or model.preset") {
		t.Errorf("without layers: %v", err)
	}
}
