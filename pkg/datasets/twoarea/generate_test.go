package twoarea

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
)

func TestGoldenProfile(t *testing.T) {
	for _, f := range golden.Having(t, "rsnn", "about", "values") {
		t.Run(f.Path, func(t *testing.T) {
			var v struct{ Values []float64 }
			if err := json.Unmarshal(f.Bytes, &v); err != nil {
				t.Fatal(err)
			}
			got := Profile()
			if len(got) != len(v.Values) {
				t.Fatalf("%d values, want %d", len(got), len(v.Values))
			}
			for i, want := range v.Values {
				if math.Abs(got[i]-want) > 1e-12 {
					t.Errorf("value %d is %v, want %v", i, got[i], want)
				}
			}
		})
	}
}

// response is the mean rate of an area's neurons, Hz, over the trials of a type, in
// [from, to) ms after the stimulus.
func response(sessions []*spiketrain.Recording, area, kind string, from, to float64) float64 {
	var spikes, time float64
	for _, s := range sessions {
		for i := range s.Neurons {
			if s.Neurons[i].Area != area {
				continue
			}
			for _, t := range s.Trials {
				if t.Type == kind {
					at := t.Values[Onset]
					spikes += float64(len(s.Neurons[i].Between(at+from/1000, at+to/1000)))
					time += (to - from) / 1000
				}
			}
		}
	}
	return spikes / time
}

func TestAreasRespondAsTheyShould(t *testing.T) {
	sessions := Generate(Options{Sessions: 3, Excitatory: 80, Inhibitory: 20, Trials: 200, HitFraction: 0.8, Area2OnsetMS: 8, Seed: 1, Threads: 2})
	hits, trials := 0.0, 0.0
	count := map[string]int{}
	for _, s := range sessions {
		for _, t := range s.Trials {
			if t.Type == "Hit" {
				hits++
			}
			trials++
		}
		for i := range s.Neurons {
			count[s.Neurons[i].Area+s.Neurons[i].CellType]++
		}
	}
	if f := hits / trials; math.Abs(f-0.8) > 3*math.Sqrt(0.16/trials) {
		t.Errorf("hit fraction %v", f)
	}
	for _, kind := range []string{"area1exc", "area2exc", "area1inh", "area2inh"} {
		want := map[bool]int{true: 120, false: 30}[kind[5:] == "exc"]
		if count[kind] != want {
			t.Errorf("%d neurons %s, want %d", count[kind], kind, want)
		}
	}
	// The profile is within 3 % of its peak of 3 for 4 ms around 9 ms.
	for _, c := range []struct {
		area, kind string
		ratio      float64
		onset      float64
	}{{"area1", "Hit", 4, 4}, {"area1", "Miss", 4, 4}, {"area2", "Hit", 4, 8}, {"area2", "Miss", 1, 8}} {
		base := response(sessions, c.area, c.kind, -900, 0)
		if ratio := response(sessions, c.area, c.kind, c.onset+7, c.onset+12) / base; math.Abs(ratio-c.ratio) > 0.25 {
			t.Errorf("%s rises to %.2f times its base rate in %s trials, want %v", c.area, ratio, c.kind, c.ratio)
		}
	}
}

func TestThreadsDoNotMatter(t *testing.T) {
	o := Options{Sessions: 4, Excitatory: 8, Inhibitory: 2, Trials: 5, HitFraction: 0.5, Area2OnsetMS: 8, Seed: 3, Threads: 1}
	one := Generate(o)
	o.Threads = 3
	for s, r := range Generate(o) {
		if r.Spikes() != one[s].Spikes() || r.Spikes() == 0 {
			t.Errorf("session %d has %d spikes with three threads, %d with one", s, r.Spikes(), one[s].Spikes())
		}
	}
}
