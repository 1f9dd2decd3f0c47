package spiketrain

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/hdf5"
)

// spikeData is the variable of the file of Esmaeili et al. (Neuron 109:2183, 2021;
// Zenodo record 10006599): an array of structures, one for each session.
const spikeData = "spikeData_v9"

// excitatoryWidthMS is the width of a spike above which a unit is a regularly spiking one
// (2306.03603, section 6.1 of the method).
const excitatoryWidthMS = 0.275

// ReadSpikeData reads the expert sessions of spikeData_v9.mat, a MATLAB file of version
// 7.3. Trials that were completed have one of the types Miss, Hit, CR and FA; others none.
// The stimulus of a trial comes 1 s after its onset.
func ReadSpikeData(file string) ([]*Recording, error) {
	f, err := hdf5.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m := matStruct{file: file, f: f}
	onsets, err := m.cells("TrialOnsets_All")
	if err != nil {
		return nil, err
	}
	if onsets == nil {
		return nil, fault.Inputf("%s has no variable %s with the field TrialOnsets_All", file, spikeData)
	}
	m.sessions = len(onsets)
	var all []*Recording
	for s := range onsets {
		expert, err := m.numbers("expert", s)
		if err != nil {
			return nil, err
		}
		if len(expert) > 0 && expert[0] == 0 {
			continue
		}
		r, err := m.session(s)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return nil, fault.Inputf("%s has no session of an expert mouse", file)
	}
	return all, nil
}

// matStruct reads the fields of the structures.
type matStruct struct {
	file     string
	f        *hdf5.File
	sessions int
	values   int // read so far: references may lead to the same ones again and again
}

// mostValues bounds the numbers that are read from one file.
const mostValues = 1 << 28

func (m *matStruct) read(o *hdf5.Object) (*hdf5.Values, error) {
	v, err := o.Read()
	if err != nil {
		return nil, err
	}
	if m.values += v.Len(); m.values > mostValues {
		return nil, fault.Inputf("%s has more than %d numbers in %s", m.file, mostValues, spikeData)
	}
	return v, nil
}

// cells are what a field refers to: one object for each session, or, in a file with one
// session only, the field itself. nil for no such field.
func (m *matStruct) cells(field string) ([]*hdf5.Object, error) {
	o, err := m.f.Lookup("/" + spikeData + "/" + field)
	if missing := new(hdf5.NotFound); errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if class := matClass(o); class == "cell" || m.single() {
		return []*hdf5.Object{o}, nil // of the only session
	}
	return m.referred(o)
}

// single reports whether the variable is one structure, not an array of them.
func (m *matStruct) single() bool {
	o, err := m.f.Lookup("/" + spikeData + "/TrialOnsets_All")
	if err != nil {
		return false
	}
	_, kind, err := o.Describe()
	return err == nil && kind.Class != hdf5.Reference
}

func (m *matStruct) referred(o *hdf5.Object) ([]*hdf5.Object, error) {
	v, err := m.read(o)
	if err != nil {
		return nil, err
	}
	refs, err := v.References()
	if err != nil {
		return nil, err
	}
	all := make([]*hdf5.Object, len(refs))
	for i, r := range refs {
		all[i] = r.Object
	}
	return all, nil
}

func matClass(o *hdf5.Object) string {
	class, err := text(o, "MATLAB_class")
	if err != nil {
		return ""
	}
	return class
}

// isEmpty reports whether MATLAB's array has no elements: its data set then holds its
// shape.
func isEmpty(o *hdf5.Object) bool {
	v, err := o.Attribute("MATLAB_empty")
	if v == nil || err != nil {
		return false
	}
	x, err := v.Floats()
	return err == nil && len(x) > 0 && x[0] != 0
}

// of is a field of a session; nil for none.
func (m *matStruct) of(field string, session int) (*hdf5.Object, error) {
	all, err := m.cells(field)
	if err != nil || all == nil {
		return nil, err
	}
	if len(all) != m.sessions {
		return nil, fault.Inputf("%s: field %s of %s has %d elements, expected %d, one for each session", m.file, field, spikeData, len(all), m.sessions)
	}
	return all[session], nil
}

// numbers are those of a field; nil for none.
func (m *matStruct) numbers(field string, session int) ([]float64, error) {
	o, err := m.of(field, session)
	if o == nil || err != nil || isEmpty(o) {
		return nil, err
	}
	v, err := m.read(o)
	if err != nil {
		return nil, err
	}
	return v.Floats()
}

// vectors are the elements of a cell array of numbers.
func (m *matStruct) vectors(field string, session int) ([][]float64, error) {
	elements, err := m.elements(field, session)
	if err != nil {
		return nil, err
	}
	all := make([][]float64, len(elements))
	for i, o := range elements {
		if o == nil || isEmpty(o) {
			continue
		}
		v, err := m.read(o)
		if err != nil {
			return nil, err
		}
		if all[i], err = v.Floats(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// texts are the elements of a cell array of strings, or the one string of a field.
func (m *matStruct) texts(field string, session int) ([]string, error) {
	o, err := m.of(field, session)
	if o == nil || err != nil {
		return nil, err
	}
	elements := []*hdf5.Object{o}
	if matClass(o) != "char" {
		if elements, err = m.elements(field, session); err != nil {
			return nil, err
		}
	}
	all := make([]string, len(elements))
	for i, o := range elements {
		if o == nil || isEmpty(o) {
			continue
		}
		v, err := m.read(o)
		if err != nil {
			return nil, err
		}
		letters, err := v.Ints() // UTF-16
		if err != nil {
			return nil, err
		}
		var b strings.Builder
		for _, c := range letters {
			b.WriteRune(rune(c))
		}
		all[i] = b.String()
	}
	return all, nil
}

func (m *matStruct) elements(field string, session int) ([]*hdf5.Object, error) {
	o, err := m.of(field, session)
	if o == nil || err != nil || isEmpty(o) {
		return nil, err
	}
	return m.referred(o)
}

// session reads one session.
func (m *matStruct) session(s int) (*Recording, error) {
	mouse, err := m.texts("mouse", s)
	if err != nil {
		return nil, err
	}
	date, err := m.texts("date", s)
	if err != nil {
		return nil, err
	}
	r := &Recording{Name: strings.Join(append(mouse, date...), "_")}
	if r.Name == "" {
		r.Name = fmt.Sprintf("session%d", s+1)
	}
	if err := m.units(r, s); err != nil {
		return nil, err
	}
	if err := m.trials(r, s); err != nil {
		return nil, err
	}
	if err := m.jaw(r, s); err != nil {
		return nil, err
	}
	return r, r.check(fmt.Sprintf("%s, session %d (%s)", m.file, s+1, r.Name))
}

// units reads the neurons.
func (m *matStruct) units(r *Recording, s int) error {
	spikes, err := m.vectors("spikets", s)
	if err != nil {
		return err
	}
	if spikes == nil {
		return m.missing("spikets", s)
	}
	areas, err := m.texts("area", s)
	if err != nil {
		return err
	}
	width, err := m.numbers("width", s)
	if err != nil {
		return err
	}
	include, err := m.numbers("include", s)
	if err != nil {
		return err
	}
	if len(areas) == 1 {
		for len(areas) < len(spikes) {
			areas = append(areas, areas[0])
		}
	}
	for _, f := range []struct {
		name  string
		count int
		must  bool
	}{{"area", len(areas), true}, {"width", len(width), true}, {"include", len(include), include != nil}} {
		if f.must && f.count != len(spikes) {
			return fault.Inputf("%s: field %s of session %d has %d values, expected %d, one for each unit", m.file, f.name, s+1, f.count, len(spikes))
		}
	}
	for i, times := range spikes {
		if include != nil && include[i] == 0 {
			continue
		}
		r.Neurons = append(r.Neurons, Neuron{Name: strconv.Itoa(i), Area: areas[i], CellType: cellType(width[i] > excitatoryWidthMS), Spikes: times})
	}
	return nil
}

func (m *matStruct) missing(field string, s int) error {
	return fault.Inputf("%s: session %d of %s has no field %s", m.file, s+1, spikeData, field)
}

// trials reads onsets, types and stimuli.
func (m *matStruct) trials(r *Recording, s int) error {
	onsets, err := m.numbers("TrialOnsets_All", s)
	if err != nil {
		return err
	}
	stimuli, err := m.numbers("StimIndices_All", s)
	if err != nil {
		return err
	}
	reactions, err := m.numbers("ReactionTimes_All", s)
	if err != nil {
		return err
	}
	types := make([]string, len(onsets))
	for _, f := range []struct{ field, name string }{{"MissIndices", "Miss"}, {"HitIndices", "Hit"}, {"CRIndices", "CR"}, {"FAIndices", "FA"}} {
		trials, err := m.chosen(f.field, s, len(onsets))
		if err != nil {
			return err
		}
		for _, k := range trials {
			types[k] = f.name
		}
	}
	for k, onset := range onsets {
		t := Trial{Start: onset, Stop: onset + trialLasts, Type: types[k], Values: map[string]float64{StimulusTime: onset + stimulusAfter}}
		switch {
		case len(stimuli) == len(onsets):
			t.Values[Stimulus] = stimuli[k]
		case types[k] == "Hit" || types[k] == "Miss":
			t.Values[Stimulus] = 1
		default:
			t.Values[Stimulus] = 0
		}
		if len(reactions) == len(onsets) && !math.IsNaN(reactions[k]) {
			t.Values[ReactionTime] = reactions[k]
		}
		r.Trials = append(r.Trials, t)
	}
	return nil
}

// chosen are the trials that a field names: by a truth value for each of them, or by
// their numbers from 1 on.
func (m *matStruct) chosen(field string, s, trials int) ([]int, error) {
	x, err := m.numbers(field, s)
	if err != nil {
		return nil, err
	}
	logical := len(x) == trials
	for _, v := range x {
		logical = logical && (v == 0 || v == 1)
	}
	var all []int
	for i, v := range x {
		switch {
		case logical:
			if v == 1 {
				all = append(all, i)
			}
		case v < 1 || v > float64(trials) || v != math.Trunc(v):
			return nil, fault.Inputf("%s: field %s of session %d names trial %v, expected 1 to %d", m.file, field, s+1, v, trials)
		default:
			all = append(all, int(v)-1)
		}
	}
	return all, nil
}

// jaw reads the movements of the jaw, if they are there: [trials][samples], which HDF5
// has by columns.
func (m *matStruct) jaw(r *Recording, s int) error {
	o, err := m.of("Jaw_pos", s)
	if o == nil || err != nil || isEmpty(o) {
		return err
	}
	v, err := m.read(o)
	if err != nil {
		return err
	}
	x, err := v.Floats()
	if err != nil {
		return err
	}
	trials := len(r.Trials)
	if len(v.Shape) != 2 || v.Shape[1] != trials {
		return fault.Inputf("%s: field Jaw_pos of session %d has the shape %v by columns, expected samples of %d trials", m.file, s+1, v.Shape, trials)
	}
	jaw := Trace{Name: Jaw}
	overlapping := 0
	for k, t := range r.Trials {
		samples := make([]float64, v.Shape[0])
		for i := range samples {
			samples[i] = x[i*trials+k]
		}
		overlapping += jaw.append(t.Start, samples)
	}
	r.Behaviour = append(r.Behaviour, jaw)
	r.note(overlapping, "sample of the jaw lies in the trial before its own and is left out", "samples of the jaw lie in the trials before their own and are left out")
	return nil
}
