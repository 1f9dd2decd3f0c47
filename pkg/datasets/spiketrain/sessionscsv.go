package spiketrain

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/snnctl/snnctl/internal/fault"
)

// The files of sessions in CSV: a row for each spike, neuron, trial, and sample of the
// behaviour. Times are in seconds after the event that trials are aligned to, and may be
// negative.
const (
	spikesCSV    = "spikes.csv"    // session,trial,neuron,time_s
	neuronsCSV   = "neurons.csv"   // session,neuron,area,excitatory
	trialsCSV    = "trials.csv"    // session,trial,type,stim
	behaviourCSV = "behaviour.csv" // session,trial,time_s,value; optional
)

// Behaviour is the name of the trace in behaviour.csv.
const Behaviour = "behaviour"

// gapS lies between trials on the session's clock, so that a window that is longer than
// what was recorded does not reach into other trials.
const gapS = 10

// ReadSessionsCSV reads the sessions of a folder with the files spikes.csv, neurons.csv,
// trials.csv and, if there was any behaviour, behaviour.csv.
func ReadSessionsCSV(folder string) ([]*Recording, error) {
	c := csvSessions{folder: folder, sessions: newLabels()}
	for _, read := range []func() error{c.readNeurons, c.readTrials, c.readSpikes, c.readBehaviour} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return c.recordings()
}

// csvSessions are sessions while they are read.
type csvSessions struct {
	folder           string
	sessions         *labels
	all              []*csvSession
	earliest, latest float64
}

type csvSession struct {
	rec             *Recording
	neurons, trials *labels
	spikes          [][]csvSpike // by neuron
	behaviour       [][]csvSpike // by trial; the second number is the value
}

type csvSpike struct {
	trial       int
	time, value float64
}

// session is that of a row, whose session is in a column. Those that are new have to be
// in neurons.csv.
func (c *csvSessions) session(t *table, column int, add bool) (*csvSession, error) {
	name := t.text(column)
	if _, known := c.sessions.of[name]; !known && !add {
		return nil, t.refuse(column, "session of "+neuronsCSV)
	}
	i := c.sessions.number(name)
	if i == len(c.all) {
		c.all = append(c.all, &csvSession{rec: &Recording{Name: name}, neurons: newLabels(), trials: newLabels()})
	}
	return c.all[i], nil
}

// each calls row for each row of a file.
func (c *csvSessions) each(file string, columns []string, row func(t *table) error) error {
	t, err := openTable(filepath.Join(c.folder, file), columns...)
	if err != nil {
		return err
	}
	defer t.close()
	for t.next() {
		if err := row(t); err != nil {
			return err
		}
		if t.err != nil {
			return t.err
		}
	}
	return t.err
}

func (c *csvSessions) readNeurons() error {
	return c.each(neuronsCSV, []string{"session", "neuron", "area", "excitatory"}, func(t *table) error {
		s, err := c.session(t, 0, true)
		if err != nil {
			return err
		}
		if i := s.neurons.number(t.text(1)); i < len(s.rec.Neurons) {
			return t.refuse(1, "new neuron: it has a row already")
		}
		n := Neuron{Name: t.text(1), Area: t.text(2), CellType: t.text(3), Spikes: []float64{}}
		if !n.Excitatory() && !n.Inhibitory() {
			excitatory, err := t.truth(3)
			if err != nil {
				return err
			}
			n.CellType = cellType(excitatory)
		}
		s.rec.Neurons = append(s.rec.Neurons, n)
		s.spikes = append(s.spikes, nil)
		return nil
	})
}

func (c *csvSessions) readTrials() error {
	return c.each(trialsCSV, []string{"session", "trial", "type", "stim"}, func(t *table) error {
		s, err := c.session(t, 0, false)
		if err != nil {
			return err
		}
		if i := s.trials.number(t.text(1)); i < len(s.rec.Trials) {
			return t.refuse(1, "new trial: it has a row already")
		}
		stimulus, err := t.amplitude(3)
		if err != nil {
			return err
		}
		s.rec.Trials = append(s.rec.Trials, Trial{Type: t.text(2), Values: map[string]float64{Stimulus: stimulus}})
		s.behaviour = append(s.behaviour, nil)
		return nil
	})
}

// place is the place of a row's label among those of a session.
func place(t *table, column int, known *labels, file string) (int, error) {
	i, ok := known.of[t.text(column)]
	if !ok {
		return 0, t.refuse(column, map[string]string{neuronsCSV: "neuron", trialsCSV: "trial"}[file]+" of its session in "+file)
	}
	return i, nil
}

func (c *csvSessions) see(time float64) {
	c.earliest, c.latest = min(c.earliest, time), max(c.latest, time)
}

func (c *csvSessions) readSpikes() error {
	return c.each(spikesCSV, []string{"session", "trial", "neuron", "time_s"}, func(t *table) error {
		s, err := c.session(t, 0, false)
		if err != nil {
			return err
		}
		trial, err := place(t, 1, s.trials, trialsCSV)
		if err != nil {
			return err
		}
		neuron, err := place(t, 2, s.neurons, neuronsCSV)
		if err != nil {
			return err
		}
		time := t.number(3)
		c.see(time)
		s.spikes[neuron] = append(s.spikes[neuron], csvSpike{trial: trial, time: time})
		return nil
	})
}

func (c *csvSessions) readBehaviour() error {
	if _, err := os.Stat(filepath.Join(c.folder, behaviourCSV)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return c.each(behaviourCSV, []string{"session", "trial", "time_s", "value"}, func(t *table) error {
		s, err := c.session(t, 0, false)
		if err != nil {
			return err
		}
		trial, err := place(t, 1, s.trials, trialsCSV)
		if err != nil {
			return err
		}
		sample := csvSpike{trial: trial, time: t.number(2), value: t.number(3)}
		before := s.behaviour[trial]
		if n := len(before); n > 0 && sample.time <= before[n-1].time {
			return t.refuse(2, "time after the one before it in the same trial")
		}
		c.see(sample.time)
		s.behaviour[trial] = append(before, sample)
		return nil
	})
}

// recordings lays the trials on a clock, one after the other.
func (c *csvSessions) recordings() ([]*Recording, error) {
	if len(c.all) == 0 {
		return nil, fault.Inputf("%s names no neuron", filepath.Join(c.folder, neuronsCSV))
	}
	length := c.latest - c.earliest
	if !(length < 1e6) {
		return nil, fault.Inputf("%s: times go from %g to %g s, expected less than 1000000 s within a trial", c.folder, c.earliest, c.latest)
	}
	length = math.Ceil(length*1000+1) / 1000
	var all []*Recording
	for _, s := range c.all {
		event := func(trial int) float64 { return float64(trial)*(length+gapS) - c.earliest }
		for k := range s.rec.Trials {
			t := &s.rec.Trials[k]
			t.Start, t.Stop = event(k)+c.earliest, event(k)+c.earliest+length
			t.Values[StimulusTime] = event(k)
		}
		for i, spikes := range s.spikes {
			for _, x := range spikes {
				s.rec.Neurons[i].Spikes = append(s.rec.Neurons[i].Spikes, event(x.trial)+x.time)
			}
		}
		trace := Trace{Name: Behaviour}
		for k, samples := range s.behaviour {
			for _, x := range samples {
				trace.Times, trace.Values = append(trace.Times, event(k)+x.time), append(trace.Values, x.value)
			}
		}
		if len(trace.Times) > 0 {
			s.rec.Behaviour = append(s.rec.Behaviour, trace)
		}
		for i := range s.rec.Neurons {
			slices.Sort(s.rec.Neurons[i].Spikes) // rows need not come in order
		}
		if err := s.rec.check(c.folder + ", session " + s.rec.Name); err != nil {
			return nil, err
		}
		all = append(all, s.rec)
	}
	return all, nil
}
