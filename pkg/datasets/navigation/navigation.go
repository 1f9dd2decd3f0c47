// Package navigation is the arena of meta-reinforcement learning (1803.09574; section
// 6.6 of the method): a disc with a goal that is nowhere to be seen.
//
// The arena is the unit disc. In each episode the centre of the goal, a disc of radius
// ρ, lies somewhere on the rim; the agent starts uniformly inside. In each step of 1 ms
// it moves by a velocity a that is cut to the length v_max:
//
//	(1) x[t+1] = x[t] + a[t] min(1, v_max/|a[t]|)
//
// If that leads out of the arena, the move ends on the rim and costs a penalty; if
// then the goal is nearer than ρ, the agent is paid 1 and put somewhere else:
//
//	(2) r[t] = 1 [goal reached] - penalty [wall hit]
//
// The goal stays where it is until the episode is over. So the way to it has to be
// found once, by trying; an agent that remembers can go there at once from then on.
//
// What the agent is shown in step t+1 is where it is, by a populationcode of either
// coordinate, and the reward r[t], by two populations of which one fires in that step
// if it was positive, the other if it was negative:
//
//	x, y        CodeNeurons each
//	reward      RewardNeurons, at RewardHz in the step after r > 0
//	penalty     RewardNeurons, at RewardHz in the step after r < 0
package navigation

import (
	"math"
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/poisson"
	"github.com/snnctl/snnctl/pkg/datasets/populationcode"
)

// Options say what the arena is like. Every field has a value; there are no defaults
// here.
type Options struct {
	Steps       int     // T, of an episode
	GoalRadius  float64 // ρ, more than 0 and at most 1
	MaxSpeed    float64 // v_max, a step
	WallPenalty float64

	CodeNeurons   int // of each coordinate
	CodeHz        float64
	RewardNeurons int // of each sign
	RewardHz      float64

	Seed uint64
}

// Arena draws episodes. It may be used by several goroutines at once.
type Arena struct {
	Options
	code   populationcode.Code
	reward poisson.Lines
}

// New returns an arena.
func New(o Options) (*Arena, error) {
	switch {
	case o.Steps < 2:
		return nil, fault.Inputf("episode_ms is %d, expected at least 2", o.Steps)
	case !(o.GoalRadius > 0 && o.GoalRadius <= 1):
		return nil, fault.Inputf("goal_radius is %g, expected a number above 0 and at most 1", o.GoalRadius)
	case !(o.MaxSpeed > 0 && o.MaxSpeed <= 2):
		return nil, fault.Inputf("max_speed is %g, expected a number above 0 and at most 2, from rim to rim", o.MaxSpeed)
	case !(o.WallPenalty >= 0):
		return nil, fault.Inputf("wall_penalty is %g, expected no negative number", o.WallPenalty)
	case o.CodeNeurons < 2:
		return nil, fault.Inputf("code_neurons is %d, expected at least 2", o.CodeNeurons)
	case o.RewardNeurons < 0:
		return nil, fault.Inputf("reward_neurons is %d, expected no negative number", o.RewardNeurons)
	case !(o.CodeHz > 0 && o.CodeHz < 1000):
		return nil, fault.Inputf("code_hz is %g, expected a number above 0 and below 1000", o.CodeHz)
	case !(o.RewardHz >= 0 && o.RewardHz <= 1000):
		return nil, fault.Inputf("reward_hz is %g, expected a number from 0 to 1000", o.RewardHz)
	}
	return &Arena{Options: o, code: populationcode.New(o.CodeNeurons, -1, 1, o.CodeHz), reward: poisson.AtRate(o.RewardHz)}, nil
}

// Lines is the number of input lines.
func (a *Arena) Lines() int { return 2 * (a.CodeNeurons + a.RewardNeurons) }

// Populations names the input lines, in their order.
func (a *Arena) Populations() []datasets.Population {
	return []datasets.Population{{Name: "x", Lines: a.CodeNeurons}, {Name: "y", Lines: a.CodeNeurons},
		{Name: "reward", Lines: a.RewardNeurons}, {Name: "penalty", Lines: a.RewardNeurons}}
}

// Episode is an agent in the arena. It is a function of its address and of the moves
// that were made.
type Episode struct {
	Place, Goal [2]float64

	arena  *Arena
	places *rand.Rand // where it starts, and where it is put
	spikes *rand.Rand // of the observations
}

// Begin draws the episode of an address: the purpose tells training from evaluation.
func (a *Arena) Begin(purpose rng.Purpose, step, index uint64) Episode {
	return a.BeginWithGoalOf(purpose, purpose, step, index)
}

// BeginWithGoalOf is Begin with the goal that the episode of another purpose has.
func (a *Arena) BeginWithGoalOf(goal, purpose rng.Purpose, step, index uint64) Episode {
	places := func(purpose rng.Purpose) (r *rand.Rand, goal [2]float64) { // the goal comes first
		r = rng.Stream(a.Seed, purpose+"-places", step, index)
		sin, cos := math.Sincos(2 * math.Pi * r.Float64())
		return r, [2]float64{cos, sin}
	}
	e := Episode{arena: a, spikes: rng.Stream(a.Seed, purpose+"-spikes", step, index)}
	e.places, _ = places(purpose)
	_, e.Goal = places(goal)
	e.relocate()
	return e
}

// relocate draws a place uniformly in the arena, outside of the goal.
func (e *Episode) relocate() {
	for {
		for k := range e.Place {
			e.Place[k] = 2*e.places.Float64() - 1
		}
		if math.Hypot(e.Place[0], e.Place[1]) <= 1 && !e.atGoal() {
			return
		}
	}
}

func (e *Episode) atGoal() bool {
	return math.Hypot(e.Place[0]-e.Goal[0], e.Place[1]-e.Goal[1]) < e.arena.GoalRadius
}

// Outcome is what a move brought.
type Outcome struct {
	Reward      float64    // equation (2)
	To          [2]float64 // where it led, before the agent is put elsewhere
	Length      float64    // of the way
	AtGoal, Hit bool       // the goal was reached; the wall was hit
}

// Move makes the move of equation (1).
func (e *Episode) Move(velocity [2]float64) Outcome {
	from := e.Place
	scale := 1.0
	if speed := math.Hypot(velocity[0], velocity[1]); speed > e.arena.MaxSpeed {
		scale = e.arena.MaxSpeed / speed
	}
	for k := range e.Place {
		e.Place[k] += scale * velocity[k]
	}
	var o Outcome
	if r := math.Hypot(e.Place[0], e.Place[1]); r > 1 {
		o.Hit = true
		o.Reward -= e.arena.WallPenalty
		for k := range e.Place {
			e.Place[k] /= r
		}
	}
	o.To = e.Place
	o.Length = math.Hypot(o.To[0]-from[0], o.To[1]-from[1])
	if e.atGoal() {
		o.AtGoal = true
		o.Reward++
		e.relocate()
	}
	return o
}

// Show writes what the agent sees into step t of a lane, in which no line fires yet:
// where it is, and the reward of the step before.
func (e *Episode) Show(reward float64, s *tensor.Spikes, lane, t int) {
	a, bit, words := e.arena, uint16(1)<<lane, s.Step(t)
	a.code.Fire(e.spikes, e.Place[:], func(value, neuron int) { words[value*a.CodeNeurons+neuron] |= bit })
	where := poisson.Block{Start: t, Steps: 1, Line: 2 * a.CodeNeurons, Lines: a.RewardNeurons}
	switch {
	case reward > 0:
		a.reward.Fire(e.spikes, s, lane, where)
	case reward < 0:
		where.Line += a.RewardNeurons
		a.reward.Fire(e.spikes, s, lane, where)
	}
}
