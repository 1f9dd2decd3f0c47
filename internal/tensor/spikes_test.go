package tensor

import "testing"

func TestSpikesHoldOneBitATrial(t *testing.T) {
	s := NewSpikes(3, 5)
	s.Set(2, 4, 15)
	s.Set(0, 1, 0)
	count := 0
	for step := range s.T {
		for i := range s.N {
			for lane := range Lanes {
				if s.At(step, i, lane) {
					count++
				}
			}
		}
	}
	if count != 2 || !s.At(2, 4, 15) || !s.At(0, 1, 0) {
		t.Errorf("%d spikes seen, want the two that were set", count)
	}
	if s.Step(2)[4] != 1<<15 {
		t.Errorf("word = %x, want only bit 15", s.Step(2)[4])
	}
}

func TestGroupsCoverEveryTrial(t *testing.T) {
	for trials, want := range map[int]int{0: 0, 1: 1, 16: 1, 17: 2, 256: 16} {
		if got := Groups(trials); got != want {
			t.Errorf("Groups(%d) = %d, want %d", trials, got, want)
		}
	}
}
