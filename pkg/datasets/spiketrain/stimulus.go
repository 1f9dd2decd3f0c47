package spiketrain

import (
	"math"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
)

// Bumps gives the trials raised cosines over their time as a stimulus: count of them,
// evenly spaced from the first bin to the last, each as wide as four spaces.
func (t *Trials) Bumps(count int) {
	t.Inputs, t.Stimulus = count, make([]float64, t.Steps*count)
	space := float64(t.Steps-1) / float64(count-1)
	if t.Steps == 1 {
		space = 1
	}
	for step := range t.Steps {
		for m := range count {
			if x := (float64(step) - float64(m)*space) / (2 * space); math.Abs(x) < 1 {
				t.Stimulus[step*count+m] = 0.5 * (1 + math.Cos(math.Pi*x))
			}
		}
	}
}

// ReadStimulus gives the trials the rows of an npy array, one for each bin of a trial,
// those of the history among them.
func (t *Trials) ReadStimulus(file string) error {
	s, err := npy.Open(file)
	if err != nil {
		return err
	}
	defer s.Close()
	if len(s.Shape) != 2 || s.Shape[0] < t.History+t.Steps || s.Shape[1] < 1 {
		return fault.Inputf("%s has the shape %v, expected (bins, inputs) with at least %d bins", file, s.Shape, t.History+t.Steps)
	}
	if s.Shape[1] > maxBins/t.Steps {
		return fault.Inputf("%s has %d inputs, expected fewer", file, s.Shape[1])
	}
	all := make([]float64, (t.History+t.Steps)*s.Shape[1])
	if err := s.Next(all); err != nil {
		return err
	}
	t.Inputs, t.Stimulus = s.Shape[1], all[t.History*s.Shape[1]:]
	return nil
}

// Show gives the trials a movie, a frame for each of their bins and the bins left out
// before the first, of which there are skipped. A bin sees its own frame and those
// before it, depth in all.
func (t *Trials) Show(m *Movie, file string, side, depth, skipped int) error {
	if need := skipped + t.History + t.Steps; m.Frames < need {
		return fault.Inputf("%s has %d frames, expected one for each of the %d bins of a trial", file, m.Frames, need)
	}
	small := m.Resized(side)
	first := skipped + t.History - (depth - 1)
	t.Frames = &Frames{Side: side, Depth: depth, Pixels: small.Pixels[first*side*side : (skipped+t.History+t.Steps)*side*side]}
	return nil
}

// Flatten turns the frames that a bin sees into its inputs, the oldest frame first, row
// by row.
func (t *Trials) Flatten() {
	f := t.Frames
	t.Inputs = f.Depth * f.Side * f.Side
	t.Stimulus = make([]float64, 0, t.Steps*t.Inputs)
	for step := range t.Steps {
		for _, x := range f.Pixels[step*f.Side*f.Side:][:t.Inputs] {
			t.Stimulus = append(t.Stimulus, float64(x))
		}
	}
	t.Frames = nil
}
