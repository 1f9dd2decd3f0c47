package spiketrain

import (
	"fmt"
	"math"
	"slices"
)

// NormaliseBehaviour brings a trace to the form in which a network's jaw is compared with
// it (2306.03603, section 6.1 of the method): flipped, minus its mean before the stimulus
// over the session, divided by the standard deviation over trials (the mean of the
// variance over the time of a trial), then minus its mean in the first baseline seconds of
// each trial (0: not). The authors' code takes 0.8 s. Trials without samples keep none.
func (r *Recording) NormaliseBehaviour(name string, baseline float64) error {
	at := slices.IndexFunc(r.Behaviour, func(b Trace) bool { return b.Name == name })
	if at < 0 {
		return fmt.Errorf("session %s has no behaviour %s", r.Name, name)
	}
	b := &r.Behaviour[at]
	var parts [][]float64 // of the trace, by trial
	var mean, count float64
	for _, t := range r.Trials {
		lo, _ := slices.BinarySearch(b.Times, t.Start-1e-9)
		hi, _ := slices.BinarySearch(b.Times, t.Stop-1e-9)
		part := b.Values[lo:hi:hi]
		parts = append(parts, part)
		stimulus, known := t.Values[StimulusTime]
		for i, x := range part {
			if known && b.Times[lo+i] < stimulus {
				mean, count = mean+x, count+1
			}
		}
	}
	if count > 0 {
		mean /= count
	}
	longest := 0
	for _, p := range parts {
		longest = max(longest, len(p))
	}
	var variance, samples float64
	for i := range longest {
		var sum, square, n float64
		for _, p := range parts {
			if i < len(p) {
				sum, square, n = sum+p[i], square+p[i]*p[i], n+1
			}
		}
		if n > 1 {
			variance, samples = variance+(square-sum*sum/n)/(n-1), samples+1
		}
	}
	deviation := 1.0
	if samples > 0 && variance > 0 {
		deviation = math.Sqrt(variance / samples)
	}
	for i, x := range b.Values {
		b.Values[i] = -(x - mean) / deviation
	}
	if baseline <= 0 {
		return nil
	}
	for _, p := range parts {
		first := p[:min(len(p), int(math.Round(baseline*jawHz)))]
		var own float64
		for _, x := range first {
			own += x / float64(len(first))
		}
		for i := range p {
			p[i] -= own
		}
	}
	return nil
}
