// Package reward trains a spiking network from rewards, as an actor and a critic
// that share its neurons (reward-based e-prop: Bellec et al., Nature Communications
// 11:3625, 2020). The rule is stated at eprop.Agent; this package has the agent.
//
// For a task with K choices the network has K + 1 outputs. In the last step of a
// decision's window an action is drawn from the policy
//
//	(1) π_k = exp y_k / Σ_l exp y_l        k, l = 0 … K-1
//
// and output K is the value V[t]. In the last step of its trial an action is paid: 1
// if it was right, -1 if it was wrong. The loss is the mean over trials of
//
//	(2) Σ_t c_V ½ (R[t] - V[t])² - Σ_actions [log π_a (R - V) + c_H H],   H = -Σ_k π_k log π_k
//
// whose bonus on the entropy of the policy keeps it trying, with the direct errors
// ∂(-c_H H)/∂y_k = c_H π_k (log π_k + H).
package reward

import (
	"math"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

// Constants are those of the loss.
type Constants struct {
	Discount float64 // γ in [0, 1], for a step of 1 ms
	Value    float64 // c_V ≥ 0
	Entropy  float64 // c_H ≥ 0
}

// ActorCritic acts in the trials of a batch. It implements eprop.Agent; the zero
// value with its constants is ready for Begin.
type ActorCritic[F tensor.Float] struct {
	Constants

	choices, trials, steps int
	decisions              []datasets.Decision
	first                  []int // decisions of group i: first[i] … first[i+1]-1
	greedy                 bool
	draws                  []float64 // in [0, 1), one for each decision

	actions   []int     // of each decision
	logs      []float64 // log π_a of each decision
	entropies []float64 // H of each decision
	values    []float64 // V, [trials][T]
	rewards   []float64 // of each trial, in its last step
}

// Explore prepares for training step number step: actions are drawn. decisions are
// in the order of their trials.
func (a *ActorCritic[F]) Explore(decisions []datasets.Decision, trials, steps, choices int, seed uint64, step int) {
	a.begin(decisions, trials, steps, choices)
	a.greedy = false
	a.draws = a.draws[:0]
	for i, r := 0, rng.Stream(seed, "actions", uint64(step), 0); i < len(decisions); i++ {
		a.draws = append(a.draws, r.Float64())
	}
}

// Exploit is Explore for evaluation: the most probable action is taken.
func (a *ActorCritic[F]) Exploit(decisions []datasets.Decision, trials, steps, choices int) {
	a.begin(decisions, trials, steps, choices)
	a.greedy = true
}

func (a *ActorCritic[F]) begin(decisions []datasets.Decision, trials, steps, choices int) {
	a.decisions, a.trials, a.steps, a.choices = decisions, trials, steps, choices
	a.first = a.first[:0]
	for i := range decisions {
		for len(a.first) <= decisions[i].Trial/tensor.Lanes {
			a.first = append(a.first, i)
		}
	}
	for len(a.first) <= tensor.Groups(trials) {
		a.first = append(a.first, len(decisions))
	}
	a.actions = zeroed(a.actions, len(decisions))
	a.logs, a.entropies = zeroed(a.logs, len(decisions)), zeroed(a.entropies, len(decisions))
	a.values, a.rewards = zeroed(a.values, trials*steps), zeroed(a.rewards, trials)
}

// zeroed is n zeros, in the memory of x where that is enough.
func zeroed[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	x = x[:n]
	clear(x)
	return x
}

// Act implements eprop.Agent.
func (a *ActorCritic[F]) Act(score, direct, y []F, group, trials, t int) {
	value := a.choices * tensor.Lanes
	for l := range trials {
		a.values[(group*tensor.Lanes+l)*a.steps+t] = float64(y[value+l])
		score[value+l] = F(-a.Value)
	}
	for i := a.first[group]; i < a.first[group+1]; i++ {
		if t == a.decisions[i].End-1 {
			a.act(score, direct, y, i)
		}
	}
}

// act takes decision i.
func (a *ActorCritic[F]) act(score, direct, y []F, i int) {
	d := &a.decisions[i]
	l := d.Trial % tensor.Lanes
	logit := func(k int) float64 { return float64(y[k*tensor.Lanes+l]) }
	best := 0
	for k := range a.choices {
		if logit(k) > logit(best) {
			best = k
		}
	}
	var total float64
	for k := range a.choices {
		total += math.Exp(logit(k) - logit(best))
	}
	logPi := func(k int) float64 { return logit(k) - logit(best) - math.Log(total) }

	action := best
	if !a.greedy {
		action = a.choices - 1
		rest := a.draws[i]
		for k := range a.choices - 1 {
			if rest -= math.Exp(logPi(k)); rest < 0 {
				action = k
				break
			}
		}
	}
	var entropy float64
	for k := range a.choices {
		entropy -= math.Exp(logPi(k)) * logPi(k)
	}
	for k := range a.choices {
		pi := math.Exp(logPi(k))
		s := pi
		if k == action {
			s--
		}
		score[k*tensor.Lanes+l] += F(s)
		direct[k*tensor.Lanes+l] += F(a.Entropy * pi * (logPi(k) + entropy) / float64(a.trials))
	}
	a.actions[i], a.logs[i], a.entropies[i] = action, logPi(action), entropy
	if action == d.Class {
		a.rewards[d.Trial]++
	} else {
		a.rewards[d.Trial]--
	}
}

// Surprise implements eprop.Agent. As the loss is a mean over trials, it is
// δ over their number.
func (a *ActorCritic[F]) Surprise(td []F, group, trials, t int) {
	for l := range trials {
		td[l] = F(a.surprise(group*tensor.Lanes+l, t) / float64(a.trials))
	}
}

// surprise is δ[t] = r[t] + γ V[t+1] - V[t].
func (a *ActorCritic[F]) surprise(trial, t int) float64 {
	v := a.values[trial*a.steps:]
	if t == a.steps-1 {
		return a.rewards[trial] - v[t]
	}
	return a.Discount*v[t+1] - v[t]
}

// Outcome is what a batch brought, all of it means.
type Outcome struct {
	Loss     float64 // equation (2), over trials
	Reward   float64 // over actions
	Accuracy float64 // part of the actions that were right
	Entropy  float64 // of the policy, over actions, nats
	Surprise float64 // |R - V| over trials and steps: how well the critic knows
}

// Outcome sums up the batch when it is over.
func (a *ActorCritic[F]) Outcome() Outcome {
	var o Outcome
	next := 0
	for trial := range a.trials {
		last := next
		for last < len(a.decisions) && a.decisions[last].Trial == trial {
			last++
		}
		var advantage float64 // R - V
		for t := a.steps - 1; t >= 0; t-- {
			advantage = a.surprise(trial, t) + a.Discount*advantage
			o.Surprise += math.Abs(advantage)
			o.Loss += a.Value / 2 * advantage * advantage
			for i := next; i < last; i++ {
				if t == a.decisions[i].End-1 {
					o.Loss -= a.logs[i]*advantage + a.Entropy*a.entropies[i]
				}
			}
		}
		next = last
	}
	for i, d := range a.decisions {
		o.Entropy += a.entropies[i]
		if a.actions[i] == d.Class {
			o.Accuracy++
		}
	}
	actions := float64(max(len(a.decisions), 1))
	o.Loss /= float64(a.trials)
	o.Surprise /= float64(a.trials * a.steps)
	o.Entropy /= actions
	o.Accuracy /= actions
	o.Reward = 2*o.Accuracy - 1
	return o
}
