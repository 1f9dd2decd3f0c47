package spiketrain

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/snnctl/snnctl/internal/atomicfile"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
)

// A folder of sessions, as the code of 2306.03603 lays it out (section 6.3 of the method):
//
//	<root>/cluster_information              CSV: session,area,excitatory,firing_rate,cluster_index
//	<root>/<session>/cluster_info           CSV: neuron_index,area,excitatory,firing_rate
//	<root>/<session>/trial_info             CSV: trial_number,reaction_time_jaw,stim,trial_type,trial_onset,…
//	<root>/<session>/neuron_index_<i>.npy   spike times, s on the session's clock
//	<root>/<session>/jaw_trace/trial_<j>.npy  500 samples a second, from 1 s before the stimulus to 3 s after it
//
// The stimulus comes 1 s after trial_onset. The files of a table have no ending, and
// their first column is a row's number without a name.
const (
	sessionsFile = "cluster_information"
	neuronsFile  = "cluster_info"
	trialsFile   = "trial_info"
	jawFolder    = "jaw_trace"

	stimulusAfter = 1.0   // s after trial_onset
	trialLasts    = 4.0   // s
	jawHz         = 500.0 // samples a second
)

// Names of what is known of a trial of such recordings.
const (
	StimulusTime = "stimulus_time" // s on the session's clock
	Stimulus     = "stim"          // 0 or 1, or an amplitude
	ReactionTime = "reaction_time_jaw"
	Jaw          = "jaw"
)

// TrialTypes are the codes that stand for types in some of these tables.
var TrialTypes = []string{"Miss", "Hit", "CR", "FA"}

// IsFolder reports whether a path is a folder of sessions.
func IsFolder(root string) bool {
	info, err := os.Stat(filepath.Join(root, sessionsFile))
	return err == nil && !info.IsDir()
}

// ReadFolder reads all sessions of a folder, in the order of its table.
func ReadFolder(root string) ([]*Recording, error) {
	file := filepath.Join(root, sessionsFile)
	t, err := openTable(file, "session")
	if err != nil {
		return nil, err
	}
	defer t.close()
	sessions := newLabels()
	for t.next() {
		name := t.text(0)
		if name == "" || name != filepath.Base(name) || name == ".." || name == "." {
			line, _ := t.csv.FieldPos(t.columns[0])
			return nil, fault.Inputf("%s:%d: session %q is no name of a folder", file, line, name)
		}
		sessions.number(name)
	}
	if t.err != nil {
		return nil, t.err
	}
	if len(sessions.order) == 0 {
		return nil, fault.Inputf("%s names no session", file)
	}
	var all []*Recording
	for _, name := range sessions.order {
		r, err := readSession(filepath.Join(root, name), name)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// readSession reads one session.
func readSession(folder, name string) (*Recording, error) {
	r := &Recording{Name: name}
	t, err := openTable(filepath.Join(folder, neuronsFile), "neuron_index", "area", "excitatory")
	if err != nil {
		return nil, err
	}
	defer t.close()
	for t.next() {
		excitatory, err := t.truth(2)
		if err != nil {
			return nil, err
		}
		index := t.text(0)
		if _, err := strconv.ParseUint(index, 10, 31); err != nil {
			return nil, t.refuse(0, "a neuron's number")
		}
		n := Neuron{Name: index, Area: t.text(1), CellType: cellType(excitatory)}
		if n.Spikes, err = readVector(filepath.Join(folder, "neuron_index_"+index+".npy")); err != nil {
			return nil, err
		}
		r.Neurons = append(r.Neurons, n)
	}
	if t.err != nil {
		return nil, t.err
	}
	if err := r.trialInfo(folder); err != nil {
		return nil, err
	}
	return r, r.check(folder)
}

func cellType(excitatory bool) string {
	if excitatory {
		return "exc"
	}
	return "inh"
}

// trialInfo reads the trials of a session and the movements of the jaw in them.
func (r *Recording) trialInfo(folder string) error {
	t, err := openTable(filepath.Join(folder, trialsFile), "trial_number", "stim", "trial_type", "trial_onset")
	if err != nil {
		return err
	}
	defer t.close()
	reaction := t.optional(ReactionTime)
	_, err = os.Stat(filepath.Join(folder, jawFolder))
	hasJaw := !errors.Is(err, fs.ErrNotExist)
	jaw := Trace{Name: Jaw}
	overlapping := 0
	for t.next() {
		onset := t.number(3)
		stimulus, err := t.amplitude(1)
		if err != nil {
			return err
		}
		trial := Trial{Start: onset, Stop: onset + trialLasts, Type: typeOf(t.text(2)),
			Values: map[string]float64{StimulusTime: onset + stimulusAfter, Stimulus: stimulus}}
		if reaction >= 0 {
			if x, err := strconv.ParseFloat(strings.TrimSpace(t.row[reaction]), 64); err == nil && x == x {
				trial.Values[ReactionTime] = x
			}
		}
		number := t.text(0)
		if _, err := strconv.ParseUint(number, 10, 31); err != nil {
			return t.refuse(0, "a trial's number")
		}
		if hasJaw {
			samples, err := readVector(filepath.Join(folder, jawFolder, "trial_"+number+".npy"))
			if err != nil {
				return err
			}
			overlapping += jaw.append(onset, samples)
		}
		r.Trials = append(r.Trials, trial)
	}
	if t.err != nil {
		return t.err
	}
	if hasJaw {
		r.Behaviour = append(r.Behaviour, jaw)
	}
	r.note(overlapping, "sample of the jaw lies in the trial before its own and is left out", "samples of the jaw lie in the trials before their own and are left out")
	return nil
}

// append adds the samples of a trial that lie behind those before it, and counts the
// others.
func (b *Trace) append(onset float64, samples []float64) (left int) {
	for i, x := range samples {
		at := onset + float64(i)/jawHz
		if n := len(b.Times); n > 0 && at <= b.Times[n-1] {
			left++
			continue
		}
		b.Times, b.Values = append(b.Times, at), append(b.Values, x)
	}
	return left
}

// typeOf is a trial's type, which is a name or the code of one.
func typeOf(text string) string {
	if code, err := strconv.ParseFloat(text, 64); err == nil {
		if i := int(code); float64(i) == code && i >= 0 && i < len(TrialTypes) {
			return TrialTypes[i]
		}
	}
	return text
}

// readVector reads an array of one dimension.
func readVector(file string) ([]float64, error) {
	s, err := npy.Open(file)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if len(s.Shape) != 1 {
		return nil, fault.Inputf("%s has the shape %v, expected one dimension", file, s.Shape)
	}
	x := make([]float64, s.Shape[0])
	if len(x) == 0 {
		return x, nil
	}
	return x, s.Next(x)
}

// optional is the place of a column; -1 if the table has none of that name.
func (t *table) optional(name string) int {
	for i, h := range t.header {
		if h == name {
			return i
		}
	}
	return -1
}

func (t *table) refuse(column int, expected string) error {
	line, _ := t.csv.FieldPos(t.columns[column])
	return fault.Inputf("%s:%d: %q is no %s", t.file, line, t.text(column), strings.TrimPrefix(strings.TrimPrefix(expected, "a "), "an "))
}

// truth is the value of a column of True and False, or 1 and 0.
func (t *table) truth(column int) (bool, error) {
	switch strings.ToLower(t.text(column)) {
	case "true", "1", "1.0":
		return true, nil
	case "false", "0", "0.0":
		return false, nil
	}
	return false, t.refuse(column, "truth value, True or False")
}

// amplitude is a number that may be written as True or False.
func (t *table) amplitude(column int) (float64, error) {
	if on, err := t.truth(column); err == nil {
		if on {
			return 1, nil
		}
		return 0, nil
	}
	x := t.number(column)
	return x, t.err
}

// WriteFolder writes sessions into a new folder that ReadFolder reads. Behaviour that is
// not called jaw is left out.
func WriteFolder(root string, sessions []*Recording) error {
	var information [][]string
	for _, r := range sessions {
		folder := filepath.Join(root, r.Name)
		if err := os.MkdirAll(filepath.Join(folder), 0o777); err != nil {
			return fmt.Errorf("writing a session: %w", err)
		}
		neurons := [][]string{{"", "neuron_index", "area", "excitatory", "firing_rate"}}
		first, last := r.Span()
		for i := range r.Neurons {
			n := &r.Neurons[i]
			excitatory := map[bool]string{true: "True", false: "False"}[n.Excitatory()]
			rate := number6(float64(len(n.Spikes)) / max(last-first, 1e-9))
			neurons = append(neurons, []string{strconv.Itoa(i), strconv.Itoa(i), n.Area, excitatory, rate})
			information = append(information, []string{strconv.Itoa(len(information)), r.Name, n.Area, excitatory, rate, strconv.Itoa(i)})
			if err := writeVector(filepath.Join(folder, fmt.Sprintf("neuron_index_%d.npy", i)), n.Spikes); err != nil {
				return err
			}
		}
		if err := writeRows(filepath.Join(folder, neuronsFile), neurons); err != nil {
			return err
		}
		if err := r.writeTrials(folder); err != nil {
			return err
		}
	}
	return writeRows(filepath.Join(root, sessionsFile), append([][]string{{"", "session", "area", "excitatory", "firing_rate", "cluster_index"}}, information...))
}

// writeTrials writes the trials of a session, and the jaw's traces.
func (r *Recording) writeTrials(folder string) error {
	rows := [][]string{{"", "trial_number", ReactionTime, "stim", "trial_type", "trial_onset"}}
	var jaw *Trace
	for i := range r.Behaviour {
		if r.Behaviour[i].Name == Jaw {
			jaw = &r.Behaviour[i]
		}
	}
	if jaw != nil {
		if err := os.MkdirAll(filepath.Join(folder, jawFolder), 0o777); err != nil {
			return fmt.Errorf("writing a session: %w", err)
		}
	}
	for k, t := range r.Trials {
		reaction := ""
		if x, ok := t.Values[ReactionTime]; ok {
			reaction = strconv.FormatFloat(x, 'g', -1, 64)
		}
		onset := t.Start
		if x, ok := t.Values[StimulusTime]; ok {
			onset = x - stimulusAfter
		}
		rows = append(rows, []string{strconv.Itoa(k), strconv.Itoa(k), reaction, strconv.FormatFloat(t.Values[Stimulus], 'g', -1, 64), t.Type, strconv.FormatFloat(onset, 'g', -1, 64)})
		if jaw == nil {
			continue
		}
		var samples []float64
		for i, at := range jaw.Times {
			if at >= onset-1e-9 && at < onset+trialLasts-1e-9 {
				samples = append(samples, jaw.Values[i])
			}
		}
		if err := writeVector(filepath.Join(folder, jawFolder, fmt.Sprintf("trial_%d.npy", k)), samples); err != nil {
			return err
		}
	}
	return writeRows(filepath.Join(folder, trialsFile), rows)
}

func number6(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

func writeVector(file string, x []float64) error {
	return atomicfile.Write(file, func(w io.Writer) error { return npy.Encode(w, x, len(x)) })
}

func writeRows(file string, rows [][]string) error {
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return atomicfile.Write(file, func(w io.Writer) error {
		_, err := b.WriteTo(w)
		return err
	})
}
