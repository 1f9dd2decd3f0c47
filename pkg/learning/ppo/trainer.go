package ppo

import (
	"errors"
	"math"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/navigation"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// Options are the choices of a training.
type Options[F tensor.Float] struct {
	Constants
	BatchSize          int // episodes
	EvaluationEpisodes int // of every split
	Epochs             int // over each batch
	plasticity.Options[F]

	Std      float64 // σ at the start, in units of the highest speed
	LearnStd bool

	RateStrength float64 // c_reg: the loss gets c_reg Σ_j (r_j - target)²
	TargetRate   float64 // spikes per step
	Readout      lsnn.ReadoutStart
}

// Trainer is a network in training.
type Trainer[F tensor.Float] struct {
	Options[F]
	Arena *navigation.Arena
	Net   *lsnn.Network[F]

	in, rec, out, bias, logStd plasticity.Array[F]
	weights                    plasticity.Weights[F]

	rollout    Rollout
	trace      lsnn.Trace[F]
	gradients  lsnn.OutputGradients[F]
	samples    []sample  // [episodes][T-1]
	advantages []float64 // [episodes][T-1]
	errors     [][]F     // ∂E/∂y by group, [T][K][Lanes]
	losses     []loss    // by group
	rates      []F       // ∂E/∂Rates
}

// New draws the initial weights of a network for the arena.
func New[F tensor.Float](net *lsnn.Network[F], arena *navigation.Arena, o Options[F]) *Trainer[F] {
	n, inputs := net.Neurons(), net.Inputs
	t := &Trainer[F]{Options: o, Arena: arena, Net: net, rates: make([]F, n)}
	t.weights.Options = o.Options
	array := func(name, doc string, data []F, shape ...int) plasticity.Array[F] {
		return plasticity.Array[F]{Name: name, Shape: shape, Value: data, Grad: make([]F, len(data)), Doc: doc}
	}
	w := lsnn.Weights[F]{In: make([]F, inputs*n), Rec: make([]F, n*n)}
	readout := make([]F, n*outputs)
	if o.Rewiring == nil {
		w, readout = lsnn.InitialWeights[F](&net.Params, net.Seed), lsnn.InitialReadout[F](o.Readout, n, outputs, net.Seed)
	}
	t.in = array("w_in", "input weights [n_in][n]", w.In, inputs, n)
	t.rec = array("w_rec", "recurrent weights [n][n], the diagonal is ignored", w.Rec, n, n)
	t.out = array("w_out", "readout weights [n][3]: the action's mean before tanh, and the value", readout, n, outputs)
	t.bias = array("b_out", "readout bias [3]", make([]F, outputs), outputs)
	t.logStd = array("log_std", "log σ of the action, in units of the highest speed", make([]F, actions), actions)
	for d := range t.logStd.Value {
		t.logStd.Value[d] = F(math.Log(o.Std))
	}
	if o.Rewiring == nil {
		t.weights.Add(t.in)
		t.weights.Add(t.rec)
		t.weights.Add(t.out)
	} else {
		t.weights.Rewire(net.Seed, t.in, t.rec, t.out)
	}
	t.weights.Add(t.bias)
	if o.LearnStd {
		t.weights.Add(t.logStd)
	}
	return t
}

// Step takes training step number step, counted from 0: a batch of episodes, and all
// epochs over it.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	t.act(gaussian(t.deviation()), training(step, t.BatchSize))
	metrics := t.rollout.summary()
	metrics["rate_hz"] = t.rateHz()
	t.prepare()
	for epoch := range t.Epochs {
		if epoch > 0 {
			t.Net.Run(&t.trace, t.recurrent(), t.readout(), t.rollout.Inputs, 0, nil)
		}
		l := t.gradient()
		err := plasticity.FiniteLoss(step, l.total())
		var moved map[string]float64
		if err == nil {
			moved, err = t.weights.Update(step*t.Epochs + epoch)
		}
		if err != nil {
			var astray *plasticity.NotFinite
			if errors.As(err, &astray) {
				astray.Step = step
			}
			return nil, err
		}
		if epoch == 0 { // of the policy that has acted
			metrics["loss"], metrics["value_loss"] = l.total(), l.value
			metrics["gradient_norm"], metrics["learning_rate"] = moved["gradient_norm"], moved["learning_rate"]
		}
		if epoch == t.Epochs-1 { // of the policy that has moved furthest
			metrics["clipped"], metrics["divergence"] = l.clipped, l.divergence
			if synapses, ok := moved["synapses"]; ok {
				metrics["synapses"] = synapses
			}
		}
	}
	metrics["entropy"] = entropy(t.deviation())
	return metrics, nil
}

// training is the address of a training step's batch.
func training(step, episodes int) address {
	return address{purpose: "navigation", goals: "navigation", step: uint64(step), episodes: episodes}
}

// act plays the episodes of an address by a policy.
func (t *Trainer[F]) act(p policy, where address) {
	t.rollout.begin(t.Arena, p, where)
	t.Net.Run(&t.trace, t.recurrent(), t.readout(), t.rollout.Inputs, 0, func(group, step int, y []F) { respond(&t.rollout, group, step, y) })
}

func (t *Trainer[F]) recurrent() lsnn.Weights[F] {
	return lsnn.Weights[F]{In: t.in.Value, Rec: t.rec.Value}
}

func (t *Trainer[F]) readout() lsnn.Readout[F] {
	return lsnn.Readout[F]{Weights: t.out.Value, Bias: t.bias.Value}
}

// deviation is log σ.
func (t *Trainer[F]) deviation() (logStd [actions]float64) {
	for d, x := range t.logStd.Value {
		logStd[d] = float64(x)
	}
	return logStd
}

// prepare computes what all epochs learn from: advantages and returns.
func (t *Trainer[F]) prepare() {
	learned := t.rollout.steps - 1
	episodes := len(t.rollout.Episodes)
	t.samples, t.advantages = resized(t.samples, episodes*learned), resized(t.advantages, episodes*learned)
	parallel.For(t.Net.Threads, episodes, func(_, i int) {
		e := &t.rollout.Episodes[i]
		rewards, values := make([]float64, learned+1), make([]float64, learned+1)
		for s := range e.Steps {
			rewards[s], values[s] = e.Steps[s].Reward, e.Steps[s].Value
		}
		returns := make([]float64, learned)
		t.Advantages(t.advantages[i*learned:(i+1)*learned], returns, rewards, values)
		for s, target := range returns {
			t.samples[i*learned+s] = sample{action: e.Steps[s].action, logOld: e.Steps[s].logOld, target: target}
		}
	})
	if t.Normalise {
		normalise(t.advantages)
	}
	for i, a := range t.advantages {
		t.samples[i].advantage = a
	}
}

// loss is equation (6), and what is told of it.
type loss struct {
	policy, value, entropy, rates float64
	clipped                       float64          // part of the steps without gradient of the policy
	divergence                    float64          // of the policy from the one that has acted: mean of ρ - 1 - ln ρ ≥ 0
	logStd                        [actions]float64 // ∂/∂log σ of the policy's part
}

func (l *loss) total() float64 { return l.policy + l.value - l.entropy + l.rates }

// gradient computes the loss of the outputs that the network has given last, and leaves
// its gradients with the weights.
func (t *Trainer[F]) gradient() loss {
	logStd := t.deviation()
	groups := len(t.rollout.Inputs)
	t.errors, t.losses = resized(t.errors, groups), resized(t.losses, groups)
	parallel.For(t.Net.Threads, groups, func(_, g int) { t.groupLoss(g, logStd) })
	var l loss
	for _, part := range t.losses {
		l.policy += part.policy
		l.value += part.value
		l.clipped += part.clipped
		l.divergence += part.divergence
		for d, x := range part.logStd {
			l.logStd[d] += x
		}
	}
	l.entropy = t.Entropy * entropy(logStd)
	for j, rate := range t.trace.Rates {
		d := float64(rate) - t.TargetRate
		l.rates += t.RateStrength * d * d
		t.rates[j] = F(2 * t.RateStrength * d)
	}
	t.Net.BackwardOutputs(&t.gradients, &t.trace, t.errors, t.rates)
	copy(t.in.Grad, t.gradients.In)
	copy(t.rec.Grad, t.gradients.Rec)
	copy(t.out.Grad, t.gradients.Out)
	copy(t.bias.Grad, t.gradients.Bias)
	for d, x := range l.logStd {
		t.logStd.Grad[d] = F(x - t.Entropy)
	}
	return l
}

// groupLoss is a group's part of the loss, and ∂/∂y of its outputs.
func (t *Trainer[F]) groupLoss(group int, logStd [actions]float64) {
	const row = outputs * tensor.Lanes
	steps := t.rollout.steps
	learned, count := steps-1, float64(len(t.samples))
	errors := resized(t.errors[group], steps*row)
	clear(errors)
	var l loss
	for lane := range t.rollout.Inputs[group].Trials {
		samples := t.samples[(group*tensor.Lanes+lane)*learned:][:learned]
		for step := range samples {
			at := step * row
			r := t.surrogate(&samples[step], readout(t.trace.Outputs[group][at:], lane), logStd)
			for k, x := range r.outputs {
				errors[at+k*tensor.Lanes+lane] = F(x / count)
			}
			for d, x := range r.logStd {
				l.logStd[d] += x / count
			}
			l.policy += r.policy / count
			l.value += r.value / count
			l.divergence += (r.ratio - 1 - math.Log(r.ratio)) / count
			if r.clipped {
				l.clipped += 1 / count
			}
		}
	}
	t.errors[group], t.losses[group] = errors, l
}

// rateHz is the mean firing rate of the last run.
func (t *Trainer[F]) rateHz() float64 {
	var sum float64
	for _, r := range t.trace.Rates {
		sum += float64(r)
	}
	return 1000 * sum / float64(len(t.trace.Rates))
}

// Parameters counts the trainable numbers that exist at a time.
func (t *Trainer[F]) Parameters() int { return t.weights.Parameters() }

// FirstEpisodes acts in the first batch of episodes and returns its record, which the
// next call on t overwrites.
func (t *Trainer[F]) FirstEpisodes() *Rollout {
	t.act(gaussian(t.deviation()), training(0, t.BatchSize))
	return &t.rollout
}

// Gradients are those that a first epoch over the record of some episodes has, by the
// names of the weights. The record may be that of a trainer in another precision.
func (t *Trainer[F]) Gradients(record *Rollout) map[string][]F {
	t.rollout = *record
	t.Net.Run(&t.trace, t.recurrent(), t.readout(), t.rollout.Inputs, 0, nil)
	t.prepare()
	t.gradient()
	gradients := map[string][]F{}
	for _, a := range []plasticity.Array[F]{t.in, t.rec, t.out, t.bias, t.logStd} {
		gradients[a.Name] = append([]F(nil), a.Grad...)
	}
	return gradients
}
