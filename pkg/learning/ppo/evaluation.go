package ppo

import (
	"math"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// summary is what training reports on the episodes of a batch.
func (r *Rollout) summary() map[string]float64 {
	var reward, goals float64
	for i := range r.Episodes {
		for _, s := range r.Episodes[i].Steps {
			reward += s.Reward
			if s.AtGoal {
				goals++
			}
		}
	}
	n := float64(len(r.Episodes))
	return map[string]float64{"return": reward / n, "goals": goals / n}
}

// Reaches lists the number of steps taken until each time that the goal was reached.
func (e *Episode) Reaches() []int {
	var all []int
	for t, s := range e.Steps {
		if s.AtGoal {
			all = append(all, t+1)
		}
	}
	return all
}

// Score sums up episodes. Each slice has a number an episode.
type Score struct {
	Goals, Return, Length, Hits []float64
	reaches                     [][]int
	anew                        [][]int // reaches of the same goals by agents that begin anew
	steps                       int
}

func (s *Score) add(r *Rollout) {
	s.steps = r.steps
	for i := range r.Episodes {
		e := &r.Episodes[i]
		var reward, way, hits float64
		for _, step := range e.Steps {
			reward += step.Reward
			way += step.Length
			if step.Hit {
				hits++
			}
		}
		reaches := e.Reaches()
		s.Goals, s.Return = append(s.Goals, float64(len(reaches))), append(s.Return, reward)
		s.Length, s.Hits = append(s.Length, way), append(s.Hits, hits)
		s.reaches = append(s.reaches, reaches)
	}
}

// Reached counts the episodes in which the goal was reached at least so many times.
func (s *Score) Reached(number int) int {
	count := 0
	for _, reaches := range s.reaches {
		if len(reaches) >= number {
			count++
		}
	}
	return count
}

// Wait is the mean time, in ms, to reach the goal for the number-th time (1: the
// first), from the reach before or the start, with its standard error; and for 0, to
// reach it any time after the first. Episodes that end before count by the time they
// have waited (metrics.MeanWait).
func (s *Score) Wait(number int) (mean, standardError float64) {
	var time, events []float64
	for _, reaches := range s.reaches {
		switch {
		case number == 0 && len(reaches) > 0:
			time, events = append(time, float64(s.steps-reaches[0])), append(events, float64(len(reaches)-1))
		case number > 0 && len(reaches) >= number-1:
			from, to, came := 0, s.steps, 0.0
			if number > 1 {
				from = reaches[number-2]
			}
			if len(reaches) >= number {
				to, came = reaches[number-1], 1
			}
			time, events = append(time, float64(to-from)), append(events, came)
		}
	}
	return metrics.MeanWait(time, events)
}

// WaitAnew is the mean time, in ms, to first reach the same goals for agents that begin
// anew, each goal counting as often as it was reached after the first time. That is how
// long Wait(0) would be if nothing were remembered; Wait(1) is longer already where some
// goals are never found, and so never found again.
func (s *Score) WaitAnew() (mean, standardError float64) {
	var time, events []float64
	for i, reaches := range s.anew {
		weight := max(s.Goals[i]-1, 0)
		if len(reaches) > 0 {
			time, events = append(time, weight*float64(reaches[0])), append(events, weight)
		} else {
			time, events = append(time, weight*float64(s.steps)), append(events, 0)
		}
	}
	return metrics.MeanWait(time, events)
}

// metrics names what was seen, all with standard errors. What was never seen is left out.
func (s *Score) metrics(prefix string) map[string]float64 {
	m := map[string]float64{}
	put := func(name string, mean, standardError float64) {
		if !math.IsNaN(mean) {
			m[prefix+name] = mean
		}
		if !math.IsNaN(standardError) {
			m[prefix+name+"_se"] = standardError
		}
	}
	for name, x := range map[string][]float64{"goals": s.Goals, "return": s.Return, "path_length": s.Length, "wall_hits": s.Hits} {
		mean, se := metrics.Mean(x)
		put(name, mean, se)
	}
	for name, number := range map[string]int{"first_ms": 1, "second_ms": 2, "later_ms": 0} {
		mean, se := s.Wait(number)
		put(name, mean, se)
	}
	mean, se := s.WaitAnew()
	put("anew_ms", mean, se)
	none := 0.0
	for _, g := range s.Goals {
		if g == 0 {
			none++
		}
	}
	m[prefix+"without_goal"] = none / float64(len(s.Goals))
	return m
}

// evaluationBatch is the number of episodes that are evaluated at once.
const evaluationBatch = 256

// Score plays episodes [0, episodes) of a split with fixed weights, drawing actions as in
// training, and the same goals anew.
func (t *Trainer[F]) Score(split string, episodes int) *Score {
	return t.score(split, episodes, gaussian(t.deviation()))
}

func (t *Trainer[F]) score(split string, episodes int, p policy) *Score {
	var s Score
	played := rng.Purpose("navigation " + split)
	for first := 0; first < episodes; first += evaluationBatch {
		where := address{purpose: played, goals: played, first: first, episodes: min(evaluationBatch, episodes-first)}
		t.act(p, where)
		s.add(&t.rollout)
		where.purpose += " anew"
		t.act(p, where)
		for i := range t.rollout.Episodes {
			s.anew = append(s.anew, t.rollout.Episodes[i].Reaches())
		}
	}
	return &s
}

// RandomScore plays the same episodes, going in a direction of chance in each step.
func (t *Trainer[F]) RandomScore(split string, episodes int) *Score {
	return t.score(split, episodes, uniform)
}

// UntrainedScore plays the same episodes with the weights that the training began with.
func (t *Trainer[F]) UntrainedScore(split string, episodes int) *Score {
	return New(t.Net, t.Arena, t.Options).Score(split, episodes)
}

// Evaluate plays up to so many episodes of a split with fixed weights; 0 means all. For
// the test split it also plays them at random, and with the weights from before the
// training.
func (t *Trainer[F]) Evaluate(split string, episodes int) (map[string]float64, error) {
	if err := datasets.CheckSplit(split); err != nil {
		return nil, err
	}
	if episodes == 0 || episodes > t.EvaluationEpisodes {
		episodes = t.EvaluationEpisodes
	}
	m := t.Score(split, episodes).metrics("")
	m["rate_hz"], m["episodes"] = t.rateHz(), float64(episodes)
	if split == "test" {
		for prefix, score := range map[string]*Score{"random_": t.RandomScore(split, episodes), "untrained_": t.UntrainedScore(split, episodes)} {
			for name, x := range score.metrics(prefix) {
				m[name] = x
			}
		}
	}
	return m, nil
}

// Play plays one episode of a split and returns it with what the network was shown.
func (t *Trainer[F]) Play(split string, episode int) (*Episode, *tensor.Input) {
	played := rng.Purpose("navigation " + split)
	t.act(gaussian(t.deviation()), address{purpose: played, goals: played, first: episode, episodes: 1})
	return &t.rollout.Episodes[0], &t.rollout.Inputs[0]
}

// Record keeps what every neuron does when it is shown the input of one episode.
func (t *Trainer[F]) Record(input *tensor.Input) *lsnn.Recording[F] {
	return t.Net.Record(t.recurrent(), input, nil, 0, 0)
}

// Outputs are y of an episode that was played last, alone: [3][T].
func (t *Trainer[F]) Outputs() [][]float64 {
	y := make([][]float64, outputs)
	for at := 0; at < len(t.trace.Outputs[0]); at += outputs * tensor.Lanes {
		for k, x := range readout(t.trace.Outputs[0][at:], 0) {
			y[k] = append(y[k], x)
		}
	}
	return y
}
