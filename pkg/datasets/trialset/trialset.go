// Package trialset turns recorded sessions into the trials that a network of several
// areas is fitted to: a window around an event, in bins; training and test trials; and
// recorded neurons that its neurons stand for, by area and cell type.
package trialset

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
)

// Options say what is taken of the recordings.
type Options struct {
	Areas []string // in the network's order
	Types []string // of trials; those of other types are left out

	BinS        float64
	FromS, ToS  float64 // window around the event
	TypeColumn  string  // of a trial, whose text is its type; "" for the recording's own type
	EventColumn string  // of a trial; "" for its start
	StimColumn  string  // amplitude of the stimulus; "" for none, which is 1 in all trials
	Behaviour   string  // the trace that is matched too; "" for none

	MostHz        float64 // neurons whose mean rate is as high are left out; 0 for all
	TrainFraction float64 // of the trials of a type in a session
	Reaction      *Reaction
	Seed          uint64
}

// Reaction keeps trials of some types only if a column of theirs is in (Above, Below).
type Reaction struct {
	Column       string
	Types        []string
	Above, Below float64
}

// Network is what the network has for each area: numbers of neurons of both kinds, and
// the first of them among all neurons.
type Network struct {
	Neurons                          int
	Excitatory, Inhibitory           []int // of each area
	FirstExcitatory, FirstInhibitory []int
}

// Set is the trials that a network is fitted to.
type Set struct {
	Types    []string
	Areas    []string
	Steps    int
	BinS     float64
	FromS    float64
	Sessions []Session // those that have neurons in the network
	Notes    []string
}

// Session is one recording in the network's terms.
type Session struct {
	Name        string
	Neurons     []int // of the network, ascending
	Names       []string
	RatesHz     []float64
	Trials      []Trial
	Train, Test []int // places in Trials, ascending
}

// Trial is one of them.
type Trial struct {
	Spikes    tensor.Raster // in the network's numbering
	Behaviour []float64     // [steps]; nil for none
	Type      int
	Stimulus  float64
}

// Codes are those of types of trials that the set has.
func (s *Set) Codes(names ...string) []int {
	codes := []int{}
	for _, name := range names {
		if i := slices.Index(s.Types, name); i >= 0 {
			codes = append(codes, i)
		}
	}
	return codes
}

// candidate is a recorded neuron.
type candidate struct{ session, neuron int }

// New takes trials and neurons from recordings.
func New(recordings []*spiketrain.Recording, net Network, o Options) (*Set, error) {
	binning := spiketrain.Binning{Bin: o.BinS, From: o.FromS, To: o.ToS}
	set := &Set{Types: o.Types, Areas: o.Areas, Steps: binning.Bins(), BinS: o.BinS, FromS: o.FromS}
	if set.Steps < 1 {
		return nil, fault.Inputf("the window from %g to %g s has no bin of %g s", o.FromS, o.ToS, o.BinS)
	}
	assigned, err := assign(recordings, net, o)
	if err != nil {
		return nil, err
	}
	for s, rec := range recordings {
		session := Session{Name: rec.Name}
		var recorded []int // neuron of the recording, for each of Neurons
		for i, c := range assigned {
			if c.session == s {
				session.Neurons = append(session.Neurons, i)
				recorded = append(recorded, c.neuron)
				session.Names = append(session.Names, rec.Neurons[c.neuron].Name)
				session.RatesHz = append(session.RatesHz, meanRate(rec, c.neuron))
			}
		}
		if len(session.Neurons) == 0 {
			continue
		}
		if err := session.take(rec, s, recorded, binning, o); err != nil {
			return nil, err
		}
		if len(session.Train) == 0 {
			return nil, fault.Inputf("session %s has no trial of the types %s to train with (its trials are of the types %s)", rec.Name, strings.Join(o.Types, ", "), o.found(rec))
		}
		set.Sessions = append(set.Sessions, session)
		for _, note := range rec.Notes {
			set.Notes = append(set.Notes, rec.Name+": "+note)
		}
	}
	return set, nil
}

// found names the types of a recording, for a message.
func (o *Options) found(rec *spiketrain.Recording) string {
	var names []string
	for k := range rec.Trials {
		if name := fmt.Sprintf("%q", o.typeOf(&rec.Trials[k])); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return either(names[:min(len(names), 12)])
}

// meanRate is that in the trials of the session, Hz.
func meanRate(rec *spiketrain.Recording, neuron int) float64 {
	spikes, time := 0, 0.0
	for _, t := range rec.Trials {
		spikes += len(rec.Neurons[neuron].Between(t.Start, t.Stop))
		time += t.Stop - t.Start
	}
	if time == 0 {
		return 0
	}
	return float64(spikes) / time
}

// typeOf is the type of a trial.
func (o *Options) typeOf(t *spiketrain.Trial) string {
	if o.TypeColumn == "" {
		return t.Type
	}
	if label, ok := t.Labels[o.TypeColumn]; ok {
		return label
	}
	if x, ok := t.Values[o.TypeColumn]; ok {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	return ""
}

// assign gives each neuron of the network a recorded one of its area and kind: drawn
// without replacement, from the sessions with most neurons first.
func assign(recordings []*spiketrain.Recording, net Network, o Options) ([]candidate, error) {
	order := make([]int, len(recordings))
	for s := range order {
		order[s] = s
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(recordings[b].Neurons) - len(recordings[a].Neurons) })
	all := make([]candidate, net.Neurons)
	for a, area := range o.Areas {
		for k, kind := range []struct {
			name         string
			first, count int
			is           func(*spiketrain.Neuron) bool
		}{
			{"excitatory", net.FirstExcitatory[a], net.Excitatory[a], (*spiketrain.Neuron).Excitatory},
			{"inhibitory", net.FirstInhibitory[a], net.Inhibitory[a], (*spiketrain.Neuron).Inhibitory},
		} {
			taken, found := 0, 0
			for _, s := range order {
				var here []int
				for i := range recordings[s].Neurons {
					n := &recordings[s].Neurons[i]
					if n.Area == area && kind.is(n) && !(o.MostHz > 0 && meanRate(recordings[s], i) >= o.MostHz) {
						here = append(here, i)
					}
				}
				found += len(here)
				want := min(len(here), kind.count-taken)
				r := rng.Stream(o.Seed, "neuron-assignment", uint64(2*a+k), uint64(s))
				r.Shuffle(len(here), func(i, j int) { here[i], here[j] = here[j], here[i] })
				slices.Sort(here[:want])
				for _, i := range here[:want] {
					all[kind.first+taken] = candidate{s, i}
					taken++
				}
			}
			if taken < kind.count {
				return nil, fault.Inputf("area %s has %d %s neurons in %d sessions, expected at least %d, one for each of the network's; "+
					"fewer model.neurons or other data.areas need less%s", area, found, kind.name, len(recordings), kind.count, present(recordings))
			}
		}
	}
	return all, nil
}

// present names the areas of the recordings, for a message.
func present(recordings []*spiketrain.Recording) string {
	var names []string
	for _, rec := range recordings {
		for i := range rec.Neurons {
			n := &rec.Neurons[i]
			kind := "of unknown type"
			switch {
			case n.Excitatory():
				kind = "excitatory"
			case n.Inhibitory():
				kind = "inhibitory"
			}
			if name := fmt.Sprintf("%q %s", n.Area, kind); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		return " (the recordings have no neuron)"
	}
	return fmt.Sprintf(" (the recordings have %s)", strings.Join(names[:min(len(names), 16)], ", "))
}

// take cuts the trials of a recording and splits them.
func (s *Session) take(rec *spiketrain.Recording, number int, recorded []int, binning spiketrain.Binning, o Options) error {
	part := spiketrain.Recording{Name: rec.Name}
	for _, i := range recorded {
		part.Neurons = append(part.Neurons, rec.Neurons[i])
	}
	behaviour, err := o.trace(rec)
	if err != nil {
		return err
	}
	for k, t := range rec.Trials {
		kind := slices.Index(o.Types, o.typeOf(&t))
		if kind < 0 || !o.Reaction.keeps(o.Types[kind], &t) {
			continue
		}
		event := t.Start
		if o.EventColumn != "" {
			at, ok := t.Values[o.EventColumn]
			if !ok || math.IsNaN(at) {
				return fault.Inputf("trial %d of session %s has no number in column %s", k, rec.Name, o.EventColumn)
			}
			event = at
		}
		trial := Trial{Type: kind, Stimulus: 1}
		if o.StimColumn != "" {
			x, ok := t.Values[o.StimColumn]
			if !ok || !(x >= 0) || math.IsInf(x, 0) {
				return fault.Inputf("trial %d of session %s has no stimulus of at least 0 in column %s", k, rec.Name, o.StimColumn)
			}
			trial.Stimulus = x
		}
		if o.Behaviour != "" {
			if trial.Behaviour, err = cut(behaviour, event, binning); err != nil {
				return fault.Inputf("trial %d of session %s: %w", k, rec.Name, err)
			}
		}
		part.Trials = append(part.Trials, spiketrain.Trial{Start: event, Stop: event})
		s.Trials = append(s.Trials, trial)
	}
	binned := part.Bin(binning)
	for k := range s.Trials {
		if missing := binned.Missing[k]; len(missing) > 0 {
			return fault.Inputf("neuron %s of session %s was not recorded all through trial %d", part.Neurons[missing[0]].Name, rec.Name, k)
		}
		raster := &binned.Trials[k]
		for i, at := range raster.Active {
			raster.Active[i] = int32(s.Neurons[at]) // both ascend
		}
		s.Trials[k].Spikes = *raster
	}
	s.split(number, o)
	return nil
}

// keeps reports whether a trial's reaction is one of those wanted.
func (r *Reaction) keeps(kind string, t *spiketrain.Trial) bool {
	if r == nil || !slices.Contains(r.Types, kind) {
		return true
	}
	x, ok := t.Values[r.Column]
	return ok && x > r.Above && x < r.Below
}

// split draws which trials of each type train.
func (s *Session) split(number int, o Options) {
	r := rng.Stream(o.Seed, "trial-split", 0, uint64(number))
	for kind := range o.Types {
		var trials []int
		for k := range s.Trials {
			if s.Trials[k].Type == kind {
				trials = append(trials, k)
			}
		}
		r.Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
		train := int(math.Round(o.TrainFraction * float64(len(trials))))
		s.Train = append(s.Train, trials[:train]...)
		s.Test = append(s.Test, trials[train:]...)
	}
	slices.Sort(s.Train)
	slices.Sort(s.Test)
}

// trace is the behaviour of a session; nil where none is wanted.
func (o *Options) trace(rec *spiketrain.Recording) (*spiketrain.Trace, error) {
	if o.Behaviour == "" {
		return nil, nil
	}
	var names []string
	for i := range rec.Behaviour {
		b := &rec.Behaviour[i]
		if b.Name == o.Behaviour || strings.HasSuffix(b.Name, "/"+o.Behaviour) {
			return b, nil
		}
		names = append(names, b.Name)
	}
	return nil, fault.Inputf("session %s has no behaviour %s; it has %s", rec.Name, o.Behaviour, either(names))
}

func either(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// cut takes a trial's part of a trace: in each bin the last sample up to its middle.
func cut(b *spiketrain.Trace, event float64, binning spiketrain.Binning) ([]float64, error) {
	values := make([]float64, binning.Bins())
	for i := range values {
		at := event + binning.From + (float64(i)+0.5)*binning.Bin
		j, found := slices.BinarySearch(b.Times, at)
		if !found {
			j--
		}
		if j < 0 || j == len(b.Times)-1 && at > b.Times[j]+2*binning.Bin || math.IsNaN(b.Values[j]) {
			return nil, fmt.Errorf("its behaviour has no number at %g s", at)
		}
		values[i] = b.Values[j]
	}
	return values, nil
}
