package trialmatch

import (
	"fmt"

	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
	"github.com/snnctl/snnctl/pkg/datasets/trialset"
)

// Simulated is a session of simulated trials (0: as many as in an evaluation), with
// stimuli like those of a split. Neurons are all those of the network; the table of trials
// has the stimulus's amplitude and time, and the jaw is a behaviour.
func (t *Trainer[F]) Simulated(split string, trials int) *spiketrain.Recording {
	if trials == 0 {
		trials = t.EvaluationTrials
	}
	part := func(s *trialset.Session) []int { return s.Train }
	if split == "test" {
		part = func(s *trialset.Session) []int { return s.Test }
	}
	var b batch[F]
	t.simulate(&b, address{"evaluation-" + split, 0}, newTarget(t, nil, part).stimuli, trials, false)
	var names, areas []string
	for i, a := range t.Net.Area {
		names, areas = append(names, fmt.Sprint(i)), append(areas, t.Set.Areas[a])
	}
	bin := t.Net.StepMS / 1000
	r := spiketrain.Session("simulated", names, areas, bin, 0, t.Set.Steps, b.run.Spikes)
	for i := range r.Neurons {
		r.Neurons[i].CellType = "exc"
		if i >= t.Net.Excitatory {
			r.Neurons[i].CellType = "inh"
		}
	}
	jaw := spiketrain.Trace{Name: spiketrain.Jaw}
	for k := range r.Trials {
		start := r.Trials[k].Start
		r.Trials[k].Values = map[string]float64{spiketrain.Stimulus: b.stimuli[k], spiketrain.StimulusTime: start - t.Set.FromS}
		for step, x := range b.jaw(k) {
			jaw.Times, jaw.Values = append(jaw.Times, start+(float64(step)+0.5)*bin), append(jaw.Values, x)
		}
	}
	if len(jaw.Times) > 0 {
		r.Behaviour = append(r.Behaviour, jaw)
	}
	return r
}
