package experiment

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
	"github.com/snnctl/snnctl/pkg/learning/em"
)

// read takes the trials of a recording: the first training trial trains, the first one of each
// other split is held out.
func (h *hidden) read(d config.SpikeTrains, r config.BaumViterbi, seed uint64, s Settings) error {
	populations := len(h.model.Neurons)
	h.dt = d.BinMS / 1000
	trials, err := buildRecording(d, config.RSNN{HistoryBins: 1, StimulusNetwork: "none"}, s)
	if err != nil {
		return err
	}
	bins := trials.Steps + trials.History
	h.history = min(int(math.Round(1/h.dt)), bins/4)
	h.length = bins - h.history
	if h.length < 1 || h.history < 1 {
		return fault.Inputf("the trials have %d bins, expected more: a quarter of them, at most a second, is history", bins)
	}
	trains := make([][]bool, len(trials.Neurons))
	h.windows = map[string]int{}
	for i, split := range []string{"train", "validation", "test"} {
		of, err := trials.Split(split)
		if err != nil {
			return err
		}
		if len(of) == 0 {
			return fault.Inputf("there is no %s trial, expected at least one", split)
		}
		h.windows[split] = i * bins
		for n := range trains {
			trains[n] = append(trains[n], make([]bool, bins)...)
		}
		for t := range bins {
			for _, n := range of[0].At(t) {
				trains[n][i*bins+t] = true
			}
		}
	}
	labels, err := h.labels(trials, trains, r, seed)
	if err != nil {
		return err
	}
	h.spikes = make([][][]bool, populations)
	h.names = make([][]string, populations)
	var left []string
	for n, l := range labels {
		if l < 0 {
			left = append(left, trials.Neurons[n])
			continue
		}
		h.spikes[l], h.names[l] = append(h.spikes[l], trains[n]), append(h.names[l], trials.Neurons[n])
	}
	if len(left) > 0 {
		h.notes = append(h.notes, fmt.Sprintf("neurons without a population are left out: %s", strings.Join(left, ", ")))
	}
	for p, of := range h.spikes {
		if len(of) == 0 {
			return fault.Inputf("population %d has no observed neuron, expected at least one in each population", p)
		}
	}
	h.notes, h.checksums = append(h.notes, describeTrials(trials)...), trials.Checksums
	return nil
}

// labels are the populations of the neurons; -1 for those without.
func (h *hidden) labels(trials *spiketrain.Trials, trains [][]bool, r config.BaumViterbi, seed uint64) ([]int, error) {
	populations := len(h.model.Neurons)
	if given := r.NeuronPopulations; given != nil {
		if len(given) != len(trains) {
			return nil, fault.Inputf("rule.neuron_populations has %d numbers, expected %d, one for each neuron (%s, …)", len(given), len(trains), trials.Neurons[0])
		}
		for i, l := range given {
			if l >= populations {
				return nil, fault.Inputf("neuron %s is of population %d by rule.neuron_populations, expected at most %d, the last one of model.neurons", trials.Neurons[i], l, populations-1)
			}
		}
		return given, nil
	}
	var names []string
	for _, area := range trials.Areas {
		if area != "" && !slices.Contains(names, area) {
			names = append(names, area)
		}
	}
	if len(names) == 0 || r.Labels == "inferred" {
		h.notes = append(h.notes, "which population a neuron belongs to is inferred from the spikes")
		return em.InferLabels(trains, h.dt, populations, seed)
	}
	if len(names) != populations {
		return nil, fault.Inputf("the neurons are of %d areas (%v), expected %d, one for each population of model.neurons", len(names), names, populations)
	}
	slices.Sort(names)
	labels := make([]int, len(trains))
	for i, area := range trials.Areas {
		labels[i] = slices.Index(names, area)
	}
	return labels, nil
}

// relabel forgets which population the neurons of a simulation belong to, and infers it from the
// spikes of the training window. A group has the number of the population that most of its
// neurons are of, so that activities can be compared.
func (h *hidden) relabel(seed uint64) error {
	var trains, whole [][]bool
	var known []int
	for p, of := range h.spikes {
		for _, train := range of {
			trains, whole, known = append(trains, train[:h.history+h.length]), append(whole, train), append(known, p)
		}
	}
	m := len(h.spikes)
	labels, err := em.InferLabels(trains, h.dt, m, seed)
	if err != nil {
		return err
	}
	votes := make([][]int, m)
	for l := range votes {
		votes[l] = make([]int, m)
	}
	for i, l := range labels {
		votes[l][known[i]]++
	}
	number, taken := make([]int, m), make([]bool, m)
	for l, of := range votes {
		number[l] = slices.Index(of, slices.Max(of))
		if taken[number[l]] {
			return fault.Inputf("the neurons' populations cannot be told from the spikes: two groups have most of their neurons in population %d; a longer data.window_s or more neurons (data.observed) may help", number[l])
		}
		taken[number[l]] = true
	}
	right := 0
	h.spikes = make([][][]bool, m)
	for i, l := range labels {
		p := number[l]
		h.spikes[p] = append(h.spikes[p], whole[i])
		if p == known[i] {
			right++
		}
	}
	h.notes = append(h.notes, fmt.Sprintf("populations are inferred from the spikes: %d of %d neurons are put where they belong", right, len(labels)))
	return nil
}
