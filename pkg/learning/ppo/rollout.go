package ppo

import (
	"math"
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/navigation"
)

// Rollout is a batch of episodes as they were acted: what the network was shown and
// what it did. Episode i is lane i%Lanes of group i/Lanes.
type Rollout struct {
	Inputs   []tensor.Input
	Episodes []Episode

	arena  *navigation.Arena
	steps  int
	policy policy
}

// Episode is what an agent did and met.
type Episode struct {
	Goal  [2]float64
	Start [2]float64
	Steps []Step // T

	world navigation.Episode
	noise *rand.Rand
}

// Step is one step of an episode.
type Step struct {
	navigation.Outcome
	Next   [2]float64 // where the agent is afterwards
	Value  float64    // V[t], what the network expected
	action [actions]float64
	logOld float64
}

// policy draws an action, in units of the highest speed, from the outputs y.
type policy func(noise *rand.Rand, y [actions]float64) (u [actions]float64, log float64)

// gaussian is equation (1).
func gaussian(logStd [actions]float64) policy {
	return func(noise *rand.Rand, y [actions]float64) (u [actions]float64, log float64) {
		for d := range u {
			u[d] = math.Tanh(y[d]) + math.Exp(logStd[d])*noise.NormFloat64()
		}
		return u, logDensity(u, y, logStd)
	}
}

// uniform goes in any direction, at the highest speed, whatever the network says.
func uniform(noise *rand.Rand, _ [actions]float64) (u [actions]float64, log float64) {
	angle := 2 * math.Pi * noise.Float64()
	return [actions]float64{math.Cos(angle), math.Sin(angle)}, 0
}

// address names episodes: the purpose and the step that they are played for, the number
// of the first, and how many they are. Their goals are those of the purpose goals.
type address struct {
	purpose, goals  rng.Purpose
	step            uint64
	first, episodes int
}

// begin places agents in the episodes of an address and shows them their first step.
func (r *Rollout) begin(arena *navigation.Arena, p policy, where address) {
	r.arena, r.policy, r.steps = arena, p, arena.Steps
	episodes, groups := where.episodes, tensor.Groups(where.episodes)
	for len(r.Inputs) < groups {
		r.Inputs = append(r.Inputs, tensor.Input{Spikes: tensor.NewSpikes(arena.Steps, arena.Lines())})
	}
	r.Inputs = r.Inputs[:groups]
	for g := range r.Inputs {
		clear(r.Inputs[g].Spikes.Words)
		r.Inputs[g].Trials = min(tensor.Lanes, episodes-g*tensor.Lanes)
	}
	r.Episodes = resized(r.Episodes, episodes)
	for i := range r.Episodes {
		e := &r.Episodes[i]
		number := uint64(where.first + i)
		e.world = arena.BeginWithGoalOf(where.goals, where.purpose, where.step, number)
		e.noise = rng.Stream(arena.Seed, where.purpose+"-actions", where.step, number)
		e.Goal, e.Start, e.Steps = e.world.Goal, e.world.Place, resized(e.Steps, arena.Steps)
		e.world.Show(0, r.Inputs[i/tensor.Lanes].Spikes, i%tensor.Lanes, 0)
	}
}

// respond moves the agents of a group by the outputs y [K][Lanes] of step t, and shows
// them the next step.
func respond[F tensor.Float](r *Rollout, group, t int, y []F) {
	in := &r.Inputs[group]
	for l := range in.Trials {
		e := &r.Episodes[group*tensor.Lanes+l]
		s := &e.Steps[t]
		out := readout(y, l)
		s.Value = out[value]
		s.action, s.logOld = r.policy(e.noise, [actions]float64(out[:actions]))
		var velocity [actions]float64
		for d, u := range s.action {
			velocity[d] = u * r.arena.MaxSpeed
		}
		s.Outcome = e.world.Move(velocity)
		s.Next = e.world.Place
		if t+1 < r.steps {
			e.world.Show(s.Reward, in.Spikes, l, t+1)
		}
	}
}

// readout is y of one lane.
func readout[F tensor.Float](y []F, lane int) (out [outputs]float64) {
	for k := range out {
		out[k] = float64(y[k*tensor.Lanes+lane])
	}
	return out
}
