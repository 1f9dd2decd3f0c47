package sound

import (
	"math"
	"slices"
)

// Onsets are detected by spectral flux: windows of about 32 ms every 10 ms, the sum over bins of the rises of ln(1 + 100 |X|) from
// one to the next; an onset is a maximum of that within 30 ms on either side that exceeds by the share of the
// greatest flux below the mean of the 100 ms on either side.
const (
	onsetWindowS  = 0.032
	onsetHopS     = 0.01
	onsetPeak     = 3  // hops on either side
	onsetAround   = 10 // hops on either side
	onsetShare    = 0.1
	onsetMatchesS = 0.05
)

// Onsets are the times in s at which something begins in x.
func Onsets(x []float32, rate int) []float64 {
	size := 1
	for float64(2*size) <= onsetWindowS*float64(rate)*math.Sqrt2 {
		size *= 2
	}
	hop := max(1, int(math.Round(onsetHopS*float64(rate))))
	s := NewSTFT(size, hop)
	frames := s.Frames(len(x))
	if frames < 2 {
		return nil
	}
	scale := 100 / math.Sqrt(float64(size))
	flux, before := make([]float64, frames), make([]float64, s.Bins())
	for f := range frames {
		for k, c := range Frame(s, x, f) {
			v := math.Log1p(scale * math.Hypot(real(c), imag(c)))
			if f > 0 {
				flux[f] += max(0, v-before[k])
			}
			before[k] = v
		}
	}
	around := func(f, reach int) []float64 { return flux[max(0, f-reach):min(frames, f+reach+1)] }
	least := onsetShare * slices.Max(flux)
	var times []float64
	for f, v := range flux {
		mean := 0.0
		near := around(f, onsetAround)
		for _, u := range near {
			mean += u / float64(len(near))
		}
		first := f == 0 || v > flux[f-1]
		if first && v == slices.Max(around(f, onsetPeak)) && v > mean+least {
			times = append(times, (float64(f*hop)+float64(size)/2)/float64(rate))
		}
	}
	return times
}

// OnsetF1 is the F measure of the onsets of y against those of x: 2 matches/(onsets of x + onsets of y), where each matches at most one that is
// no further than 50 ms away. It is NaN where x has none.
func OnsetF1(x, y []float32, rate int) float64 {
	return matchedF1(Onsets(x, rate), Onsets(y, rate), onsetMatchesS)
}

func matchedF1(want, got []float64, within float64) float64 {
	if len(want) == 0 {
		return math.NaN()
	}
	// Both rise: the first that is near enough is the best to take.
	matches, k := 0, 0
	for _, t := range want {
		for k < len(got) && got[k] < t-within {
			k++
		}
		if k < len(got) && got[k] <= t+within {
			matches++
			k++
		}
	}
	return 2 * float64(matches) / float64(len(want)+len(got))
}
