package config

import "testing"

// The defaults are the setting of the paper, which a file need not repeat.
func TestArmTrajectory(t *testing.T) {
	const file = "name: arm\ndata: {type: arm-trajectory}\nmodel: {type: lif-with-error-module, neurons: 400, error_neurons: 300}\n" +
		"rule: {type: eprop-2}\ntrain: {iterations: 20000, batch_size: 100, eval_trials: 100, eval_every: 100, checkpoint_every: 100}\n"
	got := must(Load([]byte(file), "arm.yaml", nil)).Experiment
	want := must(Open("eprop2-arm", nil)).Experiment
	if got.Data != want.Data || got.Model != want.Model || got.Rule != want.Rule {
		t.Errorf("the defaults are %+v\nthe paper's setting is %+v", got, want)
	}
	for set, message := range map[string]string{
		"data.trial_ms=502":     "data.trial_ms is 502, expected a multiple of data.clock_windows (5)",
		"data.clock_lines=9":    "data.clock_lines is 9, expected a multiple of data.clock_windows (5)",
		"train.eval_trials=513": "train.eval_trials is 513, expected at most data.evaluation_tasks (512)",
	} {
		_, err := Load([]byte(file), "arm.yaml", []string{set})
		wantError(t, err, "--set "+set+": "+message)
	}
}
