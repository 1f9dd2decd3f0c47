package speechframes

import (
	"math"
	"reflect"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
)

func synthetic() Synthetic {
	return Synthetic{Phones: 4, Features: 3, Frames: 9, LeastHold: 2, MostHold: 3, Spread: 2, Train: 40, Seed: 7}
}

// What is shown in a step is the frame of that time, forward and in reverse within
// the utterance's own length; behind its end there is nothing.
func TestFramesAreHeldAndMirrored(t *testing.T) {
	s := NewSource(Draw(synthetic()), 5, 1, 2)
	var b Batch
	for _, trials := range []int{20, 3, 18} { // memory is used again
		if err := s.Train(&b, 1, trials); err != nil {
			t.Fatal(err)
		}
		if len(b.Utterances) != trials || len(b.Forward) != tensor.Groups(trials) {
			t.Fatalf("%d utterances in %d groups", len(b.Utterances), len(b.Forward))
		}
		for i, u := range b.Utterances {
			group, lane := i/tensor.Lanes, i%tensor.Lanes
			for step := range b.Frames * 5 {
				for f := range 3 {
					var forward, mirror float32
					if frame := step / 5; frame < len(u.Phones) {
						forward, mirror = u.Features[frame*3+f], u.Features[(len(u.Phones)-1-frame)*3+f]
					}
					if b.Forward[group].Currents.Line(step, f)[lane] != forward || b.Mirror[group].Currents.Line(step, f)[lane] != mirror {
						t.Fatalf("utterance %d, step %d, feature %d", i, step, f)
					}
				}
			}
		}
	}
}

// An epoch shows every utterance once; batches do not depend on threads or history.
func TestBatches(t *testing.T) {
	s := NewSource(Draw(synthetic()), 1, 1, 2)
	seen := map[string]int{}
	var b Batch
	for step := range 4 {
		if err := s.Train(&b, step, 10); err != nil {
			t.Fatal(err)
		}
		for _, u := range b.Utterances {
			seen[u.Name]++
		}
	}
	if len(seen) != 40 {
		t.Errorf("%d of 40 utterances in an epoch", len(seen))
	}
	var fresh Batch
	if err := NewSource(Draw(synthetic()), 1, 1, 1).Train(&fresh, 3, 10); err != nil || !reflect.DeepEqual(names(fresh), names(b)) {
		t.Errorf("%v instead of %v, %v", names(fresh), names(b), err)
	}
	if err := s.Evaluate(&b, "test", 8, 10); err != nil || len(b.Utterances) != 2 || b.Utterances[1].Name != "test-9" {
		t.Errorf("%v, %v", names(b), err)
	}
	if err := s.Evaluate(&b, "dev", 0, 1); err == nil {
		t.Error("there is no error for a split that does not exist")
	}
}

func names(b Batch) (all []string) {
	for _, u := range b.Utterances {
		all = append(all, u.Name)
	}
	return all
}

// Lengths, holds and the noise around the centres are as asked for.
func TestSyntheticCorpus(t *testing.T) {
	d := synthetic()
	d.Train, d.Frames = 2000, 12
	c := Draw(d)
	if len(c.Train) != 2000 || len(c.Development) != 500 || len(c.Test) != 500 || len(c.Phones) != 4 {
		t.Fatalf("%d, %d, %d utterances", len(c.Train), len(c.Development), len(c.Test))
	}
	lengths := map[int]bool{}
	var n [4]float64
	var mean, square [4]float64
	for _, u := range c.Train {
		lengths[len(u.Phones)] = true
		run := 1
		for i, p := range u.Phones {
			x := float64(u.Features[i*3])
			n[p]++
			mean[p] += x
			square[p] += x * x
			if i == 0 {
				continue
			}
			if u.Phones[i-1] == p {
				run++
				continue
			}
			if run < 2 || run > 3 {
				t.Fatalf("a phone lasts %d frames", run)
			}
			run = 1
		}
	}
	if len(lengths) != 7 || !lengths[6] || !lengths[12] {
		t.Errorf("the lengths are %v, want 6 to 12", lengths)
	}
	for p := range n {
		if variance := square[p]/n[p] - math.Pow(mean[p]/n[p], 2); math.Abs(variance-1) > 0.1 {
			t.Errorf("the variance of phone %d is %g, want 1", p, variance)
		}
		if math.Abs(n[p]/(n[0]+n[1]+n[2]+n[3])-0.25) > 0.02 {
			t.Errorf("phone %d comes in %g frames", p, n[p])
		}
	}
	if !reflect.DeepEqual(c, Draw(d)) {
		t.Error("drawn again, it is another corpus")
	}
}
