package speechframes

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

// Batch is a number of utterances, each shown as it is and in reverse: utterance i
// is lane i%Lanes of group i/Lanes. Every frame is held for some steps. Behind the
// end of an utterance there is silence, up to the end of the longest.
type Batch struct {
	Utterances      []*Utterance
	Frames          int            // of the longest
	Forward, Mirror []tensor.Input // features as currents, Frames·Hold steps
}

// Source yields the batches of a corpus. They depend on the seed and on the
// arguments alone.
type Source struct {
	*Corpus
	Hold    int // steps of 1 ms that a frame is shown
	Threads int

	order *datasets.Order
}

// NewSource returns a source whose training utterances come in an order of the seed.
func NewSource(c *Corpus, hold int, seed uint64, threads int) *Source {
	return &Source{Corpus: c, Hold: hold, Threads: threads, order: datasets.NewOrder(seed, len(c.Train))}
}

// split gives the utterances of "train", "validation" or "test".
func (s *Source) split(name string) ([]Utterance, error) {
	switch name {
	case "train":
		return s.Corpus.Train, nil
	case "validation":
		return s.Development, nil
	case "test":
		return s.Corpus.Test, nil
	}
	return nil, fault.Inputf("there is no split %q, expected train, validation or test", name)
}

// Size is the number of utterances of a split, 0 for one that does not exist.
func (s *Source) Size(split string) int {
	all, _ := s.split(split)
	return len(all)
}

// Train yields the batch of a training step: utterances in a new order each epoch.
func (s *Source) Train(dst *Batch, step, trials int) error {
	if step < 0 || trials < 1 {
		return fmt.Errorf("batch of %d utterances at step %d, expected at least one and step 0", trials, step)
	}
	s.fill(dst, s.Corpus.Train, trials, func(i int) int { return s.order.At(step*trials + i) })
	return nil
}

// Evaluate yields the utterances [first, first+trials) of a split; fewer at its end.
func (s *Source) Evaluate(dst *Batch, split string, first, trials int) error {
	all, err := s.split(split)
	if err != nil {
		return err
	}
	if first < 0 || trials < 0 || first > len(all) {
		return fmt.Errorf("utterances [%d, %d+%d) of %d", first, first, trials, len(all))
	}
	s.fill(dst, all, min(trials, len(all)-first), func(i int) int { return first + i })
	return nil
}

func (s *Source) fill(dst *Batch, from []Utterance, trials int, at func(i int) int) {
	dst.Utterances, dst.Frames = dst.Utterances[:0], 0
	for i := range trials {
		u := &from[at(i)]
		dst.Utterances = append(dst.Utterances, u)
		dst.Frames = max(dst.Frames, len(u.Phones))
	}
	groups := tensor.Groups(trials)
	resize(&dst.Forward, groups)
	resize(&dst.Mirror, groups)
	parallel.For(s.Threads, groups, func(_, i int) {
		here := dst.Utterances[i*tensor.Lanes : min((i+1)*tensor.Lanes, trials)]
		s.show(&dst.Forward[i], here, dst.Frames, false)
		s.show(&dst.Mirror[i], here, dst.Frames, true)
	})
}

func resize(groups *[]tensor.Input, n int) {
	for len(*groups) < n {
		*groups = append(*groups, tensor.Input{})
	}
	*groups = (*groups)[:n]
}

// show writes the features of up to Lanes utterances.
func (s *Source) show(in *tensor.Input, utterances []*Utterance, frames int, mirror bool) {
	in.Trials = len(utterances)
	in.Currents = fit(in.Currents, frames*s.Hold, s.Features)
	values := in.Currents.Values
	for lane, u := range utterances {
		for i := range u.Phones {
			frame := i
			if mirror {
				frame = len(u.Phones) - 1 - i
			}
			for f, x := range u.Features[frame*s.Features : (frame+1)*s.Features] {
				for step := i * s.Hold; step < (i+1)*s.Hold; step++ {
					values[(step*s.Features+f)*tensor.Lanes+lane] = x
				}
			}
		}
	}
}

// fit returns zero currents, in the memory of those before where that is enough.
func fit(c *tensor.Currents, steps, lines int) *tensor.Currents {
	size := steps * lines * tensor.Lanes
	if c == nil || cap(c.Values) < size {
		return tensor.NewCurrents(steps, lines)
	}
	c.T, c.N, c.Values = steps, lines, c.Values[:size]
	clear(c.Values)
	return c
}

// LongestTraining is the number of frames of the longest training utterance.
func (s *Source) LongestTraining() (frames int) {
	for i := range s.Corpus.Train {
		frames = max(frames, len(s.Corpus.Train[i].Phones))
	}
	return frames
}
