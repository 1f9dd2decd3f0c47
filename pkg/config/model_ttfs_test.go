package config

import (
	"strings"
	"testing"
)

const spikingFile = `
name: x
data: {type: images, only: test, test_images: 2000}
model: {type: ttfs, MODEL}
rule: {type: ttfs-backprop, RULE}
train: {iterations: 1, batch_size: 1, eval_trials: 2000}
`

func TestSpikingNetworksThatContradictThemselves(t *testing.T) {
	for _, c := range []struct{ model, rule, message string }{
		{"preset: mlp", "", ""},
		{"from: run", "windows: scaled, zeta: -0.5", ""},
		{"form: b1", "", "model.layers is missing"},
		{"preset: mlp, from: run", "", "model.from is run, expected nothing where model.preset or model.layers say"},
		{"layers: [{type: batch-norm}]", "", "model.layers.0 is a layer that spikes cannot be trained through"},
		{"layers: [{type: flatten}, {type: dropout, rate: 0.1}]", "", "model.layers.1 is a layer that spikes cannot be trained through"},
		{"preset: mlp, alpha_start: plain", "", "alpha_start"},
		{"preset: mlp", "zeta: 0", "zeta"},
		{"preset: mlp", "windows: scaled, zeta: -1", "zeta"},
		{"preset: mlp", "windows: quantile, quantile: 1.1", "quantile"},
		{"preset: mlp", "defects: {time_bits: 33}", "time_bits"},
		{"preset: mlp", "defects: {early_firing: true}", "rule.defects.early_firing is true, expected false where model.form is b1"},
		{"preset: mlp, form: alpha", "defects: {early_firing: true, jitter: 1}", "expected no other defect beside it"},
		{"preset: mlp, form: alpha", "windows: scaled, zeta: -0.5, defects: {early_firing: true}", ""},
		{"preset: mlp", "defects: {weight_bits: 4, weight_range: layer, weight_low: -1}", "weight_low"},
	} {
		text := strings.NewReplacer("MODEL", c.model, "RULE", c.rule).Replace(spikingFile)
		_, err := Load([]byte(text), "file.yaml", nil)
		switch {
		case c.message == "" && err != nil:
			t.Errorf("%s; %s: %v", c.model, c.rule, err)
		case c.message != "" && (err == nil || !strings.Contains(err.Error(), c.message)):
			t.Errorf("%s; %s: %v, want %q", c.model, c.rule, err, c.message)
		}
	}
}
