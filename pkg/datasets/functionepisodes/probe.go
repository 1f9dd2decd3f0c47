package functionepisodes

import (
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

// Probe asks what a network believes after the first examples trials of an episode: each
// lane of the batch shows these, with the same spikes, and then another of the inputs
// x. The only decision of a lane is on the last. The targets are those of the
// episode's function.
func (s *Source) Probe(dst *datasets.Batch, split string, index, examples int, x [][]float64) error {
	e, err := s.Episode(split, index)
	if err != nil {
		return err
	}
	dst.RefillSpikes(len(x), (examples+1)*s.TrialMS, s.numbers()*s.Lines)
	for i := range dst.Groups {
		clear(dst.Groups[i].Spikes.Words)
	}
	for i, question := range x {
		shown := append(append([][]float64(nil), e.X[:examples]...), question)
		s.encode(dst.Groups[i/tensor.Lanes].Spikes, i%tensor.Lanes, shown, e.Y[:examples], name+" "+rng.Purpose(split), 0, index)
		dst.Decisions = append(dst.Decisions, datasets.Decision{Trial: i, Start: examples * s.TrialMS, End: (examples + 1) * s.TrialMS})
		dst.Targets = append(dst.Targets, float32(e.Function.At(question)))
	}
	return nil
}
