package spiketrain

import (
	"encoding/csv"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
)

// CSVOptions say what a list of spikes cannot: silent trials and silent neurons have no
// row, and a trial has no end.
type CSVOptions struct {
	Duration float64 // of a trial, s
	Trials   int     // 0: those that have a spike
	Neurons  int     // 0: those that have a spike
}

// ReadCSV reads a session from a file with the header trial,neuron,time_s and a row for
// each spike. Trials and neurons are numbers from 0 on, or labels, which are taken in the
// order of their first appearance; time is in seconds from the trial's start. Trials
// are laid one after the other on the session's clock.
func ReadCSV(file string, o CSVOptions) (*Recording, error) {
	if !(o.Duration > 0) || math.IsInf(o.Duration, 0) {
		return nil, fault.Inputf("%s: the duration of a trial is %v s, expected a positive number of seconds", file, o.Duration)
	}
	t, err := openTable(file, "trial", "neuron", "time_s")
	if err != nil {
		return nil, err
	}
	defer t.close()
	type spike struct {
		trial, neuron int
		time          float64
	}
	var spikes []spike
	trials, neurons := newLabels(), newLabels()
	outside := 0
	for t.next() {
		s := spike{trial: trials.number(t.text(0)), neuron: neurons.number(t.text(1)), time: t.number(2)}
		if s.time < 0 || s.time >= o.Duration {
			outside++
			continue
		}
		spikes = append(spikes, s)
	}
	if t.err != nil {
		return nil, t.err
	}
	trialNames, trialOf, err := trials.names(file, "trial", o.Trials)
	if err != nil {
		return nil, err
	}
	neuronNames, neuronOf, err := neurons.names(file, "neuron", o.Neurons)
	if err != nil {
		return nil, err
	}
	r := &Recording{Name: nameOf(file)}
	for _, name := range neuronNames {
		r.Neurons = append(r.Neurons, Neuron{Name: name})
	}
	for k := range trialNames {
		start := float64(k) * o.Duration
		r.Trials = append(r.Trials, Trial{Start: start, Stop: start + o.Duration})
	}
	for _, s := range spikes {
		n := &r.Neurons[neuronOf[s.neuron]]
		n.Spikes = append(n.Spikes, r.Trials[trialOf[s.trial]].Start+s.time)
	}
	for i := range r.Neurons {
		slices.Sort(r.Neurons[i].Spikes) // rows need not come in order
	}
	r.note(outside, "spike lies outside its trial and is left out", "spikes lie outside their trials and are left out")
	return r, r.check(file)
}

// WriteCSV writes the spikes of all trials in the form that ReadCSV reads. A spike is in
// every trial whose time it falls into.
func (r *Recording) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"trial", "neuron", "time_s"}); err != nil {
		return err
	}
	for k, trial := range r.Trials {
		for i := range r.Neurons {
			n := &r.Neurons[i]
			for _, t := range n.Between(trial.Start, trial.Stop) {
				row := []string{strconv.Itoa(k), n.Name, strconv.FormatFloat(t-trial.Start, 'g', -1, 64)}
				if err := out.Write(row); err != nil {
					return err
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}

// labels numbers the values of a column in the order of their first appearance.
type labels struct {
	of    map[string]int
	order []string
}

func newLabels() *labels { return &labels{of: map[string]int{}} }

func (l *labels) number(label string) int {
	i, known := l.of[label]
	if !known {
		i = len(l.order)
		l.of[label] = i
		l.order = append(l.order, label)
	}
	return i
}

// maxLabels bounds the trials or neurons that numbers in a file may name.
const maxLabels = 10_000_000

// names are the final names and, for each label, its place among them: its value where
// all are whole numbers, else the order of first appearance. count is how many there
// are, 0 for as many as the file names.
func (l *labels) names(file, what string, count int) (names []string, place []int, err error) {
	place = make([]int, len(l.order))
	most, numeric := -1, true
	for i, label := range l.order {
		x, err := strconv.ParseUint(label, 10, 31)
		if err != nil || x >= maxLabels {
			numeric = false
			break
		}
		place[i] = int(x)
		most = max(most, int(x))
	}
	if !numeric {
		for i := range place {
			place[i] = i
		}
		most = len(l.order) - 1
	}
	if count == 0 {
		count = most + 1
	}
	if most >= count {
		return nil, nil, fault.Inputf("%s names %s %s, expected %d of them", file, what, l.order[slices.Index(place, most)], count)
	}
	names = make([]string, count)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	if !numeric {
		copy(names, l.order)
	}
	return names, place, nil
}

// table reads the columns of a CSV file by their names.
type table struct {
	file    string
	closer  io.Closer
	csv     *csv.Reader
	columns []int
	header  []string
	row     []string
	err     error
}

// openTable opens a file that has these columns among others.
func openTable(file string, columns ...string) (*table, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, &fault.Input{Err: err}
	}
	t := &table{file: file, closer: f, csv: csv.NewReader(f)}
	t.csv.ReuseRecord = true
	header, err := t.csv.Read()
	if err != nil {
		f.Close()
		if errors.Is(err, io.EOF) {
			return nil, fault.Inputf("%s is empty, expected the header %s", file, strings.Join(columns, ","))
		}
		return nil, fault.Inputf("%s: %w", file, err)
	}
	for _, h := range header {
		t.header = append(t.header, strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")))
	}
	for _, name := range columns {
		i := slices.Index(t.header, name)
		if i < 0 {
			f.Close()
			return nil, fault.Inputf("%s has no column %s, expected the header %s", file, name, strings.Join(columns, ","))
		}
		t.columns = append(t.columns, i)
	}
	return t, nil
}

func (t *table) close() { t.closer.Close() }

func (t *table) next() bool {
	if t.err != nil {
		return false
	}
	row, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		return false
	}
	if err != nil {
		t.err = fault.Inputf("%s: %w", t.file, err)
		return false
	}
	t.row = row
	return true
}

// text is the value of a column.
func (t *table) text(column int) string { return strings.TrimSpace(t.row[t.columns[column]]) }

// number is the value of a column that has numbers.
func (t *table) number(column int) float64 {
	x, err := strconv.ParseFloat(t.text(column), 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		line, _ := t.csv.FieldPos(t.columns[column])
		t.err = fault.Inputf("%s:%d: %q is no number", t.file, line, t.text(column))
	}
	return x
}

// nameOf is a file's name without its folder and ending.
func nameOf(file string) string {
	base := file[strings.LastIndexByte(file, '/')+1:]
	if dot := strings.LastIndexByte(base, '.'); dot > 0 {
		base = base[:dot]
	}
	return base
}
