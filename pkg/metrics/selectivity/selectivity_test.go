package selectivity

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

// planted is 144 s at 62.5 frames/s of 15 keys, 30 units that each fire one frame after a key of theirs with
// probability 0.8 and at random else, and 60 that fire at random alone.
func planted() *Recording {
	const frames, keys, tied, loose = 9000, 15, 30, 60
	r := rng.Stream(1, "planted", 0, 0)
	rec := &Recording{Units: tied + loose, Frames: frames}
	fires := make(map[Event]bool)
	for t := 10; t < frames-10; t += 3 + r.IntN(30) {
		key := r.IntN(keys)
		rec.Onsets = append(rec.Onsets, Onset{t, 48 + key})
		for n := key; n < tied; n += keys {
			if r.Float64() < .8 {
				fires[Event{t + 1, n}] = true
			}
		}
	}
	for t := range frames {
		for n := range rec.Units {
			if fires[Event{t, n}] || r.Float64() < .01 || n >= tied && r.Float64() < .03 {
				rec.Events = append(rec.Events, Event{t, n})
			}
		}
	}
	return rec
}

func TestPlantedUnitsAreFoundAndRandomOnesAreNot(t *testing.T) {
	rec := planted()
	res := Test(rec, 62.5, 200, 1, 2)
	flagged := 0
	for n, u := range res.Units {
		if n < 30 {
			if !u.Selective || u.Key != 48+n%15 || u.Lag != 1 || u.Index < .8 {
				t.Errorf("unit %d: %+v, want key %d one frame after the stroke", n, u, 48+n%15)
			}
		} else if u.Selective {
			flagged++
		}
	}
	if flagged > 3 { // 1 % expected; 2 % asked for of many
		t.Errorf("%d of 60 random units are called selective", flagged)
	}
	if part, keys := res.Selective(); keys != 15 || math.Abs(part-float64(30+flagged)/90) > 1e-9 {
		t.Errorf("selective: %v of the units, %d keys", part, keys)
	}
	if res.Synchrony < res.Chance+.01 || res.SynchronyZ < 5 {
		t.Errorf("synchrony %v, chance %v, z %v", res.Synchrony, res.Chance, res.SynchronyZ)
	}
	again := Test(rec, 62.5, 200, 1, 1)
	if again.Units[3] != res.Units[3] || again.SynchronyZ != res.SynchronyZ {
		t.Error("another number of threads gives another result")
	}
}

func TestRocOfCountsThatTellStrokes(t *testing.T) {
	rec := &Recording{Units: 2, Frames: 4, Onsets: []Onset{{1, 60}, {2, 60}}, Events: []Event{{1, 0}, {1, 1}, {2, 0}, {3, 0}}}
	// Strokes have 2 and 1 events, the others 0 and 1: of four pairs three are right, one is a tie.
	if got := roc(rec); got != 3.5/4 {
		t.Errorf("area %v, want %v", got, 3.5/4)
	}
}

func TestSilentUnitsAreLeftOut(t *testing.T) {
	rec := planted()
	rec.Units++
	res := Test(rec, 62.5, 10, 1, 1)
	if u := res.Units[90]; !u.Silent || u.Selective || u.Key != -1 {
		t.Errorf("a unit without events: %+v", u)
	}
}
