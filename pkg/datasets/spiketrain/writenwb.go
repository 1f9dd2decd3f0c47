package spiketrain

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/snnctl/snnctl/internal/hdf5"
)

// nwbVersion is that of the schema which WriteNWB follows.
const nwbVersion = "2.6.0"

// WriteNWB writes the session as a file of Neurodata Without Borders 2.x: /units with
// areas and cell types where they are known, /intervals/trials with types and other
// columns, and behaviour as TimeSeries in /processing/behavior.
func (r *Recording) WriteNWB(w io.Writer, description string) error {
	n := nwbWriter{}
	root := &hdf5.Group{Attributes: n.kind("core", "NWBFile", hdf5.Attribute{Name: "nwb_version", Value: nwbVersion})}
	// The clock of artificial sessions starts at no real time: the epoch stands for it, so
	// that equal sessions have equal files.
	began := time.Unix(0, 0).UTC().Format("2006-01-02T15:04:05-07:00")
	text := func(s string) *hdf5.Dataset { return &hdf5.Dataset{Values: []string{s}} }
	group := func(members ...hdf5.Member) *hdf5.Group { return &hdf5.Group{Members: members} }
	root.Members = []hdf5.Member{
		{Name: "identifier", Dataset: text(r.Name)},
		{Name: "session_description", Dataset: text(description)},
		{Name: "session_start_time", Dataset: text(began)},
		{Name: "timestamps_reference_time", Dataset: text(began)},
		{Name: "file_create_date", Dataset: &hdf5.Dataset{Shape: []int{1}, Values: []string{began}}},
		{Name: "acquisition", Group: group()},
		{Name: "analysis", Group: group()},
		{Name: "general", Group: group()},
		{Name: "stimulus", Group: group(hdf5.Member{Name: "presentation", Group: group()}, hdf5.Member{Name: "templates", Group: group()})},
		{Name: "units", Group: n.units(r)},
	}
	if len(r.Trials) > 0 {
		root.Members = append(root.Members, hdf5.Member{Name: "intervals", Group: group(hdf5.Member{Name: "trials", Group: n.trials(r)})})
	}
	processing := group()
	if len(r.Behaviour) > 0 {
		processing.Members = []hdf5.Member{{Name: "behavior", Group: n.behaviour(r)}}
	}
	root.Members = append(root.Members, hdf5.Member{Name: "processing", Group: processing})
	b, err := hdf5.Encode(root)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// nwbWriter numbers the objects of a file.
type nwbWriter struct{ objects int }

// kind are the attributes that every object of a schema has, before others.
func (n *nwbWriter) kind(namespace, kind string, others ...hdf5.Attribute) []hdf5.Attribute {
	n.objects++
	id := fmt.Sprintf("00000000-0000-4000-8000-%012x", n.objects) // unique in the file, which is what it is for
	return append([]hdf5.Attribute{{Name: "namespace", Value: namespace}, {Name: "neurodata_type", Value: kind}, {Name: "object_id", Value: id}}, others...)
}

// table collects the columns of a DynamicTable.
type nwbTable struct {
	n       *nwbWriter
	rows    int
	columns []string
	members []hdf5.Member
}

func (t *nwbTable) add(name, kind, description string, shape int, values any, others ...hdf5.Attribute) *hdf5.Dataset {
	d := &hdf5.Dataset{Shape: []int{shape}, Values: values,
		Attributes: t.n.kind("hdmf-common", kind, append([]hdf5.Attribute{{Name: "description", Value: description}}, others...)...)}
	t.members = append(t.members, hdf5.Member{Name: name, Dataset: d})
	if kind == "VectorData" {
		t.columns = append(t.columns, name)
	}
	return d
}

func (t *nwbTable) group(namespace, kind, description string) *hdf5.Group {
	ids := make([]int64, t.rows)
	for i := range ids {
		ids[i] = int64(i)
	}
	id := &hdf5.Dataset{Shape: []int{t.rows}, Values: ids, Attributes: t.n.kind("hdmf-common", "ElementIdentifiers")}
	return &hdf5.Group{Members: append([]hdf5.Member{{Name: "id", Dataset: id}}, t.members...),
		Attributes: t.n.kind(namespace, kind, hdf5.Attribute{Name: "colnames", Value: t.columns}, hdf5.Attribute{Name: "description", Value: description})}
}

func (n *nwbWriter) units(r *Recording) *hdf5.Group {
	t := &nwbTable{n: n, rows: len(r.Neurons)}
	var times []float64
	var ends []uint64
	var observed []float64
	var observedEnds []uint64
	anyObserved := slices.ContainsFunc(r.Neurons, func(u Neuron) bool { return u.Observed != nil })
	first, last := r.Span()
	for i := range r.Neurons {
		u := &r.Neurons[i]
		times = append(times, u.Spikes...)
		ends = append(ends, uint64(len(times)))
		periods := u.Observed
		if anyObserved && periods == nil { // always
			periods = [][2]float64{{first, last}}
		}
		for _, p := range periods {
			observed = append(observed, p[0], p[1])
		}
		observedEnds = append(observedEnds, uint64(len(observed)/2))
	}
	spikes := t.add("spike_times", "VectorData", "times of the spikes, s", len(times), times)
	t.add("spike_times_index", "VectorIndex", "where the spikes of each unit end", len(ends), ends, hdf5.Attribute{Name: "target", Value: spikes})
	if anyObserved {
		intervals := t.add("obs_intervals", "VectorData", "periods in which each unit was recorded, s", len(observed)/2, observed)
		intervals.Shape = []int{len(observed) / 2, 2}
		t.add("obs_intervals_index", "VectorIndex", "where the periods of each unit end", len(observedEnds), observedEnds, hdf5.Attribute{Name: "target", Value: intervals})
	}
	for _, c := range []struct {
		name, description string
		of                func(*Neuron) string
	}{
		{"unit_name", "name of the neuron", func(u *Neuron) string { return u.Name }},
		{"location", "brain area", func(u *Neuron) string { return u.Area }},
		{"cell_type", "kind of neuron", func(u *Neuron) string { return u.CellType }},
	} {
		values := make([]string, len(r.Neurons))
		for i := range r.Neurons {
			values[i] = c.of(&r.Neurons[i])
		}
		if c.name == "unit_name" && slices.EqualFunc(values, r.Neurons, func(v string, u Neuron) bool { _, err := strconv.Atoi(v); return err == nil }) {
			continue // numbers are no names
		}
		if slices.ContainsFunc(values, func(v string) bool { return v != "" }) {
			t.add(c.name, "VectorData", c.description, len(values), values)
		}
	}
	return t.group("core", "Units", "sorted units")
}

func (n *nwbWriter) trials(r *Recording) *hdf5.Group {
	t := &nwbTable{n: n, rows: len(r.Trials)}
	starts, stops, types := make([]float64, t.rows), make([]float64, t.rows), make([]string, t.rows)
	numbers, labels := map[string][]float64{}, map[string][]string{}
	typed := false
	for k := range r.Trials {
		trial := &r.Trials[k]
		starts[k], stops[k], types[k] = trial.Start, trial.Stop, trial.Type
		typed = typed || trial.Type != ""
		for name, x := range trial.Values {
			if numbers[name] == nil {
				numbers[name] = make([]float64, t.rows)
			}
			numbers[name][k] = x
		}
		for name, s := range trial.Labels {
			if labels[name] == nil {
				labels[name] = make([]string, t.rows)
			}
			labels[name][k] = s
		}
	}
	t.add("start_time", "VectorData", "start of the trial, s", t.rows, starts)
	t.add("stop_time", "VectorData", "end of the trial, s", t.rows, stops)
	if typed {
		delete(labels, "trial_type")
		t.add("trial_type", "VectorData", "type of the trial", t.rows, types)
	}
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		t.add(name, "VectorData", name, t.rows, numbers[name])
	}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if numbers[name] == nil {
			t.add(name, "VectorData", name, t.rows, labels[name])
		}
	}
	return t.group("core", "TimeIntervals", "trials")
}

func (n *nwbWriter) behaviour(r *Recording) *hdf5.Group {
	module := &hdf5.Group{Attributes: n.kind("core", "ProcessingModule", hdf5.Attribute{Name: "description", Value: "behaviour"})}
	for i, b := range r.Behaviour {
		data := &hdf5.Dataset{Shape: []int{len(b.Values)}, Values: b.Values, Attributes: []hdf5.Attribute{
			{Name: "conversion", Value: float32(1)}, {Name: "offset", Value: float32(0)}, {Name: "resolution", Value: float32(-1)}, {Name: "unit", Value: "unknown"}}}
		times := &hdf5.Dataset{Shape: []int{len(b.Times)}, Values: b.Times, Attributes: []hdf5.Attribute{{Name: "interval", Value: int64(1)}, {Name: "unit", Value: "seconds"}}}
		name := nameOf(b.Name)
		if slices.ContainsFunc(module.Members, func(m hdf5.Member) bool { return m.Name == name }) {
			name = fmt.Sprintf("%s %d", name, i)
		}
		module.Members = append(module.Members, hdf5.Member{Name: name, Group: &hdf5.Group{
			Attributes: n.kind("core", "TimeSeries", hdf5.Attribute{Name: "description", Value: "behaviour"}, hdf5.Attribute{Name: "comments", Value: "no comments"}),
			Members:    []hdf5.Member{{Name: "data", Dataset: data}, {Name: "timestamps", Dataset: times}}}})
	}
	return module
}
