package spiketrain

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// csvFolder writes the files of two sessions.
func csvFolder(t testing.TB, change map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for file, content := range map[string]string{
		neuronsCSV:   "session,neuron,area,excitatory\na,n1,V1,True\na,n2,V1,inhibitory\nb,n1,M1,1\n",
		trialsCSV:    "session,trial,type,stim\na,1,Hit,1\na,2,Miss,0.5\nb,1,Hit,True\n",
		spikesCSV:    "session,trial,neuron,time_s\na,2,n1,0.3\na,1,n1,-0.1\na,1,n2,0.05\nb,1,n1,0\n",
		behaviourCSV: "session,trial,time_s,value\na,1,0,1\na,1,0.1,2\na,2,0.2,3\n",
	} {
		if other, ok := change[file]; ok {
			content = other
		}
		if err := os.WriteFile(filepath.Join(folder, file), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestSessionsOfCSVFiles(t *testing.T) {
	all, err := ReadSessionsCSV(csvFolder(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Name != "a" || len(all[0].Neurons) != 2 || len(all[1].Neurons) != 1 || len(all[0].Trials) != 2 {
		t.Fatalf("sessions %+v", all)
	}
	a := all[0]
	events := []float64{a.Trials[0].Values[StimulusTime], a.Trials[1].Values[StimulusTime]}
	if want := []float64{events[0] - 0.1, events[1] + 0.3}; !slices.Equal(a.Neurons[0].Spikes, want) {
		t.Errorf("spikes of n1 at %v, want %v", a.Neurons[0].Spikes, want)
	}
	if !a.Neurons[0].Excitatory() || !a.Neurons[1].Inhibitory() || a.Trials[1].Values[Stimulus] != 0.5 || all[1].Trials[0].Values[Stimulus] != 1 {
		t.Errorf("neurons %+v, trials %+v", a.Neurons, a.Trials)
	}
	if b := a.Behaviour[0]; !slices.Equal(b.Values, []float64{1, 2, 3}) || b.Times[2] != events[1]+0.2 {
		t.Errorf("behaviour %+v", b)
	}
	if all[1].Behaviour != nil {
		t.Errorf("session b has a behaviour")
	}
	// A window reaches the trial's own spikes alone.
	binned := a.Bin(Binning{Bin: 0.1, From: -1, To: 2})
	if len(binned.Trials[0].Active) != 2 || len(binned.Trials[1].Active) != 1 {
		t.Errorf("trials have %d and %d spikes, want 2 and 1", len(binned.Trials[0].Active), len(binned.Trials[1].Active))
	}
}

func TestBadSessionsOfCSVFiles(t *testing.T) {
	for says, change := range map[string]map[string]string{
		`neurons.csv:2: "perhaps" is no truth value`:                 {neuronsCSV: "session,neuron,area,excitatory\na,n1,V1,perhaps\n"},
		`neurons.csv:3: "n1" is no new neuron`:                       {neuronsCSV: "session,neuron,area,excitatory\na,n1,V1,1\na,n1,V1,1\n"},
		`neurons.csv names no neuron`:                                {neuronsCSV: "session,neuron,area,excitatory\n", trialsCSV: "session,trial,type,stim\n", spikesCSV: "session,trial,neuron,time_s\n", behaviourCSV: "session,trial,time_s,value\n"},
		`trials.csv:2: "c" is no session of neurons.csv`:             {trialsCSV: "session,trial,type,stim\nc,1,Hit,1\n"},
		`spikes.csv:2: "9" is no trial of its session in trials.csv`: {spikesCSV: "session,trial,neuron,time_s\na,9,n1,0\n"},
		`spikes.csv:2: "n9" is no neuron of its session`:             {spikesCSV: "session,trial,neuron,time_s\na,1,n9,0\n"},
		`spikes.csv:2: "NaN" is no number`:                           {spikesCSV: "session,trial,neuron,time_s\na,1,n1,NaN\n"},
		`behaviour.csv:3: "0" is no time after the one before it`:    {behaviourCSV: "session,trial,time_s,value\na,1,0.5,1\na,1,0,1\n"},
		`behaviour.csv has no column value`:                          {behaviourCSV: "session,trial,time_s\n"},
	} {
		if _, err := ReadSessionsCSV(csvFolder(t, change)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want one that says %q", err, says)
		}
	}
}

func FuzzReadSessionsCSV(f *testing.F) {
	f.Add("session,neuron,area,excitatory\na,1,V1,1\n", "session,trial,type,stim\na,1,Hit,1\n", "session,trial,neuron,time_s\na,1,1,0.5\n", "session,trial,time_s,value\na,1,0,1\n")
	f.Add("session,neuron,area,excitatory\n,,,exc\n", "session,trial,type,stim\n,,,0\n", "session,trial,neuron,time_s\n,,,1e300\n", "")
	f.Fuzz(func(t *testing.T, neurons, trials, spikes, behaviour string) {
		all, err := ReadSessionsCSV(csvFolder(t, map[string]string{neuronsCSV: neurons, trialsCSV: trials, spikesCSV: spikes, behaviourCSV: behaviour}))
		if err == nil && len(all) == 0 {
			t.Error("neither sessions nor an error")
		}
	})
}

func TestNWBFilesOfAFolder(t *testing.T) {
	if _, err := ReadNWBFiles(t.TempDir(), "", 0); err == nil || !strings.Contains(err.Error(), "no file that ends in .nwb") {
		t.Errorf("error %v", err)
	}
}
