package spiketrain

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/hdf5"
)

// ReadNWB reads a session from a file of Neurodata Without Borders 2.x: the table
// /units, the table /intervals/trials if there is one, and the series of /processing and
// /acquisition with one value a sample as behaviour.
func ReadNWB(file string) (*Recording, error) {
	f, err := hdf5.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	root, err := f.Root()
	if err != nil {
		return nil, err
	}
	version, err := text(root, "nwb_version")
	if err != nil {
		return nil, err
	}
	if version == "" {
		// The first versions had a data set in the place of the attribute.
		if o, err := f.Lookup("/nwb_version"); err == nil {
			if v, err := o.Read(); err == nil {
				if s, err := v.Strings(); err == nil && len(s) > 0 {
					version = s[0]
				}
			}
		}
	}
	if v := strings.TrimPrefix(strings.TrimPrefix(version, "NWB-"), "v"); !strings.HasPrefix(v, "2.") {
		if version == "" {
			return nil, fault.Inputf("%s has no nwb_version: it is HDF5, but no NWB file", file)
		}
		return nil, fault.Inputf("%s is of NWB version %s, expected 2.x", file, version)
	}
	n := nwb{file: file, f: f}
	r := &Recording{Name: nameOf(file)}
	if err := n.units(r); err != nil {
		return nil, err
	}
	if err := n.trials(r); err != nil {
		return nil, err
	}
	if err := n.behaviour(r); err != nil {
		return nil, err
	}
	return r, r.check(file)
}

type nwb struct {
	file string
	f    *hdf5.File
}

// text is an attribute that is one string; "" for none.
func text(o *hdf5.Object, attribute string) (string, error) {
	v, err := o.Attribute(attribute)
	if v == nil || err != nil {
		return "", err
	}
	s, err := v.Strings()
	if err != nil || len(s) == 0 {
		return "", err
	}
	return s[0], nil
}

// find is Lookup, nil for what is not there.
func (n *nwb) find(path string) (*hdf5.Object, error) {
	o, err := n.f.Lookup(path)
	if missing := new(hdf5.NotFound); errors.As(err, &missing) {
		return nil, nil
	}
	return o, err
}

// values reads a data set; nil for one that is not there.
func (n *nwb) values(path string) (*hdf5.Values, error) {
	o, err := n.find(path)
	if o == nil || err != nil {
		return nil, err
	}
	return o.Read()
}

// refuse is an error about a place in the file.
func (n *nwb) refuse(path, format string, args ...any) error {
	return fault.Inputf("%s: %s: %s", n.file, path, fmt.Sprintf(format, args...))
}

// units reads the table of neurons.
func (n *nwb) units(r *Recording) error {
	table := "/units"
	o, err := n.find(table)
	if err != nil {
		return err
	}
	if o == nil {
		return fault.Inputf("%s has no table /units: no neurons were sorted in it, or they lie elsewhere", n.file)
	}
	id, err := n.values(table + "/id")
	if err != nil {
		return err
	}
	if id == nil {
		return n.refuse(table, "it has no column id")
	}
	ids, err := id.Ints()
	if err != nil {
		return err
	}
	spikes, err := n.ragged(table, "spike_times", len(ids))
	if err != nil {
		return err
	}
	if spikes == nil && len(ids) > 0 {
		return n.refuse(table, "it has no spike_times: none of its %d units has a spike", len(ids))
	}
	observed, err := n.observed(table, len(ids))
	if err != nil {
		return err
	}
	for i, id := range ids {
		r.Neurons = append(r.Neurons, Neuron{Name: fmt.Sprint(id), Spikes: spikes[i]})
		if observed != nil {
			r.Neurons[i].Observed = observed[i]
		}
	}
	return n.describe(r, o, table)
}

// index is the column that says where the rows of a ragged column end: row i has the
// values from bounds[i] to before bounds[i+1].
func (n *nwb) index(table, column string, rows, values int) ([]int, error) {
	place := table + "/" + column + "_index"
	v, err := n.values(place)
	if err != nil {
		return nil, err
	}
	bounds := make([]int, rows+1)
	if v == nil {
		if rows != values {
			return nil, n.refuse(table, "%s has %d values for %d rows and no %s_index", column, values, rows, column)
		}
		for i := range bounds {
			bounds[i] = i
		}
		return bounds, nil
	}
	if v.Len() != rows {
		return nil, n.refuse(place, "it has %d rows, expected %d", v.Len(), rows)
	}
	if v.Type.Class == hdf5.Reference { // the first versions pointed at regions
		regions, err := v.References()
		if err != nil {
			return nil, err
		}
		for i, region := range regions {
			if region.Start != bounds[i] {
				return nil, n.refuse(place, "row %d starts at value %d, expected %d", i, region.Start, bounds[i])
			}
			bounds[i+1] = region.End
		}
	} else {
		ends, err := v.Ints()
		if err != nil {
			return nil, err
		}
		for i, end := range ends {
			bounds[i+1] = int(end)
		}
	}
	for i := range rows {
		if bounds[i+1] < bounds[i] || bounds[i+1] > values {
			return nil, n.refuse(place, "row %d ends at value %d, expected from %d to %d", i, bounds[i+1], bounds[i], values)
		}
	}
	return bounds, nil
}

// ragged reads a column of numbers with any number of values a row; nil for none.
func (n *nwb) ragged(table, column string, rows int) ([][]float64, error) {
	v, err := n.values(table + "/" + column)
	if v == nil || err != nil {
		return nil, err
	}
	all, err := v.Floats()
	if err != nil {
		return nil, err
	}
	bounds, err := n.index(table, column, rows, len(all))
	if err != nil {
		return nil, err
	}
	out := make([][]float64, rows)
	for i := range out {
		out[i] = slices.Clone(all[bounds[i]:bounds[i+1]])
	}
	return out, nil
}

// observed reads the periods in which each unit was recorded; nil for none.
func (n *nwb) observed(table string, rows int) ([][][2]float64, error) {
	const column = "obs_intervals"
	v, err := n.values(table + "/" + column)
	if v == nil || err != nil {
		return nil, err
	}
	all, err := v.Floats()
	if err != nil {
		return nil, err
	}
	if len(v.Shape) != 2 || v.Shape[1] != 2 {
		return nil, n.refuse(table+"/"+column, "its shape is %v, expected pairs of a start and an end", v.Shape)
	}
	bounds, err := n.index(table, column, rows, v.Shape[0])
	if err != nil {
		return nil, err
	}
	out := make([][][2]float64, rows)
	for i := range out {
		out[i] = [][2]float64{}
		for j := bounds[i]; j < bounds[i+1]; j++ {
			out[i] = append(out[i], [2]float64{all[2*j], all[2*j+1]})
		}
	}
	return out, nil
}

// describe reads the columns that say where a unit lies and what it is.
func (n *nwb) describe(r *Recording, table *hdf5.Object, place string) error {
	names, err := table.Children()
	if err != nil {
		return err
	}
	for _, c := range []struct {
		columns []string
		set     func(*Neuron, string)
	}{
		{[]string{"unit_name"}, func(u *Neuron, s string) { u.Name = s }},
		{[]string{"area", "location", "brain_area", "region"}, func(u *Neuron, s string) { u.Area = s }},
		{[]string{"cell_type", "celltype", "putative_cell_type", "type"}, func(u *Neuron, s string) { u.CellType = s }},
	} {
		for _, column := range c.columns {
			if !slices.Contains(names, column) {
				continue
			}
			v, err := n.values(place + "/" + column)
			if err != nil {
				return err
			}
			all, err := v.Strings()
			if err != nil || len(all) != len(r.Neurons) {
				continue // numbers, or values of another shape: no name
			}
			for i, s := range all {
				c.set(&r.Neurons[i], s)
			}
			break
		}
	}
	if len(r.Neurons) > 0 && r.Neurons[0].Area == "" && slices.Contains(names, "electrodes") {
		return n.areasOfElectrodes(r, place)
	}
	return nil
}

// areasOfElectrodes takes a unit's area from its first electrode.
func (n *nwb) areasOfElectrodes(r *Recording, place string) error {
	locations, err := n.values("/general/extracellular_ephys/electrodes/location")
	if locations == nil || err != nil {
		return err
	}
	names, err := locations.Strings()
	if err != nil {
		return err
	}
	v, err := n.values(place + "/electrodes")
	if err != nil {
		return err
	}
	rows, err := v.Ints()
	if err != nil {
		return err
	}
	bounds, err := n.index(place, "electrodes", len(r.Neurons), len(rows))
	if err != nil {
		return err
	}
	for i := range r.Neurons {
		if bounds[i] == bounds[i+1] {
			continue
		}
		row := rows[bounds[i]]
		if row < 0 || int(row) >= len(names) {
			return n.refuse(place+"/electrodes", "unit %d has electrode %d, expected 0 to %d", i, row, len(names)-1)
		}
		r.Neurons[i].Area = names[row]
	}
	return nil
}

// trials reads the table of trials, if there is one.
func (n *nwb) trials(r *Recording) error {
	const table = "/intervals/trials"
	o, err := n.find(table)
	if o == nil || err != nil {
		return err
	}
	starts, err := n.column(table, "start_time")
	if err != nil {
		return err
	}
	stops, err := n.column(table, "stop_time")
	if err != nil {
		return err
	}
	if len(starts) != len(stops) {
		return n.refuse(table, "%d trials start, but %d stop", len(starts), len(stops))
	}
	for i := range starts {
		r.Trials = append(r.Trials, Trial{Start: starts[i], Stop: stops[i], Values: map[string]float64{}, Labels: map[string]string{}})
	}
	names, err := o.Children()
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == "id" || name == "start_time" || name == "stop_time" || slices.Contains(names, name+"_index") || strings.HasSuffix(name, "_index") {
			continue
		}
		v, err := n.values(table + "/" + name)
		if err != nil || v == nil || v.Len() != len(starts) {
			continue // compound or ragged: nothing that a trial could be sorted by
		}
		if labels, err := v.Strings(); err == nil {
			for i, s := range labels {
				r.Trials[i].Labels[name] = s
			}
		} else if numbers, err := v.Floats(); err == nil {
			for i, x := range numbers {
				r.Trials[i].Values[name] = x
			}
		}
	}
	for _, name := range []string{"trial_type", "type", "outcome"} {
		for i := range r.Trials {
			if r.Trials[i].Type == "" {
				r.Trials[i].Type = r.Trials[i].Labels[name]
			}
		}
	}
	return nil
}

func (n *nwb) column(table, name string) ([]float64, error) {
	v, err := n.values(table + "/" + name)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, n.refuse(table, "it has no column %s", name)
	}
	return v.Floats()
}

// maxGroups bounds the groups that are searched for behaviour.
const maxGroups = 10000

// behaviour reads the series with one value a sample.
func (n *nwb) behaviour(r *Recording) error {
	left := maxGroups
	for _, place := range []string{"/processing", "/acquisition"} {
		o, err := n.find(place)
		if err != nil {
			return err
		}
		if o != nil {
			if err := n.series(r, o, &left, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// series searches a group and those below it.
func (n *nwb) series(r *Recording, o *hdf5.Object, left *int, depth int) error {
	if *left--; *left < 0 || depth > 8 || !o.IsGroup() {
		return nil
	}
	kind, err := text(o, "neurodata_type")
	if err != nil {
		return err
	}
	names, err := o.Children()
	if err != nil {
		return err
	}
	if (kind == "TimeSeries" || kind == "SpatialSeries") && slices.Contains(names, "data") {
		return n.trace(r, o, names)
	}
	for _, name := range names {
		child, err := o.Child(name)
		if err != nil {
			continue // a link to nothing
		}
		if err := n.series(r, child, left, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// trace reads one series: value = data·conversion + offset.
func (n *nwb) trace(r *Recording, o *hdf5.Object, names []string) error {
	place := o.Path()
	data, err := n.f.Lookup(place + "/data")
	if err != nil {
		return err
	}
	shape, kind, err := data.Describe()
	if err != nil || len(shape) > 2 || len(shape) == 2 && shape[1] != 1 || len(shape) == 0 {
		return err // several values a sample
	}
	if kind.Class != hdf5.Floating && kind.Class != hdf5.Integer {
		return nil
	}
	v, err := data.Read()
	if err != nil {
		return err
	}
	t := Trace{Name: place}
	if t.Values, err = v.Floats(); err != nil {
		return err
	}
	conversion, err := number(data, "conversion", 1)
	if err != nil {
		return err
	}
	offset, err := number(data, "offset", 0)
	if err != nil {
		return err
	}
	for i := range t.Values {
		t.Values[i] = t.Values[i]*conversion + offset
	}
	if slices.Contains(names, "timestamps") {
		if t.Times, err = n.column(place, "timestamps"); err != nil {
			return err
		}
		if len(t.Times) != len(t.Values) {
			return n.refuse(place, "it has %d samples but %d timestamps", len(t.Values), len(t.Times))
		}
	} else {
		at, err := n.find(place + "/starting_time")
		if at == nil || err != nil {
			return err
		}
		start, err := n.column(place, "starting_time")
		if err != nil {
			return err
		}
		rate, err := number(at, "rate", math.NaN())
		if err != nil {
			return err
		}
		if len(start) != 1 || !(rate > 0) || math.IsInf(rate, 0) {
			return n.refuse(place+"/starting_time", "its rate is %v, expected samples per second", rate)
		}
		for i := range t.Values {
			t.Times = append(t.Times, start[0]+float64(i)/rate)
		}
	}
	r.Behaviour = append(r.Behaviour, t)
	return nil
}

// number is an attribute that is one number.
func number(o *hdf5.Object, attribute string, byDefault float64) (float64, error) {
	v, err := o.Attribute(attribute)
	if v == nil || err != nil {
		return byDefault, err
	}
	x, err := v.Floats()
	if err != nil || len(x) == 0 {
		return byDefault, err
	}
	return x[0], nil
}
