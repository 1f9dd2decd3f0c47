// Package twoarea generates artificial recordings of two areas with two types of trial
// (2306.03603; section 6.2 of the method). A stimulus excites area 1 in every trial, and
// area 2 a little later in hit trials alone.
package twoarea

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
)

// Areas are the names of the areas, and Types those of the trials.
var (
	Areas = []string{"area1", "area2"}
	Types = []string{"Miss", "Hit"}
)

// Names of what is known of a trial.
const (
	Onset    = "stimulus_time" // s, on the session's clock
	Stimulus = "stimulus"      // amplitude
)

// Amplitude is that of the stimulus, in all trials.
const Amplitude = 4

// Options are the sizes of the data.
type Options struct {
	Sessions               int
	Excitatory, Inhibitory int  // neurons of a session
	BothAreas              bool // in every session; else sessions have both, area 1 alone and area 2 alone in turn
	Trials                 int
	HitFraction            float64
	Area2OnsetMS           int // after the stimulus; 8
	Seed                   uint64
	Threads                int
}

const (
	trialMS      = 4000
	stimulusMS   = 1000
	area1OnsetMS = 4
	profileMS    = 160
	mostHz       = 40 // of a base rate; those above are drawn again below it
)

// Profile is the response to a stimulus, in units of the base rate, ms by ms:
//
//	3 k(t)/max k,   k(t) = exp(-t/20) - exp(-t/5)
func Profile() []float64 {
	k := make([]float64, profileMS)
	var peak float64
	for t := range k {
		k[t] = math.Exp(-float64(t)/20) - math.Exp(-float64(t)/5)
		peak = max(peak, k[t])
	}
	for t := range k {
		k[t] *= 3 / peak
	}
	return k
}

// Generate draws the sessions.
func Generate(o Options) []*spiketrain.Recording {
	sessions := make([]*spiketrain.Recording, o.Sessions)
	parallel.For(o.Threads, o.Sessions, func(_, s int) { sessions[s] = o.session(s) })
	return sessions
}

// session draws session s.
func (o *Options) session(s int) *spiketrain.Recording {
	r := rng.Stream(o.Seed, "two-area-data", 0, uint64(s))
	rec := &spiketrain.Recording{Name: fmt.Sprintf("session%02d", s)}
	for k := range o.Trials {
		start := float64(k) * trialMS / 1000
		t := spiketrain.Trial{Start: start, Stop: start + trialMS/1000, Type: Types[0],
			Values: map[string]float64{Onset: start + stimulusMS/1000.0, Stimulus: Amplitude}}
		if r.Float64() < o.HitFraction {
			t.Type = Types[1]
		}
		rec.Trials = append(rec.Trials, t)
	}
	profile := Profile()
	for _, kind := range []struct {
		name   string
		count  int
		median float64 // of base rates, Hz
	}{{"exc", o.Excitatory, 8}, {"inh", o.Inhibitory, 16}} {
		for i := range kind.count {
			area := o.area(s, i, kind.count)
			n := spiketrain.Neuron{Name: fmt.Sprint(len(rec.Neurons)), Area: Areas[area], CellType: kind.name}
			modulation := 1.0
			switch u := r.Float64(); {
			case u < 0.2:
				modulation = 0
			case u >= 0.8:
				modulation = 2
			}
			rate := kind.median * math.Exp2(r.NormFloat64())
			if rate > mostHz {
				rate = mostHz - 10*r.Float64()
			}
			for k, t := range rec.Trials {
				onset := -1
				if area == 0 {
					onset = stimulusMS + area1OnsetMS
				} else if t.Type == Types[1] {
					onset = stimulusMS + o.Area2OnsetMS
				}
				n.Spikes = spikes(n.Spikes, r, k*trialMS, rate/1000, modulation, onset, profile)
			}
			rec.Neurons = append(rec.Neurons, n)
		}
	}
	return rec
}

// area is that of neuron i of count in session s.
func (o *Options) area(s, i, count int) int {
	switch {
	case o.BothAreas || s%3 == 0:
		if i < count/2 {
			return 0
		}
		return 1
	case s%3 == 1:
		return 0
	}
	return 1
}

// spikes adds those of a trial that starts at ms start. A bin of 1 ms has a spike with
// probability p, and with p max(1 + modulation·profile, 0) from onset on (< 0: never).
func spikes(to []float64, r *rand.Rand, start int, p, modulation float64, onset int, profile []float64) []float64 {
	first, last := trialMS, trialMS // of the response
	if onset >= 0 && modulation != 0 {
		first, last = min(onset, trialMS), min(onset+len(profile), trialMS)
	}
	fire := func(ms int) { to = append(to, float64(start+ms)/1000) }
	steady := func(ms, end int) {
		for ; ms < end; ms++ { // gaps between spikes are geometric
			gap := math.Log1p(-r.Float64()) / math.Log1p(-p)
			if gap >= float64(end-ms) {
				return
			}
			ms += int(gap)
			fire(ms)
		}
	}
	steady(0, first)
	for ms := first; ms < last; ms++ {
		if r.Float64() < p*max(1+modulation*profile[ms-first], 0) {
			fire(ms)
		}
	}
	steady(last, trialMS)
	return to
}
