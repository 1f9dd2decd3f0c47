package datasets

import "testing"

func TestRefillKeepsItsMemory(t *testing.T) {
	var b Batch
	b.RefillSpikes(33, 5, 3)
	first, last := b.Groups[0].Spikes, b.Groups[2].Spikes
	b.RefillSpikes(7, 5, 3)
	if len(b.Groups) != 1 || b.Groups[0].Trials != 7 || b.Groups[0].Spikes != first {
		t.Errorf("%d groups, the first of %d trials; want one of 7 in the same memory", len(b.Groups), b.Groups[0].Trials)
	}
	b.RefillSpikes(48, 5, 3)
	if len(b.Groups) != 3 || b.Groups[2].Spikes != last || b.Groups[2].Trials != 16 || b.Trials != 48 {
		t.Errorf("%d groups of a batch of %d, want three in the memory of the first batch", len(b.Groups), b.Trials)
	}
}

func TestRefillSetsExactlyOneKindOfInput(t *testing.T) {
	var b Batch
	b.RefillSpikes(2, 5, 3)
	b.RefillCurrents(20, 4, 2)
	for i, g := range b.Groups {
		if g.Spikes != nil || g.Currents == nil || g.Currents.T != 4 || g.Currents.N != 2 {
			t.Errorf("group %d: spikes %v, currents %v", i, g.Spikes, g.Currents)
		}
	}
	b.RefillSpikes(20, 6, 1)
	if g := b.Groups[1]; g.Currents != nil || g.Spikes == nil || g.Spikes.T != 6 || g.Trials != 4 {
		t.Errorf("second group: %+v", g)
	}
}
