package trialset

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
)

// recordings are sessions with neurons of areas A and B; neuron i fires 10 ms after the
// event of trial i.
func recordings(neurons ...int) []*spiketrain.Recording {
	var all []*spiketrain.Recording
	for s, n := range neurons {
		r := &spiketrain.Recording{Name: fmt.Sprint("s", s), Behaviour: []spiketrain.Trace{{Name: "/processing/jaw"}}}
		for k := range 12 {
			at := 10 * float64(k)
			r.Trials = append(r.Trials, spiketrain.Trial{Start: at, Stop: at + 5, Type: []string{"Hit", "Miss", "Early"}[k%3],
				Values: map[string]float64{"event": at + 1, "stim": float64(k % 2), "reaction": float64(k), "code": float64(k % 3)}})
			for i := range 500 {
				r.Behaviour[0].Times = append(r.Behaviour[0].Times, at+float64(i)/100)
				r.Behaviour[0].Values = append(r.Behaviour[0].Values, float64(i))
			}
		}
		for i := range n {
			kind := "exc"
			if i%5 == 4 {
				kind = "inh"
			}
			r.Neurons = append(r.Neurons, spiketrain.Neuron{Name: fmt.Sprint(i), Area: []string{"A", "B"}[i%2], CellType: kind, Spikes: []float64{10*float64(i%12) + 1.011}})
		}
		all = append(all, r)
	}
	return all
}

func network(excitatory, inhibitory int) Network {
	return Network{Neurons: 2 * (excitatory + inhibitory), Excitatory: []int{excitatory, excitatory}, Inhibitory: []int{inhibitory, inhibitory},
		FirstExcitatory: []int{0, excitatory}, FirstInhibitory: []int{2 * excitatory, 2*excitatory + inhibitory}}
}

func options() Options {
	return Options{Areas: []string{"A", "B"}, Types: []string{"Miss", "Hit"}, BinS: 0.002, FromS: -0.1, ToS: 0.1, EventColumn: "event", StimColumn: "stim",
		Behaviour: "jaw", TrainFraction: 0.75, Seed: 1}
}

func TestNeuronsStandForRecordedOnesOfTheirKind(t *testing.T) {
	recs := recordings(20, 30)
	set, err := New(recs, network(14, 4), options())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, s := range set.Sessions {
		rec := recs[slices.IndexFunc(recs, func(r *spiketrain.Recording) bool { return r.Name == s.Name })]
		for j, i := range s.Neurons {
			n := &rec.Neurons[slices.IndexFunc(rec.Neurons, func(n spiketrain.Neuron) bool { return n.Name == s.Names[j] })]
			area, excitatory := "A", i < 28
			if excitatory && i >= 14 || !excitatory && i >= 32 {
				area = "B"
			}
			if n.Area != area || n.Excitatory() != excitatory {
				t.Errorf("neuron %d stands for one of %s, excitatory %v", i, n.Area, n.Excitatory())
			}
			if key := s.Name + "/" + s.Names[j]; seen[key] {
				t.Errorf("%s is taken twice", key)
			} else {
				seen[key] = true
			}
		}
	}
	if len(seen) != 36 || len(set.Sessions[1].Neurons) != 30 || len(set.Sessions[0].Neurons) != 6 {
		t.Errorf("%d neurons; the session with more of them does not come first", len(seen))
	}
}

func TestTrialsAreCutAroundTheEvent(t *testing.T) {
	recs := recordings(40)
	set, err := New(recs, network(12, 3), options())
	if err != nil {
		t.Fatal(err)
	}
	s := &set.Sessions[0]
	if len(s.Trials) != 8 || set.Steps != 100 {
		t.Fatalf("%d trials of %d steps, want 8 of 100", len(s.Trials), set.Steps)
	}
	for k, trial := range s.Trials {
		number := []int{0, 1, 3, 4, 6, 7, 9, 10}[k]
		if trial.Type != 1-number%3 || trial.Stimulus != float64(number%2) {
			t.Errorf("trial %d has type %d and stimulus %v", number, trial.Type, trial.Stimulus)
		}
		var want []int32
		for j, i := range s.Neurons {
			var name int
			fmt.Sscan(s.Names[j], &name)
			if name%12 == number {
				want = append(want, int32(i))
			}
		}
		if got := trial.Spikes.At(55); !slices.Equal(got, want) || len(trial.Spikes.Active) != len(want) { // 11 ms after the event
			t.Errorf("trial %d: neurons %v fire, want %v", number, got, want)
		}
		if trial.Behaviour[0] != 90 || trial.Behaviour[99] != 109 {
			t.Errorf("the behaviour goes from %v to %v, want 90 to 109", trial.Behaviour[0], trial.Behaviour[99])
		}
	}
	for kind := range 2 {
		var train, test int
		for _, k := range s.Train {
			if s.Trials[k].Type == kind {
				train++
			}
		}
		for _, k := range s.Test {
			if s.Trials[k].Type == kind {
				test++
			}
		}
		if train != 3 || test != 1 {
			t.Errorf("%d trials of type %d train and %d test, want 3 and 1", train, kind, test)
		}
	}
}

func TestTrialsAreChosenByColumns(t *testing.T) {
	o := options()
	o.TypeColumn, o.Types = "code", []string{"0", "2"}
	o.Reaction = &Reaction{Column: "reaction", Types: []string{"2"}, Above: 2, Below: 9}
	set, err := New(recordings(40), network(12, 3), o)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(set.Sessions[0].Trials); n != 6 { // 0, 3, 6, 9 and of 2, 5, 8, 11 those at 5 and 8
		t.Errorf("%d trials, want 6", n)
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	for says, c := range map[string]struct {
		net    Network
		change func(*Options)
	}{
		"area A has 6 inhibitory neurons in 2 sessions, expected at least 7":                          {network(8, 7), nil},
		`area C has 0 excitatory neurons`:                                                             {network(8, 2), func(o *Options) { o.Areas = []string{"A", "C"} }},
		`no number in column cue`:                                                                     {network(8, 2), func(o *Options) { o.EventColumn = "cue" }},
		`no stimulus of at least 0 in column light`:                                                   {network(8, 2), func(o *Options) { o.StimColumn = "light" }},
		`has no behaviour tongue; it has /processing/jaw`:                                             {network(8, 2), func(o *Options) { o.Behaviour = "tongue" }},
		`its behaviour has no number`:                                                                 {network(8, 2), func(o *Options) { o.FromS = -3 }},
		`no trial of the types CR to train with (its trials are of the types "Hit", "Miss", "Early")`: {network(8, 2), func(o *Options) { o.Types = []string{"CR"} }},
		`has no bin`: {network(8, 2), func(o *Options) { o.ToS = o.FromS }},
	} {
		o := options()
		if c.change != nil {
			c.change(&o)
		}
		if _, err := New(recordings(30, 30), c.net, o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want one that says %q", err, says)
		}
	}
}

func TestFastNeuronsAreLeftOut(t *testing.T) {
	recs := recordings(22)
	for i := range 300 {
		recs[0].Neurons[0].Spikes = append(recs[0].Neurons[0].Spikes, float64(i)/100)
	}
	slices.Sort(recs[0].Neurons[0].Spikes)
	o := options()
	o.MostHz = 4 // 240 of its spikes lie in trials, which last 60 s
	if _, err := New(recs, network(9, 2), o); err == nil || !strings.Contains(err.Error(), "area A has 8 excitatory") {
		t.Errorf("error %v, want 8 neurons left", err)
	}
}
