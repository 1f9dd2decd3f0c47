package eprop

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

// scripted is an agent whose actions and rewards are drawn before, whatever the
// network says: the last output is V, the others choose.
type scripted struct {
	outputs, steps           int
	discount, value, entropy float64
	actions                  [][]int     // [trial][T], -1 for none
	rewards                  [][]float64 // [trial][T]
	values                   [][]float64 // [trial][T], V seen
	advantages               [][]float64 // [trial][T]: of loss, instead of those that values give
}

func newScripted(p *problem, seed uint64) *scripted {
	r := rng.Stream(seed, "scripted", 0, 0)
	a := &scripted{outputs: p.Outputs, steps: p.steps, discount: 0.9, value: 0.7, entropy: 0.3}
	for range p.trials {
		actions, rewards := make([]int, p.steps), make([]float64, p.steps)
		for t := range actions {
			actions[t] = -1
			if r.IntN(4) == 0 {
				actions[t] = r.IntN(p.Outputs - 1)
			}
			if r.IntN(5) == 0 {
				rewards[t] = r.NormFloat64()
			}
		}
		a.actions, a.rewards, a.values = append(a.actions, actions), append(a.rewards, rewards), append(a.values, make([]float64, p.steps))
	}
	return a
}

// policy returns π and its entropy.
func policy(y []float64) (pi []float64, entropy float64) {
	var total float64
	for _, x := range y {
		total += math.Exp(x)
	}
	for _, x := range y {
		p := math.Exp(x) / total
		pi = append(pi, p)
		entropy -= p * math.Log(p)
	}
	return pi, entropy
}

// signals are S and the direct errors for output y of a step.
func (a *scripted) signals(y []float64, action int) (score, direct []float64) {
	v := a.outputs - 1
	score, direct = make([]float64, a.outputs), make([]float64, a.outputs)
	score[v] = -a.value
	if action >= 0 {
		pi, entropy := policy(y[:v])
		for k, p := range pi {
			score[k] = p
			direct[k] = a.entropy * p * (math.Log(p) + entropy)
		}
		score[action]--
	}
	return score, direct
}

func (a *scripted) Act(score, direct, y []float64, group, trials, t int) {
	for l := range trials {
		own := make([]float64, a.outputs)
		for k := range own {
			own[k] = y[k*lanes+l]
		}
		a.values[group*lanes+l][t] = own[a.outputs-1]
		s, d := a.signals(own, a.actions[group*lanes+l][t])
		for k := range own {
			score[k*lanes+l], direct[k*lanes+l] = s[k], d[k]
		}
	}
}

func (a *scripted) Surprise(td []float64, group, trials, t int) {
	for l := range trials {
		td[l] = a.surprise(a.rewards[group*lanes+l], a.values[group*lanes+l], t)
	}
}

func (a *scripted) surprise(r, v []float64, t int) float64 {
	d := r[t] - v[t]
	if t+1 < a.steps {
		d += a.discount * v[t+1]
	}
	return d
}

func drawRewarded(seed uint64) (*problem, *scripted) {
	p := draw(seed, func(p *problem) {
		p.Outputs = 2 + int(seed%3)
		p.penalty.Strength *= float64(seed % 2)
	})
	return p, newScripted(p, seed)
}

func reinforce(p *problem, a *scripted, method Method) *Gradients {
	var g Gradients
	network[float64](p, 2).Reinforce(&g, weights[float64](p), p.inputs, a, a.discount, p.penalty, method)
	return &g
}

// Forward in time with a filter for each synapse, and back from the last reward,
// are the same rule.
func TestRewardOnlineEqualsLookingBack(t *testing.T) {
	for seed := range uint64(30) {
		p, a := drawRewarded(seed)
		want := reinforce(p, a, OnlineTraces)
		same(t, "filtered", reinforce(p, a, FilteredSignal), want, 1e-12)
		same(t, "adjoint", reinforce(p, a, LocalAdjoint), want, 1e-12)
	}
}

// Equation (27) spelt out, Σ_t δ[t] Σ_{t'≤t} γ^{t-t'} L_j[t'] ē_ij[t'], on the traces of
// the reference.
func TestRewardIsTheExplicitSum(t *testing.T) {
	for seed := range uint64(20) {
		p, a := drawRewarded(seed)
		p.penalty, p.trials, p.inputs = Penalty{}, min(p.trials, 3), p.inputs[:1]
		p.inputs[0].Trials = p.trials
		got := reinforce(p, a, OnlineTraces)

		r, n := newReference(p), p.Neurons()
		var want Gradients
		network[float64](p, 1).grow(&want)
		for trial := range p.trials {
			h := r.run(p.x(trial))
			var values []float64
			for _, y := range h.y {
				values = append(values, y[p.Outputs-1])
			}
			ebar := make([][][]float64, p.steps)
			score, direct := make([][]float64, p.steps), make([][]float64, p.steps)
			for step, e := range r.traces(h) {
				ebar[step] = zeros(p.Inputs+n, n)
				score[step], direct[step] = a.signals(h.y[step], a.actions[trial][step])
				for i := range e {
					for j, x := range e[i] {
						ebar[step][i][j] = r.g * x
						if step > 0 {
							ebar[step][i][j] += r.kappa * ebar[step-1][i][j]
						}
					}
				}
			}
			// learn adds scale times the product of the outputs' signals and the traces of a step.
			learn := func(signals []float64, step int, scale float64) {
				for j := range n {
					var L float64
					for k, s := range signals {
						L += r.feedback[j][k] * s
						want.Out[j*p.Outputs+k] += scale * s * h.zbar[step][j]
					}
					for i := range ebar[step] {
						if i < p.Inputs {
							want.In[i*n+j] += scale * L * ebar[step][i][j]
						} else {
							want.Rec[(i-p.Inputs)*n+j] += scale * L * ebar[step][i][j]
						}
					}
				}
				for k, s := range signals {
					want.Bias[k] += scale * s
				}
			}
			for step := range p.steps {
				td := a.surprise(a.rewards[trial], values, step)
				for before := range step + 1 {
					learn(score[before], before, td*math.Pow(a.discount, float64(step-before)))
				}
				learn(direct[step], step, 1)
			}
		}
		same(t, "explicit", got, &want, 1e-12)
	}
}

// loss is equation (28) minus the bonus on entropy, with the advantages of the
// actions as they were when first asked for.
func (a *scripted) loss(p *problem) (loss float64) {
	r := newReference(p)
	var all [][]float64
	for trial := range p.trials {
		h := r.run(p.x(trial))
		var ret float64 // R
		advantages := make([]float64, p.steps)
		for step := p.steps - 1; step >= 0; step-- {
			y := h.y[step]
			ret = a.rewards[trial][step] + a.discount*ret
			advantages[step] = ret - y[a.outputs-1]
			loss += a.value / 2 * advantages[step] * advantages[step]
			if action := a.actions[trial][step]; action >= 0 {
				pi, entropy := policy(y[:a.outputs-1])
				advantage := advantages[step]
				if a.advantages != nil {
					advantage = a.advantages[trial][step]
				}
				loss -= advantage*math.Log(pi[action]) + a.entropy*entropy
			}
		}
		all = append(all, advantages)
	}
	if a.advantages == nil {
		a.advantages = all
	}
	return loss
}

// The gradients of the readout are those of the loss (28), by finite differences.
func TestRewardFollowsThePolicyGradient(t *testing.T) {
	for seed := range uint64(6) {
		p, a := drawRewarded(seed)
		p.penalty, p.trials, p.inputs = Penalty{}, min(p.trials, 2), p.inputs[:1]
		p.inputs[0].Trials = p.trials
		p.steps = min(p.steps, 150)
		g := reinforce(p, a, OnlineTraces)
		a.loss(p)
		for _, m := range []struct {
			name        string
			w, gradient []float64
		}{{"Wout", p.out, g.Out}, {"bias", p.bias, g.Bias}} {
			numeric := make([]float64, len(m.w))
			const h = 1e-5
			for i, w := range m.w {
				m.w[i] = w + h
				up := a.loss(p)
				m.w[i] = w - h
				numeric[i] = (up - a.loss(p)) / (2 * h)
				m.w[i] = w
			}
			near(t, m.name, m.gradient, numeric, 1e-7)
		}
	}
}

// What is as expected teaches nothing: with δ = 0 the scores leave no trace.
func TestNoSurpriseNoLearning(t *testing.T) {
	p, a := drawRewarded(4)
	p.penalty, a.entropy = Penalty{}, 0
	g := reinforce(p, a, OnlineTraces) // to know V
	if g.Bias[0] == 0 && g.Out[0] == 0 {
		t.Fatal("nothing was learnt from the rewards drawn")
	}
	for trial, v := range a.values {
		for step := range v {
			a.rewards[trial][step] = v[step]
			if step+1 < p.steps {
				a.rewards[trial][step] -= a.discount * v[step+1]
			}
		}
	}
	g = reinforce(p, a, OnlineTraces)
	for _, m := range [][]float64{g.In, g.Rec, g.Out, g.Bias} {
		near(t, "gradient", m, make([]float64, len(m)), 1e-12)
	}
}
