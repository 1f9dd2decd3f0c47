package experiment

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
)

// mouseSessions are two sessions with neurons of wS1 and ALM, trials of four types and a
// jaw that moves in trials with a lick.
func mouseSessions() []*spiketrain.Recording {
	var all []*spiketrain.Recording
	for s, name := range []string{"mouse1", "mouse2"} {
		r := rng.Stream(1, "mouse sessions", 0, uint64(s))
		rec := &spiketrain.Recording{Name: name, Behaviour: []spiketrain.Trace{{Name: spiketrain.Jaw}}}
		jaw := &rec.Behaviour[0]
		for k := range 24 {
			onset := 5 * float64(k)
			kind := spiketrain.TrialTypes[k%4]
			lick := kind == "Hit" || kind == "FA"
			stimulus := map[bool]float64{true: 1, false: 0}[kind == "Hit" || kind == "Miss"]
			rec.Trials = append(rec.Trials, spiketrain.Trial{Start: onset, Stop: onset + 4, Type: kind,
				Values: map[string]float64{spiketrain.StimulusTime: onset + 1, spiketrain.Stimulus: stimulus, spiketrain.ReactionTime: 0.05}})
			for i := range 2000 {
				x := 0.05 * r.NormFloat64()
				if at := float64(i)/500 - 1; lick && at > 0.1 && at < 0.5 {
					x -= 1
				}
				jaw.Times, jaw.Values = append(jaw.Times, onset+float64(i)/500), append(jaw.Values, x)
			}
		}
		for i := range 28 {
			n := spiketrain.Neuron{Name: string(rune('a' + i)), Area: []string{"wS1", "ALM"}[i%2], CellType: []string{"exc", "exc", "exc", "exc", "exc", "inh", "inh"}[i%7]}
			for at := 0.0; at < 120; at -= math.Log1p(-r.Float64()) / 8 {
				n.Spikes = append(n.Spikes, at)
			}
			n.Spikes = n.Spikes[1:]
			rec.Neurons = append(rec.Neurons, n)
		}
		all = append(all, rec)
	}
	return all
}

func loadTrialMatching(t testing.TB, name string, sets ...string) *config.Experiment {
	t.Helper()
	r, err := config.Open(name, sets)
	if err != nil {
		t.Fatal(err)
	}
	return &r.Experiment
}

func TestRecordedTrialsAreFitted(t *testing.T) {
	root := t.TempDir()
	if err := spiketrain.WriteFolder(root, mouseSessions()); err != nil {
		t.Fatal(err)
	}
	e := loadTrialMatching(t, "trial-matching-six-areas-quick", "data.path="+root, "train.iterations=13", "train.batch_size=8", "train.eval_every=4", "train.eval_trials=8",
		"train.checkpoint_every=5", "train.log_every=3", "data.window_end_ms=200", "data.evaluation_trials=12", "rule.least_neurons=4", "model.jaw_feedback=true")
	reproducible(t, e)
	x := build(t, e)
	metrics, err := x.Evaluate("test", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"r_trial", "r_trial_ceiling", "lick_accuracy", "lick_hit", "template_cr", "neuron_correlation"} {
		if x, ok := metrics[name]; !ok || math.IsNaN(x) {
			t.Errorf("%s is %v, there: %v", name, x, ok)
		}
	}
	if x := metrics["lick_accuracy"]; x < 0.75 {
		t.Errorf("the classifier tells licks in %v of the test trials", x)
	}
}

func TestRecordedTrialsThatDoNotFit(t *testing.T) {
	root := t.TempDir()
	if err := spiketrain.WriteFolder(root, mouseSessions()); err != nil {
		t.Fatal(err)
	}
	for says, sets := range map[string][]string{
		"area wS1 has 20 excitatory neurons":              {"model.neurons=80"},
		"area wM1 has 0 excitatory neurons in 2 sessions": {"data.areas.1=wM1", "model.jaw_areas.0=wM1"},
		"cluster_information":                             {"data.path=" + filepath.Join(root, "mouse1"), "data.format=folder"},
		"has no file that ends in .nwb":                   {"data.path=" + filepath.Join(root, "mouse1")},
		"is no HDF5 file":                                 {"data.path=" + filepath.Join(root, "cluster_information"), "data.format=spike-data"},
	} {
		e := loadTrialMatching(t, "trial-matching-six-areas-quick", append([]string{"data.path=" + root}, sets...)...)
		if _, err := Build(e, Settings{Threads: 1}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want one that says %q", err, says)
		}
	}
}

func TestTrialMatchingGradientsAreChecked(t *testing.T) {
	for _, matching := range []string{"hard", "soft", "none", "gan", "mle"} {
		e := loadTrialMatching(t, "trial-matching-"+matching+"-quick")
		x, err := Build(e, Settings{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		checks, err := x.Check()
		if err != nil || len(checks) < 5 {
			t.Fatalf("%s: %d checks, error %v", matching, len(checks), err)
		}
		for _, c := range checks {
			if !c.Passed() {
				t.Errorf("%s: %s has cosine %v and ratio %v", matching, c.Name, c.Cosine, c.NormRatio)
			}
		}
	}
}
