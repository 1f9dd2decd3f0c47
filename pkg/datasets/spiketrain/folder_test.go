package spiketrain

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// twoSessions are what a folder can hold.
func twoSessions() []*Recording {
	jaw := Trace{Name: Jaw}
	var trials []Trial
	for k, kind := range []string{"Hit", "Miss", "EarlyLick"} {
		onset := 2 + 5*float64(k)
		t := Trial{Start: onset, Stop: onset + 4, Type: kind, Values: map[string]float64{StimulusTime: onset + 1, Stimulus: float64(k % 2)}}
		if k == 0 {
			t.Values[ReactionTime] = 0.125
		}
		trials = append(trials, t)
		for i := range 2000 {
			jaw.Times, jaw.Values = append(jaw.Times, onset+float64(i)/jawHz), append(jaw.Values, float64(k)+float64(i%7))
		}
	}
	neurons := []Neuron{{Name: "0", Area: "wS1", CellType: "exc", Spikes: []float64{1, 2.5, 9}}, {Name: "1", Area: "ALM", CellType: "inh", Spikes: []float64{}}}
	return []*Recording{
		{Name: "a", Neurons: neurons, Trials: trials, Behaviour: []Trace{jaw}, Notes: []string{"1 neuron has no spike: neuron 1"}},
		{Name: "b", Neurons: neurons[:1], Trials: trials[:1]},
	}
}

func TestRoundTripOfAFolder(t *testing.T) {
	root, want := t.TempDir(), twoSessions()
	if err := WriteFolder(root, want); err != nil {
		t.Fatal(err)
	}
	if !IsFolder(root) || IsFolder(filepath.Join(root, "a")) {
		t.Error("IsFolder does not tell a folder of sessions")
	}
	got, err := ReadFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("session %d is %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestDamagedFoldersAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		file, from, to, says string
	}{
		"no session":     {"cluster_information", "", "", "is empty"},
		"path":           {"cluster_information", ",a,", ",../a,", "no name of a folder"},
		"missing neuron": {"a/cluster_info", "\n1,1,", "\n1,7,", "neuron_index_7.npy"},
		"truth":          {"a/cluster_info", "True", "Maybe", `cluster_info:2: "Maybe" is no truth value`},
		"onset":          {"a/trial_info", ",2\n", ",never\n", `trial_info:2: "never" is no number`},
		"column":         {"a/trial_info", "trial_onset", "onset", "no column trial_onset"},
		"missing jaw":    {"a/trial_info", "\n1,1,", "\n1,9,", "trial_9.npy"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if err := WriteFolder(root, twoSessions()); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(root, c.file)
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			changed := ""
			if c.from != "" {
				changed = strings.Replace(string(content), c.from, c.to, 1)
			}
			if changed == string(content) {
				t.Fatal("nothing was changed")
			}
			if err := os.WriteFile(file, []byte(changed), 0o666); err != nil {
				t.Fatal(err)
			}
			if _, err := ReadFolder(root); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want one that says %q", err, c.says)
			}
		})
	}
}

func TestCodesStandForTrialTypes(t *testing.T) {
	for text, want := range map[string]string{"0": "Miss", "1.0": "Hit", "2": "CR", "3": "FA", "Hit": "Hit", "EarlyLick": "EarlyLick", "4": "4", "-1": "-1"} {
		if got := typeOf(text); got != want {
			t.Errorf("type %q is %q, want %q", text, got, want)
		}
	}
}

// FuzzReadFolder damages the tables of a session.
func FuzzReadFolder(f *testing.F) {
	f.Add("x,session\n0,a\n", ",neuron_index,area,excitatory\n0,0,wS1,True\n", ",trial_number,stim,trial_type,trial_onset\n0,0,1,Hit,2\n")
	f.Add(",session\n0,\"a\n", ",neuron_index,area,excitatory\n0,-1,,1\n", ",trial_number,stim,trial_type,trial_onset\n0,x,nan,3,1e400\n")
	f.Add("session\na", "neuron_index,area,excitatory", "trial_number,stim,trial_type,trial_onset,reaction_time_jaw\n0,True,1.0,-3,nan")
	root := f.TempDir() // the arrays stay as they are
	if err := WriteFolder(root, twoSessions()); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, sessions, neurons, trials string) {
		for file, content := range map[string]string{"cluster_information": sessions, "a/cluster_info": neurons, "a/trial_info": trials} {
			if err := os.WriteFile(filepath.Join(root, file), []byte(content), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		all, err := ReadFolder(root)
		if err == nil && len(all) == 0 {
			t.Error("neither sessions nor an error")
		}
	})
}
