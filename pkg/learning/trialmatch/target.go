package trialmatch

import (
	"slices"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/trialset"
)

// target is what recorded trials want of simulated ones.
type target struct {
	stimuli  []float64 // of the recorded trials: simulated ones draw from them
	neurons  *NeuronLoss
	sessions []*session // as in the set
}

// session is one of a target's.
type session struct {
	number   int
	recorded Session
	types    []int // of the recorded trials
	features *Features
	data     [][]float64 // features of the recorded trials
	group    int         // number of the first population of the features
	usable   bool        // it has enough neurons
}

// newTarget takes the trials of some types (nil: all) in a part of each session.
// Features are standardised by all training trials of a session.
func newTarget[F tensor.Float](t *Trainer[F], types []int, part func(*trialset.Session) []int) *target {
	out := &target{}
	var recorded []Session
	for i := range t.Set.Sessions {
		from := &t.Set.Sessions[i]
		whole := inOurTerms(from, from.Train, nil)
		s := &session{number: i, recorded: inOurTerms(from, part(from), types)}
		for _, k := range part(from) {
			if trial := &from.Trials[k]; types == nil || slices.Contains(types, trial.Type) {
				out.stimuli = append(out.stimuli, trial.Stimulus)
				s.types = append(s.types, trial.Type)
			}
		}
		if len(t.Net.Motor) == 0 {
			whole.Jaw, s.recorded.Jaw = nil, nil
		}
		s.features = NewFeatures(&whole, t.Net.Area, t.LeastNeurons, t.first, t.second)
		s.data = s.features.OfSession(&s.recorded)
		s.usable = len(from.Neurons) >= t.LeastNeurons && s.features.Length() > 0
		out.sessions = append(out.sessions, s)
		recorded = append(recorded, s.recorded)
	}
	out.neurons = NewNeuronLoss(recorded, t.Net.Neurons, t.first)
	return out
}

// used are the sessions that have features and trials.
func (t *target) used() []*session {
	return slices.DeleteFunc(slices.Clone(t.sessions), func(s *session) bool { return !s.usable || len(s.data) == 0 })
}

// inOurTerms are the trials of some types among those in part.
func inOurTerms(from *trialset.Session, part, types []int) Session {
	s := Session{Neurons: from.Neurons}
	for _, k := range part {
		trial := &from.Trials[k]
		if types != nil && !slices.Contains(types, trial.Type) {
			continue
		}
		s.Trials = append(s.Trials, trial.Spikes)
		if trial.Behaviour != nil {
			s.Jaw = append(s.Jaw, trial.Behaviour)
		}
	}
	return s
}
