package eprop

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Agent acts by the outputs of a network and says what it got for that: the side
// of reward-based e-prop that knows the task.
//
// Instead of an error for each output there is the reward r[t] alone. Some of the
// outputs choose actions, one predicts the value V[t] = r[t] + γ r[t+1] + γ² r[t+2] + …,
// with V = 0 after the trial. The rule (2020 article, reward-based e-prop) is, with
// the score S_k[t] of each output,
//
//	(24) δ[t] = r[t] + γ V[t+1] - V[t]                         temporal-difference error
//	(25) S_k[t] = π_k - 1[k = a] of action outputs when action a is taken, else 0;
//	     S_V[t] = -c_V of the value output in every step
//	(26) L_j[t] = Σ_k B_jk S_k[t] = -c_V B^V_j + Σ_k B^π_jk (π_k - 1[k = a])
//	(27) dW_ij = Σ_t δ[t] F_ij[t],   F_ij[t] = γ F_ij[t-1] + L_j[t] ē_ij[t]
//
// and the same for Wout and bias with S_k z̄_j and S_k in the place of L_j ē_ij.
//
// It is (13) to (16) for the loss
//
//	(28) E = Σ_t c_V ½ (R[t] - V[t])² - Σ_actions log π_a[t] (R[t] - V[t])
//
// of the return R[t] = r[t] + γ r[t+1] + …, where the second R - V, the advantage, is
// held constant: since R[t] - V[t] = δ[t] + γ δ[t+1] + … = G[t], the errors are
//
//	(29) ∂E/∂y_k[t] = G[t] S_k[t]
//
// and exchanging the sums over t and over the steps after it gives (27), which
// needs nothing of what is to come. Direct errors, such as that of a bonus on the
// entropy of the policy, are learnt as in (15).
type Agent[F tensor.Float] interface {
	// Act takes the output y of step t of a group of trials, [K][Lanes], chooses
	// the actions due, and writes their scores S to score and direct errors to
	// direct, both of which hold zeros. Lanes from trials on stay zero. It is
	// called as Target.Error is.
	Act(score, direct, y []F, group, trials, t int)

	// Surprise writes δ[t], [Lanes], once Act has had the step after t too, or
	// t is the last step.
	Surprise(td []F, group, trials, t int)
}

// Reinforce is Gradient for learning from rewards, with discount γ. OnlineTraces is
// equation (27) as it stands; the methods that look back use (29).
func (net *Network[F]) Reinforce(g *Gradients, w Weights[F], inputs []tensor.Input, agent Agent[F], discount F, penalty Penalty, method Method) Result {
	if method == BPTT {
		w.Feedback = nil
	}
	if method != OnlineTraces {
		net.Forward(w, inputs, acting[F]{net, agent})
		parallel.For(net.Threads, net.batch, func(_, i int) { net.assignCredit(net.groups[i], agent, i, discount) })
		return net.Backward(g, penalty, method)
	}
	net.begin(w, inputs)
	parallel.For(net.Threads, net.batch, func(worker, i int) {
		net.runRewarded(net.workers[worker], net.groups[i], i, agent, discount, penalty.Strength != 0)
	})
	return net.Backward(g, penalty, method)
}

// Watch runs a batch without learning.
func (net *Network[F]) Watch(w Weights[F], inputs []tensor.Input, agent Agent[F], penalty Penalty) Result {
	return net.Evaluate(w, inputs, acting[F]{net, agent}, penalty)
}

// acting lets an agent act where a target is expected. The scores take the place
// of the errors.
type acting[F tensor.Float] struct {
	net   *Network[F]
	agent Agent[F]
}

// Error implements Target.
func (a acting[F]) Error(score, y []F, group, trials, t int) float64 {
	g := a.net.groups[group]
	if t == 0 {
		g.direct = append(g.direct[:0], g.delta...) // as long
		clear(g.direct)
	}
	k := a.net.outputs()
	a.agent.Act(score, g.direct[t*k:(t+1)*k], y, group, trials, t)
	return 0
}

// assignCredit is equation (29), from the last step back: scores become errors.
func (net *Network[F]) assignCredit(g *group[F], agent Agent[F], index int, discount F) {
	var advantage, td [lanes]F // G, δ
	for t := g.input.Steps() - 1; t >= 0; t-- {
		td = [lanes]F{}
		agent.Surprise(td[:], index, g.input.Trials, t)
		for l := range advantage {
			advantage[l] = td[l] + F(discount*advantage[l])
		}
		errors := g.errors(net, t)
		direct := g.direct[t*len(errors):]
		for i := range errors {
			errors[i] = F(advantage[i%lanes]*errors[i]) + direct[i]
		}
	}
}

// credit is F of equation (27), with its like for the readout.
type credit[F tensor.Float] struct {
	synapses []F // [n][P][Lanes]
	out      []F // [n][K][Lanes]
	bias     []F // [K][Lanes]
}

// runRewarded is equations (24) to (27) for a group, forward in time only.
func (net *Network[F]) runRewarded(w *worker[F], g *group[F], index int, agent Agent[F], discount F, rates bool) {
	if w.online == nil {
		w.online = newOnline(net)
	}
	if w.credit == nil {
		w.credit = &credit[F]{make([]F, len(w.online.ebar)), make([]F, net.Neurons()*net.outputs()), make([]F, net.outputs())}
	}
	o, c := w.online, w.credit
	o.reset(g.input.Trials, rates)
	clear(c.synapses)
	clear(c.out)
	clear(c.bias)
	direct := w.pulses // a row of the readout that is free here
	var td [lanes]F
	surprise := func(t int) {
		td = [lanes]F{}
		agent.Surprise(td[:], index, g.input.Trials, t)
		o.collect(c, &td)
	}
	steps := g.input.Steps()
	for t := range steps {
		y := o.step(frameOf(g.input, t))
		clear(w.delta)
		clear(direct)
		agent.Act(w.delta, direct, y, index, g.input.Trials, t)
		if t > 0 { // V[t] completes δ[t-1]
			surprise(t - 1)
		}
		o.Learn(direct)
		o.remember(c, w.delta, discount)
	}
	surprise(steps - 1)
	g.loss = 0
	o.finish(g)
}

// collect adds δ F to the sums.
func (o *Online[F]) collect(c *credit[F], td *[lanes]F) {
	if *td == [lanes]F{} {
		return
	}
	for j, awake := range o.awake {
		if !awake {
			continue
		}
		for at := j * o.pre; at < (j+1)*o.pre; at++ {
			o.byError[at] += float64(dot(td, (*[lanes]F)(c.synapses[at*lanes:])))
		}
	}
	for i := range o.out {
		o.out[i] += float64(dot(td, (*[lanes]F)(c.out[i*lanes:])))
	}
	for k := range o.bias {
		o.bias[k] += float64(dot(td, (*[lanes]F)(c.bias[k*lanes:])))
	}
}

// remember takes F to the current step, F ← γ F + L ē, after Learn.
func (o *Online[F]) remember(c *credit[F], score []F, discount F) {
	clear(o.signal)
	kernel.GatherAdjoint(o.signal, o.all, score, &o.net.feedback)
	for j, awake := range o.awake {
		if !awake {
			continue
		}
		signal := (*[lanes]F)(o.signal[j*lanes:])
		for at := j * o.pre; at < (j+1)*o.pre; at++ {
			accumulate((*[lanes]F)(c.synapses[at*lanes:]), signal, (*[lanes]F)(o.ebar[at*lanes:]), discount)
		}
	}
	for k := range o.bias {
		s := (*[lanes]F)(score[k*lanes:])
		for l := range s {
			c.bias[k*lanes+l] = F(discount*c.bias[k*lanes+l]) + s[l]
		}
		for j := range o.all {
			accumulate((*[lanes]F)(c.out[(j*len(o.bias)+k)*lanes:]), s, (*[lanes]F)(o.zbar[j*lanes:]), discount)
		}
	}
}

// accumulate is f = decay f + x y.
func accumulate[F tensor.Float](f, x, y *[lanes]F, decay F) {
	for l := range f {
		f[l] = F(decay*f[l]) + F(x[l]*y[l])
	}
}
