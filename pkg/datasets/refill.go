package datasets

import (
	"slices"

	"github.com/snnctl/snnctl/internal/tensor"
)

// RefillSpikes makes b a batch of trials whose input is spikes over steps of
// lines, with no decision and no target yet. It keeps the memory that b had, and so
// what it held: whoever fills a group clears it first.
func (b *Batch) RefillSpikes(trials, steps, lines int) {
	b.refill(trials)
	for i := range b.Groups {
		g := &b.Groups[i]
		if g.Spikes == nil || g.Spikes.T != steps || g.Spikes.N != lines {
			g.Spikes = tensor.NewSpikes(steps, lines)
		}
		g.Currents = nil
	}
}

// RefillCurrents is RefillSpikes for analogue input.
func (b *Batch) RefillCurrents(trials, steps, lines int) {
	b.refill(trials)
	for i := range b.Groups {
		g := &b.Groups[i]
		if g.Currents == nil || g.Currents.T != steps || g.Currents.N != lines {
			g.Currents = tensor.NewCurrents(steps, lines)
		}
		g.Spikes = nil
	}
}

func (b *Batch) refill(trials int) {
	groups := tensor.Groups(trials)
	// Growing from the whole capacity keeps the groups of a larger batch.
	b.Groups = slices.Grow(b.Groups[:cap(b.Groups)], max(0, groups-cap(b.Groups)))[:groups]
	for i := range b.Groups {
		b.Groups[i].Trials = min(tensor.Lanes, trials-i*tensor.Lanes)
	}
	b.Trials = trials
	b.Decisions, b.Targets = b.Decisions[:0], b.Targets[:0]
}
