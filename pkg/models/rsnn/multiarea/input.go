package multiarea

import (
	"math"
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/tensor"
)

// Stimuli are input spikes: independent Bernoulli draws in each step, with probability
// p0 = rate · Δt, and p0 (1 + Gain · S) for the inputs of a stimulus while it lasts
// (2306.03603, section 2.3 of the method). S = ln(1 + amplitude) at the first onset and
// ln 2 at later ones.
type Stimuli struct {
	Inputs   int
	Share    float64   // of the inputs that stimuli have, in equal parts
	Onsets   []float64 // s after the event that trials are aligned to
	RateHz   float64   // of an input; 5
	Gain     float64   // V; 11.5
	DelayMS  float64   // from onset to effect; 4
	LengthMS float64   // 10
	StepMS   float64
	StartS   float64 // of a trial, after the event
}

// Each is n_s, the number of inputs of each stimulus; those of onset l are
// [l n_s, (l+1) n_s).
func (s *Stimuli) Each() int {
	if len(s.Onsets) == 0 {
		return 0
	}
	return int(float64(s.Inputs)*s.Share/float64(len(s.Onsets)) + 1e-9)
}

// window is the steps [first, last) in which the stimulus with an onset has effect.
func (s *Stimuli) window(onset float64) (first, last int) {
	steps := func(ms float64) int { return int(math.Round(ms / s.StepMS)) }
	first = steps(1000*(onset-s.StartS)) + steps(s.DelayMS)
	return first, first + steps(s.LengthMS)
}

// Draw writes the input of a trial of so many steps. Without a stimulus, it is
// background alone.
func (s *Stimuli) Draw(to *tensor.Raster, r *rand.Rand, steps int, amplitude float64, stimulus bool) {
	to.Reset()
	background := min(1, s.RateHz*s.StepMS/1000)
	each := s.Each()
	for t := range steps {
		first := 0 // of the inputs that have not been drawn
		if stimulus {
			for l, onset := range s.Onsets {
				p := background
				if from, until := s.window(onset); t >= from && t < until {
					strength := math.Ln2
					if l == 0 {
						strength = math.Log1p(amplitude)
					}
					p = min(1, background*(1+s.Gain*strength))
				}
				bernoulli(to, r, first, first+each, p)
				first += each
			}
		}
		bernoulli(to, r, first, s.Inputs, background)
		to.EndStep()
	}
}

// bernoulli fires each of the inputs [first, last) with probability p, drawing only how
// many are silent before the next that fires.
func bernoulli(to *tensor.Raster, r *rand.Rand, first, last int, p float64) {
	if p <= 0 {
		return
	}
	if p >= 1 {
		for i := first; i < last; i++ {
			to.Fire(i)
		}
		return
	}
	scale := 1 / math.Log1p(-p)
	for i := first; ; i++ {
		gap := math.Log1p(-r.Float64()) * scale // ≥ 0, geometric once rounded down
		if gap >= float64(last-i) {
			return
		}
		i += int(gap)
		to.Fire(i)
	}
}
